//! Diagnostics as data: a stable code, the exact words, and the cure.

use std::{ops::Range, sync::Arc};

/// One file of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path from the workspace's root, with `/`: `journeys/welcome/journey.yaml`.
    pub path: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
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
