//! What steps tell: `steps.ID.NAME`.

use std::sync::Arc;

use crate::message::Reason;

/// What a step with that verb tells, each with a sentence.
pub(super) fn of(verb: &str) -> &'static [(&'static str, &'static str)] {
    match verb {
        "send" => SENT,
        "ask" => ASKED,
        "wait_for" => &[("matched", "whether it came, or the time ran out")],
        "split" => &[("arm", "the arm that this customer got")],
        "repeat" => &[("round", "the number of the round, from 1")],
        "call" => &[
            ("answer", "what the endpoint answered"),
            ("failed", "whether no try had an answer"),
        ],
        _ => &[],
    }
}

const SENT: &[(&str, &str)] = &[
    (
        "sent",
        "whether it was decided to go; false again if it failed for good",
    ),
    ("delivered", "whether the provider says that it arrived"),
    ("opened", "whether it was opened"),
    ("clicked", "whether a link in it was clicked"),
    ("replied", "whether it was answered"),
    ("failed", "whether it failed for good"),
    ("suppressed", "whether a rule held it back"),
    ("reason", "the rule that held it back, or why it failed"),
];

const ASKED: &[(&str, &str)] = &[
    ("answer", "what was answered"),
    ("replied", "whether there was an answer"),
    ("sent", "whether the question was decided to go"),
    ("delivered", "whether the provider says that it arrived"),
    ("opened", "whether it was opened"),
    ("clicked", "whether a link in it was clicked"),
    ("failed", "whether it failed for good"),
    ("suppressed", "whether a rule held it back"),
    ("reason", "the rule that held it back, or why it failed"),
];

/// The values of `reason`.
pub(super) fn reasons() -> Vec<Arc<str>> {
    Reason::ALL.iter().map(|r| Arc::from(r.as_str())).collect()
}
