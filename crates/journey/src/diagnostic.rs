//! Diagnostics as data: a stable code, the exact words, and the cure.

use std::{ops::Range, string::FromUtf8Error, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// One file of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path from the workspace's root, with `/`: `journeys/welcome/journey.yaml`.
    pub path: Arc<str>,
    /// Its text; of a binary file ([`SourceFile::is_binary`]) its bytes in base64, which is how the database and the
    /// digest of a workspace hold it too.
    pub text: Arc<str>,
}

/// The endings of files that are no text, in lower case.
const BINARY: [&str; 6] = [".gif", ".jpeg", ".jpg", ".pdf", ".png", ".webp"];

impl SourceFile {
    /// The file of these bytes.
    ///
    /// # Errors
    /// If it should be text and is no UTF-8.
    pub fn of(path: impl Into<Arc<str>>, bytes: Vec<u8>) -> Result<Self, FromUtf8Error> {
        let path = path.into();
        let text = match Self::is_binary(&path) {
            true => STANDARD.encode(&bytes),
            false => String::from_utf8(bytes)?,
        };
        let text = text.into();
        Ok(Self { path, text })
    }

    /// Whether a file of that path is no text: a picture or a PDF below `templates/`.
    pub fn is_binary(path: &str) -> bool {
        let ends = |ending: &&str| {
            let at = path.len().checked_sub(ending.len());
            at.and_then(|at| path.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        path.starts_with("templates/") && BINARY.iter().any(ends)
    }

    /// The bytes of a binary file; `None` if that is not what it holds.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&*self.text).ok()
    }

    /// What a diagnostic can point at: nothing of a binary file.
    pub(crate) fn shown(&self) -> &str {
        match Self::is_binary(&self.path) {
            true => "",
            false => &self.text,
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but hardly as meant.
    Warning,
    /// It cannot be published.
    Error,
}

/// A place in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The path of the file.
    pub file: Arc<str>,
    /// The exact words, in bytes of that file's text.
    pub span: Range<usize>,
    /// What to say of them.
    pub label: String,
}

/// What is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `J101`; the page of that code says more.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in the author's words, without a full stop.
    pub message: String,
    /// The path of the file.
    pub file: Arc<str>,
    /// The exact words, in bytes of the file's text.
    pub span: Range<usize>,
    /// What to say under the caret; may be empty.
    pub label: String,
    /// Other places that explain it: bytes of the same file, with a label.
    pub also: Vec<(Range<usize>, String)>,
    /// Places in other files that explain it.
    pub elsewhere: Vec<Elsewhere>,
    /// Why, and the cure; each a line under the snippet.
    pub notes: Vec<String>,
    /// What to write instead, in bytes of the file's text.
    pub replacement: Option<(Range<usize>, String)>,
}
