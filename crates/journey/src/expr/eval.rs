//! Evaluation: total, bounded, and quick.

use std::{borrow::Cow, cmp::Ordering, sync::Arc};

use super::{
    Scope,
    ast::{Comparison, Kind, Node, Quantifier},
    function::Function,
};
use crate::value::Value;

mod arithmetic;
mod compare;

pub(super) use compare::moment_text;

use compare::{equal, order};

/// How many nodes and items one evaluation may visit; after that its value is null.
const FUEL: u32 = 100_000;
/// The longest text that an expression makes, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

const NULL: Value = Value::Null;

/// The value of the tree in `scope`.
pub(super) fn eval(tree: &Node, scope: &dyn Scope) -> Value {
    let mut evaluation = Evaluation {
        scope,
        fuel: FUEL,
        locals: Vec::new(),
    };
    let value = evaluation.value(tree).into_owned();
    if evaluation.fuel == 0 { NULL } else { value }
}

struct Evaluation<'a> {
    scope: &'a dyn Scope,
    fuel: u32,
    /// The items that the variables of `exists` and `all` stand for just now.
    locals: Vec<Value>,
}

impl Evaluation<'_> {
    fn burn(&mut self, amount: usize) {
        self.fuel = self
            .fuel
            .saturating_sub(u32::try_from(amount).unwrap_or(u32::MAX));
    }

    fn value<'n>(&mut self, node: &'n Node) -> Cow<'n, Value> {
        self.burn(1);
        if self.fuel == 0 {
            return Cow::Owned(NULL);
        }
        if let Kind::Const(value) | Kind::Constants(value, _) = &node.kind {
            return Cow::Borrowed(value);
        }
        Cow::Owned(self.computed(&node.kind))
    }

    fn computed(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Const(value) | Kind::Constants(value, _) => value.clone(),
            Kind::Path(path) => self.scope.look_up(path.root, &path.names.names),
            Kind::Local(slot, names) => match self.locals.get(*slot) {
                Some(value) => value.at(&names.names),
                None => NULL,
            },
            Kind::List(items) => {
                Value::List(items.iter().map(|i| self.value(i).into_owned()).collect())
            }
            Kind::Field(of, name) => self.value(of).field(name),
            Kind::Index(of, index) => {
                let of = self.value(of).into_owned();
                item(&of, &self.value(index))
            }
            Kind::Not(inner) => negation(&self.value(inner)),
            Kind::Negate(inner) => arithmetic::negate(&self.value(inner)),
            Kind::And(all) => self.junction(all, false),
            Kind::Or(all) => self.junction(all, true),
            Kind::Compare(op, left, right) => {
                let left = self.value(left);
                let right = self.value(right);
                self.comparison(*op, &left, &right)
            }
            Kind::In(item, list) => {
                let item = self.value(item);
                let list = self.value(list);
                self.inside(&item, &list)
            }
            Kind::Arithmetic(op, left, right) => {
                let left = self.value(left);
                let right = self.value(right);
                self.burn((text_len(&left) + text_len(&right)) / 64);
                arithmetic::apply(*op, &left, &right)
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::Quantifier(quantifier, list, condition) => {
                let list = self.value(list);
                self.quantified(*quantifier, &list, condition)
            }
            Kind::Has(path) => Value::Bool(!self.value(path).is_null()),
            Kind::Unknown => NULL,
        }
    }

    /// `and` (decided by false) or `or` (decided by true). Null counts as false; an operand that is no
    /// condition makes it null unless another decides it.
    fn junction(&mut self, all: &[Node], decisive: bool) -> Value {
        let mut mistaken = false;
        for operand in all {
            match *self.value(operand) {
                Value::Bool(b) if b == decisive => return Value::Bool(decisive),
                Value::Null if !decisive => return Value::Bool(false),
                Value::Bool(_) | Value::Null => {}
                _ => mistaken = true,
            }
        }
        if mistaken {
            NULL
        } else {
            Value::Bool(!decisive)
        }
    }

    fn comparison(&mut self, op: Comparison, left: &Value, right: &Value) -> Value {
        self.burn(size(left).min(size(right)));
        match op {
            Comparison::Equal => Value::Bool(equal(left, right)),
            Comparison::NotEqual => Value::Bool(!equal(left, right)),
            _ if left.is_null() || right.is_null() => Value::Bool(false),
            _ => order(left, right).map_or(NULL, |order| Value::Bool(fits(op, order))),
        }
    }

    fn inside(&mut self, item: &Value, list: &Value) -> Value {
        match list {
            _ if item.is_null() || list.is_null() => Value::Bool(false),
            Value::List(items) => {
                self.burn(items.len().saturating_mul(size(item).max(1)));
                Value::Bool(items.iter().any(|i| equal(i, item)))
            }
            _ => NULL,
        }
    }

    fn quantified(&mut self, quantifier: Quantifier, list: &Value, condition: &Node) -> Value {
        let decisive = quantifier == Quantifier::Exists;
        let items = match list {
            Value::List(items) => items,
            Value::Null => return Value::Bool(false),
            _ => return NULL,
        };
        let mut mistaken = false;
        for item in items.iter() {
            self.locals.push(item.clone());
            let value = self.value(condition).into_owned();
            self.locals.pop();
            match value {
                Value::Bool(b) if b == decisive => return Value::Bool(decisive),
                Value::Null if !decisive => return Value::Bool(false),
                Value::Bool(_) | Value::Null => {}
                _ => mistaken = true,
            }
            if self.fuel == 0 {
                return NULL;
            }
        }
        if mistaken {
            NULL
        } else {
            Value::Bool(!decisive)
        }
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Value {
        let [first, rest @ ..] = arguments else {
            return NULL;
        };
        let first = self.value(first);
        let second = match rest {
            [] => Cow::Owned(NULL),
            [second, ..] => self.value(second),
        };
        self.burn(text_len(&first) / 64);
        if let (Function::Contains, Value::List(_)) = (function, &*first) {
            return self.inside(&second, &first);
        }
        apply(function, &first, &second)
    }
}

