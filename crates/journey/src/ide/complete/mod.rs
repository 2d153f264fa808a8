//! What could stand at a place.
//!
//! The text is read once more with a word at the cursor, so that every place is the place of a
//! word: in a blank line, behind a dash, between brackets that nobody has closed.

mod expression;
mod names;
mod template;
mod words;

use super::{
    outline::{self, Level, Node, Place},
    project::Project,
    walk,
};
use crate::source::Span;

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the list shows, and what is filtered by.
    pub label: String,
    /// What kind of thing it is.
    pub kind: CompletionKind,
    /// What stands beside it, in a few words.
    pub detail: String,
    /// What is said about it: Markdown.
    pub docs: String,
    /// What is written.
    pub insert: String,
    /// The bytes of the file that it replaces; they touch the cursor.
    pub replace: Span,
}

/// What kind of thing a completion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// A word of the language.
    Word,
    /// A step.
    Step,
    /// A field, a trait, or what a step tells.
    Field,
    /// A variable of the run, or a name that a template sees.
    Variable,
    /// One of the values that something can have.
    Value,
    /// An event.
    Event,
    /// A template.
    File,
    /// A purpose, a cap, a segment, an endpoint, a journey, a tag.
    Reference,
    /// A function or a filter.
    Function,
    /// `and`, `or`, `not`, `in`; statements of templates.
    Keyword,
}

/// The word at the cursor while the text is read: nobody's name.
const MARK: &str = "__cursor__";

/// The most completions of one answer.
const MOST: usize = 1_000;

/// What could stand at the byte `at` of a file, the likeliest first.
pub fn complete(project: &Project, path: &str, at: usize) -> Vec<Completion> {
    let Some(read) = project.get(path).filter(|r| r.text.is_char_boundary(at)) else {
        return Vec::new();
    };
    let mut found = match read.file {
        None => template::complete(project, path, &read.text, at),
        Some(file) => in_yaml(project, path, file, at),
    };
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|c| seen.insert(c.label.clone()));
    found.truncate(MOST);
    found
}

/// The cursor in a YAML file.
struct Cursor<'p> {
    project: &'p Project,
    path: &'p str,
    file: crate::grammar::File,
    /// The text with the mark.
    text: &'p str,
    way: &'p [Level<'p>],
    /// Where the mark begins.
    mark: usize,
    /// Where the cursor stands in the file.
    at: usize,
    /// What has to come before whatever is written.
    lead: &'static str,
    /// How many bytes of the word stand behind the cursor.
    behind: usize,
}

fn in_yaml(
    project: &Project,
    path: &str,
    file: crate::grammar::File,
    at: usize,
) -> Vec<Completion> {
    let text = project.text(path).map_or("", |t| &**t);
    if in_comment(text, at) {
        return Vec::new();
    }
    // A colon and a dash need a space behind them.
    let before = &text[..at];
    let dash = before.trim_end_matches(' ').len() == at
        && before.ends_with('-')
        && line_before(before).trim_start() == "-";
    let lead = if before.ends_with(':') || dash {
        " "
    } else {
        ""
    };
    let marked = format!("{before}{lead}{MARK}{}", &text[at..]);
    let tree = outline::read(&marked);
    let mark = at + lead.len();
    let Some((way, place)) = outline::find(&tree, mark + 1) else {
        return Vec::new();
    };
    let word = |c: char| c == '_' || c == '-' || c.is_alphanumeric();
    let rest = &text[at..];
    let cursor = Cursor {
        project,
        path,
        file,
        text: &marked,
        way: &way,
        mark,
        at,
        lead,
        behind: rest.find(|c| !word(c)).unwrap_or(rest.len()),
    };
    match place {
        Place::Key(pair) => words::keys(&cursor, pair),
        Place::Value(node) => values(&cursor, node),
    }
}

fn values(cursor: &Cursor<'_>, node: &Node) -> Vec<Completion> {
    let Some(takes) = walk::along(cursor.text, cursor.file, cursor.way) else {
        return Vec::new();
    };
    if cursor.alone(node) {
        return words::block(cursor, node, &takes);
    }
    names::values(cursor, node, &takes)
}

impl Cursor<'_> {
    /// Whether the value is all that stands on its line: fields or items may begin here.
    fn alone(&self, node: &Node) -> bool {
        let before = line_before(&self.text[..node.span.start]);
        before.trim_start_matches([' ', '-']).is_empty()
    }

    /// What is typed of the word that begins at `start` of the text.
    fn typed(&self, start: usize) -> Span {
        start.min(self.at)..self.at + self.behind
    }

    /// A completion that replaces the word from `start` on.
    fn offer(&self, start: usize, kind: CompletionKind, label: &str) -> Completion {
        Completion {
            label: label.to_owned(),
            kind,
            detail: String::new(),
            docs: String::new(),
            insert: format!("{}{label}", self.lead),
            replace: self.typed(start),
        }
    }
}

impl Completion {
    fn with(mut self, detail: impl Into<String>, docs: impl Into<String>) -> Self {
        self.detail = detail.into();
        self.docs = docs.into();
        self
    }

    fn inserting(mut self, insert: String) -> Self {
        self.insert = insert;
        self
    }
}

/// What stands before the end of a text on its last line.
fn line_before(text: &str) -> &str {
    &text[text.rfind('\n').map_or(0, |n| n + 1)..]
}

/// Whether the byte stands in a comment.
fn in_comment(text: &str, at: usize) -> bool {
    let line = line_before(&text[..at]);
    let (mut quote, mut before) = (None, ' ');
    for c in line.chars() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return true,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    false
}
