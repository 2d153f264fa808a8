//! What the server knows: what the editor can, what is open, and the workspaces.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use journey::diagnostic::{Elsewhere, SourceFile};
use lsp_types::{
    InitializeParams, Location, Position, PositionEncodingKind, TextDocumentPositionParams, Uri,
};

use crate::{
    checks::{self, Job},
    convert,
    documents::Documents,
    position::{Encoding, Lines},
    roots::{self, Read, Root},
};

/// The most workspaces at once.
const MAX_ROOTS: usize = 32;

/// What the server knows.
#[derive(Debug)]
pub struct State {
    read: Read,
    /// What columns count.
    pub encoding: Encoding,
    /// Where the pages of diagnostics are; `{code}` stands for the code.
    pub docs: Option<String>,
    /// Whether the editor can be asked to tell of files that change.
    pub watches: bool,
    /// What is open.
    pub open: Documents,
    /// The workspaces.
    pub roots: Vec<Root>,
}

/// A place that the editor asks about.
pub struct Asked {
    /// Which workspace, by its place in [`State::roots`].
    pub root: usize,
    /// The file in it.
    pub path: String,
    /// Its text.
    pub text: std::sync::Arc<str>,
    /// The byte.
    pub at: usize,
}

impl State {
    /// As the editor begins.
    pub fn new(params: &InitializeParams, read: Read) -> Self {
        let encodings = params
            .capabilities
            .general
            .as_ref()
            .and_then(|g| g.position_encodings.as_ref());
        let utf8 = encodings.is_some_and(|all| all.contains(&PositionEncodingKind::UTF8));
        let options = params.initialization_options.as_ref();
        let docs = options.and_then(|o| o.get("docs")?.as_str());
        let files = params.capabilities.workspace.as_ref();
        let files = files.and_then(|w| w.did_change_watched_files.as_ref());
        let mut state = Self {
            read,
            encoding: if utf8 {
                Encoding::Utf8
            } else {
                Encoding::Utf16
            },
            docs: docs.map(str::to_owned),
            watches: files.and_then(|f| f.dynamic_registration) == Some(true),
            open: Documents::default(),
            roots: Vec::new(),
        };
        for folder in folders(params) {
            state.visit(&folder);
        }
        state
    }

    /// Makes the workspace at or above a path known; its place in [`State::roots`].
    pub fn visit(&mut self, path: &Path) -> Option<usize> {
        let root = roots::above(path)?;
        if let Some(known) = self.roots.iter().position(|r| r.path == root) {
            return Some(known);
        }
        if self.roots.len() >= MAX_ROOTS {
            return None;
        }
        self.roots.push(Root::new(root, self.read));
        Some(self.roots.len() - 1)
    }

    /// Forgets workspaces in a folder that the editor has closed, unless something is open there.
    pub fn leave(&mut self, folder: &Path) -> Vec<Root> {
        let open = &self.open;
        let used = |root: &Root| open.iter().any(|(path, _)| path.starts_with(&root.path));
        let (gone, kept) = std::mem::take(&mut self.roots)
            .into_iter()
            .partition(|r| r.path.starts_with(folder) && !used(r));
        self.roots = kept;
        gone
    }

    /// Marks the workspace of a path as changed.
    pub fn touch(&mut self, path: &Path) {
        if let Some(root) = self.visit(path) {
            self.roots[root].revision += 1;
        }
    }

    /// Reads every workspace anew that has one of these files.
    pub fn reload(&mut self, paths: &[PathBuf]) {
        for path in paths {
            self.visit(path);
        }
        let read = self.read;
        for root in &mut self.roots {
            if paths.iter().any(|p| p.starts_with(&root.path)) {
                root.reload(read);
            }
        }
    }

    /// The file that an address means, with what is known of its workspace brought up to date.
    pub fn file(&mut self, uri: &Uri) -> Option<Asked> {
        let path = convert::path(uri)?;
        let root = self.visit(&path)?;
        self.roots[root].refresh(&self.open);
        let found = &self.roots[root];
        let relative = found.relative(&path)?;
        let text = found.project.text(&relative)?.clone();
        Some(Asked {
            root,
            path: relative,
            text,
            at: 0,
        })
    }

    /// The byte that a position means.
    pub fn place(&mut self, asked: &TextDocumentPositionParams) -> Option<Asked> {
        let mut found = self.file(&asked.text_document.uri)?;
        found.at = self.byte(&found, asked.position);
        Some(found)
    }

    /// The byte of a position in a file.
    pub fn byte(&self, file: &Asked, at: Position) -> usize {
        Lines::new(&file.text, self.encoding).byte(at)
    }

    /// The address of a file of a workspace: as the editor writes it, where it is open.
    pub fn uri(&self, root: &Root, path: &str) -> Option<Uri> {
        let whole: PathBuf = path
            .split('/')
            .fold(root.path.clone(), |p, part| p.join(part));
        match self.open.get(&whole) {
            Some(document) => document.uri.parse().ok(),
            None => convert::uri(&whole),
        }
    }

    /// A place in a file of a workspace, whose text is given.
    pub fn location(
        &self,
        root: &Root,
        path: &str,
        text: &str,
        span: &Range<usize>,
    ) -> Option<Location> {
        let range = Lines::new(text, self.encoding).range(span);
        Some(Location::new(self.uri(root, path)?, range))
    }

    /// A place that explains a diagnostic of another file, among the files that were checked.
    pub fn elsewhere(
        &self,
        root: &Root,
        files: &[SourceFile],
        other: &Elsewhere,
    ) -> Option<Location> {
        let file = files.iter().find(|f| f.path == other.file)?;
        self.location(root, &file.path, &file.text, &other.span)
    }

    /// The next workspace to check, if one has changed since it was asked for.
    pub fn next_job(&mut self) -> Option<Job> {
        let root = self.roots.iter_mut().find(|r| r.asked != r.revision)?;
        root.asked = root.revision;
        Some(Job {
            root: root.path.clone(),
            revision: root.revision,
            files: root.files(&self.open),
        })
    }

    /// What is wrong with a workspace as it stands now.
    pub fn check_now(&mut self, root: usize) {
        let files: Vec<SourceFile> = self.roots[root].files(&self.open);
        let root = &mut self.roots[root];
        let current = root
            .checked
            .as_ref()
            .is_some_and(|c| c.revision == root.revision);
        if !current {
            root.checked = Some(checks::check(root.revision, files));
        }
    }
}

/// The folders that the editor has open.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let listed = params.workspace_folders.iter().flatten();
    let listed: Vec<PathBuf> = listed.filter_map(|f| convert::path(&f.uri)).collect();
    #[expect(deprecated, reason = "older editors say it in this way")]
    let single = params.root_uri.as_ref().and_then(convert::path);
    if listed.is_empty() {
        single.into_iter().collect()
    } else {
        listed
    }
}
