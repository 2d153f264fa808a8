//! Whether a value fits a schema; if not, why, in one line.

use std::sync::Arc;

use super::{Kind, MAX_HOPS, Rule, Schema};
use crate::value::{Map, Value};

/// Tests the whole value.
pub(super) fn value(schema: &Schema, value: &Value, path: &str) -> Result<(), String> {
    test(schema, &schema.root, value, path, 0)
}

/// Tests traits one by one: an event need not carry all of them, and null forgets one.
pub(super) fn traits(schema: &Schema, traits: &Map) -> Result<(), String> {
    let Some(root) = schema.resolve(&schema.root, 0) else {
        return Ok(());
    };
    for (name, value) in traits {
        match root.fields.get(name) {
            _ if value.is_null() => {}
            Some(rule) => test(schema, rule, value, &format!("customer.{name}"), 1)?,
            None if root.others == Some(false) => {
                return Err(format!("the trait `{name}` is not declared"));
            }
            None => {}
        }
    }
    Ok(())
}

fn test(schema: &Schema, rule: &Rule, value: &Value, path: &str, depth: u32) -> Result<(), String> {
    if depth > MAX_HOPS {
        return Err(format!("{path} is nested too deeply"));
    }
    let Some(rule) = schema.resolve(rule, 0) else {
        return Ok(());
    };
    if !rule.kinds.is_empty() && !rule.kinds.iter().any(|k| k.holds(value)) {
        let wanted: Vec<&str> = rule.kinds.iter().map(|k| k.as_str()).collect();
        return Err(format!(
            "{path} must be {}, and is {}",
            wanted.join(" or "),
            name(value)
        ));
    }
    if !rule.among.is_empty() && !rule.among.iter().any(|v| same(v, value)) {
        let all: Vec<String> = rule.among.iter().map(shown).collect();
        return Err(format!("{path} must be one of {}", all.join(", ")));
    }
    match value {
        Value::Text(text) => text_fits(rule, text, path),
        Value::Int(_) | Value::Float(_) => number_fits(rule, value, path),
        Value::List(items) => {
            length_fits(rule, items.len(), "items", path)?;
            let Some(item) = &rule.items else {
                return Ok(());
            };
            items
                .iter()
                .enumerate()
                .try_for_each(|(i, v)| test(schema, item, v, &format!("{path}[{i}]"), depth + 1))
        }
        Value::Map(fields) => map_fits(schema, rule, fields, path, depth),
        _ => Ok(()),
    }
}

fn map_fits(
    schema: &Schema,
    rule: &Rule,
    fields: &Map,
    path: &str,
    depth: u32,
) -> Result<(), String> {
    let missing = |n: &&Arc<str>| fields.get(&**n).is_none_or(Value::is_null);
    if let Some(name) = rule.required.iter().find(missing) {
        return Err(format!("{path}.{name} is missing"));
    }
    for (name, value) in fields {
        match rule.fields.get(name) {
            _ if value.is_null() => {}
            Some(rule) => test(schema, rule, value, &format!("{path}.{name}"), depth + 1)?,
            None if rule.others == Some(false) => {
                return Err(format!("{path}.{name} is not declared"));
            }
            None => {}
        }
    }
    Ok(())
}

fn text_fits(rule: &Rule, text: &str, path: &str) -> Result<(), String> {
    if rule.moment && Value::text(text).as_moment().is_none() {
        return Err(format!(
            "{path} must be a date and time, such as 2026-01-05T10:00:00Z"
        ));
    }
    length_fits(rule, text.chars().count(), "characters", path)
}

fn length_fits(rule: &Rule, length: usize, what: &str, path: &str) -> Result<(), String> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match (rule.shortest, rule.longest) {
        (Some(least), _) if length < least => {
            Err(format!("{path} must have at least {least} {what}"))
        }
        (_, Some(most)) if length > most => Err(format!("{path} must have at most {most} {what}")),
        _ => Ok(()),
    }
}

fn number_fits(rule: &Rule, value: &Value, path: &str) -> Result<(), String> {
    let Some(number) = value.as_number() else {
        return Ok(());
    };
    match (rule.least, rule.most) {
        (Some((least, true)), _) if number < least => {
            Err(format!("{path} must be at least {least}"))
        }
        (Some((least, false)), _) if number <= least => {
            Err(format!("{path} must be above {least}"))
        }
        (_, Some((most, true))) if number > most => Err(format!("{path} must be at most {most}")),
        (_, Some((most, false))) if number >= most => Err(format!("{path} must be below {most}")),
        _ => Ok(()),
    }
}

/// Equal, whole and broken numbers alike.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        _ => a == b,
    }
}

fn shown(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) | Value::Moment(_) | Value::Span(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
    }
}

impl Kind {
    fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Object, Value::Map(_))
            | (Self::Array, Value::List(_))
            | (Self::Text, Value::Text(_))
            | (Self::Whole | Self::Number, Value::Int(_))
            | (Self::Number, Value::Float(_))
            | (Self::Truth, Value::Bool(_))
            | (Self::Null, Value::Null) => true,
            (Self::Whole, Value::Float(f)) => f.fract() == 0.0,
            _ => false,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "a list",
            Self::Text => "text",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Null => "null",
        }
    }
}
