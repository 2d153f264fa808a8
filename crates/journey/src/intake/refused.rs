//! Why a body is not accepted.

use std::str::Utf8Error;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Value as Json, error::Category};

use super::{MAX_AHEAD, MAX_BODY, MAX_DEPTH, MAX_FIELDS};

/// A refusal: a stable code for programs and one sentence for people. It names fields and sizes,
/// never what a field holds, so that it can be logged and kept with a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The kind of refusal; never changes its meaning.
    pub code: &'static str,
    /// The path of the field, such as `properties.items[2].name`; `None` for the body as a whole.
    pub field: Option<String>,
    /// One sentence.
    pub message: String,
}

impl Refused {
    fn body(code: &'static str, message: String) -> Self {
        Self {
            code,
            field: None,
            message,
        }
    }

    /// A refusal of one field: `` `FIELD` SAYS``.
    pub(super) fn field(code: &'static str, field: &str, says: &str) -> Self {
        Self {
            code,
            field: Some(field.to_owned()),
            message: format!("`{field}` {says}"),
        }
    }

    /// The body, or the event as it would be passed on, is longer than [`MAX_BODY`].
    pub fn too_large(bytes: usize) -> Self {
        let message = format!("the body has {bytes} bytes; at most {MAX_BODY} are accepted");
        Self::body("too_large", message)
    }

    pub(super) fn not_utf8(error: &Utf8Error) -> Self {
        let at = error.valid_up_to();
        Self::body(
            "not_utf8",
            format!("the body is not UTF-8 text, from byte {at} on"),
        )
    }

    /// The parser's own words hold positions and punctuation, nothing of the body.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        let said = error.to_string();
        if said.starts_with("number out of range") {
            Self::body("number_out_of_range", format!("the body holds a {said}"))
        } else if said.starts_with("recursion limit") {
            Self::too_deep()
        } else if error.classify() == Category::Eof && error.line() <= 1 && error.column() == 0 {
            Self::body("not_json", "the body is empty".to_owned())
        } else {
            Self::body("not_json", format!("the body is not JSON: {said}"))
        }
    }

    pub(super) fn too_deep() -> Self {
        let message =
            format!("the event nests more than {MAX_DEPTH} lists and maps into one another");
        Self::body("too_deep", message)
    }

    pub(super) fn too_many_fields() -> Self {
        let message = format!("the event has more than {MAX_FIELDS} fields and list items");
        Self::body("too_many_fields", message)
    }

    pub(super) fn not_an_event(found: &Json) -> Self {
        let found = kind_of(found);
        Self::body(
            "wrong_type",
            format!("an event must be a JSON object, found {found}"),
        )
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::field("missing", field, "is missing")
    }

    pub(super) fn wrong_type(field: &str, expected: &str, found: &Json) -> Self {
        let found = kind_of(found);
        Self::field(
            "wrong_type",
            field,
            &format!("must be {expected}, found {found}"),
        )
    }

    pub(super) fn too_long(field: &str, bytes: usize, most: usize) -> Self {
        Self::field(
            "too_long",
            field,
            &format!("is {bytes} bytes long; at most {most} are accepted"),
        )
    }

    pub(super) fn nul_character(field: &str) -> Self {
        let says = "holds a NUL character (\\u0000), which cannot be kept";
        Self::field("nul_character", field, says)
    }

    pub(super) fn from_the_future(field: &str, ahead: SignedDuration) -> Self {
        Self::field(
            "from_the_future",
            field,
            &format!("is {ahead:#} ahead of the clock; at most {MAX_AHEAD:#} are accepted"),
        )
    }
}

/// What a JSON value is, for a sentence.
fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
