//! Messages: what was decided, and why.

use journey::explain::Explanation;
use store::read::{MessageRow, MessageView, RunRow};
use uuid::Uuid;

use super::{
    operation::{Operation, get},
    words::{Header, LANGUAGE},
};
use crate::{
    page::Page,
    support::{
        OfQuery, WhyQuery,
        lists::{FunnelAnswer, FunnelQuery, MessageListQuery, RunListQuery},
    },
};

const ID: &str = "The message's id.";
const SLOW: &str = "Without the customer a rare one may take long, 3 s at the most: past that it is 503 and says to name one.";

pub(super) fn all() -> Vec<Operation> {
    vec![
        get(
            "/v1/messages",
            "listMessages",
            "Decisions to send and not to send",
        )
        .about(format!("The newest first. {SLOW}"))
        .query::<MessageListQuery>()
        .answers::<Page<MessageRow>>("One page.")
        .refuses(&["bad_cursor", "no_such_word"]),
        get(
            "/v1/messages/funnel",
            "getFunnel",
            "What became of messages, from the decision to the click",
        )
        .about("Of those decided on these days (UTC); the last 30 unless they are said. Counted exactly, as it happens.")
        .query::<FunnelQuery>()
        .answers::<FunnelAnswer>("The counts.")
        .refuses(&["no_such_word"]),
        get("/v1/runs", "listRuns", "Who is in which journey, and at which step")
            .about("In order of customer, not of time.")
            .query::<RunListQuery>()
            .answers::<Page<RunRow>>("One page.")
            .refuses(&["bad_cursor"]),
        get(
            "/v1/messages/{id}",
            "getMessage",
            "One decision, with its refusals and their evidence",
        )
        .about(SLOW)
        .path::<Uuid>("id", ID)
        .query::<OfQuery>()
        .answers::<MessageView>("The message.")
        .tagged()
        .refuses(&["not_found"]),
        get(
            "/v1/messages/{id}/why",
            "explainMessage",
            "Why a message went, or did not",
        )
        .about(format!(
            "In words: a sentence, the rule, the evidence, and what would change it. {SLOW}"
        ))
        .path::<Uuid>("id", ID)
        .query::<WhyQuery>()
        .header::<Header>("Accept-Language", LANGUAGE)
        .answers::<Explanation>("The explanation.")
        .refuses(&["not_found"]),
    ]
}
