//! The header `Idempotency-Key`, by which the same request twice is done once.

use axum::http::{HeaderMap, StatusCode};

use crate::problem::Problem;

/// The header.
const HEADER: &str = "idempotency-key";
/// The longest key, in bytes.
const LONGEST: usize = 200;

/// The key that a request came with, if it came with one.
///
/// # Errors
/// `idempotency_key`: it is longer than 200 bytes, empty, or not of visible ASCII letters.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match fits {
        true => Ok(Some(text.to_owned())),
        false => Err(Problem::bad(
            "idempotency_key",
            format!("`Idempotency-Key` has from 1 to {LONGEST} visible letters of ASCII."),
        )),
    }
}

/// The refusal of a key that came with another request before.
pub(crate) fn reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "This `Idempotency-Key` came with another request before. Send this one with a key of its own.",
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(value: &str) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        key(&headers)
    }

    #[test]
    fn a_key_is_short_and_visible() {
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
        assert_eq!(of("  a-1 ").unwrap().as_deref(), Some("a-1"));
        assert_eq!(
            of(&"k".repeat(LONGEST)).unwrap().map(|k| k.len()),
            Some(LONGEST)
        );
        for wrong in ["", "a b", "é", &"k".repeat(LONGEST + 1)] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
