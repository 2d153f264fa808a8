//! JSON Schemas for editors, made from the grammar.
//!
//! They are of draft 7, the newest that every release of the YAML language server in use knows. What
//! tells the forms of a context apart is written as `if`/`then`: so that an editor offers the verbs at a
//! new step, and the words of the verb once there is one.

use serde_json::{Map, Value as Json, json};

use super::{Context, File, Form, Known, Takes, Without, Word};
use crate::{
    diagnostic::SourceFile,
    diagnostics::Sink,
    parse::plain,
    source::{self, Kind, Node, Style},
};

const NAME: &str = "^[a-z][a-z0-9_]*$";
const SLUG: &str = "^[a-z][a-z0-9_-]*$";
const TARGET: &str = r"^(run\.[a-z][a-z0-9_]*|customer\.[^.]+)$";
const SPAN: &str = r"([0-9]+\s*[smhdw]\s*)+$";
const TIME: &str = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?";
const PARAMETER: &str = r"param\.[a-z][a-z0-9_]*";
const DAY: &str = "(mon|tue|wed|thu|fri|sat|sun)";

/// The JSON Schema of a kind of file.
pub fn schema(file: File) -> Json {
    let definitions: Map<String, Json> = file
        .contexts()
        .into_iter()
        .map(|context| (context.name.to_owned(), of_context(context)))
        .collect();
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("Parcours {}", file.name()),
        "description": format!("{}.", file.about()),
        "definitions": definitions,
    });
    let root = of(&file.root());
    join(
        &mut schema,
        match file {
            // Every line of it is optional.
            File::Settings => json!({ "anyOf": [root, { "type": "null" }] }),
            _ => root,
        },
    );
    if file == File::Fragment {
        admit_parameters(&mut schema["definitions"]);
    }
    schema
}

/// In the steps of a fragment, `param.NAME` may stand for every value that stands alone.
fn admit_parameters(schema: &mut Json) {
    match schema {
        Json::Object(fields) => {
            if let Some(Json::String(pattern)) = fields.get_mut("pattern") {
                *pattern = format!("({pattern})|^{PARAMETER}$");
            }
            let alone = fields.contains_key("enum")
                || matches!(fields.get("type"), Some(Json::String(t)) if ["integer", "number", "boolean"].contains(&&**t));
            if alone {
                let kept: Vec<&str> =
                    ["description", "markdownDescription", "default", "examples"].to_vec();
                let about: Map<String, Json> = kept
                    .iter()
                    .filter_map(|k| Some(((*k).to_owned(), fields.remove(*k)?)))
                    .collect();
                let plain = Json::Object(std::mem::take(fields));
                *fields = about;
                let parameter = json!({ "type": "string", "pattern": format!("^{PARAMETER}$") });
                fields.insert("anyOf".to_owned(), json!([plain, parameter]));
                return;
            }
            fields
                .iter_mut()
                .filter(|(name, _)| *name != "propertyNames")
                .for_each(|(_, value)| admit_parameters(value));
        }
        Json::Array(items) => items.iter_mut().for_each(admit_parameters),
        _ => {}
    }
}

/// The JSON Schema of a kind of file as its file's text.
pub fn text(file: File) -> String {
    // Serialising into memory fails only for map keys that are no text; there are none.
    let mut text = serde_json::to_string_pretty(&schema(file)).unwrap_or_default();
    text.push('\n');
    text
}

/// Adds the fields of `more` that are not there.
fn join(into: &mut Json, more: Json) {
    if let (Some(into), Json::Object(more)) = (into.as_object_mut(), more) {
        for (name, value) in more {
            into.entry(name).or_insert(value);
        }
    }
}

fn of_context(context: &Context) -> Json {
    let mut schema = if context.forms.is_empty() {
        of_words(&context.words.iter().collect::<Vec<_>>(), context)
    } else {
        of_forms(context)
    };
    schema["title"] = json!(context.name.replace('_', " "));
    join(&mut schema, json!({ "type": "object" }));
    join(&mut schema, told(&format!("{}.", context.about)));
    schema
}

/// A description, and the same for editors where it holds Markdown.
fn told(text: &str) -> Json {
    match text.contains('`') {
        true => json!({ "markdownDescription": text, "description": text.replace('`', "") }),
        false => json!({ "description": text }),
    }
}

