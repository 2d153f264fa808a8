//! Lists of the API: every one is answered page by page, in one form.

use std::{
    borrow::Cow,
    fmt::{self, Display},
    str::FromStr,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use store::read::MAX_PAGE;

use crate::problem::Problem;

/// Rows of a page unless `limit` says otherwise.
pub(crate) const PAGE: u32 = 50;

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(crate) struct Page<T> {
    /// What is on it, in the order of the list.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; null: this is the last.
    pub(crate) next: Option<Cursor>,
}

/// A place in a list: what a page gives as `next`, to be passed on as it is. What it is made of may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cursor(String);

impl Cursor {
    /// The place, so that nobody reads anything into it.
    pub(crate) fn of(place: impl Display) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(place.to_string()))
    }

    /// The place that it stands for; else 400 `bad_cursor`.
    pub(crate) fn read<T: FromStr>(&self) -> Result<T, Problem> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&self.0).ok();
        let bytes = bytes.filter(|bytes| !bytes.is_empty());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Problem::bad(
                "bad_cursor",
                "`cursor` is not what a page of this list gave as `next`.",
            )
        })
    }
}

impl Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" })
    }
}

/// How many rows a page has at the most: from 1 to [`MAX_PAGE`], else the query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(PAGE)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match u32::deserialize(d)? {
            limit @ 1..=MAX_PAGE => Ok(Self(limit)),
            _ => Err(de::Error::custom(format!(
                "a page has from 1 to {MAX_PAGE} rows"
            ))),
        }
    }
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": PAGE })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_read_back_by_its_own_list_alone() {
        let id = Uuid::from_u128(7);
        let cursor = Cursor::of(id);
        assert_eq!(cursor.read::<Uuid>().unwrap(), id);
        assert!(cursor.read::<i64>().is_err());
        for text in ["", "x", "====", "AAAA"] {
            assert!(Cursor(text.to_owned()).read::<Uuid>().is_err(), "{text}");
        }
        for text in ["", "===="] {
            assert!(Cursor(text.to_owned()).read::<String>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_has_bounds() {
        let read = |text: &str| {
            serde_json::from_str::<Limit>(text)
                .map(|limit| limit.0)
                .ok()
        };
        assert_eq!(
            ["0", "1", "200", "201", "-1", "x"].map(read),
            [None, Some(1), Some(200), None, None, None]
        );
    }
}
