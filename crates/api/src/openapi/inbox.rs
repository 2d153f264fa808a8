//! The inbox: what waits for people.

use serde_json::json;
use store::read::InboxItem;
use uuid::Uuid;

use super::{
    operation::{Operation, get, post},
    words::{Header, IF_MATCH, Key},
};
use crate::{
    inbox::{Ending, InboxEntry, Line},
    page::Page,
    support::ListQuery,
};

const CUSTOMER: &str = "The customer's id.";
const CALL: &str = "The call that asks for it.";

pub(super) fn all() -> Vec<Operation> {
    let item = |operation: Operation| {
        operation
            .path::<Uuid>("customer", CUSTOMER)
            .path::<Uuid>("call", CALL)
    };
    vec![
        get("/v1/inbox", "listInbox", "Hand-overs and tasks that wait for people")
            .about("What has waited longest comes first.")
            .query::<ListQuery>()
            .answers::<Page<InboxItem>>("One page.")
            .refuses(&["bad_cursor"]),
        item(get("/v1/inbox/{customer}/{call}", "getInboxItem", "One of them, done or not, and the conversation"))
            .answers::<InboxEntry>("It, and the last things that were said.")
            .tagged()
            .refuses(&["not_found"]),
        item(post("/v1/inbox/{customer}/{call}/say", "sayToCustomer", "Write to a customer who was handed over"))
            .about("The line goes by `chat` or `sms`, and stands in the conversation. The same `Idempotency-Key` twice is one line.")
            .needs_header::<Key>("Idempotency-Key", "Another one for each line, such as a UUID.")
            .by_write_key()
            .takes::<Line>(json!({ "text": "Good morning! I have found your parcel.", "channel": "chat" }))
            .answers_nothing(202, "The line is on its way.")
            .refuses(&["bad_body", "channel", "idempotency_key", "not_found", "over", "task", "text", "schema"]),
        item(post("/v1/inbox/{customer}/{call}/end", "endInboxItem", "Hand a customer back, or say that a task is done"))
            .about("Once: what is over already is 409 `over`.")
            .header::<Header>("If-Match", IF_MATCH)
            .by_write_key()
            .takes::<Ending>(json!({ "answer": "replaced" }))
            .answers_nothing(202, "It is over; the journey goes on.")
            .refuses(&["bad_body", "changed", "not_found", "over", "schema"])
            .refuses(&["too_deep", "too_many_fields"]),
    ]
}
