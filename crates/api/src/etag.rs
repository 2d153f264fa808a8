//! Entity tags (RFC 9110): who has read a thing before is told that it is the same, and who changes it that it is not.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The bytes of the hash that a tag keeps.
const KEPT: usize = 16;

/// A thing as JSON, with the `ETag` of its bytes.
#[derive(Debug)]
pub(crate) struct Tagged<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(json) => bytes("application/json", json.into()),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                Problem::fault().into_response()
            }
        }
    }
}

/// Bytes of JSON, with their `ETag`.
pub(crate) fn bytes(kind: &'static str, body: Bytes) -> Response {
    let tag = tag(&body);
    let headers = [(header::CONTENT_TYPE, kind)];
    let mut response = (headers, body).into_response();
    // Base64 in quotes is a header's value.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn tag(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&hash[..KEPT]))
}

/// Answers 304 to who has it already.
pub(crate) async fn conditional(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = named(request.headers(), &header::IF_NONE_MATCH);
    let response = next.run(request).await;
    let Some(known) = known.filter(|_| reads && response.status() == StatusCode::OK) else {
        return response;
    };
    let tag = response.headers().get(header::ETAG);
    let tag = tag.and_then(|tag| tag.to_str().ok());
    match tag.is_some_and(|tag| known.has(tag)) {
        true => unchanged(&response),
        false => response,
    }
}

/// The headers that the whole answer would have, but for those of its body.
fn unchanged(whole: &Response) -> Response {
    let mut headers = whole.headers().clone();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// Whether the thing is still as who changes it has read it: `If-Match` has the tag of what they would be answered now, or is not
/// there; else 412 `changed`.
pub(crate) fn still<T: Serialize>(headers: &HeaderMap, thing: &T) -> Result<(), Problem> {
    let Some(known) = named(headers, &header::IF_MATCH) else {
        return Ok(());
    };
    let json = serde_json::to_vec(thing).map_err(|_| Problem::fault())?;
    match known.has(&tag(&json)) {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "changed",
            "It has changed since it was read. Nothing was done: read it again.",
        )),
    }
}

/// The tags that a header names.
struct Named(Vec<String>);

impl Named {
    fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known == tag)
    }
}

/// `None`: there is no such header. Weak tags (`W/"…"`), as proxies make them of ours, are taken as their strong ones.
fn named(headers: &HeaderMap, name: &HeaderName) -> Option<Named> {
    let mut all = headers.get_all(name).iter().peekable();
    all.peek()?;
    let texts = all.filter_map(|value| value.to_str().ok());
    let tags = texts.flat_map(|text| text.split(','));
    let tags = tags.map(|tag| tag.trim().trim_start_matches("W/").to_owned());
    Some(Named(tags.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn what_is_the_same_is_known_by_its_tag_among_others() {
        let tag = tag(b"[1]");
        for known in ["*", &tag, &format!("\"x\", {tag}"), &format!("W/{tag}")] {
            let headers = with(header::IF_MATCH, known);
            assert!(still(&headers, &[1]).is_ok(), "{known}");
            assert!(known == "*" || still(&headers, &[2]).is_err(), "{known}");
        }
        assert!(still(&HeaderMap::new(), &[1]).is_ok());
        assert!(still(&with(header::IF_MATCH, ""), &[1]).is_err());
    }
}
