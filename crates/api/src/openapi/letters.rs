//! Dead letters.

use serde_json::json;
use store::read::{LetterJob, LetterRow};
use uuid::Uuid;

use super::{
    events::{OF_CALLS, OF_CLOUD_EVENTS, OF_EVENTS},
    operation::{Operation, get, post},
};
use crate::{
    letters::{
        change::{Begun, Discarded, Done, HowOne, Many, WhyOne},
        list::{Causes, DeadLettersQuery, Letter},
    },
    page::Page,
};

const ID: &str = "The letter's id.";
const JOB: &str = "The replay's id.";

pub(super) fn all() -> Vec<Operation> {
    vec![
        get("/v1/dead-letters", "listDeadLetters", "What could not be read, or not be taken")
            .about("The newest first. Addresses and names are hidden from who lacks `customers:reveal`.")
            .query::<DeadLettersQuery>()
            .answers::<Page<LetterRow>>("One page.")
            .refuses(&["bad_cursor", "no_such_word"]),
        get("/v1/dead-letters/causes", "countDeadLetters", "How many there are, by cause and day")
            .answers::<Causes>("The counts, the latest day first."),
        get("/v1/dead-letters/{id}", "getDeadLetter", "One of them, with its body")
            .path::<Uuid>("id", ID)
            .answers::<Letter>("The letter.")
            .refuses(&["not_found"]),
        post("/v1/dead-letters/{id}/replay", "replayDeadLetter", "Submit one again, as it is or mended")
            .about("Under its event's own id, so that it takes effect once. One that is refused again stays open, with the new cause.")
            .path::<Uuid>("id", ID)
            .takes::<HowOne>(json!({ "note": "the total is a number now" }))
            .answers::<Done>("It was taken.")
            .refuses(&["bad_body", "not_found", "not_open", "schema"])
            .refuses(OF_EVENTS)
            .refuses(OF_CALLS)
            .refuses(OF_CLOUD_EVENTS),
        post("/v1/dead-letters/{id}/discard", "discardDeadLetter", "Discard one")
            .path::<Uuid>("id", ID)
            .takes::<WhyOne>(json!({ "reason": "a test of the shop's" }))
            .answers::<Done>("It is discarded.")
            .refuses(&["bad_body", "no_reason", "not_open"]),
        post("/v1/dead-letters/replay", "replayDeadLetters", "Have many submitted again")
            .about("Those that are open and that the filter lets through; an engine does it, one such replay at a time.")
            .takes::<Many>(json!({ "cause": "schema", "note": "the schema is mended" }))
            .answers_as::<Begun>(202, "application/json", "An engine takes it up.")
            .refuses(&["bad_body", "no_such_word", "replay_running"]),
        post("/v1/dead-letters/discard", "discardDeadLetters", "Discard many")
            .takes::<Many>(json!({ "name": "debug", "reason": "nobody listens to it" }))
            .answers::<Discarded>("They are discarded.")
            .refuses(&["bad_body", "no_such_word", "no_reason"]),
        get("/v1/dead-letters/jobs/{id}", "getReplay", "How far a replay is")
            .path::<Uuid>("id", JOB)
            .answers::<LetterJob>("The replay.")
            .refuses(&["not_found"]),
        post("/v1/dead-letters/jobs/{id}/cancel", "cancelReplay", "Have a replay end where it is")
            .path::<Uuid>("id", JOB)
            .answers::<LetterJob>("The replay, which is over.")
            .refuses(&["not_found", "not_running"]),
    ]
}
