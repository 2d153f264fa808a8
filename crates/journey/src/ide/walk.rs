//! The grammar along the tree of a file: what each place of it may hold.

use super::outline::{Kind, Level, Node, Pair};
use crate::grammar::{Context, File, Key, Takes, Word, takes_at};

/// The names of the fields of a map, as they stand there.
pub(super) fn present<'s>(text: &'s str, node: &Node) -> Vec<&'s str> {
    node.pairs().iter().map(|p| &text[p.key.clone()]).collect()
}

/// The fields that may stand in a map, of the alternatives that there are.
pub(super) fn context(takes: &Takes) -> Option<&'static Context> {
    takes.fields()
}

/// What a field's name is, where it is no word of the language but a name of the author's.
pub(super) fn named(takes: &Takes) -> Option<crate::grammar::Known> {
    match takes {
        Takes::Named { name, .. } => Some(*name),
        Takes::Either(all) => all.iter().find_map(named),
        Takes::OneOrMore(one) => named(one),
        _ => None,
    }
}

/// The word of the language that a field is.
pub(super) fn word(text: &str, takes: &Takes, map: &Node, pair: &Pair) -> Option<&'static Word> {
    context(takes)?.word(&text[pair.key.clone()], &present(text, map))
}

/// What a child of a list or map may hold.
pub(super) fn below(text: &str, takes: &Takes, node: &Node, child: usize) -> Option<Takes> {
    if let Takes::Either(all) = takes {
        return all.iter().find_map(|t| below(text, t, node, child));
    }
    match (&node.kind, takes) {
        (Kind::List(_), Takes::List(item) | Takes::OneOrMore(item)) => Some(**item),
        (Kind::List(_), Takes::Steps) => step(),
        (Kind::Map(_), Takes::OneOrMore(one)) => below(text, one, node, child),
        (Kind::Map(pairs), Takes::Fields(_) | Takes::Schema) => {
            word(text, takes, node, pairs.get(child)?).map(|w| w.takes)
        }
        (Kind::Map(_), Takes::Named { value, .. }) => Some(**value),
        (Kind::Map(_) | Kind::List(_), Takes::Given) | (Kind::Map(_), Takes::GivenMap) => {
            Some(Takes::Given)
        }
        (_, Takes::Anything) => Some(Takes::Anything),
        _ => None,
    }
}

/// What one step may hold.
pub(super) fn step() -> Option<Takes> {
    takes_at(File::Journey, &[Key::Name("steps"), Key::Index(0)])
}

/// What may stand at the end of a way; `None` where the way leaves the language.
pub(super) fn along(text: &str, file: File, way: &[Level<'_>]) -> Option<Takes> {
    way.iter().try_fold(file.root(), |takes, level| {
        below(text, &takes, level.node, level.child)
    })
}

/// What is met on a walk through a file.
#[derive(Clone, Copy)]
pub(super) enum Met<'t> {
    /// A field of a map, and what the map may hold.
    Field(&'t Pair, &'t Takes),
    /// A scalar, and what may stand there.
    Scalar(&'t Node, &'t Takes),
}

/// Every field and scalar of a file whose place the grammar knows, in the order of the text.
pub(super) fn walk<'t>(
    text: &str,
    file: File,
    root: &'t Node,
    see: &mut dyn FnMut(&[Level<'t>], Met<'_>),
) {
    visit(text, root, &file.root(), &mut Vec::new(), see);
}

fn visit<'t>(
    text: &str,
    node: &'t Node,
    takes: &Takes,
    way: &mut Vec<Level<'t>>,
    see: &mut dyn FnMut(&[Level<'t>], Met<'_>),
) {
    let children: Vec<&Node> = match &node.kind {
        Kind::Empty => return,
        Kind::Scalar(_) => return see(way, Met::Scalar(node, takes)),
        Kind::List(items) => items.iter().collect(),
        Kind::Map(pairs) => pairs.iter().map(|p| &p.value).collect(),
    };
    for (child, value) in children.into_iter().enumerate() {
        way.push(Level { node, child });
        if let Some(pair) = node.pairs().get(child) {
            see(way, Met::Field(pair, takes));
        }
        if let Some(takes) = below(text, takes, node, child) {
            visit(text, value, &takes, way, see);
        }
        way.pop();
    }
}
