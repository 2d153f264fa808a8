//! The tree of an expression.

use std::{ops::Range, sync::Arc};

use super::{Root, function::Function};
use crate::value::Value;

/// A part of an expression, with its place in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub span: Range<usize>,
    /// How deep the tree below it is; bounded by the parser, so that recursion is.
    pub depth: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A literal.
    Const(Value),
    /// A list of literals, built once, and where each item stands.
    Constants(Value, Vec<Range<usize>>),
    /// A path from a known name.
    Path(Path),
    /// A path from the variable of an `exists` or `all`, by its place on the stack.
    Local(usize, Names),
    List(Vec<Node>),
    /// A field of a computed value.
    Field(Box<Node>, Arc<str>),
    Index(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Two operands or more.
    And(Vec<Node>),
    /// Two operands or more.
    Or(Vec<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    /// `exists` and `all`: the list, and the condition on each item.
    Quantifier(Quantifier, Box<Node>, Box<Node>),
    /// Whether the path leads to something that is not null.
    Has(Box<Node>),
    /// What a reported mistake left behind.
    Unknown,
}

/// The names of a path, and where each stands.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub names: Arc<[Arc<str>]>,
    pub spans: Vec<Range<usize>>,
}

#[derive(Debug)]
pub(super) struct Path {
    pub root: Root,
    pub names: Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Exists,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Node {
    /// The nodes right below this one.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Const(_)
            | Kind::Constants(..)
            | Kind::Path(_)
            | Kind::Local(..)
            | Kind::Unknown => Vec::new(),
            Kind::Field(a, _) | Kind::Not(a) | Kind::Negate(a) | Kind::Has(a) => vec![a],
            Kind::Index(a, b)
            | Kind::Compare(_, a, b)
            | Kind::In(a, b)
            | Kind::Arithmetic(_, a, b)
            | Kind::Quantifier(_, a, b) => vec![a, b],
            Kind::List(all) | Kind::And(all) | Kind::Or(all) | Kind::Call(_, all) => {
                all.iter().collect()
            }
        }
    }
}
