//! What Apple's answers mean:
//! <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>.

use crate::{About, Outcome, http::Answer};

/// The provider token is too old for Apple.
pub(super) fn wants_another_token(answer: &Answer) -> bool {
    reason(answer) == Some("ExpiredProviderToken")
}

/// `id` is the one that we gave it.
pub(super) fn said(answer: &Answer, id: &str, to: &str) -> Outcome {
    if answer.status.is_success() {
        // The body is empty, as documented. The header repeats our id; without it, it is ours all the same.
        let id = answer.header("apns-id").unwrap_or(id);
        let provider_id = Some(id.to_owned());
        return Outcome::Accepted { provider_id };
    }
    let reason = reason(answer);
    let detail = answer.failure(reason, to);
    let trouble = |what: &str| {
        let words = format!("{what}: {}", reason.unwrap_or("without a reason"));
        Outcome::for_now(About::Trouble, answer.failure(Some(&words), to))
    };
    match (answer.status.as_u16(), reason) {
        (_, Some("Unregistered" | "ExpiredToken" | "BadDeviceToken")) => Outcome::gone(detail),
        (410, _) => Outcome::gone(detail),
        // Other devices may go.
        (429, Some("TooManyRequests")) => Outcome::RefusedForNow {
            detail,
            retry_after: answer.retry_after,
            about: About::Message,
            unclear: false,
        },
        (429, _) => answer.hasty(detail),
        (403, _) => trouble("Apple does not accept the key, its id or the team's"),
        (_, Some("TopicDisallowed" | "BadTopic" | "MissingTopic")) => {
            trouble("Apple does not accept the topic")
        }
        (404 | 405, _) => trouble("this is not Apple's address"),
        // Apple's own word, and no proxy's: it has not taken it.
        (503, Some(_)) if answer.retry_after.is_none() => Outcome::for_now(About::Trouble, detail),
        _ => answer.refused(detail),
    }
}

fn reason(answer: &Answer) -> Option<&str> {
    answer.body.get("reason")?.as_str()
}
