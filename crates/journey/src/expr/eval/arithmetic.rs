//! Arithmetic. What has no value, or one that cannot be held, is null (rule 7).

use jiff::{SignedDuration, Timestamp};

use super::{
    NULL,
    compare::{moment, span},
    new_text,
};
use crate::{expr::ast::Arithmetic, value::Value};

/// `left op right`.
pub(super) fn apply(op: Arithmetic, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => whole(op, *a, *b),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            let (Some(a), Some(b)) = (left.as_number(), right.as_number()) else {
                return NULL;
            };
            float(op, a, b)
        }
        _ => {
            let result = match op {
                Arithmetic::Add => add(left, right),
                Arithmetic::Subtract => subtract(left, right),
                Arithmetic::Multiply => scale(left, right).or_else(|| scale(right, left)),
                Arithmetic::Divide => share(left, right),
                Arithmetic::Remainder => None,
            };
            result.unwrap_or_default()
        }
    }
}

/// `-value`.
pub(super) fn negate(value: &Value) -> Value {
    match value {
        Value::Int(i) => i.checked_neg().map_or(NULL, Value::Int),
        Value::Float(f) => Value::Float(-f),
        Value::Span(d) => d.checked_neg().map_or(NULL, Value::Span),
        _ => NULL,
    }
}

fn whole(op: Arithmetic, a: i64, b: i64) -> Value {
    let result = match op {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Remainder => a.checked_rem(b),
        Arithmetic::Divide if a.checked_rem(b).is_some_and(|rest| rest != 0) => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a quotient that is not whole is a double"
            )]
            return Value::number(a as f64 / b as f64);
        }
        Arithmetic::Divide => a.checked_div(b),
    };
    result.map_or(NULL, Value::Int)
}

fn float(op: Arithmetic, a: f64, b: f64) -> Value {
    Value::number(match op {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
    })
}

fn add(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(new_text(format!("{a}{b}"))),
        (Value::Span(a), Value::Span(b)) => a.checked_add(*b).map(Value::Span),
        (when, Value::Span(d)) | (Value::Span(d), when) => shift(when, *d),
        _ => None,
    }
}

fn subtract(left: &Value, right: &Value) -> Option<Value> {
    if let Value::Span(d) = right {
        return match span(left) {
            Some(from) => from.checked_sub(*d).map(Value::Span),
            None => shift(left, d.checked_neg()?),
        };
    }
    if let (Value::Span(from), Some(d)) = (left, span(right)) {
        return from.checked_sub(d).map(Value::Span);
    }
    let between = moment(left)?.duration_since(moment(right)?);
    Some(Value::Span(between))
}

/// An instant, or the text of one or of a length of time, later by `d`.
fn shift(when: &Value, d: SignedDuration) -> Option<Value> {
    if let Some(from) = span(when) {
        return from.checked_add(d).map(Value::Span);
    }
    let at: Timestamp = moment(when)?.checked_add(d).ok()?;
    Some(Value::Moment(at))
}

fn scale(span: &Value, by: &Value) -> Option<Value> {
    let Value::Span(d) = span else { return None };
    seconds(d.as_secs_f64() * by.as_number()?)
}

/// A span by a number is a span, by a span a number.
fn share(left: &Value, right: &Value) -> Option<Value> {
    let Value::Span(d) = left else { return None };
    match right {
        Value::Span(by) => Some(Value::number(d.as_secs_f64() / by.as_secs_f64())),
        by => seconds(d.as_secs_f64() / by.as_number()?),
    }
}

fn seconds(seconds: f64) -> Option<Value> {
    SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .map(Value::Span)
}
