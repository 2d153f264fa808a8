//! Messages: what was decided, and why.

use journey::explain::Explanation;
use store::read::{MessageRow, MessageView};
use uuid::Uuid;

use super::{
    operation::{Operation, get},
    words::{Header, LANGUAGE},
};
use crate::{
    page::Page,
    support::{MessagesQuery, OfQuery, WhyQuery},
};

const ID: &str = "The message's id.";
const SLOW: &str =
    "Without the customer it scans, for 3 s at the most: past that it is 503 and says to name one.";

pub(super) fn all() -> Vec<Operation> {
    vec![
        get(
            "/v1/messages",
            "listMessages",
            "Decisions to send and not to send",
        )
        .about(format!("The newest first. {SLOW}"))
        .query::<MessagesQuery>()
        .answers::<Page<MessageRow>>("One page.")
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
