//! Expressions: a subset of CEL with `and`, `or`, `not` as words.

pub mod types;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

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
}

/// Where an expression finds the values of its names.
pub trait Scope {
    /// The value at `root.path[0].path[1]…`; null where there is none.
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value;
}

/// A parsed expression. Serialises as its source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    source: Arc<str>,
}

impl Expr {
    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its value. Total: what has no value is null (rules 5 and 7).
    pub fn eval(&self, _scope: &dyn Scope) -> Value {
        Value::Null
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let source = String::deserialize(d)?;
        if source.is_empty() {
            return Err(D::Error::custom("an empty expression"));
        }
        Ok(Self {
            source: source.into(),
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
