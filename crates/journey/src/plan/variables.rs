//! What kinds of values a version gives its variables (rule 52).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    expr::{
        Operand, Root,
        types::{Env, Type},
    },
    machine::{Expect, Machine, Op, Target},
    value::{Map, Value},
};

/// A kind of value. Moments and spans are kept as text and number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A list.
    List,
    /// Named fields.
    Map,
}

impl Kind {
    /// In the author's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

/// The kinds that each variable can have, as far as the version alone tells; `None`: any.
pub type Kinds = BTreeMap<Arc<str>, Option<BTreeSet<Kind>>>;

/// The kinds of every variable that the version sets.
pub fn kinds(machine: &Machine) -> Kinds {
    let env = open_env();
    let mut kinds = Kinds::new();
    for (target, kind) in machine.nodes.iter().flat_map(|n| set_by(&n.op, &env)) {
        let Target::Run(name) = target else { continue };
        let known = kinds
            .entry(name.clone())
            .or_insert_with(|| Some(BTreeSet::new()));
        match (kind, known.as_mut()) {
            (Some(kind), Some(set)) => drop(set.insert(kind)),
            _ => *known = None,
        }
    }
    kinds
}

/// What a step sets, with the kind of the value, if the step alone tells.
fn set_by<'m>(op: &'m Op, env: &Env) -> Vec<(&'m Target, Option<Kind>)> {
    match op {
        Op::Set(targets) => targets
            .iter()
            .map(|(target, operand)| (target, of_operand(operand, env)))
            .collect(),
        Op::Ask(ask) => {
            let kind = match ask.expect {
                Expect::Number { .. } => Kind::Number,
                Expect::Options(_) | Expect::Text | Expect::Date | Expect::Email => Kind::Text,
            };
            ask.save.iter().map(|target| (target, Some(kind))).collect()
        }
        // An endpoint answers what it likes.
        Op::Call(call) => call.save.iter().map(|target| (target, None)).collect(),
        _ => Vec::new(),
    }
}

/// Takes the variables away whose value is of no kind that the version gives them. Returns which.
pub fn forget_changed(vars: &mut Map, kinds: &Kinds) -> Vec<Arc<str>> {
    let fits = |name: &Arc<str>, value: &Value| match kinds.get(name) {
        Some(Some(kinds)) => of_value(value).is_none_or(|kind| kinds.contains(&kind)),
        _ => true,
    };
    let mut changed = Vec::new();
    vars.retain(|name, value| {
        let keep = fits(name, value);
        if !keep {
            changed.push(name.clone());
        }
        keep
    });
    changed
}

/// Every name may hold anything: what is left is what operators and functions say of themselves.
fn open_env() -> Env {
    let mut env = Env::default();
    for root in Root::ALL {
        env.roots.insert(root, Type::Any);
    }
    env
}

fn of_operand(operand: &Operand, env: &Env) -> Option<Kind> {
    match operand {
        Operand::Literal(value) => of_value(value),
        Operand::Computed(expr) => of_type(&expr.check(env).0),
        Operand::List(_) => Some(Kind::List),
        Operand::Map(_) => Some(Kind::Map),
    }
}

fn of_type(of: &Type) -> Option<Kind> {
    match of {
        Type::Any => None,
        Type::Bool => Some(Kind::Flag),
        Type::Number => Some(Kind::Number),
        Type::Text(_) => Some(Kind::Text),
        // Kept in a form of their own: see `Value::storable`.
        Type::Moment | Type::Span => None,
        Type::List(_) => Some(Kind::List),
        Type::Map { .. } => Some(Kind::Map),
    }
}

fn of_value(value: &Value) -> Option<Kind> {
    match value {
        Value::Null | Value::Moment(_) | Value::Span(_) => None,
        Value::Bool(_) => Some(Kind::Flag),
        Value::Int(_) | Value::Float(_) => Some(Kind::Number),
        Value::Text(_) => Some(Kind::Text),
        Value::List(_) => Some(Kind::List),
        Value::Map(_) => Some(Kind::Map),
    }
}
