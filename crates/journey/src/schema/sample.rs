//! Plausible values from schemas: their examples, else something of the right kind.

use std::sync::Arc;

use super::{Kind, MAX_HOPS, Rule, Schema, Schemas};
use crate::value::{Map, Value};

impl Schemas {
    /// A plausible event of that name: its first example, else one made of what its fields say.
    /// `None` if it is not declared.
    pub fn sample_event(&self, name: &str) -> Option<Value> {
        let schema = self.events.get(name)?;
        schema.sample(&schema.root, MAX_HOPS)
    }

    /// Plausible traits: those with an example of their own, and those of the example of the whole.
    pub fn sample_traits(&self) -> Map {
        let Some(schema) = &self.traits else {
            return Map::new();
        };
        let fields = schema.root.fields.iter();
        let own = fields.filter_map(|(name, rule)| Some((name.clone(), schema.example(rule)?)));
        let mut traits: Map = own.collect();
        if let Some(whole) = schema.root.example.as_ref().and_then(Value::as_map) {
            traits.extend(whole.clone());
        }
        traits
    }
}

impl Schema {
    fn example(&self, rule: &Rule) -> Option<Value> {
        let there = self.resolve(rule, 0);
        rule.example.clone().or_else(|| there?.example.clone())
    }

    /// `left`: how deep it may still go.
    fn sample(&self, rule: &Rule, left: u32) -> Option<Value> {
        if let Some(example) = self.example(rule) {
            return Some(example);
        }
        let left = left.checked_sub(1)?;
        let rule = self.resolve(rule, 0)?;
        if let Some(first) = rule.among.iter().find(|v| !v.is_null()) {
            return Some(first.clone());
        }
        let kind = rule.kinds.iter().find(|k| **k != Kind::Null)?;
        Some(match kind {
            // A schema that refers to itself has endless fields; those of the outside are enough.
            Kind::Object => self.fields(rule, left.min(4)),
            Kind::Array => {
                let item = rule.items.as_ref();
                let item = item.and_then(|item| self.sample(item, left.min(4)));
                Value::List(item.into_iter().collect())
            }
            Kind::Text if rule.moment => Value::text("2026-01-05T09:00:00Z"),
            Kind::Text => Value::text("text"),
            Kind::Whole | Kind::Number => number(rule),
            Kind::Truth => Value::Bool(true),
            Kind::Null => Value::Null,
        })
    }

    fn fields(&self, rule: &Rule, left: u32) -> Value {
        let sampled = |(name, field): (&Arc<str>, &Rule)| {
            let value = self.sample(field, left)?;
            // A text says at least what it is about.
            let bare = value == Value::text("text");
            Some((
                name.clone(),
                if bare {
                    Value::Text(name.clone())
                } else {
                    value
                },
            ))
        };
        Value::Map(Arc::new(rule.fields.iter().filter_map(sampled).collect()))
    }
}

/// The least that is allowed, or 1.
fn number(rule: &Rule) -> Value {
    let least = rule.least.map_or(
        1.0,
        |(least, itself)| if itself { least } else { least + 1.0 },
    );
    let most = rule.most.map_or(f64::INFINITY, |(most, _)| most);
    let value = least.max(1.0).min(most);
    if value.fract() == 0.0 && value.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and far below 2^63")]
        let whole = value as i64;
        Value::Int(whole)
    } else {
        Value::number(value)
    }
}
