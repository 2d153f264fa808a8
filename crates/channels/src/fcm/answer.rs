//! What FCM's answers mean: <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>

use serde_json::Value as Json;

use crate::{About, Outcome, http::Answer, http::provider_id};

/// What FCM says of a token that is none, beside a code that says less:
/// <https://firebase.google.com/docs/cloud-messaging/error-codes>
const NO_TOKEN: &str = "The registration token is not a valid FCM registration token";

/// The access token is not accepted (any more).
pub(super) fn wants_another_token(answer: &Answer) -> bool {
    answer.status.as_u16() == 401 && code(answer).is_none()
}

pub(super) fn said(answer: &Answer, to: &str) -> Outcome {
    if answer.status.is_success() {
        // The status says it: FCM has taken the message. A body that is not its own takes that not back,
        // and to send it once more would show it twice, for FCM knows no key of ours.
        let provider_id = provider_id(answer.body.get("name"));
        return Outcome::Accepted { provider_id };
    }
    let words = answer.body["error"]["message"].as_str();
    let detail = |what: Option<&str>| match (what, words) {
        (Some(what), Some(words)) => answer.failure(Some(&format!("{what}: {words}")), to),
        (what, words) => answer.failure(what.or(words), to),
    };
    match code(answer) {
        Some("UNREGISTERED") => return Outcome::gone(detail(None)),
        Some("SENDER_ID_MISMATCH") => return Outcome::for_good(detail(None)),
        Some("QUOTA_EXCEEDED") => return answer.hasty(detail(None)),
        Some("THIRD_PARTY_AUTH_ERROR") => {
            let what = "Firebase has no good key for Apple or the Web";
            return Outcome::for_now(About::Trouble, detail(Some(what)));
        }
        _ => {}
    }
    match answer.status.as_u16() {
        400 if is_of_token(&answer.body["error"]) => Outcome::gone(detail(None)),
        // Of a token that is not registered FCM says so. Here it is the project, or the address.
        401 | 403 => {
            let what = "Google does not accept the service account";
            Outcome::for_now(About::Trouble, detail(Some(what)))
        }
        404 => {
            let what = "Google knows no such project";
            Outcome::for_now(About::Trouble, detail(Some(what)))
        }
        _ => answer.refused(detail(None)),
    }
}

/// FCM's own code for an error.
fn code(answer: &Answer) -> Option<&str> {
    let details = answer.body["error"]["details"].as_array()?;
    details.iter().find_map(|d| d["errorCode"].as_str())
}

/// Whether an argument is invalid because it is the token.
fn is_of_token(error: &Json) -> bool {
    let details = error["details"].as_array().into_iter().flatten();
    let mut violations =
        details.flat_map(|d| d["fieldViolations"].as_array().into_iter().flatten());
    violations.any(|v| v["field"] == "message.token") || error["message"] == NO_TOKEN
}
