//! What a provider's answer means.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use journey::failure::{Failure, Whom};
use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use serde_json::Value as Json;

use crate::{About, Outcome, Outgoing, detail};

/// The most of an answer that is read, in bytes.
const MOST: usize = 64 * 1024;
/// The longest `Retry-After` that is believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest provider id that is kept, in bytes.
const LONGEST_ID: usize = 256;

pub(super) async fn read(response: Response, message: &Outgoing<'_>) -> Outcome {
    let status = response.status();
    let retry_after = retry_after(&response, message.at);
    let body: Json = serde_json::from_slice(&bounded(response).await).unwrap_or_default();
    if status.is_success() {
        let provider_id = provider_id(&body);
        return Outcome::Accepted { provider_id };
    }
    let detail = said(status, &body, message.to);
    if for_now(status) {
        let (about, unclear) = what(status, retry_after.is_some());
        Outcome::RefusedForNow {
            detail,
            retry_after,
            about,
            unclear,
        }
    } else {
        Outcome::RefusedForGood { detail }
    }
}

/// Time-out, too early, too many requests, and the provider's own trouble.
pub(crate) fn for_now(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// What a status for now is about, and whether the message may have been taken all the same.
///
/// Only a provider that still thinks names a time to come back in. A 5xx without one may come from
/// something in between, which has passed the message on and lost the answer.
fn what(status: StatusCode, names_a_time: bool) -> (About, bool) {
    match status.as_u16() {
        408 | 425 => (About::Message, false),
        429 => (About::Haste, false),
        503 if names_a_time => (About::Haste, false),
        _ if names_a_time => (About::Haste, true),
        _ => (About::Trouble, true),
    }
}

/// The body up to its bound. A body that breaks off is no reason to doubt the status.
async fn bounded(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            body.truncate(MOST);
            break;
        }
    }
    body
}

fn provider_id(body: &Json) -> Option<String> {
    let id = match body.get("id")? {
        Json::String(id) => id.clone(),
        Json::Number(id) => id.to_string(),
        _ => return None,
    };
    (!id.is_empty() && id.len() <= LONGEST_ID && !id.contains(char::is_control)).then_some(id)
}

/// The status, and the provider's words where it has some in the usual places.
fn said(status: StatusCode, body: &Json, to: &str) -> Failure {
    let words = ["message", "detail", "error", "title"]
        .iter()
        .find_map(|name| body.get(name)?.as_str());
    Failure::Http {
        whom: Whom::Provider,
        status: status.as_u16(),
        words: words.map(|words| detail::clean(words, to).into()),
    }
}

/// `Retry-After` in either form: seconds, or an HTTP date.
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(value, now)?,
    };
    Some(wait.min(LONGEST))
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let at = DateTimeParser::new().parse_timestamp(date).ok()?;
    let wait = at.duration_since(now).max(SignedDuration::ZERO);
    Duration::try_from(wait).ok()
}
