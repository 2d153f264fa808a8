//! The fields of a body, taken out one by one with their rules.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map as JsonMap, Value as Json};

use super::{MAX_AHEAD, MAX_ID, bounds::Bounds, micros, refused::Refused};
use crate::value::{Map, Value};

/// The longest spelling of an instant that is worth reading, in bytes.
const MAX_TIME: usize = 64;

/// The fields of one object that are not yet read. Null counts as absent.
pub(super) struct Fields {
    left: JsonMap<String, Json>,
    /// `data.` within `data`, for the sentences.
    prefix: &'static str,
}

impl Fields {
    /// The fields of an event.
    pub(super) fn of(json: Json) -> Result<Self, Refused> {
        match json {
            Json::Object(left) => Ok(Self { left, prefix: "" }),
            other => Err(Refused::not_an_event(&other)),
        }
    }

    /// No fields.
    pub(super) fn none() -> Self {
        let left = JsonMap::new();
        Self { left, prefix: "" }
    }

    /// Whether there is such a field, null or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Whether there is an object under `outer` with a field `inner`.
    pub(super) fn has_within(&self, outer: &str, inner: &str) -> bool {
        self.left.get(outer).is_some_and(|o| o.get(inner).is_some())
    }

    /// The field's path, as a sentence names it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        self.left.remove(name).filter(|json| !json.is_null())
    }

    /// The object under `name`; empty where there is none. `prefix` names its fields.
    pub(super) fn object(&mut self, name: &str, prefix: &'static str) -> Result<Self, Refused> {
        let left = match self.take(name) {
            None => JsonMap::new(),
            Some(Json::Object(left)) => left,
            Some(other) => {
                return Err(Refused::wrong_type(&self.path(name), "an object", &other));
            }
        };
        Ok(Self { left, prefix })
    }

    /// The text under `name`, with 1 to `most` bytes and no control character.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Result<Option<Arc<str>>, Refused> {
        let Some(text) = self.words(name)? else {
            return Ok(None);
        };
        line(&text, &self.path(name), most)?;
        Ok(Some(text.into()))
    }

    /// The text under `name`, whatever it is.
    pub(super) fn words(&mut self, name: &str) -> Result<Option<String>, Refused> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(Refused::wrong_type(&self.path(name), "a text", &other)),
        }
    }

    /// The text under `name`, which must be there.
    pub(super) fn need(&mut self, name: &str, most: usize) -> Result<Arc<str>, Refused> {
        self.text(name, most)?
            .ok_or_else(|| Refused::missing(&self.path(name)))
    }

    /// The same, left where it is.
    pub(super) fn peek_id(&self, name: &str) -> Result<Option<Arc<str>>, Refused> {
        let found = self.left.get(name).cloned().unwrap_or_default();
        let left = JsonMap::from_iter([(name.to_owned(), found)]);
        let prefix = self.prefix;
        Self { left, prefix }.text(name, MAX_ID)
    }

    /// The instant under `name`, if any: RFC 3339, cut to microseconds, not before 1970 and not
    /// more than [`MAX_AHEAD`] after `now`.
    pub(super) fn instant(
        &mut self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Refused> {
        let Some(text) = self.text(name, MAX_TIME)? else {
            return Ok(None);
        };
        let path = self.path(name);
        let at: Timestamp = text.parse().map_err(|_| bad_timestamp(&path))?;
        if at < Timestamp::UNIX_EPOCH {
            return Err(Refused::field("before_1970", &path, "is before 1970"));
        }
        let ahead = at.duration_since(now);
        if ahead > MAX_AHEAD {
            return Err(Refused::from_the_future(&path, ahead));
        }
        Ok(Some(micros(at)))
    }

    /// Puts a value back, under a name of its own.
    pub(super) fn put(&mut self, name: &str, json: Json) {
        self.left.insert(name.to_owned(), json);
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// What is left, as JSON.
    pub(super) fn into_json(self) -> Json {
        Json::Object(self.left)
    }

    /// What is left, as the fields of an event or as traits, within what `bounds` still allow.
    pub(super) fn into_map(self, bounds: &mut Bounds) -> Result<Map, Refused> {
        bounds.check(&self.left, self.prefix.trim_end_matches('.'))?;
        let fields = self.left.into_iter();
        Ok(fields
            .map(|(name, json)| (Arc::from(name), Value::from(json)))
            .collect())
    }
}

/// One line of text with 1 to `most` bytes.
fn line(text: &str, path: &str, most: usize) -> Result<(), Refused> {
    if text.is_empty() {
        return Err(Refused::field("empty", path, "is empty"));
    }
    if text.len() > most {
        return Err(Refused::too_long(path, text.len(), most));
    }
    if text.contains('\0') {
        return Err(Refused::nul_character(path));
    }
    if text.chars().any(char::is_control) {
        let says = "holds a control character";
        return Err(Refused::field("control_character", path, says));
    }
    Ok(())
}

fn bad_timestamp(path: &str) -> Refused {
    let says = "is not a date and time with an offset (RFC 3339), such as 2026-03-14T09:26:53Z";
    Refused::field("bad_timestamp", path, says)
}
