//! `parcours fmt`: one form for every YAML file, without a change of meaning.
//!
//! The text is laid out anew from the parser's own tokens: nothing is read into values and written
//! back. What comes out is read again and held against what went in, values, order, quotes that
//! matter and comments; where they differ, or where something stands in the file that is not
//! understood for certain, the text is left alone.
//!
//! The form: two spaces of indentation, lists indented below their name, one space behind `:` and
//! `-` and inside `{ }`, at most one blank line. Nothing is reordered, joined or aligned, but for
//! comments behind a value, which keep their column. `{ … }` and `[ … ]` stand on one line where
//! they fit into [`WIDTH`] columns, else below each other.

mod flow;
mod layout;
mod same;
mod tokens;

use std::sync::Arc;

use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::Sink,
    source,
};

/// How many columns a line should have at most.
pub const WIDTH: usize = 100;

/// What comes of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its text in the one form; the same text where it has that form already.
    Formatted(String),
    /// It is left alone, because of this.
    Left(Reason),
}

/// Why a file is left alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It cannot be read: `check` says more. The first error, with its place.
    Unreadable(Box<Diagnostic>),
    /// It holds something that the formatter does not lay out.
    Unusual {
        /// What it is, as in `a tag`.
        what: &'static str,
        /// Where: its line, from one.
        line: usize,
    },
    /// The new text would not say the same as the old one.
    Unsure,
}

/// Formats a YAML file.
pub fn format(text: &str) -> Outcome {
    let (line_end, unix) = match text.contains("\r\n") {
        true => ("\r\n", text.replace("\r\n", "\n")),
        false => ("\n", text.to_owned()),
    };
    match unix_format(&unix) {
        Ok(formatted) if line_end == "\n" => Outcome::Formatted(formatted),
        Ok(formatted) => Outcome::Formatted(formatted.replace('\n', line_end)),
        Err(reason) => Outcome::Left(reason),
    }
}

fn unix_format(text: &str) -> Result<String, Reason> {
    let before = read(text)?;
    let document = tokens::read(text)?;
    let formatted = layout::layout(text, &document);
    let after = read(&formatted).map_err(|_| Reason::Unsure)?;
    let comments = tokens::read(&formatted).map_err(|_| Reason::Unsure)?;
    let kept = same::trees((text, &before), (&formatted, &after))
        && same::comments((text, &document), (&formatted, &comments))
        && layout::layout(&formatted, &comments) == formatted;
    kept.then_some(formatted).ok_or(Reason::Unsure)
}

fn read(text: &str) -> Result<source::Node, Reason> {
    let file = SourceFile {
        path: Arc::from("file"),
        text: Arc::from(text),
    };
    let mut sink = Sink::new(&file);
    let root = source::load(&file, &mut sink);
    let found = sink.finish();
    let error = found.into_iter().find(|d| d.severity == Severity::Error);
    match (root, error) {
        (Some(root), None) => Ok(root),
        (_, Some(error)) => Err(Reason::Unreadable(Box::new(error))),
        (None, None) => Err(Reason::Unsure),
    }
}
