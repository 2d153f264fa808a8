//! `journeys/NAME/tests.yaml`: tests in simulated time.

use super::{
    Context, PLAIN, Takes,
    takes::{CHANNEL, Known},
    word,
};

/// One test after the other.
pub(super) static STORIES: Takes = Takes::List(&Takes::Fields(&STORY));

static STORY: Context = Context {
    name: "test",
    what: "a test",
    about: "One story about one customer, and how it should end",
    words: &[
        word(
            "name",
            Takes::Text,
            "What it shows",
            "name: a buyer never hears from us",
        )
        .needed(),
        word(
            "at",
            Takes::Moment,
            "When it begins",
            "at: 2026-01-05T10:00+01:00",
        )
        .or_else("Monday, 2026-01-05 at 09:00 in the default zone"),
        word(
            "customer",
            Takes::Fields(&CUSTOMER),
            "Who it is about",
            "customer: { id: ana, country: FR }",
        )
        .or_else("somebody without traits and consents"),
        word(
            "arms",
            Takes::Named {
                name: Known::Step,
                value: &Takes::Ref(Known::Arm),
            },
            "Which arm of each split they are dealt to",
            "arms: { offer: reminder }",
        )
        .or_else("as the hash deals"),
        word(
            "events",
            Takes::List(&Takes::Fields(&HAPPENS)),
            "What happens to them",
            "events: [ { after: 1h, event: order.placed } ]",
        )
        .or_else("nothing"),
        word(
            "run_for",
            Takes::Duration,
            "How long the story runs",
            "run_for: 3d",
        )
        .or_else("until the last timer"),
        word(
            "expect",
            Takes::Fields(&OUTCOME),
            "How it should end",
            "expect: { end: bought }",
        )
        .needed(),
    ],
    ..PLAIN
};

static CUSTOMER: Context = Context {
    rest: Some(Takes::Anything),
    name: "customer",
    what: "a customer",
    about: "Traits by their names, and what the customer has agreed to and been sent",
    words: &[
        word("id", Takes::Text, "Who they are", "id: ana"),
        word(
            "consent",
            Takes::Named {
                name: Known::Purpose,
                value: &Takes::OneOrMore(&CHANNEL),
            },
            "The channels that they agreed to, by purpose",
            "consent: { marketing: [email] }",
        )
        .or_else("none"),
        word(
            "sent",
            Takes::List(&Takes::Fields(&SENT)),
            "What they have been sent before",
            "sent: [ { channel: email, purpose: marketing, ago: 1d } ]",
        )
        .or_else("nothing"),
    ],
    ..PLAIN
};

static SENT: Context = Context {
    name: "sent",
    what: "a message that was sent",
    about: "A message before the story begins, which caps count",
    words: &[
        word("channel", CHANNEL, "By which channel", "channel: email").needed(),
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "For which purpose",
            "purpose: marketing",
        )
        .needed(),
        word(
            "ago",
            Takes::Duration,
            "How long before the story begins",
            "ago: 1d",
        )
        .needed(),
    ],
    ..PLAIN
};

static HAPPENS: Context = Context {
    name: "happening",
    what: "an event of a test",
    about: "Something that happens to the customer",
    words: &[
        word(
            "after",
            Takes::Duration,
            "How long after the beginning",
            "after: 90m",
        )
        .or("0s"),
        word(
            "event",
            Takes::Ref(Known::Event),
            "The event",
            "event: order.placed",
        )
        .needed(),
        word(
            "with",
            Takes::Anything,
            "Its fields",
            "with: { cart_id: c1, total: 50 }",
        )
        .or_else("none"),
    ],
    ..PLAIN
};

static OUTCOME: Context = Context {
    name: "outcome",
    what: "what is expected",
    about: "How the story should end; lists are exact",
    words: &[
        word(
            "sends",
            Takes::List(&Takes::Anything),
            "The messages that leave, all of them",
            "sends: []",
        ),
        word(
            "suppressed",
            Takes::List(&Takes::Anything),
            "The messages that are held back, all of them",
            "suppressed: [ { step: nudge, reason: capped } ]",
        ),
        word(
            "end",
            Takes::Ref(Known::Reason),
            "The reason with which the customer leaves",
            "end: bought",
        ),
        word(
            "goal",
            Takes::Truth,
            "Whether the goal is counted",
            "goal: true",
        ),
    ],
    ..PLAIN
};