/// Fields, and no others.
fn of_words(words: &[&Word], context: &Context) -> Json {
    let properties: Map<String, Json> = words
        .iter()
        .map(|word| (word.name.to_owned(), of_word(word)))
        .collect();
    let required: Vec<&str> = words
        .iter()
        .filter(|w| w.required())
        .map(|w| w.name)
        .collect();
    let mut schema = json!({ "properties": properties });
    schema["additionalProperties"] = context.rest.map_or(Json::Bool(false), |rest| of(&rest));
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !context.some.is_empty() {
        schema["anyOf"] = one_of(context.some, context);
    }
    schema
}

fn requires(word: &str) -> Json {
    json!({ "type": "object", "required": [word] })
}

/// One of these words must stand there.
fn one_of(words: &[&str], context: &Context) -> Json {
    let missing = format!("{} needs one of: {}", context.what, words.join(", "));
    words
        .iter()
        .map(|word| json!({ "required": [word], "errorMessage": missing }))
        .collect()
}

/// One branch per form, and one where its word is missing.
fn of_forms(context: &Context) -> Json {
    let mut branches: Vec<Json> = (0..context.forms.len())
        .map(|at| branch(context, at))
        .collect();
    let heads: Vec<&str> = context.forms.iter().map(|f| f.head.name).collect();
    let any: Vec<Json> = heads.iter().map(|head| requires(head)).collect();
    let mut words: Vec<&Word> = context.forms.iter().map(|f| &f.head).collect();
    words.extend(shared(context));
    let mut none = of_words(&words, context);
    none["anyOf"] = one_of(&heads, context);
    if let Some(none) = none.as_object_mut() {
        none.remove("required");
    }
    branches.push(json!({ "if": { "not": { "anyOf": any } }, "then": none }));
    json!({ "allOf": branches })
}

/// The words of one form, where its first word stands. Where that word may also stand in an earlier
/// form (a schedule is over a segment), the earlier one decides.
fn branch(context: &Context, at: usize) -> Json {
    let form = &context.forms[at];
    let head = form.head.name;
    let words: Vec<&Word> = form.words().chain(context.words).collect();
    let mut then = of_words(&words, context);
    then["title"] = json!(head);
    then["required"] = words
        .iter()
        .filter(|w| w.required() || w.name == head)
        .map(|w| w.name)
        .collect();
    let having = |f: &&Form| f.words.iter().any(|w| w.name == head);
    let earlier: Vec<Json> = context.forms[..at]
        .iter()
        .filter(having)
        .map(|f| requires(f.head.name))
        .collect();
    let mut wanted = requires(head);
    if !earlier.is_empty() {
        wanted["not"] = json!({ "anyOf": earlier });
    }
    json!({ "if": wanted, "then": then })
}

/// The words that may stand in every form: they are no mistake where the form is still to be written.
fn shared(context: &Context) -> Vec<&Word> {
    let Some((first, rest)) = context.forms.split_first() else {
        return Vec::new();
    };
    let most = |name: &str| {
        let having = |f: &&Form| f.words.iter().any(|w| w.name == name);
        rest.iter().filter(having).count() * 2 >= rest.len()
    };
    let common = first.words.iter().filter(|w| most(w.name));
    context.words.iter().chain(common).collect()
}

fn of_word(word: &Word) -> Json {
    let mut said = format!("{}.", word.about);
    match word.without {
        Without::Value(value) => said.push_str(&format!("\n\nWithout it: {value}.")),
        Without::Said(words) => said.push_str(&format!("\n\nWithout it: {words}.")),
        Without::Error | Without::Nothing => {}
    }
    let mut schema = told(&said);
    if let Some(value) = word.default() {
        schema["default"] = literal(value);
    }
    if let Some(example) = value_of(word.example) {
        schema["examples"] = json!([example]);
    }
    join(&mut schema, of(&word.takes));
    schema
}

