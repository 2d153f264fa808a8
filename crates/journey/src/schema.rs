//! Schemas of events and traits: what intake refuses, and what the checker knows.
//!
//! A subset of JSON Schema: `config/events/NAME.yaml` describes the fields of the event `NAME`,
//! `config/traits.yaml` the customer's traits.

mod labels;
mod read;
mod sample;
mod sure;
mod validate;

use std::{collections::BTreeMap, sync::Arc};

use crate::{expr::types::Type, input::Event, value::Value};
pub use labels::LabelsOf;
pub(crate) use read::{sample as sample_value, schema};

/// How many references are followed from one value: as deep as a schema may be nested.
const MAX_HOPS: u32 = 64;

/// All schemas of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    events: BTreeMap<Arc<str>, Schema>,
    traits: Option<Schema>,
}

/// One schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    root: Rule,
    definitions: BTreeMap<Arc<str>, Rule>,
}

/// What a value must be.
#[derive(Clone, Debug, Default)]
struct Rule {
    /// One of these kinds; any where empty.
    kinds: Vec<Kind>,
    /// Another rule by name, and then nothing else counts.
    reference: Option<Arc<str>>,
    /// One of these values; any where empty.
    among: Vec<Value>,
    /// A date and time, for text.
    moment: bool,
    /// Bounds of a number, each with whether the bound itself is allowed.
    least: Option<(f64, bool)>,
    most: Option<(f64, bool)>,
    /// Bounds of the length of text (in characters) or of a list.
    shortest: Option<u32>,
    longest: Option<u32>,
    /// Fields of a map.
    fields: BTreeMap<Arc<str>, Rule>,
    required: Vec<Arc<str>>,
    /// Whether the map may have other fields: said, or not said.
    others: Option<bool>,
    /// What items of a list must be.
    items: Option<Box<Rule>>,
    /// The labels that it carries itself.
    labels: Vec<Arc<str>>,
    /// The first of `examples`, or the `default`: for previews.
    example: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    Text,
    Whole,
    Number,
    Truth,
    Null,
}

impl Schemas {
    pub(crate) fn declare(&mut self, event: &str, schema: Schema) {
        self.events.insert(Arc::from(event), schema);
    }

    pub(crate) fn declare_traits(&mut self, schema: Schema) {
        self.traits = Some(schema);
    }

    /// Whether the event of that name is declared.
    pub fn knows(&self, event: &str) -> bool {
        self.events.contains_key(event)
    }

    /// The declared events.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(|k| &**k)
    }

    /// Why that event must be refused, in one line for its producer; `None`: it fits.
    /// Undeclared events and traits fit; null counts as absent.
    pub fn refuse(&self, event: &Event) -> Option<String> {
        if let Some(schema) = self.events.get(&event.name)
            && let Err(why) = validate::value(schema, &event.properties, "event")
        {
            return Some(why);
        }
        let traits = self.traits.as_ref()?;
        validate::traits(traits, &event.traits).err()
    }

    /// The type of `event` where that one is current.
    pub fn event(&self, name: &str) -> Type {
        self.events.get(name).map_or(Type::Any, Schema::to_type)
    }

    /// The type of `customer`.
    pub fn traits(&self) -> Type {
        self.traits.as_ref().map_or(Type::Any, Schema::to_type)
    }
}

impl Schema {
    fn to_type(&self) -> Type {
        self.type_of(&self.root, 0)
    }

    fn resolve<'s>(&'s self, rule: &'s Rule, hops: u32) -> Option<&'s Rule> {
        match &rule.reference {
            None => Some(rule),
            Some(_) if hops >= MAX_HOPS => None,
            Some(name) => self.resolve(self.definitions.get(name)?, hops + 1),
        }
    }

    fn type_of(&self, rule: &Rule, depth: u32) -> Type {
        // Schemas that refer to themselves are known as deep as expressions can sensibly go.
        let Some(rule) = self.resolve(rule, 0).filter(|_| depth < 6) else {
            return Type::Any;
        };
        let kinds: Vec<Kind> = rule
            .kinds
            .iter()
            .copied()
            .filter(|k| *k != Kind::Null)
            .collect();
        match kinds.as_slice() {
            [Kind::Truth] => Type::Bool,
            [Kind::Whole | Kind::Number] | [Kind::Whole, Kind::Number] => Type::Number,
            [Kind::Text] if rule.moment => Type::Moment,
            [Kind::Text] => Type::Text(rule.texts()),
            [Kind::Array] => Type::List(Box::new(
                rule.items
                    .as_ref()
                    .map_or(Type::Any, |i| self.type_of(i, depth + 1)),
            )),
            [Kind::Object] if !rule.fields.is_empty() => Type::Map {
                fields: rule
                    .fields
                    .iter()
                    .map(|(k, r)| (k.clone(), self.type_of(r, depth + 1)))
                    .collect(),
                open: rule.others == Some(true),
            },
            [] if rule.texts().is_some() => Type::Text(rule.texts()),
            _ => Type::Any,
        }
    }
}

impl Rule {
    /// The texts of `enum`, if it has nothing but texts.
    fn texts(&self) -> Option<Vec<Arc<str>>> {
        let texts: Vec<Arc<str>> = self
            .among
            .iter()
            .filter_map(|v| v.as_text().map(Arc::from))
            .collect();
        let nulls = self.among.iter().filter(|v| v.is_null()).count();
        (!texts.is_empty() && texts.len() + nulls == self.among.len()).then_some(texts)
    }
}
