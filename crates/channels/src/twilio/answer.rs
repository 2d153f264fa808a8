//! What Twilio's answers mean.

use reqwest::StatusCode;
use serde_json::Value as Json;

use crate::{
    About, Outcome,
    http::{Answer, provider_id},
};

/// Twilio's number of an error decides, and the status where it has none that we know.
pub(super) fn said(answer: &Answer, to: &str) -> Outcome {
    if answer.status.is_success() {
        let provider_id = provider_id(answer.body.get("sid"));
        // 201 is said of a message that was made, and of nothing else: without its name there is still
        // no reason to send a second one. Any other success comes from something in between.
        return match provider_id.is_some() || answer.status == StatusCode::CREATED {
            true => Outcome::Accepted { provider_id },
            false => Outcome::unclear(answer.failure(None, to)),
        };
    }
    let code = answer.body.get("code").and_then(Json::as_u64);
    let message = answer.body.get("message").and_then(Json::as_str);
    let words = match (code, message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (Some(code), None) => Some(code.to_string()),
        (None, message) => message.map(str::to_owned),
    };
    let detail = answer.failure(words.as_deref(), to);
    match code {
        // The account: credentials, suspension, a path that is not its own.
        Some(20003..=20006 | 20008 | 20404) => Outcome::for_now(About::Trouble, detail),
        // The sender: none of ours, or a messaging service that is not there or is empty.
        Some(21212 | 21603 | 21606 | 21659..=21661 | 21701 | 21703 | 21705) => {
            Outcome::for_now(About::Trouble, detail)
        }
        // Asked too often: by the second, by the day, or the sender's queue is full.
        Some(14107 | 20429 | 21611 | 30022 | 60728 | 63017 | 63038) => answer.hasty(detail),
        // Opted out; START undoes it.
        Some(21610) => Outcome::for_good(detail),
        // No mobile number, a landline.
        Some(21614 | 21635) => Outcome::gone(detail),
        _ => match answer.status.as_u16() {
            // Nothing that Twilio says of a message: a proxy, or an address that is not Twilio's.
            300..=399 | 401 | 402 | 403 | 404 | 405 | 407 => {
                Outcome::for_now(About::Trouble, detail)
            }
            _ => answer.refused(detail),
        },
    }
}
