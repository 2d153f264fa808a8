//! A YAML file read as far as it goes: a tree by indentation and brackets that never fails.
//!
//! An author in the middle of a word leaves a file that is no YAML. What an editor asks for then
//! (which field is this, what stands beside it, which steps are there) does not need a file
//! without mistakes, so that the tree here takes anything: a word without a colon is a field
//! without a value, a bracket that is not closed ends where the indentation does, and a line that
//! fits nowhere belongs to what is open. Whether a file is right is the compiler's business.

mod flow;
mod read;

use crate::source::Span;
pub(super) use read::read;

/// One place of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Its bytes, quotes and brackets included; of a block, from the first to the last child.
    pub span: Span,
    /// What stands there.
    pub kind: Kind,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing yet.
    Empty,
    /// Text.
    Scalar(Style),
    /// Items.
    List(Vec<Node>),
    /// Fields, in the order of the text; a name may stand there twice.
    Map(Vec<Pair>),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Block,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Where its name stands, without quotes.
    pub key: Span,
    /// Whether a colon follows: without one, somebody is still typing.
    pub colon: bool,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// Nothing, at that byte.
    pub fn empty(at: usize) -> Self {
        Self {
            span: at..at,
            kind: Kind::Empty,
        }
    }

    /// The fields; none where this is no map.
    pub fn pairs(&self) -> &[Pair] {
        match &self.kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items; none where this is no list.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The items of a list, or this alone: for fields that take one or several.
    pub fn each(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Empty => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The field of that name.
    pub fn pair<'t>(&'t self, text: &str, name: &str) -> Option<&'t Pair> {
        self.pairs().iter().find(|p| text[p.key.clone()] == *name)
    }

    /// The value of the field of that name.
    pub fn get<'t>(&'t self, text: &str, name: &str) -> Option<&'t Self> {
        self.pair(text, name).map(|p| &p.value)
    }

    /// The bytes of a scalar between its quotes.
    pub fn inner(&self) -> Option<Span> {
        let Kind::Scalar(style) = self.kind else {
            return None;
        };
        if !matches!(style, Style::Single | Style::Double) {
            return Some(self.span.clone());
        }
        let start = (self.span.start + 1).min(self.span.end);
        Some(start..self.span.end.saturating_sub(1).max(start))
    }

    /// A scalar's text as it stands in the file, between its quotes.
    pub fn raw<'s>(&self, text: &'s str) -> Option<&'s str> {
        text.get(self.inner()?)
    }

    /// Where the first child begins, or this itself.
    pub fn first_line(&self, text: &str) -> Span {
        let rest = text.get(self.span.clone()).unwrap_or_default();
        let end = rest
            .find('\n')
            .map_or(self.span.end, |n| self.span.start + n);
        self.span.start..end
    }
}

/// A step on the way from the root to a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'t> {
    /// The map or list.
    pub node: &'t Node,
    /// Which of its children leads on.
    pub child: usize,
}

/// What stands at a byte.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'t> {
    /// The name of a field.
    Key(&'t Pair),
    /// A value, or where one should stand.
    Value(&'t Node),
}

/// The way to the key or scalar that touches the byte `at`, outermost first.
pub(super) fn find(root: &Node, at: usize) -> Option<(Vec<Level<'_>>, Place<'_>)> {
    let touches = |span: &Span| span.start <= at && at <= span.end;
    let (mut way, mut node) = (Vec::new(), root);
    loop {
        match &node.kind {
            Kind::Empty | Kind::Scalar(_) => {
                return touches(&node.span).then_some((way, Place::Value(node)));
            }
            Kind::List(items) => {
                let child = items.iter().position(|n| touches(&n.span))?;
                way.push(Level { node, child });
                node = &items[child];
            }
            Kind::Map(pairs) => {
                let child = pairs
                    .iter()
                    .position(|p| touches(&p.key) || touches(&p.value.span))?;
                way.push(Level { node, child });
                let pair = &pairs[child];
                if touches(&pair.key) && !pair.key.is_empty() {
                    return Some((way, Place::Key(pair)));
                }
                node = &pair.value;
            }
        }
    }
}

#[cfg(test)]
mod tests;
