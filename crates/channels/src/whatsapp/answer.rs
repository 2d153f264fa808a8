//! What WhatsApp's answers mean. The code decides, not the status: 130429 comes with 400.

use journey::failure::Failure;
use serde_json::Value as Json;

use crate::{
    About, Outcome,
    http::{Answer, provider_id},
};

/// What came of one request.
pub(super) enum Verdict {
    Is(Outcome),
    /// More than 24 hours have passed since the customer wrote: a template may go.
    Closed(Answer),
}

/// What a code is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The token, the number or the account: a matter of the settings, or between the business and Meta.
    Account,
    /// Asked too often.
    Haste,
    /// Too many messages to this one customer.
    Pair,
    /// Meta's own trouble.
    Trouble,
    /// The window of 24 hours is closed.
    Closed,
    /// Nobody at WhatsApp, no consent to its terms or too old an app: Meta does not say which.
    Undeliverable,
    /// The customer wants no marketing from this business.
    OptedOut,
    /// The message.
    Message,
    /// Not in this list.
    Unknown,
}

/// The codes as Meta's page groups them.
pub(super) fn kind(code: i64) -> Kind {
    match code {
        // No permission, a token that is none any more, a number that was deleted.
        0 | 3 | 10 | 33 | 190 | 200..=299 => Kind::Account,
        // Restricted for its policies, locked, not paid for, without a name or not registered.
        368 | 131_005 | 131_031 | 131_037 | 131_042 | 131_045 | 133_010 => Kind::Account,
        // By the app, the account, the number, and for spam.
        4 | 17 | 80_007 | 130_429 | 131_048 => Kind::Haste,
        131_056 => Kind::Pair,
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => Kind::Trouble,
        131_047 => Kind::Closed,
        131_026 => Kind::Undeliverable,
        131_050 => Kind::OptedOut,
        100
        | 130_472
        | 130_497
        | 131_008
        | 131_009
        | 131_021
        | 131_030
        | 131_049
        | 131_051
        | 131_052
        | 131_053
        | 132_000..=132_099
        | 135_000 => Kind::Message,
        _ => Kind::Unknown,
    }
}

/// What an error says: of several texts, the one that tells most.
pub(super) fn words(error: &Json) -> Option<&str> {
    let details = error["error_data"]["details"].as_str();
    details
        .or(error["message"].as_str())
        .or(error["title"].as_str())
}

pub(super) fn said(answer: Answer, to: &str) -> Verdict {
    if answer.status.is_success() {
        let id = provider_id(answer.body["messages"][0].get("id"));
        return Verdict::Is(match id {
            Some(id) => Outcome::Accepted {
                provider_id: Some(id),
            },
            // Meta names every message that it takes: something in between has lost what it said, and may have
            // lost the request.
            None => {
                let words = Some("an answer without the message's id");
                Outcome::unclear(answer.failure(words, to))
            }
        });
    }
    let error = &answer.body["error"];
    let Some(code) = error["code"].as_i64() else {
        return Verdict::Is(match answer.status.as_u16() {
            401 => account(&answer, None, to),
            _ => answer.refused(answer.failure(None, to)),
        });
    };
    // An object that the token does not reach: the number's id is wrong.
    let unreached = code == 100 && error["type"] == "GraphMethodException";
    let told = words(error).map_or_else(|| format!("({code})"), |words| coded(code, words));
    let detail = answer.failure(Some(&told), to);
    Verdict::Is(match kind(code) {
        Kind::Closed => return Verdict::Closed(answer),
        Kind::Account => account(&answer, Some(&told), to),
        Kind::Message if unreached => account(&answer, Some(&told), to),
        Kind::Haste => answer.hasty(detail),
        // It says that it did not take the message. Others may go.
        Kind::Pair => not_taken(&answer, About::Message, detail),
        Kind::Trouble => not_taken(&answer, About::Trouble, detail),
        Kind::Message | Kind::Undeliverable | Kind::OptedOut => Outcome::for_good(detail),
        Kind::Unknown if answer.status == 401 => account(&answer, Some(&told), to),
        Kind::Unknown => answer.refused(detail),
    })
}

fn not_taken(answer: &Answer, about: About, detail: Failure) -> Outcome {
    Outcome::RefusedForNow {
        detail,
        retry_after: answer.retry_after,
        about,
        unclear: false,
    }
}

/// The 24-hour rule, and no template to keep it with.
pub(super) fn closed(answer: &Answer, to: &str) -> Outcome {
    let words = "(131047) the customer has not written for 24 hours: WhatsApp takes an approved template alone, and the message has none that it took (`whatsapp` in the head of its template)";
    Outcome::for_good(answer.failure(Some(words), to))
}

/// Nothing of this account's goes until somebody mends it: the message waits, or another provider takes it.
fn account(answer: &Answer, words: Option<&str>, to: &str) -> Outcome {
    let refused = "WhatsApp does not accept the credentials or the account";
    let words = match words {
        Some(words) => format!("{refused}: {words}"),
        None => refused.to_owned(),
    };
    Outcome::for_now(About::Trouble, answer.failure(Some(&words), to))
}

/// The words with the code in front, which some have already.
pub(super) fn coded(code: i64, words: &str) -> String {
    match words.strip_prefix(&format!("(#{code})")) {
        Some(rest) => format!("({code}) {}", rest.trim_start()),
        None => format!("({code}) {words}"),
    }
}
