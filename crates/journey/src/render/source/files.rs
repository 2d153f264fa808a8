//! What mails carry besides their texts: pictures that they show, and files that are attached.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::{
    Compiler, Field, Pieces, SourceFile, codes, front_matter, nearest, variant::Reported, whole,
};
use crate::{
    content::File,
    render::files::{self, CARRIED},
};

/// The most that the files of all templates hold, in bytes: they are part of every version of the workspace that is kept.
const MOST_IN_ALL: usize = 16 * 1024 * 1024;
/// The most attachments of a mail.
const MOST_ATTACHED: usize = 10;

/// The kinds of binary files: ending, media type, and how each begins.
const BINARY: [(&str, &str, &[u8]); 6] = [
    ("gif", "image/gif", b"GIF8"),
    ("jpeg", "image/jpeg", b"\xff\xd8\xff"),
    ("jpg", "image/jpeg", b"\xff\xd8\xff"),
    ("pdf", "application/pdf", b"%PDF-"),
    ("png", "image/png", b"\x89PNG\r\n\x1a\n"),
    ("webp", "image/webp", b"RIFF"),
];
/// The kinds of texts.
const TEXTS: [(&str, &str); 3] = [
    ("csv", "text/csv; charset=utf-8"),
    ("ics", "text/calendar; charset=utf-8"),
    ("txt", "text/plain; charset=utf-8"),
];
const KNOWN: &str = "mails show png, jpg, gif and webp, and carry these, pdf, ics, csv and txt";

/// A file that is attached to a mail.
#[derive(Clone, Debug)]
pub(in crate::render) struct Attachment {
    /// What it holds; `None`: what `text` comes to.
    pub file: Option<File>,
    /// The piece of a text that is filled in for each customer.
    pub text: Option<String>,
    /// The file's own name.
    pub called: String,
    /// The piece of the name that it goes by.
    pub name: Option<String>,
    pub media_type: &'static str,
}

fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_ascii_lowercase()
}

/// Whether a text of that name can be attached.
pub(super) fn is_text(file: &str) -> bool {
    let ending = ending(file);
    TEXTS.iter().any(|(e, _)| *e == ending)
}

impl<'a> Compiler<'a> {
    /// Takes in a file that mails can show or carry.
    pub(super) fn file(&mut self, name: &'a str, file: &'a SourceFile) {
        if is_text(name) {
            self.attachable.insert(name, file);
            return;
        }
        let ending = ending(name);
        let Some((_, media_type, start)) = BINARY.iter().find(|(e, ..)| *e == ending) else {
            return;
        };
        // Base64 has four letters for three bytes.
        if file.text.len() / 4 * 3 > super::LARGEST_FILE + 3 {
            let limit = super::LARGEST_FILE / 1024;
            let message = format!("this file is larger than {limit} kB");
            self.report(file, 0..0, codes::TOO_LARGE, message);
            return;
        }
        let bytes = file.bytes().unwrap_or_default();
        if !bytes.starts_with(start) {
            let message = format!("{name} is no {}", ending.to_ascii_uppercase());
            self.report(file, 0..0, codes::CARRIED, message).notes.push(
                "its content is of another kind, or only says where it lies, as Git LFS has it: save it anew as what its name says".to_owned(),
            );
            return;
        }
        self.weight += bytes.len();
        if self.weight > MOST_IN_ALL && self.weight - bytes.len() <= MOST_IN_ALL {
            let most = MOST_IN_ALL / (1024 * 1024);
            let message = format!("all pictures and PDFs together hold more than {most} MB");
            self.report(file, 0..0, codes::CARRIED, message);
        }
        let hash = Sha256::digest(&bytes);
        let cid = hash[..16]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>();
        let called = name.rsplit('/').next().unwrap_or(name);
        let carried = File {
            name: called.to_owned(),
            media_type: (*media_type).to_owned(),
            cid: Some(format!("{cid}@parcours")),
            bytes: bytes.into(),
        };
        self.files.insert(Arc::from(name), carried);
    }

    /// Whether every picture that the file shows is there; what those that are there weigh, by their paths.
    pub(super) fn pictures(
        &mut self,
        folder: &str,
        file: &SourceFile,
        from: usize,
    ) -> BTreeMap<Arc<str>, usize> {
        let mut shown = BTreeMap::new();
        for (range, name) in files::sources(&file.text[from..]) {
            if !files::is_relative(name) {
                continue;
            }
            let span = from + range.start..from + range.end;
            let found = files::find(&self.files, folder, name);
            match found.map(|(path, found)| (path.clone(), found.clone())) {
                Some((path, found)) if found.media_type.starts_with("image/") => {
                    shown.insert(path, found.bytes.len());
                }
                Some(_) => self.not_shown(file, span, name),
                // Of a shared layout: it may stand in the folder of each template.
                None if folder.is_empty() && !name.starts_with('_') => {}
                None if !is_picture(name) => self.not_shown(file, span, name),
                None => self.no_file(file, span, folder, name),
            }
        }
        shown
    }

