//! What Telegram's answers mean.

use std::time::Duration;

use crate::{
    About, Outcome,
    http::{Answer, LONGEST, provider_id},
};

/// What a 400 or 403 says where nobody can be reached in the chat any more. The documentation leaves the words open;
/// these are the ones of the service.
const GONE: [&str; 6] = [
    "bot was blocked by the user",
    "user is deactivated",
    "bot was kicked",
    "bot is not a member",
    "chat not found",
    "user not found",
];

/// Every answer is an object with `ok`; an error has `error_code`, which is the status, and a `description`.
pub(super) fn said(answer: &Answer, to: &str) -> Outcome {
    let body = &answer.body;
    if answer.status.is_success() {
        return match body["ok"].as_bool() {
            Some(true) => {
                let provider_id = provider_id(body["result"].get("message_id"));
                Outcome::Accepted { provider_id }
            }
            Some(false) => refused(answer, body["error_code"].as_u64(), to),
            // Telegram says `ok` in every answer: something in between has lost what it said, and may have
            // lost the request.
            None => Outcome::unclear(answer.failure(Some("an answer without `ok`"), to)),
        };
    }
    refused(answer, Some(answer.status.as_u16().into()), to)
}

fn refused(answer: &Answer, code: Option<u64>, to: &str) -> Outcome {
    let body = &answer.body;
    let words = body["description"].as_str();
    let said = words.unwrap_or_default().to_lowercase();
    match code.unwrap_or_default() {
        // 404 is for tokens of no bot at all: the method is always there.
        401 | 404 => {
            let words = match words {
                Some(words) => format!("the bot's token is not accepted: {words}"),
                None => "the bot's token is not accepted".to_owned(),
            };
            Outcome::for_now(About::Trouble, answer.failure(Some(&words), to))
        }
        400 | 403 if GONE.iter().any(|gone| said.contains(gone)) => {
            Outcome::gone(answer.failure(words, to))
        }
        429 => {
            let seconds = body["parameters"]["retry_after"].as_u64();
            let wait = seconds.map(|s| Duration::from_secs(s).min(LONGEST));
            Outcome::RefusedForNow {
                detail: answer.failure(words, to),
                retry_after: wait.or(answer.retry_after),
                about: About::Haste,
                unclear: false,
            }
        }
        _ => answer.refused(answer.failure(words, to)),
    }
}
