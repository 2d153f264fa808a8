//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again takes effect once.

mod once;

use axum::http::{HeaderMap, HeaderName};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

pub(crate) use once::once;

/// The header.
pub(crate) const NAME: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in characters.
pub(crate) const LONGEST: usize = 255;

/// What a client calls its request, so that it can send it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// A word for it of 43 letters, digits, `-` and `_`: what ids of events are made of.
    pub(crate) fn word(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.0))
    }
}

/// The key of a request that has one. The draft writes it in quotes; it counts without them too.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    let mut all = headers.get_all(NAME).iter();
    let Some(value) = all.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let text = bare.unwrap_or(text);
    let visible = |byte| matches!(byte, b'!' | b'#'..=b'~');
    let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(visible);
    if !fits || all.next().is_some() {
        return Err(wrong(
            "is 1 to 255 visible ASCII characters without quotes, once",
        ));
    }
    Ok(Some(Key(text.to_owned())))
}

/// The key of a request that must have one.
pub(crate) fn needed(headers: &HeaderMap) -> Result<Key, Problem> {
    key(headers)?
        .ok_or_else(|| wrong("is missing: it keeps what is sent twice from taking effect twice"))
}

fn wrong(says: &str) -> Problem {
    Problem::bad("idempotency_key", format!("`Idempotency-Key` {says}."))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(value: &str) -> Option<Key> {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        key(&HeaderMap::from_iter([(NAME, value)])).ok().flatten()
    }

    #[test]
    fn a_key_counts_with_and_without_its_quotes() {
        assert_eq!(read("\"abc\""), read("abc"));
        assert_ne!(read("abc"), read("abd"));
        assert!(read("abc").unwrap().word().len() == 43);
        for wrong in ["", "\"\"", &"x".repeat(256), "é", "a b", "a\"b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(key(&HeaderMap::new()).unwrap().is_none());
        assert!(needed(&HeaderMap::new()).is_err());
    }
}