/// The texts and items that a comparison may have to look at, one level down.
fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => items.len(),
        Value::Map(fields) => fields.len(),
        Value::Text(text) => text.len() / 64,
        _ => 0,
    }
}

fn text_len(value: &Value) -> usize {
    value.as_text().map_or(0, str::len)
}

fn fits(op: Comparison, order: Ordering) -> bool {
    match op {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
    }
}

fn negation(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(true),
        Value::Bool(b) => Value::Bool(!b),
        _ => NULL,
    }
}

/// The item at a whole number from 0, or the field of that name.
fn item(of: &Value, index: &Value) -> Value {
    match (of, index) {
        (Value::List(items), Value::Int(i)) => usize::try_from(*i)
            .ok()
            .and_then(|i| items.get(i).cloned())
            .unwrap_or_default(),
        (Value::Map(_), Value::Text(name)) => of.field(name),
        _ => NULL,
    }
}

fn apply(function: Function, first: &Value, second: &Value) -> Value {
    use Function as F;
    let (text, other) = (first.as_text(), second.as_text());
    match (function, text, other) {
        (F::Size, _, _) => length(first),
        (F::Contains, Some(text), Some(part)) => Value::Bool(text.contains(part)),
        (F::StartsWith, Some(text), Some(part)) => Value::Bool(text.starts_with(part)),
        (F::EndsWith, Some(text), Some(part)) => Value::Bool(text.ends_with(part)),
        (F::Lower, Some(text), _) => new_text(text.to_lowercase()),
        (F::Upper, Some(text), _) => new_text(text.to_uppercase()),
        _ => NULL,
    }
}

/// Characters of a text, items of a list, fields of a map.
fn length(value: &Value) -> Value {
    let length = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(fields) => fields.len(),
        _ => return NULL,
    };
    i64::try_from(length).map_or(NULL, Value::Int)
}

fn new_text(text: String) -> Value {
    if text.len() > LONGEST_TEXT {
        NULL
    } else {
        Value::Text(Arc::from(text))
    }
}
