//! Who may do what, as the document says it.

use serde_json::{Value, json};

use super::operation::Operation;
use crate::access::{Need, Scope, need};

/// How somebody shows who they are.
pub(super) fn schemes() -> Value {
    json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of the API, `pk_…`, with scopes: `parcours keys add`, or *Access* in the console.",
        },
        "writeKey": {
            "type": "http",
            "scheme": "basic",
            "description": "The write key of the settings as the user name, with an empty password, as Segment's libraries send it. It opens intake.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-parcours",
            "description": "The session of somebody who is signed in to the console; over plain http its name is `parcours`. \
                Changes are taken from the console's own pages only.",
        },
    })
}

/// What the operation asks for; `None`: nothing.
pub(super) fn scope(operation: &Operation) -> Option<Scope> {
    match need(operation.method, operation.path) {
        Some(Need::Scope(scope)) => Some(scope),
        _ => None,
    }
}

/// Any one of these is enough.
pub(super) fn of(operation: &Operation) -> Value {
    let Some(scope) = scope(operation) else {
        return json!([]);
    };
    let scopes = [scope.word()];
    let mut ways = vec![json!({ "key": scopes }), json!({ "session": scopes })];
    if scope == Scope::EventsWrite || operation.by_write_key {
        ways.push(json!({ "writeKey": [] }));
    }
    Value::Array(ways)
}
