//! A file that is no YAML is mended as the diagnostic offers, and read on: so that its other
//! mistakes are told in the same go. All places are those of the file as it is written.

use std::sync::Arc;

use super::{Kind, Node, Span, load};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::{Sink, yaml},
};

/// How many syntax errors are mended in one file.
const MAX_MENDED: usize = 8;

/// One change of a text: these bytes became so many.
struct Change {
    from: Span,
    length: usize,
}

/// The tree of a file, or `None` where it is no YAML and cannot be mended.
pub(super) fn read(file: &SourceFile, sink: &mut Sink) -> Option<Node> {
    let mut text = file.text.clone();
    let mut changes: Vec<Change> = Vec::new();
    loop {
        let mended = SourceFile {
            path: file.path.clone(),
            text: text.clone(),
        };
        let mut found = Sink::new(&mended);
        let root = load::parsed(&mended, &mut found);
        let syntax = found.last_of(&[yaml::NOT_YAML, yaml::TAB, yaml::QUOTE]);
        let cure = syntax.and_then(|d| d.replacement.clone());
        found.change(|diagnostic| back(diagnostic, &changes));
        sink.absorb(found);
        if let Some(root) = root {
            return Some(unchanged(root, &changes));
        }
        let (span, with) = cure.filter(|_| changes.len() < MAX_MENDED)?;
        let (before, behind) = (text.get(..span.start)?, text.get(span.end..)?);
        let next: Arc<str> = format!("{before}{with}{behind}").into();
        if next == text {
            return None;
        }
        changes.push(Change {
            from: span,
            length: with.len(),
        });
        text = next;
    }
}

/// A place of the mended text in the text as it is written; of one inside a change, its beginning
/// or its end.
fn place(at: usize, end_of: bool, changes: &[Change]) -> usize {
    changes.iter().rev().fold(at, |at, change| {
        let (start, end) = (change.from.start, change.from.end);
        if at <= start {
            at
        } else if at >= start + change.length {
            at - change.length + (end - start)
        } else if end_of {
            end
        } else {
            start
        }
    })
}

fn span(span: &Span, changes: &[Change]) -> Span {
    let start = place(span.start, false, changes);
    start..place(span.end, true, changes).max(start)
}

fn back(diagnostic: &mut Diagnostic, changes: &[Change]) {
    diagnostic.span = span(&diagnostic.span, changes);
    for (also, _) in &mut diagnostic.also {
        *also = span(also, changes);
    }
    if let Some((part, _)) = &mut diagnostic.replacement {
        *part = span(part, changes);
    }
}

/// The tree with the places of the text as it is written. Of a value that was mended, all has been
/// said.
fn unchanged(mut node: Node, changes: &[Change]) -> Node {
    if changes.is_empty() {
        return node;
    }
    visit(&mut node, changes);
    node
}

fn visit(node: &mut Node, changes: &[Change]) {
    let written = span(&node.span, changes);
    let mended = written.len() != node.span.len();
    node.span = written;
    match &mut node.kind {
        Kind::Scalar(_) if mended => node.kind = Kind::Bad,
        Kind::Scalar(scalar) => {
            for part in [&mut scalar.anchor, &mut scalar.comment]
                .into_iter()
                .flatten()
            {
                *part = span(part, changes);
            }
        }
        // Nothing is left of what a bracket was to hold.
        Kind::List(items) if mended && items.is_empty() => node.kind = Kind::Bad,
        Kind::Map(pairs) if mended && pairs.is_empty() => node.kind = Kind::Bad,
        Kind::List(items) => items.iter_mut().for_each(|n| visit(n, changes)),
        Kind::Map(pairs) => {
            for pair in pairs {
                pair.name_span = span(&pair.name_span, changes);
                visit(&mut pair.value, changes);
            }
        }
        Kind::Bad => {}
    }
}
