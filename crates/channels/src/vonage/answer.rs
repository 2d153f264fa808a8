//! What Vonage's answers mean.

use reqwest::StatusCode;
use serde_json::Value as Json;

use crate::{
    About, Outcome,
    http::{Answer, provider_id},
};

/// Vonage's name of an error decides, and the status where it has none that we know.
pub(super) fn said(answer: &Answer, to: &str) -> Outcome {
    let text = |name: &str| answer.body.get(name).and_then(Json::as_str);
    if answer.status.is_success() {
        let provider_id = provider_id(answer.body.get("message_uuid"));
        // 202 is said of a message that was taken, and of nothing else: without its name there is still
        // no reason to send a second one. Any other success comes from something in between.
        return match provider_id.is_some() || answer.status == StatusCode::ACCEPTED {
            true => Outcome::Accepted { provider_id },
            false => Outcome::unclear(answer.failure(None, to)),
        };
    }
    let name = name(&answer.body).unwrap_or_default();
    let words = match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => Some(format!("{name}: {title}: {detail}")),
        (Some(one), None) | (None, Some(one)) => Some(format!("{name}: {one}")),
        (None, None) => None,
    };
    let words = words.as_deref().map(|w| w.trim_start_matches(": "));
    let detail = answer.failure(words, to);
    match name {
        "1000" | "rate-limit" => answer.hasty(detail),
        // Trouble of its own, whatever the status: which one comes with a number is not documented.
        "1030" | "1230" if !answer.status.is_server_error() => Outcome::unclear(detail),
        // It was not submitted.
        "1100" => Outcome::for_now(About::Trouble, detail),
        // This number was written to too often.
        "1241" => Outcome::for_now(About::Message, detail),
        // Opted out by STOP; START undoes it.
        "1240" => Outcome::for_good(detail),
        // Barred, no longer active.
        "1050" | "1190" => Outcome::gone(detail),
        // The account: credentials, credit, what it may do and whom it may be.
        "1060" | "1070" | "1080" | "1110" | "1120" | "1140" | "unauthorized" | "forbidden"
        | "unprovisioned" | "account-suspended" | "low-balance" | "not-found"
        | "invalid-api-key" | "invalid-signature" => Outcome::for_now(About::Trouble, detail),
        "invalid-params" if is_about_the_sender(&answer.body) => {
            Outcome::for_now(About::Trouble, detail)
        }
        _ => match answer.status.as_u16() {
            // Nothing that Vonage says of a message: a proxy, or an address that is not Vonage's.
            300..=399 | 401 | 402 | 403 | 404 | 405 | 407 => {
                Outcome::for_now(About::Trouble, detail)
            }
            _ => answer.refused(detail),
        },
    }
}

/// The name or number of an error, which its type ends with:
/// `https://developer.vonage.com/api-errors/messages#1050`.
pub(super) fn name(error: &Json) -> Option<&str> {
    let of_type = error.get("type").and_then(Json::as_str);
    let (_, name) = of_type?.rsplit_once('#')?;
    Some(name)
}

/// Whether it is the sender that is wrong, which no customer can help.
fn is_about_the_sender(error: &Json) -> bool {
    let parameters = error.get("invalid_parameters").and_then(Json::as_array);
    let names = parameters.into_iter().flatten();
    names
        .filter_map(|parameter| parameter.get("name")?.as_str())
        .any(|name| name == "from")
}
