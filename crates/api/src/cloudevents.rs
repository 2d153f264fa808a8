//! CloudEvents 1.0 in HTTP's binary mode, as the structured event that it stands for.

use axum::http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};

use crate::{problem::Problem, request};

/// Whether the attributes are in the headers.
pub(crate) fn is_binary(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion") || headers.contains_key("ce-id")
}

/// The structured form: attributes from `ce-*` headers, the body as `data`.
pub(crate) fn structured(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    let mut event = Map::new();
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else {
            continue;
        };
        event.insert(
            attribute.to_owned(),
            decoded(name, value.as_bytes())?.into(),
        );
    }
    if body.is_empty() {
        return Ok(Value::Object(event));
    }
    match request::media_type(headers)?.as_deref() {
        None | Some("application/json") => {}
        Some(kind) if kind.ends_with("+json") => {}
        Some(kind) => {
            return Err(request::unsupported(format!(
                "The data of a CloudEvent must be JSON, not {kind}."
            )));
        }
    }
    event.insert("data".to_owned(), request::json(body)?);
    Ok(Value::Object(event))
}

/// Header values are percent-encoded UTF-8 (CloudEvents HTTP binding, 3.1.3.2).
fn decoded(name: &HeaderName, raw: &[u8]) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, tail)) = rest.split_first() {
        match tail.get(..2).filter(|_| *first == b'%').and_then(hex) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| Problem::bad("not_utf8", format!("The header {name} is not UTF-8.")))
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}
