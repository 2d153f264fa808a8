//! The words of messages: `send`, `ask`, and what policies share with them.

use super::{
    Context, PLAIN, Takes, Word,
    takes::{CHANNEL, Choice, Known, choice},
    word,
};

pub(super) static CAPPED: &[Choice] = &[
    choice("skip", "not sent, and the journey goes on"),
    choice("hold", "waits until the cap allows it"),
    choice("fallback", "tries the next channel of the list"),
    choice("send", "sent all the same, where the purpose permits"),
];
pub(super) static QUIET: &[Choice] = &[
    choice("skip", "not sent, and the journey goes on"),
    choice("hold", "waits until the quiet hours are over"),
    choice("fallback", "tries the next channel of the list"),
    choice("send", "sent all the same, where the purpose permits"),
];

/// One channel, or several in the order of fallback.
pub(super) const CHANNELS: Takes = Takes::OneOrMore(&CHANNEL);

pub(super) const TEMPLATE: Word = word(
    "template",
    Takes::Ref(Known::Template),
    "The folder under `templates/` that holds the message",
    "template: cart/nudge",
)
.needed();
pub(super) const WITH: Word = word(
    "with",
    Takes::GivenMap,
    "Named values for the template, as they are at the decision",
    "with: { cart: run.event, code: run.code }",
)
.or_else("none");
pub(super) const PURPOSE: Word = word(
    "purpose",
    Takes::Ref(Known::Purpose),
    "The consent purpose",
    "purpose: service",
)
.or_else("the journey's");
pub(super) const CAPPED_WORD: Word = word(
    "capped",
    Takes::OneOf(CAPPED),
    "What happens if a cap is used up",
    "capped: skip",
)
.or_else("the cap's word, else the default's");
pub(super) const QUIET_WORD: Word = word(
    "quiet",
    Takes::OneOf(QUIET),
    "What happens in quiet hours",
    "quiet: hold",
)
.or_else("the quiet hours' word, else the default's");
pub(super) const EXPIRES: Word = word(
    "expires",
    Takes::Duration,
    "How long after the first decision it may still go",
    "expires: 24h",
)
.or_else("for ever");

pub(super) static LABEL: &[Takes] = &[
    Takes::Text,
    Takes::Named {
        name: Known::Locale,
        value: &Takes::Text,
    },
];

pub(super) static OPTION: Context = Context {
    name: "option",
    what: "an answer",
    about: "One answer that can be chosen",
    words: &[
        word(
            "label",
            Takes::Either(LABEL),
            "What the customer reads; one text, or one per locale",
            "label: Talk to a person",
        )
        .needed(),
        word(
            "synonyms",
            Takes::OneOrMore(&Takes::Text),
            "Other words that mean the same",
            "synonyms: [agent, human]",
        )
        .or_else("none"),
        word(
            "then",
            Takes::Steps,
            "What happens if it is chosen",
            "then: [ { exit: silent } ]",
        )
        .or_else("the journey goes on"),
    ],
    ..PLAIN
};

pub(super) static EXPECTED: &[Choice] = &[
    choice("text", "any words"),
    choice("number", "a number"),
    choice("date", "a date"),
    choice("email", "an e-mail address"),
];

pub(super) static EXPECT: Context = Context {
    name: "expect",
    what: "`expect`",
    about: "What kind of answer is expected, with its bounds",
    words: &[word(
        "number",
        Takes::Fields(&BOUNDS),
        "A number within bounds",
        "number: { min: 0, max: 10 }",
    )
    .needed()],
    ..PLAIN
};

static BOUNDS: Context = Context {
    name: "bounds",
    what: "a number",
    about: "Bounds of a number",
    words: &[
        word("min", Takes::Number, "The least", "min: 0"),
        word("max", Takes::Number, "The most", "max: 10"),
    ],
    ..PLAIN
};

pub(super) const KEY: Word = word(
    "key",
    Takes::Given,
    "Sends once per customer and value, ever, over all journeys; null is no limit",
    "key: run.event.order_id",
)
.or_else("no limit");
