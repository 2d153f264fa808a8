//! Whether two texts say the same.

use super::tokens::Document;
use crate::source::{Kind, Node, Scalar, Style};

/// Whether two trees hold the same values in the same order, quoted where it matters.
pub(super) fn trees(before: (&str, &Node), after: (&str, &Node)) -> bool {
    match (&before.1.kind, &after.1.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => scalars((before.0, a), (after.0, b)),
        (Kind::List(a), Kind::List(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| trees((before.0, a), (after.0, b)))
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let same = |(a, b): (&crate::source::Pair, &crate::source::Pair)| {
                a.name == b.name && trees((before.0, &a.value), (after.0, &b.value))
            };
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        _ => false,
    }
}

fn scalars(before: (&str, &Scalar), after: (&str, &Scalar)) -> bool {
    let ((text, a), (other, b)) = (before, after);
    a.text == b.text
        && (a.style == Style::Plain) == (b.style == Style::Plain)
        && a.anchor.as_ref().map(|s| text.get(s.clone()))
            == b.anchor.as_ref().map(|s| other.get(s.clone()))
        && cut(text, a) == cut(other, b)
}

/// The comment behind a value that may have been meant as a part of it.
fn cut<'t>(text: &'t str, scalar: &Scalar) -> Option<&'t str> {
    let comment = text.get(scalar.comment.clone()?)?;
    (!comment.starts_with("# ")).then_some(comment)
}

/// Whether two texts have the same comments in the same order.
pub(super) fn comments(before: (&str, &Document), after: (&str, &Document)) -> bool {
    let said = |text: &str, document: &Document| -> Vec<String> {
        let comment = |span: &crate::source::Span| {
            text.get(span.clone())
                .unwrap_or_default()
                .trim_end()
                .to_owned()
        };
        document.comments.iter().map(comment).collect()
    };
    said(before.0, before.1) == said(after.0, after.1)
}