    fn not_shown(&mut self, file: &SourceFile, span: Range<usize>, name: &str) {
        let message = format!("no mail shows `{name}`");
        let found = self.report(file, span, codes::CARRIED, message);
        found
            .notes
            .push("a picture in a mail is a png, jpg, gif or webp".to_owned());
    }

    fn no_file(&mut self, file: &SourceFile, span: Range<usize>, folder: &str, name: &str) {
        let inside = format!("{folder}/");
        let names = self
            .files
            .keys()
            .map(|k| &**k)
            .chain(self.attachable.keys().copied());
        let names: Vec<&str> = names
            .map(|path| path.strip_prefix(&inside).unwrap_or(path))
            .collect();
        let near = nearest(name, names).map(str::to_owned);
        let message = format!("there is no file `{name}`");
        let found = self.report(file, span.clone(), codes::NO_FILE, message);
        found.notes.push(format!(
            "it is looked for in templates/{inside}, and from templates/ on: _images/logo.png"
        ));
        if let Some(near) = near {
            found.label = format!("did you mean `{near}`?");
            found.replacement = Some((span, near));
        }
    }

    /// The files of `attachments`.
    pub(super) fn attachments(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        folder: &str,
        file: &SourceFile,
        fields: &[Field],
    ) -> Result<Vec<Attachment>, Reported> {
        let Some(field) = fields.iter().find(|f| f.key == "attachments") else {
            return Ok(Vec::new());
        };
        let items = front_matter::texts_or_fields(&file.text, field, "file");
        let items = self.read(file, items)?;
        let before = self.diagnostics.len();
        if items.len() > MOST_ATTACHED {
            let message = format!("a mail has at most {MOST_ATTACHED} attachments");
            self.report(file, field.key_span.clone(), codes::CARRIED, message);
        }
        let mut all = Vec::new();
        for (n, item) in items.iter().enumerate() {
            self.known_keys(file, item, &["file", "as"]);
            let Some(named) = item.iter().find(|f| f.key == "file") else {
                let span = item.first().map_or(0..0, |f| f.key_span.clone());
                let message = "this attachment has no `file`";
                self.report(file, span, codes::FRONT_MATTER, message);
                continue;
            };
            let name = self.field(pieces, &format!("{prefix}#attachment{n}"), file, item, "as");
            let found = self.attachment(pieces, folder, file, named);
            if let (Some(found), Ok(name)) = (found, name) {
                all.push(Attachment { name, ..found });
            }
        }
        match self.diagnostics.len() > before {
            true => Err(Reported),
            false => Ok(all),
        }
    }

    fn attachment(
        &mut self,
        pieces: &mut Pieces,
        folder: &str,
        file: &SourceFile,
        named: &Field,
    ) -> Option<Attachment> {
        let name = &*named.value;
        if let Some((_, found)) = files::find(&self.files, folder, name) {
            let media_type = BINARY.iter().find(|(_, m, _)| *m == found.media_type)?.1;
            return Some(Attachment {
                file: Some(File {
                    cid: None,
                    ..found.clone()
                }),
                text: None,
                called: found.name.clone(),
                name: None,
                media_type,
            });
        }
        let at = files::paths(folder, name).find_map(|path| self.attachable.get_key_value(&*path));
        let Some((path, source)) = at.map(|(path, source)| (*path, *source)) else {
            let span = named.span.clone();
            if BINARY.iter().all(|(e, ..)| *e != ending(name)) && !is_text(name) {
                let message = format!("no mail carries `{name}`");
                let found = self.report(file, span, codes::CARRIED, message);
                found.notes.push(KNOWN.to_owned());
            } else {
                self.no_file(file, span, folder, name);
            }
            return None;
        };
        if !self.fits(source) {
            return None;
        }
        let text = self.piece(pieces, path, source, &whole(source, 0))?;
        let ending = ending(path);
        Some(Attachment {
            file: None,
            text: Some(text),
            called: path.rsplit('/').next().unwrap_or(path).to_owned(),
            name: None,
            media_type: TEXTS.iter().find(|(e, _)| *e == ending)?.1,
        })
    }

    /// Reports a mail whose files are more than mails carry.
    pub(super) fn heavy_mail(
        &mut self,
        file: &SourceFile,
        shown: &BTreeMap<Arc<str>, usize>,
        attached: &[Attachment],
    ) {
        let attached = attached.iter().filter_map(|a| a.file.as_ref());
        let bytes: usize =
            shown.values().sum::<usize>() + attached.map(|f| f.bytes.len()).sum::<usize>();
        if bytes > CARRIED {
            let message = format!("the files of this mail have {} kB", bytes / 1024);
            let found = self.report(file, 0..0, codes::CARRIED, message);
            found.label = format!("{} kB are carried", CARRIED / 1024);
            found
                .notes
                .push("put the larger ones on a page of yours, and link them".to_owned());
        }
    }
}

fn is_picture(name: &str) -> bool {
    let ending = ending(name);
    BINARY
        .iter()
        .any(|(e, media, _)| *e == ending && media.starts_with("image/"))
}
