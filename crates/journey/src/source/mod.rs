//! A YAML file as a tree in which everything knows its exact bytes and nothing is guessed.
//!
//! YAML's own readings (null, booleans, octal, dates) never apply: a scalar is its text, and
//! whoever asks for it says what it must be (rule 1).

mod indentation;
mod load;
mod map_back;
mod mistakes;
mod pairs;
mod repair;

use std::{ops::Range, sync::Arc};

pub use load::{MAX_BYTES, MAX_DEPTH, load};
pub(crate) use mistakes::{glued, quoted};
pub(crate) use pairs::is_else_if;

/// Bytes of a file's text.
pub type Span = Range<usize>;

/// One place of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes; of a list or map, from the first to the last child.
    pub span: Span,
    /// What stands there.
    pub kind: Kind,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text, or nothing at all (plain and empty).
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// Named fields, each name once.
    Map(Vec<Pair>),
    /// Something that has been reported already: whoever meets it stays silent.
    Bad,
}

/// A field of a map.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value.
    pub value: Node,
}

/// A scalar's text.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// After YAML has undone quotes, escapes and folding.
    pub text: Arc<str>,
    /// How it is written.
    pub style: Style,
    /// Where the scalar carries an anchor (`&name`): an error where a condition is read.
    pub anchor: Option<Span>,
    /// The comment behind it on the same line, if it is plain.
    pub comment: Option<Span>,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a block behind `|` or `>`.
    Block,
}

impl Node {
    /// Whether nothing is written here.
    pub fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.style == Style::Plain && s.text.is_empty())
    }

    /// The scalar, if it is one and something is written.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(s) if !self.is_empty() => Some(s),
            _ => None,
        }
    }

    /// The value of that field, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(pairs) => pairs.iter().find(|p| &*p.name == name).map(|p| &p.value),
            _ => None,
        }
    }

    /// What it is, in words.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(_) if self.is_empty() => "nothing",
            Kind::Scalar(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "named fields",
            Kind::Bad => "something unreadable",
        }
    }

    /// The file's bytes of `part`, bytes of the scalar's text: exact where the text stands in
    /// the file as it is or with folded line ends, else the whole scalar.
    pub fn within(&self, source: &str, part: &Span) -> Span {
        match &self.kind {
            Kind::Scalar(s) => map_back::map_back(source, &self.span, &s.text, part),
            _ => self.span.clone(),
        }
    }
}
