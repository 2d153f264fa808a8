//! `journeys/NAME/tests.yaml`: tests in simulated time.

mod happens;
mod outcome;

use self::{happens::HAPPENS, outcome::OUTCOME};
use super::{
    Context, PLAIN, Takes,
    takes::{CHANNEL, Choice, Known, choice},
    word,
};

/// One test after the other.
pub(super) static STORIES: Takes = Takes::List(&Takes::Fields(&STORY));

static STORY: Context = Context {
    name: "test",
    what: "a test",
    about: "One story about one customer, and what should come of it",
    words: &[
        word(
            "name",
            Takes::Text,
            "What the journey promises",
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
            "with",
            Takes::OneOrMore(&Takes::Ref(Known::Journey)),
            "Other journeys that run beside this one",
            "with: [welcome]",
        )
        .or_else("none"),
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
            "fails",
            Takes::OneOrMore(&Takes::Either(FAILURES)),
            "Steps whose messages do not arrive",
            "fails: [nudge]",
        )
        .or_else("providers accept at once"),
        word(
            "calls",
            Takes::Named {
                name: Known::Endpoint,
                value: &Takes::Anything,
            },
            "What endpoints answer, by endpoint or step: fields, `fail` or `never`",
            "calls: { vouchers: { code: X1 } }",
        ),
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
            "How long the clock runs",
            "run_for: 3d",
        )
        .or_else("until nothing is pending"),
        word(
            "expect",
            Takes::Fields(&OUTCOME),
            "What should come of it",
            "expect: { end: bought }",
        )
        .needed(),
    ],
    ..PLAIN
};

static FAILURES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&FAILURE)];
static FAILURE: Context = Context {
    name: "failure",
    what: "a failure",
    about: "A message that the provider refuses for good",
    words: &[
        word(
            "step",
            Takes::Ref(Known::Step),
            "Whose message does not arrive",
            "step: nudge",
        )
        .needed(),
        word("channel", CHANNEL, "By this channel only", "channel: email").or_else("any"),
    ],
    ..PLAIN
};

static SOME_CHANNELS: &[Takes] = &[Takes::OneOrMore(&CHANNEL), Takes::OneOf(ALL)];
static ALL: &[Choice] = &[choice("all", "all channels")];
static REACHABLE: &[Takes] = &[Takes::OneOrMore(&CHANNEL), Takes::OneOf(ALL_OR_NONE)];
static ALL_OR_NONE: &[Choice] = &[choice("all", "all channels"), choice("none", "no channel")];
static CONSENT: &[Takes] = &[
    Takes::OneOrMore(&CHANNEL),
    Takes::OneOf(ALL),
    Takes::Named {
        name: Known::Channel,
        value: &Takes::OneOf(STATES),
    },
];
static STATES: &[Choice] = &[
    choice("granted", "given, and confirmed where that is asked for"),
    choice("unconfirmed", "given, but not confirmed"),
    choice("withdrawn", "withdrawn"),
];

static CUSTOMER: Context = Context {
    name: "customer",
    what: "a customer",
    about: "What they have agreed to and been sent; every other name is a trait",
    words: &[
        word("id", Takes::Text, "Who they are", "id: ana"),
        word(
            "consent",
            Takes::Named {
                name: Known::Purpose,
                value: &Takes::Either(CONSENT),
            },
            "The channels that they agreed to, by purpose",
            "consent: { marketing: [email] }",
        )
        .or_else("none"),
        word(
            "sent",
            Takes::OneOrMore(&Takes::Fields(&SENT_BEFORE)),
            "What they have been sent before, which caps count",
            "sent: [ { channel: email, purpose: marketing, ago: 1d } ]",
        )
        .or_else("nothing"),
        word(
            "reachable",
            Takes::Either(REACHABLE),
            "The channels that reach them",
            "reachable: [email]",
        )
        .or_else("all"),
        word(
            "control",
            Takes::Truth,
            "Whether they are in the control group of `config/policies.yaml`",
            "control: true",
        )
        .or("false"),
        word(
            "traits",
            Takes::Anything,
            "Traits by name, where one is called like a word of this list",
            "traits: { country: FR }",
        )
        .or_else("none"),
    ],
    rest: Some(Takes::Anything),
    ..PLAIN
};

static SENT_BEFORE: Context = Context {
    name: "sent_before",
    what: "a message of before",
    about: "A message of the time before the test",
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
            "How long before the test it went",
            "ago: 1d",
        )
        .needed(),
        word(
            "journey",
            Takes::Ref(Known::Journey),
            "Which journey sent it",
            "journey: welcome",
        ),
        word(
            "heeded",
            Takes::Truth,
            "Whether the customer opened or answered it, for `fatigue`",
            "heeded: true",
        )
        .or("false"),
    ],
    ..PLAIN
};