/// What may stand at a place.
fn of(takes: &Takes) -> Json {
    let pattern = |pattern: &str| {
        let expected = format!("{} should stand here", takes.say());
        json!({ "type": "string", "pattern": pattern, "patternErrorMessage": expected })
    };
    match takes {
        Takes::Ref(Known::Target) => pattern(TARGET),
        Takes::Ref(Known::TraitPath) => pattern(r"^customer\.[^. ]+$"),
        Takes::Ref(Known::Environment) => pattern("^[A-Z0-9_]+$"),
        Takes::Ref(Known::Url) => pattern("^https?://[^/?#\\s][^\\s]*$"),
        Takes::Ref(Known::Listen) => pattern(r"^\S+:[0-9]{1,5}$"),
        Takes::Ref(Known::Database) => pattern("^postgres(ql)?://"),
        Takes::Ref(Known::Broker) => pattern("^amqps?://"),
        Takes::Ref(Known::Mail | Known::Sender) => pattern(r"\S@\S"),
        Takes::Ref(Known::Colour) => pattern("^#[0-9a-fA-F]{6}$"),
        Takes::Secret { least, .. } => {
            json!({ "type": ["string", "number", "boolean"], "minLength": least })
        }
        Takes::Text | Takes::Ref(_) | Takes::Expression => {
            json!({ "type": ["string", "number", "boolean"] })
        }
        Takes::Name => pattern(NAME),
        Takes::Slug => pattern(SLUG),
        Takes::Given | Takes::Anything => json!({}),
        Takes::GivenMap => json!({ "type": "object" }),
        Takes::Duration => pattern(&format!("^{SPAN}")),
        Takes::Offset => pattern(&format!(r"^-?\s*{SPAN}")),
        Takes::Whole { min, max: u32::MAX } => json!({ "type": "integer", "minimum": min }),
        Takes::Whole { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Takes::Number => json!({ "type": "number" }),
        Takes::Truth => json!({ "type": "boolean" }),
        Takes::Time => pattern(&format!("^{TIME}$")),
        Takes::Hours => pattern(&format!(r"^{TIME}(\s*[-–]\s*{TIME})?$")),
        Takes::Until | Takes::Moment => json!({ "type": "string", "minLength": 1 }),
        Takes::Zone | Takes::ZoneName => pattern("^[A-Za-z][A-Za-z0-9_+/-]*$"),
        Takes::Day => pattern(&format!(r"^{DAY}(\s*-\s*{DAY})?$")),
        Takes::OneOf(choices) => json!({
            "enum": choices.iter().map(|c| literal(c.name)).collect::<Vec<_>>(),
            "enumDescriptions": choices.iter().map(|c| c.about).collect::<Vec<_>>(),
        }),
        Takes::Just(word) => json!({ "const": literal(word) }),
        Takes::Steps => json!({ "type": "array", "items": { "$ref": "#/definitions/step" } }),
        Takes::Schema => {
            json!({ "anyOf": [ { "$ref": "#/definitions/schema" }, { "const": true } ] })
        }
        Takes::Fields(context) => json!({ "$ref": format!("#/definitions/{}", context.name) }),
        Takes::Named { name, value } => named(*name, value),
        Takes::List(item) => json!({ "type": "array", "items": of(item) }),
        Takes::OneOrMore(item) => {
            json!({ "anyOf": [ of(item), { "type": "array", "items": of(item) } ] })
        }
        Takes::Either(all) => json!({ "anyOf": all.iter().map(of).collect::<Vec<_>>() }),
    }
}

/// Fields whose names the author chooses.
fn named(name: Known, value: &Takes) -> Json {
    let mut schema = json!({ "type": "object" });
    let form = match name {
        Known::Channel => {
            let channels = super::takes::CHANNELS.iter();
            let fields: Map<String, Json> =
                channels.map(|c| (c.name.to_owned(), of(value))).collect();
            schema["properties"] = Json::Object(fields);
            schema["additionalProperties"] = Json::Bool(false);
            return schema;
        }
        Known::Target => Some(TARGET),
        Known::Purpose
        | Known::Label
        | Known::Arm
        | Known::Answer
        | Known::Step
        | Known::Source
        | Known::Pool
        | Known::Parameter => Some(NAME),
        Known::Endpoint | Known::Fragment => Some(SLUG),
        _ => None,
    };
    schema["additionalProperties"] = of(value);
    if let Some(form) = form {
        schema["propertyNames"] = json!({ "pattern": form });
    }
    schema
}

/// An unquoted text as an editor's YAML reads it.
fn literal(text: &str) -> Json {
    serde_json::to_value(plain(text)).unwrap_or_default()
}

/// The value of an example, which is one line of YAML.
fn value_of(example: &str) -> Option<Json> {
    let file = SourceFile {
        path: "example".into(),
        text: example.into(),
    };
    let root = source::load(&file, &mut Sink::new(&file))?;
    match root.kind {
        Kind::Map(pairs) => pairs.first().map(|pair| json_of(&pair.value)),
        _ => None,
    }
}

fn json_of(node: &Node) -> Json {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.style == Style::Plain => literal(&scalar.text),
        Kind::Scalar(scalar) => Json::String(scalar.text.to_string()),
        Kind::List(items) => items.iter().map(json_of).collect(),
        Kind::Map(pairs) => Json::Object(
            pairs
                .iter()
                .map(|p| (p.name.to_string(), json_of(&p.value)))
                .collect(),
        ),
        Kind::Bad => Json::Null,
    }
}
