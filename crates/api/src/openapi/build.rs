//! Descriptions to the paths and schemas of a document.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    operation::{Answer, Content, Operation, Parameter, Place, SchemaOf},
    plain, security,
    words::Key,
};
use crate::{access::Scope, problem};

/// What a document is made with. Types that are read and types that are answered differ in what may be left out.
pub(super) struct Builder {
    read: SchemaGenerator,
    answered: SchemaGenerator,
    paths: BTreeMap<&'static str, Map<String, Value>>,
    /// Schemas of queries, which are told as parameters.
    queries: BTreeSet<String>,
}

impl Default for Builder {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            answered: settings().for_serialize().into_generator(),
            paths: BTreeMap::new(),
            queries: BTreeSet::new(),
        }
    }
}

impl Builder {
    /// Adds an operation to a room.
    pub(super) fn add(&mut self, room: &str, operation: &Operation) {
        let mut described = json!({
            "operationId": operation.id,
            "tags": [room],
            "summary": operation.summary,
            "description": about(operation),
            "security": security::of(operation),
            "parameters": self.parameters(operation),
            "responses": self.responses(operation),
        });
        if !operation.bodies.is_empty() {
            let content = contents(&mut self.read, &operation.bodies);
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        let methods = self.paths.entry(operation.path).or_default();
        methods.insert(operation.method.to_lowercase(), described);
    }

    /// The paths, and the schemas that they are made of.
    ///
    /// # Panics
    /// If one name stands for two schemas.
    pub(super) fn done(mut self) -> (Value, Map<String, Value>) {
        let mut schemas = self.answered.take_definitions(true);
        let mut read = self.read.take_definitions(true);
        read.retain(|name, _| !self.queries.contains(name));
        for (name, schema) in read {
            let known = schemas.insert(name.clone(), schema.clone());
            let same = known.is_none_or(|known| known == schema);
            assert!(
                same,
                "what is read and what is answered is both called {name}"
            );
        }
        for schema in schemas.values_mut() {
            plain::schema(schema);
        }
        (json!(self.paths), schemas)
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let own = operation.parameters.iter();
        let mut all: Vec<Value> = own.map(|p| parameter(&mut self.read, p)).collect();
        if let Some(query) = operation.query {
            all.extend(query_parameters(self.query(query)));
        }
        let keyed = operation
            .parameters
            .iter()
            .any(|p| p.name == "Idempotency-Key");
        if may_repeat(operation) && !keyed {
            let schema = schema_of::<Key>(&mut self.read);
            all.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "Another one for each request, such as a UUID: the same twice takes effect once.",
                "schema": schema,
            }));
        }
        if operation.tagged {
            all.push(json!({
                "name": "If-None-Match", "in": "header", "required": false,
                "description": "The `ETag` of what is known already: while it is the same, the answer is 304.",
                "schema": { "type": "string" },
            }));
        }
        all
    }

    /// The fields of a query: its schema stands under a name.
    fn query(&mut self, query: SchemaOf) -> Value {
        let named = query(&mut self.read).to_value();
        let name = named["$ref"].as_str().and_then(|r| r.rsplit('/').next());
        let name = name.unwrap_or_default().to_owned();
        let fields = self.read.definitions().get(&name).cloned();
        self.queries.insert(name);
        fields.unwrap_or(named)
    }

    fn responses(&mut self, operation: &Operation) -> Map<String, Value> {
        let mut all = Map::new();
        for answer in &operation.answers {
            all.insert(answer.status.to_string(), self.answer(operation, answer));
        }
        if operation.tagged {
            all.insert(
                "304".into(),
                json!({ "description": "It is as `If-None-Match` says.", "headers": tag() }),
            );
        }
        let refused = schema_of::<problem::Body<'static>>(&mut self.answered);
        for (status, codes) in codes(operation) {
            all.insert(status.to_string(), refusal(&refused, status, &codes));
        }
        all
    }

    fn answer(&mut self, operation: &Operation, answer: &Answer) -> Value {
        let mut told = json!({ "description": answer.about });
        if !answer.contents.is_empty() {
            told["content"] = contents(&mut self.answered, &answer.contents);
        }
        if operation.tagged && answer.status == 200 {
            told["headers"] = tag();
        }
        told
    }
}

fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// As `idempotency::once` has it.
fn may_repeat(operation: &Operation) -> bool {
    let scope = security::scope(operation);
    operation.method == "POST" && scope.is_some_and(|scope| scope != Scope::EventsWrite)
}

fn tag() -> Value {
    json!({ "ETag": {
        "description": "Changes when what is answered does.",
        "schema": { "type": "string" },
    } })
}

