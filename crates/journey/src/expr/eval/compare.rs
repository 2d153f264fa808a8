//! Equality and order of values.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};

use crate::value::Value;

/// Whether two values are the same: whole and other numbers by their value, an instant also with
/// the text that spells it, null only with null.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            left.as_number() == right.as_number()
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && (a.iter().zip(b.iter())).all(|((k, a), (l, b))| k == l && equal(a, b))
        }
        (Value::Moment(_), Value::Text(_)) | (Value::Text(_), Value::Moment(_)) => {
            same(moment(left), moment(right))
        }
        (Value::Span(_), Value::Text(_)) | (Value::Text(_), Value::Span(_)) => {
            same(span(left), span(right))
        }
        _ => left == right,
    }
}

fn same<T: PartialEq + Copy>(left: Option<T>, right: Option<T>) -> bool {
    left.is_some() && left == right
}

/// The order of two values of one kind; `None` where there is no order.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            left.as_number()?.partial_cmp(&right.as_number()?)
        }
        (Value::Text(a), Value::Text(b)) => match (moment(left), moment(right)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        (Value::Moment(_), _) | (_, Value::Moment(_)) => Some(moment(left)?.cmp(&moment(right)?)),
        (Value::Span(_), _) | (_, Value::Span(_)) => Some(span(left)?.cmp(&span(right)?)),
        _ => None,
    }
}

/// The instant that a value is or spells: RFC 3339, or a date, which is its start in UTC.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Moment(t) => Some(*t),
        Value::Text(text) => moment_text(text),
        _ => None,
    }
}

/// The instant that a text spells.
pub(in crate::expr) fn moment_text(text: &str) -> Option<Timestamp> {
    // Most texts are no dates: one look at their form is much cheaper than a failed parse.
    let bytes = text.as_bytes();
    if bytes.len() < 10 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    if bytes.len() > 10 {
        return text.parse().ok();
    }
    let date: Date = text.parse().ok()?;
    Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

/// The length of time that a value is, or spells in ISO 8601 (as [`Value::storable`] writes it).
pub(super) fn span(value: &Value) -> Option<SignedDuration> {
    match value {
        Value::Span(d) => Some(*d),
        Value::Text(text) if text.starts_with(['P', '-']) => text.parse().ok(),
        _ => None,
    }
}
