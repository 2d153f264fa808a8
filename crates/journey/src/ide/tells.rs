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
        "hand_over" => &[
            ("matched", "whether the customer came back in time"),
            ("answer", "what the person has noted"),
            ("failed", "whether nobody could take over"),
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

#[cfg(test)]
mod tests {
    use crate::{
        diagnostic::SourceFile,
        workspace::{Options, TemplateCheck, compile},
    };

    /// A step with each verb that tells something.
    const STEPS: [(&str, &str); 7] = [
        ("send", "send: sms\n    template: t"),
        (
            "ask",
            "ask: chat\n    template: t\n    expect: text\n    within: 1d",
        ),
        ("wait_for", "wait_for: { event: e, within: 1d }"),
        ("split", "split: x\n    arms: { a: { weight: 1 } }"),
        (
            "repeat",
            "repeat: { every: 1d, times: 2, steps: [ { wait: 1h } ] }",
        ),
        ("call", "call: voucher"),
        ("hand_over", "hand_over: support\n    within: 1d"),
    ];

    fn codes(step: &str, name: &str) -> Vec<&'static str> {
        let id = if step.starts_with("split") {
            ""
        } else {
            "id: x\n    "
        };
        let text = format!(
            "journey: j\npurpose: service\nenter: {{ event: e }}\nsteps:\n  - {id}{step}\n  - if: steps.x.{name} != null\n    then: []\n"
        );
        let file = SourceFile {
            path: "journeys/j/journey.yaml".into(),
            text: text.into(),
        };
        let options = Options {
            templates: TemplateCheck::Ignored,
            ..Options::default()
        };
        compile(&[file], &options)
            .1
            .iter()
            .map(|d| d.code)
            .collect()
    }

    #[test]
    fn the_checker_knows_everything_that_is_offered() {
        for (verb, step) in STEPS {
            assert!(
                codes(step, "no_such").contains(&"J106"),
                "{verb} tells anything"
            );
            assert!(!super::of(verb).is_empty());
            for (name, _) in super::of(verb) {
                assert!(
                    !codes(step, name).contains(&"J106"),
                    "{verb} does not tell {name}"
                );
            }
        }
    }
}
