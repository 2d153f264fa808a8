//! Reading schemas from `config/`.

use std::{collections::BTreeMap, sync::Arc};

use super::{Kind, Rule, Schema};
use crate::{
    diagnostics::{Sink, nearest, schemas, yaml},
    parse::Reader,
    policies::Label,
    source::{Kind as NodeKind, Node, Pair, Span},
    value::Value,
};

const KINDS: [(&str, Kind); 7] = [
    ("object", Kind::Object),
    ("array", Kind::Array),
    ("string", Kind::Text),
    ("integer", Kind::Whole),
    ("number", Kind::Number),
    ("boolean", Kind::Truth),
    ("null", Kind::Null),
];

/// Keywords that are for people only.
const NOTES: [&str; 9] = [
    "title",
    "description",
    "examples",
    "example",
    "default",
    "deprecated",
    "$schema",
    "$id",
    "$comment",
];

const KEYWORDS: [&str; 20] = [
    "type",
    "enum",
    "const",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "properties",
    "required",
    "additionalProperties",
    "labels",
    "items",
    "$ref",
    "$defs",
    "definitions",
];

/// A whole schema file; `labels`: those that there are.
pub(crate) fn schema(
    root: &Node,
    labels: &BTreeMap<Arc<str>, Label>,
    r: &mut Reader<'_>,
) -> Schema {
    if root.is_empty() {
        return Schema::default();
    }
    let mut reading = Reading {
        labels,
        refs: Vec::new(),
    };
    let mut schema = Schema {
        root: reading.rule(root, r, true),
        definitions: BTreeMap::new(),
    };
    if schema.root.kinds.is_empty() && schema.root.reference.is_none() {
        schema.root.kinds.push(Kind::Object);
    }
    for word in ["$defs", "definitions"] {
        if let Some(NodeKind::Map(pairs)) = root.get(word).map(|n| &n.kind) {
            for pair in pairs {
                let rule = reading.rule(&pair.value, r, false);
                schema.definitions.insert(pair.name.clone(), rule);
            }
        }
    }
    reading.check(&schema, r.sink);
    schema
}

struct Reading<'l> {
    labels: &'l BTreeMap<Arc<str>, Label>,
    /// Every reference with its place.
    refs: Vec<(Arc<str>, Span)>,
}

impl Reading<'_> {
    fn check(&self, schema: &Schema, sink: &mut Sink) {
        for (name, span) in &self.refs {
            let there = schema.definitions.get(name);
            if there.is_some_and(|rule| schema.resolve(rule, 0).is_some()) {
                continue;
            }
            // A circle ends at a name that is not there only if that one is reported itself.
            let circle = there.is_some();
            if circle
                && self
                    .refs
                    .iter()
                    .any(|(n, _)| !schema.definitions.contains_key(n))
            {
                continue;
            }
            let names: Vec<&str> = schema.definitions.keys().map(|k| &**k).collect();
            let message = if circle {
                format!("`{name}` refers to itself and to nothing else")
            } else {
                format!("no definition is called `{name}`")
            };
            sink.error(schemas::REF, span.clone(), message)
                .noted(if names.is_empty() {
                    "definitions stand under `$defs` at the top of this file".to_owned()
                } else {
                    format!("`$defs` of this file has: {}", names.join(", "))
                });
        }
    }

    fn rule(&mut self, node: &Node, r: &mut Reader<'_>, top: bool) -> Rule {
        let mut rule = Rule::default();
        let NodeKind::Map(pairs) = &node.kind else {
            if node.scalar().is_none_or(|s| &*s.text != "true") {
                r.wrong_kind(node, "a schema, such as `{ type: string }`,");
            }
            return rule;
        };
        for pair in pairs {
            self.keyword(pair, &mut rule, r, top);
        }
        if rule.kinds.is_empty() && !rule.fields.is_empty() {
            rule.kinds.push(Kind::Object);
        }
        rule
    }

    fn keyword(&mut self, pair: &Pair, rule: &mut Rule, r: &mut Reader<'_>, top: bool) {
        let value = &pair.value;
        match &*pair.name {
            "type" => {
                let one = kind_of;
                rule.kinds = match &value.kind {
                    NodeKind::List(items) => items.iter().filter_map(|n| one(n, r)).collect(),
                    _ => one(value, r).into_iter().collect(),
                };
            }
            "enum" => match &value.kind {
                NodeKind::List(items) => {
                    rule.among = items.iter().filter_map(|n| literal(n, r)).collect();
                }
                _ => r.wrong_kind(value, "a list of values"),
            },
            "const" => rule.among = literal(value, r).into_iter().collect(),
            "format" => {
                rule.moment = r
                    .text(value, "a format")
                    .is_some_and(|w| &*w.text == "date-time");
            }
            "minimum" => rule.least = number(value, r).map(|n| (n, true)),
            "exclusiveMinimum" => rule.least = number(value, r).map(|n| (n, false)),
            "maximum" => rule.most = number(value, r).map(|n| (n, true)),
            "exclusiveMaximum" => rule.most = number(value, r).map(|n| (n, false)),
            "minLength" | "minItems" => rule.shortest = r.whole(value, "a length", 0, u32::MAX),
            "maxLength" | "maxItems" => rule.longest = r.whole(value, "a length", 0, u32::MAX),
            "properties" => match &value.kind {
                NodeKind::Map(pairs) => {
                    rule.fields = pairs
                        .iter()
                        .map(|p| (p.name.clone(), self.rule(&p.value, r, false)))
                        .collect();
                }
                _ => r.wrong_kind(value, "the fields by name"),
            },
            "required" => match &value.kind {
                NodeKind::List(items) => {
                    rule.required = items
                        .iter()
                        .filter_map(|n| r.text(n, "the name of a field"))
                        .map(|w| w.text)
                        .collect();
                }
                _ => r.wrong_kind(value, "a list of fields"),
            },
            "labels" => rule.labels = r.label_names(value, self.labels),
            "additionalProperties" => rule.others = r.truth(value),
            "strict" if top => rule.others = r.truth(value).map(|strict| !strict),
            "items" => rule.items = Some(Box::new(self.rule(value, r, false))),
            "$ref" => rule.reference = self.reference(value, r),
            "$defs" | "definitions" if top => {}
            "examples" | "example" | "default" => {
                let first = match (&*pair.name, &value.kind) {
                    ("examples", NodeKind::List(items)) => items.first(),
                    _ => Some(value),
                };
                let example = first.and_then(sample);
                rule.example = example.or(rule.example.take());
            }
            note if NOTES.contains(&note) => {}
            _ => unknown(pair, r),
        }
    }

    fn reference(&mut self, node: &Node, r: &mut Reader<'_>) -> Option<Arc<str>> {
        let word = r.text(node, "a reference, such as `#/$defs/item`,")?;
        let name = word
            .text
            .strip_prefix("#/$defs/")
            .or_else(|| word.text.strip_prefix("#/definitions/"));
        let Some(name) = name.filter(|n| !n.contains('/')) else {
            r.sink
                .error(
                    schemas::REF,
                    word.span,
                    format!("`{}` leads out of this file", word.text),
                )
                .labelled("only `#/$defs/NAME` is followed");
            return None;
        };
        let name: Arc<str> = Arc::from(name);
        self.refs.push((name.clone(), word.span));
        Some(name)
    }
}

