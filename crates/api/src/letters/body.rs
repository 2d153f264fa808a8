//! A body as programs read it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::shown::hide;

/// The body of a letter: as JSON where it is that, else as text, else in base64; nothing of it where it is hidden.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LetterBody")]
pub(super) struct Body {
    /// Whether addresses and names in it are hidden but for their ends, or all of it where it is no JSON.
    hidden: bool,
    /// What it is, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    /// What it is, where that is text and no JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What it is, where that is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Body {
    /// As far as who asks may see it.
    pub(super) fn of(bytes: &[u8], sees: bool) -> Self {
        let mut body = Self {
            hidden: !sees,
            json: serde_json::from_slice(bytes).ok(),
            text: None,
            base64: None,
        };
        match (&mut body.json, sees) {
            (Some(_), true) | (None, false) => {}
            (Some(json), false) => *json = hide(json.take()),
            (None, true) => match std::str::from_utf8(bytes) {
                Ok(text) => body.text = Some(text.to_owned()),
                Err(_) => body.base64 = Some(BASE64_STANDARD.encode(bytes)),
            },
        }
        body
    }
}
