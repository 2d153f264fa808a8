//! The API as a contract: an OpenAPI 3.1 document, made from the types that handlers read and answer.
//!
//! One file per room describes its operations, each in one place: what it is for, what it takes, what it answers, and what it is
//! refused for. What it asks for comes from `access::TABLE`, what refusals mean from `problem::CODES`. A test holds the
//! descriptions against the routes.

mod actions;
mod build;
mod customers;
mod events;
mod inbox;
mod journeys;
mod letters;
mod messages;
mod operation;
mod operations;
mod plain;
mod security;
mod words;

use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use crate::{State, etag};
use build::Builder;
use operation::Operation;

/// Operations that belong together, as a reader of the document finds them.
struct Room {
    name: &'static str,
    about: &'static str,
    operations: Vec<Operation>,
}

fn rooms() -> Vec<Room> {
    let room = |name, about, operations| Room {
        name,
        about,
        operations,
    };
    vec![
        room(
            "Events",
            "What happens to customers comes in here: Segment's calls, CloudEvents, and what providers tell.",
            events::all(),
        ),
        room(
            "Customers",
            "Who they are, where they are, what happened to them, and their rights.",
            customers::all(),
        ),
        room(
            "Actions",
            "What support does to a customer: by role, with a reason, decided by the customer's own turn.",
            actions::all(),
        ),
        room(
            "Messages",
            "Every decision to send or not to send, and why.",
            messages::all(),
        ),
        room("Journeys", "How journeys do.", journeys::all()),
        room(
            "Inbox",
            "Hand-overs and tasks that wait for people.",
            inbox::all(),
        ),
        room(
            "Dead letters",
            "What could not be taken, why, and what is done about it.",
            letters::all(),
        ),
        room(
            "Operations",
            "What an operator's tools ask.",
            operations::all(),
        ),
    ]
}

const ABOUT: &str = "\
Customers have a *key*, which producers choose, and an *id*, which is the hash of it; where an address has a `{key}`, it takes both.

**Refusals** are `application/problem+json` (RFC 9457) with a stable `code`; each operation names those that it may give.

**Lists** come in pages: `items`, and `next`, which is the `cursor` of the next page; null ends the list.

**Single things** have an `ETag`; with `If-None-Match` they are answered 304 while they are the same.

**Names and addresses** are hidden but for their ends (`l…@shop.example`) from who lacks the scope `customers:reveal`.

Unknown parameters and unknown fields of bodies are refused, but in events, where they are allowed and dropped.";

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut builder = Builder::default();
    let rooms = rooms();
    let tags: Vec<Value> = rooms
        .iter()
        .map(|room| json!({ "name": room.name, "description": room.about }))
        .collect();
    for room in &rooms {
        for operation in &room.operations {
            builder.add(room.name, operation);
        }
    }
    let (paths, schemas) = builder.done();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Parcours",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The process that serves this document." }],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security::schemes() },
    })
}

/// The document as text, as it is served and printed.
#[must_use]
pub fn text() -> String {
    // There is no key in it that is no text.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/v1/openapi.json", get(serve))
}

async fn serve() -> Response {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| text().into());
    let mut response = etag::bytes("application/json", TEXT.clone());
    let kept = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{access::TABLE, problem::code_of};

    /// Addresses that the document is about.
    fn is_ours(pattern: &str) -> bool {
        pattern.starts_with("/v1/") || ["/healthz", "/readyz", "/metrics"].contains(&pattern)
    }

    #[test]
    fn every_address_is_described_and_every_description_has_an_address() {
        let described: Vec<(&str, &str)> = rooms()
            .iter()
            .flat_map(|room| room.operations.iter().map(|o| (o.method, o.path)))
            .collect();
        let set: BTreeSet<_> = described.iter().copied().collect();
        assert_eq!(set.len(), described.len(), "no address is described twice");
        let routed: BTreeSet<_> = TABLE
            .iter()
            .filter(|(_, pattern, _)| is_ours(pattern))
            .map(|(method, pattern, _)| (*method, *pattern))
            .collect();
        let missing: Vec<_> = routed.difference(&set).collect();
        assert!(missing.is_empty(), "no description: {missing:?}");
        let idle: Vec<_> = set.difference(&routed).collect();
        assert!(idle.is_empty(), "no address: {idle:?}");
    }

    #[test]
    fn a_description_is_whole() {
        let mut ids = BTreeSet::new();
        for operation in rooms().iter().flat_map(|room| &room.operations) {
            let id = operation.id;
            assert!(ids.insert(id), "{id} is there twice");
            assert!(!operation.summary.ends_with('.'), "{id}");
            assert!(!operation.answers.is_empty(), "{id} answers nothing");
            let named = operation.path.matches('{').count();
            let parts = operation.parameters.iter();
            let parts = parts.filter(|p| p.place == operation::Place::Path);
            let mut told = 0;
            for part in parts {
                told += 1;
                let is_there = operation.path.contains(&format!("{{{}}}", part.name));
                assert!(is_there, "{id}: {}", part.name);
            }
            assert_eq!(told, named, "{id}: every part of the address is described");
            for code in &operation.codes {
                assert!(code_of(code).is_some(), "{id}: `{code}` is not in CODES");
            }
            for body in &operation.bodies {
                assert!(body.example.is_some(), "{id}: no example for {}", body.kind);
            }
        }
    }

    #[test]
    fn a_query_is_told_by_its_parameters() {
        let document = document();
        let told = &document["paths"]["/v1/runs"]["get"]["parameters"];
        let names: Vec<&str> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        let all = ["cursor", "customer", "journey", "limit", "status", "step"];
        assert_eq!(names, all);
        let limit = &told[3]["schema"];
        assert_eq!(
            *limit,
            json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 })
        );
        let schemas = document["components"]["schemas"].as_object().unwrap();
        assert!(!schemas.keys().any(|name| name.ends_with("Query")));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let mut found = Vec::new();
        references(&document, &mut found);
        for name in found {
            let name = name.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.get(name).is_some(), "{name}");
        }
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
}
