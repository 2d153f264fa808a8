//! The words of `wait`, `wait_for` and `repeat`.

use super::{
    Context, Form, PLAIN, Takes, Word,
    takes::{Choice, Known, choice},
    word,
};

const ZONE: Word = word("zone", Takes::Zone, "Whose clock", "zone: customer").or("customer");
const DAYS: Word = word(
    "days",
    Takes::OneOrMore(&Takes::Day),
    "On these days only",
    "days: [mon-fri]",
)
.or_else("every day");

pub(super) static WAIT: Context = Context {
    name: "wait",
    what: "a `wait`",
    about: "A length of time, or until a moment, a time or a window",
    words: &[DAYS, ZONE],
    forms: &[
        Form {
            what: "a `wait`",
            head: word("for", Takes::Duration, "How long", "for: 1d"),
            words: &[word(
                "at",
                Takes::Hours,
                "Then until this time or window",
                "at: \"09:00\"",
            )
            .or_else("at once")],
        },
        Form {
            what: "a `wait`",
            head: word(
                "until",
                Takes::Until,
                "A moment, a time of day, or a window; inside a window the wait is over at once",
                "until: \"09:00-20:00\"",
            ),
            words: &[
                word(
                    "offset",
                    Takes::Offset,
                    "Added to the moment",
                    "offset: -3d",
                )
                .or("0s"),
                word(
                    "at",
                    Takes::Hours,
                    "Beside a moment: then until this time or window",
                    "at: \"10:00\"",
                )
                .or_else("at once"),
                word(
                    "missed",
                    Takes::Either(&[Takes::OneOf(MISSED), Takes::Steps]),
                    "What a moment does that is null or past",
                    "missed: exit",
                )
                .or("go_on"),
            ],
        },
    ],
    ..PLAIN
};
static MISSED: &[Choice] = &[
    choice("go_on", "the journey goes on at once"),
    choice("exit", "the customer leaves with the reason `missed`"),
];

const WITHIN: Word = word(
    "within",
    Takes::Duration,
    "How long it waits at most",
    "within: 2h",
)
.or_else("for ever");

pub(super) static WAIT_FOR: Context = Context {
    some: &["event", "if", "any"],
    name: "wait_for",
    what: "a `wait_for`",
    about: "An event, a condition, or both; or any of several",
    words: &[
        word(
            "event",
            Takes::Ref(Known::Event),
            "The event that it waits for",
            "event: order.placed",
        ),
        word(
            "if",
            Takes::Expression,
            "The condition that it waits for; beside `event`, only if this holds",
            "if: event.cart_id == run.key",
        ),
        word(
            "any",
            Takes::List(&Takes::Fields(&ANY)),
            "Several, of which the first that comes is taken",
            "any: [ { event: order.placed, then: [] } ]",
        ),
        WITHIN,
    ],
    ..PLAIN
};

static ANY: Context = Context {
    some: &["event", "if"],
    name: "any",
    what: "something to wait for",
    about: "One of several things to wait for",
    words: &[
        word(
            "event",
            Takes::Ref(Known::Event),
            "The event that it waits for",
            "event: order.placed",
        ),
        word(
            "if",
            Takes::Expression,
            "The condition that it waits for; beside `event`, only if this holds",
            "if: event.cart_id == run.key",
        ),
        word(
            "then",
            Takes::Steps,
            "What happens if this one comes",
            "then: [ { exit: bought } ]",
        )
        .or_else("the journey goes on"),
    ],
    ..PLAIN
};

pub(super) static REPEAT: Context = Context {
    name: "repeat",
    what: "a `repeat`",
    about: "Steps that are repeated, so many times at most",
    words: &[
        word(
            "every",
            Takes::Duration,
            "From the start of one round to the start of the next",
            "every: 7d",
        )
        .needed(),
        word(
            "times",
            Takes::Whole { min: 1, max: 366 },
            "How many rounds at most",
            "times: 3",
        )
        .needed(),
        word(
            "until",
            Takes::Expression,
            "Ends it; looked at before each later round",
            "until: steps.remind.clicked",
        )
        .or_else("all rounds"),
        word(
            "steps",
            Takes::Steps,
            "The steps of a round",
            "steps: [ { send: email, template: replenish/remind } ]",
        )
        .needed(),
    ],
    ..PLAIN
};
