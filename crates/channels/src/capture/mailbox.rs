//! A directory with one file per captured message.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Captured, CapturedMessage, Error, Kept, Summary,
    files::{self, Kind},
};

/// The most messages that a mailbox keeps; the oldest go first.
const MOST: usize = 10_000;
/// The longest page.
const PAGE: usize = 200;

/// A mailbox. Clones share it; one process at a time may have it open. Calls read and write
/// small files and do not wait for anything else.
#[derive(Clone, Debug)]
pub struct Mailbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    most: usize,
    index: Mutex<Index>,
}

/// What is there, in the order of time.
#[derive(Debug, Default)]
struct Index {
    names: BTreeSet<String>,
    by_id: HashMap<Uuid, String>,
}

impl Mailbox {
    /// Opens the mailbox in `dir`, which is made if it is not there.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::bounded(dir.into(), MOST)
    }

    /// The same with room for `most` messages.
    pub(super) fn bounded(dir: PathBuf, most: usize) -> Result<Self, Error> {
        let index = fs::create_dir_all(&dir).and_then(|()| Index::load(&dir));
        let index = Mutex::new(index.map_err(|e| io_error(&dir, e))?);
        let inner = Arc::new(Inner { dir, most, index });
        Ok(Self { inner })
    }

    /// Keeps a message that arrived at `at`. The second delivery of the same id is counted on
    /// the first one's file.
    pub fn keep(&self, message: &CapturedMessage, at: Timestamp) -> Result<Kept, Error> {
        self.store(message.id, Kind::Message, at, |deliveries| {
            files::message_bytes(message, deliveries).map_err(io::Error::other)
        })
    }

    /// Keeps a mail, as it came by SMTP for `recipients`. A mail that no adapter of ours sent is
    /// told apart by its content.
    pub fn keep_mail(
        &self,
        recipients: &[String],
        raw: &[u8],
        at: Timestamp,
    ) -> Result<Kept, Error> {
        let id = files::message_id(raw).unwrap_or_else(|| digest(raw));
        self.store(id, Kind::Mail, at, |deliveries| {
            Ok(files::mail_bytes(recipients, raw, deliveries))
        })
    }

    /// A page of the list, newest first: at most `limit` (and 200) messages older than the one
    /// called `before`. Files that cannot be read are left out.
    pub fn list(&self, before: Option<&str>, limit: usize) -> Vec<Summary> {
        let names: Vec<String> = {
            let index = self.lock();
            let upper = before.map_or(Bound::Unbounded, Bound::Excluded);
            let older = index.names.range::<str, _>((Bound::Unbounded, upper));
            older.rev().take(limit.min(PAGE)).cloned().collect()
        };
        let captured = names.iter().filter_map(|name| self.read(name));
        captured.map(|c| c.summary).collect()
    }

    /// The message called `name`; `None` where there is none.
    pub fn get(&self, name: &str) -> Option<Captured> {
        // Only names from the index become paths.
        let known = self.lock().names.contains(name);
        if known { self.read(name) } else { None }
    }

    /// The message that an adapter sent as `id`.
    pub fn find(&self, id: Uuid) -> Option<Captured> {
        let name = self.lock().by_id.get(&id).cloned()?;
        self.read(&name)
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.lock().names.len()
    }

    fn store(
        &self,
        id: Uuid,
        kind: Kind,
        at: Timestamp,
        bytes: impl FnOnce(u32) -> io::Result<Vec<u8>>,
    ) -> Result<Kept, Error> {
        // The lock covers the file as well: two deliveries of one id must count to two.
        let mut index = self.lock();
        let (name, before) = match index.by_id.get(&id) {
            Some(name) => (
                name.clone(),
                self.read(name).map_or(0, |c| c.summary.deliveries),
            ),
            None => (files::name(at, id, kind), 0),
        };
        let deliveries = before.saturating_add(1);
        let written = bytes(deliveries).and_then(|b| files::write(&self.inner.dir, &name, &b));
        written.map_err(|e| io_error(&self.inner.dir.join(&name), e))?;
        index.insert(id, name.clone());
        self.trim(&mut index);
        Ok(Kept { name, deliveries })
    }

    /// Lets the oldest go. A file that cannot be removed is forgotten until the next start.
    fn trim(&self, index: &mut Index) {
        while index.names.len() > self.inner.most {
            let Some(oldest) = index.names.pop_first() else {
                return;
            };
            if let Some(name) = files::parse_name(&oldest) {
                index.by_id.remove(&name.id);
            }
            if let Err(error) = fs::remove_file(self.inner.dir.join(&oldest)) {
                tracing::warn!(mail.name = oldest, %error, "an old message stays in the mailbox");
            }
        }
    }

    fn read(&self, name: &str) -> Option<Captured> {
        let bytes = fs::read(self.inner.dir.join(name)).ok()?;
        files::read(name, &bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.inner
            .index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn load(dir: &Path) -> io::Result<Self> {
        let mut index = Self::default();
        for entry in fs::read_dir(dir)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(parsed) = files::parse_name(&name) {
                index.insert(parsed.id, name);
            }
        }
        Ok(index)
    }

    fn insert(&mut self, id: Uuid, name: String) {
        self.by_id.insert(id, name.clone());
        self.names.insert(name);
    }
}

/// An id from the content.
fn digest(raw: &[u8]) -> Uuid {
    let digest = ring::digest::digest(&ring::digest::SHA256, raw);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    Uuid::from_bytes(bytes)
}

fn io_error(path: &Path, source: io::Error) -> Error {
    let path = path.display().to_string();
    Error::Io { path, source }
}
