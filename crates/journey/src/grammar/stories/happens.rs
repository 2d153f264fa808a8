//! What happens in a test.

use super::{
    super::{Context, Form, PLAIN, Takes, Word, takes::Known, word},
    SOME_CHANNELS,
};

const AFTER: Word = word(
    "after",
    Takes::Duration,
    "How long after the test begins",
    "after: 90m",
)
.or_else("together with the one before");
const AT: Word = word(
    "at",
    Takes::Moment,
    "At what time, instead of `after`",
    "at: \"10:00\"",
);
const STEP: Takes = Takes::Ref(Known::Step);
static REPLY_TAKES: &[Takes] = &[Takes::Text, Takes::Fields(&REPLY)];
static CONSENT_TAKES: &[Takes] = &[Takes::Ref(Known::Purpose), Takes::Fields(&CONSENT_GIVEN)];
static HANDED_BACK_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&HANDED_BACK)];

/// A form without more words than its first.
macro_rules! happens {
    ($name:literal, $takes:expr, $about:literal, $example:literal $(, $more:expr)*) => {
        Form {
            what: "an entry of `events`",
            head: word($name, $takes, $about, $example),
            words: &[$($more),*],
        }
    };
}

pub(super) static HAPPENS: Context = Context {
    name: "happening",
    what: "an entry of `events`",
    about: "One thing that happens",
    words: &[AFTER, AT],
    forms: &[
        happens!(
            "event",
            Takes::Ref(Known::Event),
            "An event comes in",
            "event: order.placed",
            word(
                "with",
                Takes::Anything,
                "Its fields",
                "with: { cart_id: c1, total: 50 }"
            )
            .or_else("none"),
            word(
                "traits",
                Takes::Anything,
                "Traits that it brings along",
                "traits: { country: FR }"
            )
            .or_else("none")
        ),
        happens!(
            "opens",
            STEP,
            "The customer opens that step's message",
            "opens: nudge"
        ),
        happens!(
            "clicks",
            STEP,
            "The customer clicks in that step's message",
            "clicks: nudge"
        ),
        happens!(
            "delivered",
            STEP,
            "That step's message arrives",
            "delivered: nudge"
        ),
        happens!(
            "replies",
            Takes::Either(REPLY_TAKES),
            "The customer writes",
            "replies: \"Yes, please\""
        ),
        happens!(
            "bounces",
            Takes::Text,
            "An address turns out to be no good: of a channel, or of that step's message",
            "bounces: email"
        ),
        happens!(
            "complains",
            Takes::Text,
            "The customer reports a message as spam: by a channel, or of that step",
            "complains: email"
        ),
        happens!(
            "grants",
            Takes::Either(CONSENT_TAKES),
            "The customer gives a consent",
            "grants: marketing"
        ),
        happens!(
            "withdraws",
            Takes::Either(CONSENT_TAKES),
            "The customer takes a consent back",
            "withdraws: marketing"
        ),
        happens!(
            "hands_back",
            Takes::Either(HANDED_BACK_TAKES),
            "A person hands the customer back",
            "hands_back: person"
        ),
        happens!(
            "starts",
            Takes::Anything,
            "The API starts the journey, with these fields",
            "starts: { cart_id: c1 }"
        ),
        happens!(
            "traits",
            Takes::Anything,
            "Traits of the customer change",
            "traits: { vip: true }"
        ),
    ],
    ..PLAIN
};

static REPLY: Context = Context {
    name: "reply",
    what: "a reply",
    about: "An answer to a message",
    words: &[
        word("to", STEP, "Which step's message is answered", "to: nudge").needed(),
        word(
            "text",
            Takes::Text,
            "What the customer writes",
            "text: \"Yes, please\"",
        )
        .or_else("nothing that can be read"),
    ],
    ..PLAIN
};

static HANDED_BACK: Context = Context {
    name: "hand_back",
    what: "a hand-back",
    about: "A person is done with a customer",
    words: &[
        word("step", STEP, "Which step had handed over", "step: person").needed(),
        word(
            "answer",
            Takes::Anything,
            "What came of it",
            "answer: { solved: true }",
        )
        .or_else("nothing"),
    ],
    ..PLAIN
};

static CONSENT_GIVEN: Context = Context {
    name: "consent",
    what: "a consent",
    about: "A consent that changes",
    words: &[
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "What it is for",
            "purpose: marketing",
        )
        .needed(),
        word(
            "channels",
            Takes::Either(SOME_CHANNELS),
            "On which channels",
            "channels: [email]",
        )
        .or_else("all"),
        word(
            "confirmed",
            Takes::Truth,
            "Whether a given consent is confirmed",
            "confirmed: false",
        )
        .or("true"),
    ],
    ..PLAIN
};
