//! What Postmark's answers mean.

use serde_json::Value as Json;

use crate::{
    About, Outcome,
    http::{Answer, provider_id},
};

/// Postmark's number of an error decides, and the status where it has none that we know.
pub(super) fn said(answer: &Answer, to: &str) -> Outcome {
    let code = answer.body.get("ErrorCode").and_then(Json::as_u64);
    let message = answer.body.get("Message").and_then(Json::as_str);
    let words = match (code, message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (_, message) => message.map(str::to_owned),
    };
    let detail = answer.failure(words.as_deref(), to);
    if answer.status.is_success() && matches!(code, None | Some(0)) {
        let provider_id = provider_id(answer.body.get("MessageID"));
        // It is the body that says whether a mail was taken: 200 alone is what any server says.
        return match provider_id.is_some() || code == Some(0) {
            true => Outcome::Accepted { provider_id },
            false => Outcome::unclear(detail),
        };
    }
    match code {
        // Closed for maintenance: nothing was taken.
        Some(100) => match answer.retry_after {
            Some(_) => answer.hasty(detail),
            None => Outcome::for_now(About::Trouble, detail),
        },
        // The server and its settings: the token, the sender, credit, approval, the stream.
        Some(10 | 400 | 401 | 405 | 412 | 413 | 1235) => Outcome::for_now(About::Trouble, detail),
        // A hard bounce, a complaint, or an unsubscription that Postmark knows of.
        Some(406) => Outcome::gone(detail),
        Some(429) => answer.hasty(detail),
        _ => match answer.status.as_u16() {
            // Nothing that Postmark says of a mail: a proxy, or an address that is not Postmark's.
            300..=399 | 401 | 403 | 404 | 405 | 407 => Outcome::for_now(About::Trouble, detail),
            _ => answer.refused(detail),
        },
    }
}