fn about(operation: &Operation) -> String {
    let asks = match security::scope(operation) {
        Some(scope) => format!("Needs the scope `{}`.", scope.word()),
        None => "Open to everybody.".to_owned(),
    };
    match operation.about.is_empty() {
        true => asks,
        false => format!("{}\n\n{asks}", operation.about),
    }
}

fn parameter(schemas: &mut SchemaGenerator, parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "description": parameter.about,
        "schema": (parameter.schema)(schemas),
    })
}

/// Each field of what a handler reads from the query, as a parameter.
fn query_parameters(mut schema: Value) -> Vec<Value> {
    let required = schema["required"].take();
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Value::Object(fields) = schema["properties"].take() else {
        return Vec::new();
    };
    let one = |(name, mut schema): (String, Value)| {
        let about = schema.as_object_mut().and_then(|s| s.remove("description"));
        json!({
            "in": "query",
            "required": required.contains(&&*name),
            "description": about,
            "schema": without_null(schema),
            "name": name,
        })
    };
    fields.into_iter().map(one).collect()
}

/// A parameter is there or is not; it is never null.
fn without_null(mut schema: Value) -> Value {
    let is_null = |kind: &Value| *kind == json!("null") || *kind == json!({ "type": "null" });
    if let Some(kinds) = schema["type"].as_array_mut() {
        kinds.retain(|kind| !is_null(kind));
        if let [only] = &kinds[..] {
            schema["type"] = only.clone();
        }
    }
    if let Some(either) = schema["anyOf"].as_array_mut() {
        either.retain(|schema| !is_null(schema));
        if let [only] = &either[..] {
            return only.clone();
        }
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    schema
}

fn contents(schemas: &mut SchemaGenerator, contents: &[Content]) -> Value {
    let mut all = Map::new();
    for content in contents {
        let mut told = json!({ "schema": (content.schema)(schemas) });
        if let Some(example) = &content.example {
            told["example"] = example.clone();
        }
        all.insert(content.kind.to_owned(), told);
    }
    Value::Object(all)
}

/// What it may be refused for, by status: its own codes, and those of all that is like it.
fn codes(operation: &Operation) -> BTreeMap<u16, Vec<&'static problem::Code>> {
    let mut words: Vec<&str> = vec!["fault"];
    let scope = security::scope(operation);
    if let Some(scope) = scope {
        words.extend(["sign_in", "not_allowed", "unavailable"]);
        if operation.method != "GET" {
            words.push("cross_site");
        }
        if scope == Scope::EventsWrite || operation.by_write_key {
            words.push("write_key");
        }
    }
    if may_repeat(operation) {
        words.extend([
            "idempotency_key",
            "idempotency_key_in_use",
            "idempotency_key_reused",
        ]);
    }
    if operation.path.contains('{') {
        words.push("bad_path");
    }
    if operation.query.is_some() {
        words.push("bad_query");
    }
    if !operation.bodies.is_empty() {
        words.extend(["too_large", "content_encoding", "incomplete"]);
    }
    if operation
        .bodies
        .iter()
        .any(|body| body.kind.ends_with("json"))
    {
        words.extend([
            "content_type",
            "empty",
            "not_utf8",
            "not_json",
            "nul_character",
        ]);
    }
    words.extend(&operation.codes);
    words.sort_unstable();
    words.dedup();
    let mut all: BTreeMap<u16, Vec<_>> = BTreeMap::new();
    for code in words.into_iter().filter_map(problem::code_of) {
        all.entry(code.statuses[0]).or_default().push(code);
    }
    all
}

fn refusal(schema: &Schema, status: u16, codes: &[&problem::Code]) -> Value {
    let says: Vec<String> = codes
        .iter()
        .map(|code| format!("- `{}`: {}", code.code, code.says))
        .collect();
    let words: Vec<&str> = codes.iter().map(|code| code.code).collect();
    let mut told = json!({
        "description": says.join("\n"),
        "content": { problem::KIND: { "schema": {
            "allOf": [schema, { "type": "object", "properties": { "code": { "type": "string", "enum": words } } }],
        } } },
    });
    if let Some((name, about)) = header_of(status) {
        told["headers"] = json!({ name: { "description": about, "schema": { "type": "string" } } });
    }
    told
}

fn header_of(status: u16) -> Option<(&'static str, &'static str)> {
    match status {
        401 => Some(("WWW-Authenticate", "How to show who one is.")),
        503 => Some(("Retry-After", "In how many seconds to try again.")),
        _ => None,
    }
}