fn unknown(pair: &Pair, r: &mut Reader<'_>) {
    let near = nearest(&pair.name, KEYWORDS).is_some();
    let diagnostic = r
        .sink
        .error(
            schemas::KEYWORD,
            pair.name_span.clone(),
            format!("schemas here have no `{}`", pair.name),
        )
        .labelled("not understood, so it would not be obeyed")
        .guessed(&pair.name, KEYWORDS);
    if !near {
        diagnostic.noted(format!(
            "this subset of JSON Schema has: {}",
            KEYWORDS.join(", ")
        ));
    }
}

fn number(node: &Node, r: &mut Reader<'_>) -> Option<f64> {
    let word = r.text(node, "a number")?;
    let number = word.text.parse().ok().filter(|n: &f64| n.is_finite());
    if number.is_none() {
        r.sink
            .error(
                yaml::NUMBER,
                word.span,
                format!("`{}` is no number", word.text),
            )
            .labelled("a number is expected");
    }
    number
}

/// What a value can be. A format is no type, and often written for one.
fn kind_of(node: &Node, r: &mut Reader<'_>) -> Option<Kind> {
    let found = r.one_of(node, "type", &KINDS);
    let format = node.scalar().map(|s| s.text.trim().to_owned());
    let formats = [
        "date-time",
        "datetime",
        "timestamp",
        "date",
        "time",
        "email",
        "uri",
        "uuid",
    ];
    if let Some(format) = format.filter(|f| found.is_none() && formats.contains(&&**f))
        && let Some(diagnostic) = r.sink.last(yaml::UNKNOWN_VALUE)
    {
        let format = match &*format {
            "datetime" | "timestamp" => "date-time",
            other => other,
        };
        diagnostic.notes.insert(
            0,
            format!("that is a format: write `type: string` and `format: {format}`"),
        );
    }
    found
}

/// A value of `enum`: as in JSON, so that `null` is null where it is not quoted.
fn literal(node: &Node, r: &mut Reader<'_>) -> Option<Value> {
    if node
        .scalar()
        .is_some_and(|s| s.style == crate::source::Style::Plain && &*s.text == "null")
    {
        return Some(Value::Null);
    }
    r.literal(node)
}

/// A value for people to look at, which may be anything: nothing of it is an error.
pub(crate) fn sample(node: &Node) -> Option<Value> {
    match &node.kind {
        NodeKind::Scalar(scalar) if scalar.style != crate::source::Style::Plain => {
            Some(Value::Text(scalar.text.clone()))
        }
        NodeKind::Scalar(scalar) => match scalar.text.trim() {
            "null" | "" => None,
            text => Some(crate::parse::plain(text)),
        },
        NodeKind::List(items) => Some(Value::List(items.iter().filter_map(sample).collect())),
        NodeKind::Map(pairs) => Some(Value::map(
            pairs
                .iter()
                .filter_map(|p| Some((&*p.name, sample(&p.value)?))),
        )),
        NodeKind::Bad => None,
    }
}

impl Reader<'_> {
    /// A scalar as it is written, without paths and computations.
    fn literal(&mut self, node: &Node) -> Option<Value> {
        let scalar = self.scalar(node, "a value")?;
        if scalar.style != crate::source::Style::Plain {
            return Some(Value::Text(scalar.text.clone()));
        }
        Some(crate::parse::plain(scalar.text.trim()))
    }
}
