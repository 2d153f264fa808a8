//! What a file says that other places name: steps, variables, events, traits, purposes, templates.

mod journey;
mod shape;

use std::sync::Arc;

pub(super) use journey::{JourneyFacts, SendFact, StepFact};
pub(super) use shape::{ITEM, Shape};

use super::outline::Node;
use crate::{grammar::File, source::Span};

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub text: Arc<str>,
    pub span: Span,
}

/// A name with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub name: Named,
    /// Its declaration as it stands in the file, cut to a few lines.
    pub source: String,
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub(super) enum Facts {
    Journey(Box<JourneyFacts>),
    Policies {
        purposes: Vec<Declared>,
        caps: Vec<Declared>,
        labels: Vec<Declared>,
    },
    /// An event or the traits.
    Schema(Box<Shape>),
    /// Endpoints by name.
    Endpoints(Vec<Declared>),
    #[default]
    Nothing,
}

impl Facts {
    /// What that file says.
    pub fn of(file: Option<File>, text: &str, tree: &Node) -> Self {
        match file {
            Some(file @ (File::Journey | File::Fragment)) => {
                Self::Journey(Box::new(journey::facts(text, file, tree)))
            }
            Some(File::Policies) => Self::Policies {
                purposes: fields(text, tree.get(text, "purposes")),
                caps: names(text, tree.get(text, "caps")),
                labels: fields(text, tree.get(text, "labels")),
            },
            Some(File::Event | File::Traits) => Self::Schema(Box::new(shape::read(text, tree))),
            Some(File::Endpoints) => Self::Endpoints(fields(
                text,
                Some(tree.get(text, "endpoints").unwrap_or(tree)),
            )),
            _ => Self::Nothing,
        }
    }
}

/// The scalar's text with its place, if it is one.
pub(super) fn scalar(text: &str, node: &Node) -> Option<Named> {
    let span = node.inner()?;
    Some(Named {
        text: Arc::from(text.get(span.clone())?),
        span,
    })
}

/// The fields of a map as declarations.
fn fields(text: &str, map: Option<&Node>) -> Vec<Declared> {
    let pairs = map.map_or(&[][..], Node::pairs);
    let declared = pairs
        .iter()
        .filter(|p| !p.key.is_empty())
        .map(|pair| Declared {
            name: Named {
                text: Arc::from(&text[pair.key.clone()]),
                span: pair.key.clone(),
            },
            source: excerpt(
                text,
                &(pair.key.start..pair.value.span.end.max(pair.key.end)),
            ),
        });
    declared.collect()
}

/// The items of a list by their `name`.
fn names(text: &str, list: Option<&Node>) -> Vec<Declared> {
    let items = list.map_or(&[][..], Node::items);
    let declared = items.iter().filter_map(|item| {
        Some(Declared {
            name: scalar(text, item.get(text, "name")?)?,
            source: excerpt(text, &item.span),
        })
    });
    declared.collect()
}

/// The longest excerpt, in lines and in bytes.
const LINES: usize = 8;
const BYTES: usize = 600;

/// A place as it stands, indented as its first line, cut where it gets long.
pub(super) fn excerpt(text: &str, span: &Span) -> String {
    let whole = text.get(span.clone()).unwrap_or_default();
    let line_start = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let indent = span.start - line_start;
    let (mut out, mut cut) = (String::new(), false);
    for (number, line) in whole.lines().enumerate() {
        if number >= LINES || out.len() + line.len() > BYTES {
            cut = true;
            break;
        }
        let blank = line.len() - line.trim_start_matches(' ').len();
        let skip = if number == 0 { 0 } else { blank.min(indent) };
        out.push_str(&line[skip..]);
        out.push('\n');
    }
    if cut {
        out.push_str("…\n");
    }
    out
}
