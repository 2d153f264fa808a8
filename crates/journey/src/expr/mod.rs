//! Expressions: a subset of CEL with `and`, `or`, `not` as words.
//!
//! [`Expr::parse`] reads one, [`Expr::check`] says what is wrong with its types, [`Expr::eval`]
//! gives its value and cannot fail. The authors' page is `docs/expressions.md`.

mod ast;
mod check;
mod eval;
pub(crate) mod facts;
mod function;
mod lexer;
mod parser;
mod problem;
#[cfg(test)]
pub(in crate::expr) mod tests;
pub mod types;

use std::{ops::Range, sync::Arc};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use self::problem::Problem;
pub use self::problem::nearest;
use self::{
    ast::{Kind, Node},
    types::{Env, Type},
};
use crate::value::Value;

/// The names that an expression can start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// The current event's fields, until the run next waits (rule 19).
    Event,
    /// `key`, `event` and variables of the run.
    Run,
    /// Traits of the customer.
    Customer,
    /// `consent.PURPOSE.CHANNEL`: true where given.
    Consent,
    /// `steps.ID.FIELD`.
    Steps,
    /// The input's clock.
    Now,
    /// Parameters of a fragment: replaced by what they are when the journey is compiled.
    Param,
}

impl Root {
    /// Every root.
    pub const ALL: [Self; 7] = [
        Self::Event,
        Self::Run,
        Self::Customer,
        Self::Consent,
        Self::Steps,
        Self::Now,
        Self::Param,
    ];

    /// As authors write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Run => "run",
            Self::Customer => "customer",
            Self::Consent => "consent",
            Self::Steps => "steps",
            Self::Now => "now",
            Self::Param => "param",
        }
    }
}

/// Where an expression finds the values of its names.
pub trait Scope {
    /// The value at `root.path[0].path[1]…`; null where there is none.
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value;
}

/// A parsed expression. Cheap to clone; serialises as its source text, and is equal to whatever
/// has the same text.
#[derive(Clone, Debug)]
pub struct Expr {
    source: Arc<str>,
    tree: Arc<Node>,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Expr {
    /// Reads an expression of at most 8 kB that nests at most 64 levels. The error is never
    /// empty, and its spans lie in `source`.
    pub fn parse(source: &str) -> Result<Self, Vec<Problem>> {
        Ok(Self {
            tree: Arc::new(parser::parse(source)?),
            source: source.into(),
        })
    }

    /// The same, with the expression that is meant where only operators are misspelt.
    pub(crate) fn mended(source: &str) -> (Option<Self>, Vec<Problem>) {
        let (tree, problems) = parser::mended(source);
        let expr = tree.map(|tree| Self {
            tree: Arc::new(tree),
            source: source.into(),
        });
        (expr, problems)
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its type in `env`, and what is wrong with its names and types (rule 7).
    pub fn check(&self, env: &Env) -> (Type, Vec<Problem>) {
        check::check(&self.tree, env)
    }

    /// What is wrong with it as a condition: [`Expr::check`], and that it is true or false.
    pub fn check_condition(&self, env: &Env) -> Vec<Problem> {
        check::condition(&self.tree, env)
    }

    /// Every path that it reads, as far as its names are known beforehand, in the order of the
    /// text: the root, the names after it, and its place.
    pub fn paths(&self) -> Vec<(Root, Vec<Arc<str>>, Range<usize>)> {
        let (mut found, mut stack) = (Vec::new(), vec![&*self.tree]);
        while let Some(node) = stack.pop() {
            if let Kind::Path(path) = &node.kind {
                found.push((path.root, path.names.names.to_vec(), node.span.clone()));
            }
            stack.extend(node.children().into_iter().rev());
        }
        found
    }

    /// Of a condition that does not hold, the part that tells: the first that does not hold of those that `and`
    /// joins, else the whole.
    pub fn refuting(&self, scope: &dyn Scope) -> &str {
        let parts = match &self.tree.kind {
            Kind::And(parts) => parts.as_slice(),
            _ => &[],
        };
        let refutes = |part: &&Node| !eval::eval(part, scope).holds();
        let part = parts.iter().find(refutes);
        let text = part.and_then(|part| self.source.get(part.span.clone()));
        text.map_or(&*self.source, str::trim)
    }

    /// Its value. Total: what has no value is null (rules 5 and 7).
    pub fn eval(&self, scope: &dyn Scope) -> Value {
        eval::eval(&self.tree, scope)
    }
}

/// A duration as authors write it: `30m`, `2d`, `1h30m`, with units from large to small; a day is
/// 24 hours. `None` for anything else; the limit of ten years (rule 6) is the caller's.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    lexer::parse_duration(text)
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let source = String::deserialize(d)?;
        Self::parse(&source).map_err(|problems| {
            let words = problems.into_iter().map(|p| p.message).collect::<Vec<_>>();
            D::Error::custom(format!("`{source}`: {}", words.join("; ")))
        })
    }
}

/// A value as authors write it: text, a path, a computation, or a list or map of these (rule 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// As written.
    Literal(Value),
    /// A path or a computation.
    Computed(Expr),
    /// A list.
    List(Vec<Operand>),
    /// Named fields, in the order of their names.
    Map(std::collections::BTreeMap<Arc<str>, Operand>),
}

impl Operand {
    /// Its value, fit to be kept ([`Value::storable`]).
    pub fn eval(&self, scope: &dyn Scope) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Computed(expr) => expr.eval(scope).storable(),
            Self::List(items) => Value::List(items.iter().map(|i| i.eval(scope)).collect()),
            Self::Map(fields) => Value::Map(Arc::new(
                fields
                    .iter()
                    .map(|(k, v)| (k.clone(), v.eval(scope)))
                    .collect(),
            )),
        }
    }
}
