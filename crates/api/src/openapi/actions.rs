//! What support does to a customer.

use serde_json::json;
use uuid::Uuid;

use super::{
    operation::{Operation, get, post},
    words::{Header, KEY, Key, LANGUAGE, Part},
};
use crate::{
    actions::bodies::{ActionAsked, ActionReason, MoveToVersion, OptOutOf},
    support::{Entry, LanguageQuery},
};

/// What every action may be refused for, beside what is its own.
const ANY: &[&str] = &[
    "bad_body",
    "idempotency_key",
    "idempotency_key_in_use",
    "idempotency_key_reused",
    "not_found",
    "reason",
    "schema",
];
const RUN: &str = "The run's id.";

/// It is decided by the customer's next turn; the answer says under which id.
fn asked(operation: Operation) -> Operation {
    operation
        .path::<Part>("key", KEY)
        .header::<Key>(
            "Idempotency-Key",
            "Another one for each action, such as a UUID: the same twice is one action.",
        )
        .by_write_key()
        .answers_as::<ActionAsked>(
            202,
            "application/json",
            "It is on its way; `GET …/inputs/{id}` says what came of it.",
        )
        .refuses(ANY)
}

fn on_run(operation: Operation) -> Operation {
    let example = json!({ "reason": "asked for by phone" });
    asked(operation)
        .path::<Uuid>("run", RUN)
        .takes::<ActionReason>(example)
        .refuses(&["run_over"])
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        on_run(post("/v1/customers/{key}/runs/{run}/pause", "pauseRun", "Pause a run"))
            .about("It stays where it is until a person lets it go on; its time stands still, and exits still end it.")
            .refuses(&["paused"]),
        on_run(post("/v1/customers/{key}/runs/{run}/resume", "resumeRun", "Let a paused run go on"))
            .about("With its journey, if that is paused as well.")
            .refuses(&["not_paused", "journey_paused"]),
        on_run(post("/v1/customers/{key}/runs/{run}/advance", "advanceRun", "Skip the wait of a run"))
            .about("As if its time had come. What a rule holds back stays held.")
            .refuses(&["held", "not_waiting", "paused"]),
        on_run(post("/v1/customers/{key}/runs/{run}/exit", "exitRun", "Take a customer out of a journey"))
            .about("The run leaves as `by_hand`; what has not left is taken back."),
        asked(post("/v1/customers/{key}/runs/{run}/move", "moveRun", "Move a run to another version"))
            .about("To the same step of that version of its journey.")
            .path::<Uuid>("run", RUN)
            .takes::<MoveToVersion>(json!({ "version": 3, "reason": "version 2 has the wrong prices" }))
            .refuses(&["no_such_version", "run_over", "same_version"]),
        asked(post("/v1/customers/{key}/messages/{id}/resend", "resendMessage", "Send a failed message again"))
            .about("A decision of its own, under the rules of now: consent, caps and quiet hours hold.")
            .path::<Uuid>("id", "The message's id.")
            .takes::<ActionReason>(json!({ "reason": "the address is mended" }))
            .refuses(&["not_failed", "written_by_a_person"]),
        asked(post("/v1/customers/{key}/opt-out", "optOut", "Withdraw a consent on a customer's word"))
            .about("As `consent.withdrawn` with `how: support`.")
            .takes::<OptOutOf>(json!({ "purpose": "marketing", "channel": "sms", "reason": "said so on the phone" }))
            .refuses(&["needs_no_consent", "no_such_purpose"]),
        get("/v1/customers/{key}/inputs/{id}", "getInput", "One entry of a timeline")
            .about("404 until it is decided.")
            .path::<Part>("key", KEY)
            .path::<Uuid>("id", "The input's id.")
            .query::<LanguageQuery>()
            .header::<Header>("Accept-Language", LANGUAGE)
            .answers::<Entry>("It, and what was decided on it.")
            .refuses(&["not_found"]),
    ]
}
