//! Reading a request's body within bounds.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::Problem;

/// The most bytes of one event.
pub(crate) const SINGLE: usize = 1 << 20;
/// The most bytes of a batch.
pub(crate) const BATCH: usize = 5 << 20;

/// The body, if it is within `limit` bytes.
pub(crate) async fn bytes(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<axum::body::Bytes, Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|n| n > limit) {
        return Err(too_large(limit));
    }
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|v| v != "identity")
    {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_encoding",
            "Compressed bodies are not taken; send the JSON as it is.",
        ));
    }
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let text = format!("{:?}", error.into_inner());
        if text.contains("LengthLimit") {
            too_large(limit)
        } else {
            Problem::bad("incomplete", "The body ended before it was complete.")
        }
    })
}

/// A body of JSON, of that form: at most [`SINGLE`] bytes; else what is wrong with it, `bad_body` where it is only its form.
pub(crate) async fn parsed<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    match media_type(headers)?.as_deref() {
        None | Some("application/json") => {}
        Some(kind) => {
            return Err(unsupported(format!(
                "The body must be application/json, not {kind}."
            )));
        }
    }
    formed(&bytes(headers, body, SINGLE).await?)
}

/// JSON of that form, in which no text holds what the database cannot keep.
pub(crate) fn formed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let told = json(body)?;
    if has_nul(&told) {
        let detail = "A text of the body holds a NUL character (\\u0000), which cannot be kept.";
        return Err(Problem::bad("nul_character", detail));
    }
    serde_json::from_value(told)
        .map_err(|error| Problem::bad("bad_body", format!("The body cannot be read: {error}.")))
}

/// Whether any text or name in it has a NUL character.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn too_large(limit: usize) -> Problem {
    let mib = limit >> 20;
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("The body is larger than {mib} MiB; split it."),
    )
}

/// The body as JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, Problem> {
    if body.is_empty() {
        return Err(Problem::bad("empty", "The body is empty; send JSON."));
    }
    if let Err(error) = std::str::from_utf8(body) {
        let at = error.valid_up_to();
        return Err(Problem::bad(
            "not_utf8",
            format!("The body is not UTF-8: byte {at} cannot be read."),
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::bad(
            "not_json",
            format!(
                "The body is not JSON (line {}, column {}).",
                error.line(),
                error.column()
            ),
        )
    })
}

/// The media type in lower case, without its parameters; `None` where none is given.
pub(crate) fn media_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("").to_ascii_lowercase();
    let (kind, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let charset = parameters
        .split(';')
        .filter_map(|p| p.trim().strip_prefix("charset="))
        .map(|c| c.trim_matches('"'))
        .next();
    if !matches!(charset, None | Some("utf-8" | "utf8" | "us-ascii")) {
        return Err(unsupported("The charset must be UTF-8."));
    }
    Ok(Some(kind.trim().to_owned()))
}

pub(crate) fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content_type",
        detail.into(),
    )
}
