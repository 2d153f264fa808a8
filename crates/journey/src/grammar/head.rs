//! The head of a journey: who enters, what counts, who leaves.

use super::{
    Context, Form, PLAIN, Takes,
    takes::{Choice, Known, choice},
    word,
};

pub(super) static JOURNEY: Context = Context {
    name: "journey",
    what: "a journey",
    about: "Who enters, what happens to them, and when they leave",
    words: &[
        word(
            "journey",
            Takes::Slug,
            "The journey's name, which is its folder's",
            "journey: cart-rescue",
        )
        .needed(),
        word(
            "title",
            Takes::Text,
            "What people call it",
            "title: Rescue an abandoned cart",
        )
        .or_else("the name"),
        word(
            "owner",
            Takes::Text,
            "Whom to ask",
            "owner: crm@shop.example",
        ),
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "The consent purpose of every send that names none",
            "purpose: marketing",
        )
        .or_else("each send must name one"),
        word(
            "priority",
            Takes::Whole { min: 0, max: 100 },
            "Who goes first where sends contend",
            "priority: 40",
        )
        .or("50"),
        word(
            "tags",
            Takes::OneOrMore(&Takes::Slug),
            "What caps can count this journey by",
            "tags: [retention]",
        )
        .or_else("none"),
        word(
            "enter",
            Takes::OneOrMore(&Takes::Fields(&ENTRY)),
            "Who enters, and when",
            "enter: { event: cart.updated }",
        )
        .needed(),
        INSIDE,
        AGAIN,
        word(
            "goal",
            Takes::Fields(&GOAL),
            "What counts as success, also after leaving",
            "goal: { event: order.placed, within: 14d }",
        )
        .or_else("none"),
        word(
            "exit",
            Takes::OneOrMore(&Takes::Fields(&EXIT)),
            "What ends the journey at any moment, during any wait",
            "exit: { event: order.placed, as: bought }",
        )
        .or_else("none"),
        word(
            "migrate",
            Takes::Fields(&MIGRATE),
            "What becomes of customers in flight when this version is first published",
            "migrate: { from: 3, in_flight: move }",
        )
        .or_else("they finish on their version"),
        word(
            "steps",
            Takes::Steps,
            "What happens, one step after the other; may be empty: `[]`",
            "steps: [ { wait: 1d } ]",
        )
        .needed(),
    ],
    ..PLAIN
};

const INSIDE: super::Word = word(
    "inside",
    Takes::OneOf(INSIDES),
    "What the same key does while it is inside; holds for the whole journey",
    "inside: refresh",
)
.or("ignore");
const AGAIN: super::Word = word(
    "again",
    Takes::Either(AGAIN_TAKES),
    "Whether and when a customer may enter again; holds for the whole journey",
    "again: { after: 7d, per: customer }",
)
.or("always");

static INSIDES: &[Choice] = &[
    choice("ignore", "nothing"),
    choice("refresh", "it replaces `run.event`"),
    choice("restart", "it ends the run and begins another"),
];
static AGAIN_TAKES: &[Takes] = &[Takes::OneOf(AGAINS), Takes::Fields(&AFTER)];
static AGAINS: &[Choice] = &[
    choice("never", "once and never again, per key"),
    choice("always", "whenever no run of the key is inside"),
];

static AFTER: Context = Context {
    name: "again",
    what: "`again`",
    about: "How long after the last entry a customer may enter again",
    words: &[
        word(
            "after",
            Takes::Duration,
            "How long after the last entry",
            "after: 7d",
        )
        .needed(),
        word(
            "per",
            Takes::OneOf(PER),
            "Whether the last entry of the key counts, or of any key",
            "per: customer",
        )
        .or("key"),
    ],
    ..PLAIN
};
static PER: &[Choice] = &[
    choice("key", "for each key by itself"),
    choice("customer", "over all keys of the customer"),
];

const CONDITION: super::Word = word(
    "if",
    Takes::Expression,
    "Enters only if this holds",
    "if: event.total >= 20",
)
.or_else("always");
const KEY: super::Word = word(
    "key",
    Takes::Expression,
    "One run per customer and value; null does not enter",
    "key: event.cart_id",
)
.or_else("one run per customer");

const SEGMENT: super::Word = word(
    "segment",
    Takes::Ref(Known::Segment),
    "Whoever comes to belong to this segment, or belongs no longer",
    "segment: vip",
);

static ENTRY: Context = Context {
    name: "entry",
    what: "an entry",
    about: "One way into the journey",
    words: &[CONDITION, KEY, INSIDE, AGAIN],
    forms: &[
        // A schedule is over a segment: it comes first.
        Form {
            what: "an entry",
            head: word(
                "schedule",
                Takes::Ref(Known::Cron),
                "At these times, everybody or a segment: minute, hour, day of the month, month, day of the week",
                "schedule: 0 9 * * mon",
            ),
            words: &[
                word(
                    "zone",
                    Takes::ZoneName,
                    "The clock for all",
                    "zone: Europe/Paris",
                )
                .or_else("the default zone of the policies"),
                word(
                    "segment",
                    Takes::Ref(Known::Segment),
                    "Only those who belong to it",
                    "segment: vip",
                )
                .or_else("everybody"),
            ],
        },
        Form {
            what: "an entry",
            head: word(
                "event",
                Takes::Ref(Known::Event),
                "The event that enters",
                "event: cart.updated",
            ),
            words: &[word(
                "fresh",
                Takes::Duration,
                "How old the event may be",
                "fresh: 2h",
            )
            .or("1d")],
        },
        Form {
            what: "an entry",
            head: SEGMENT,
            words: &[
                word(
                    "change",
                    Takes::OneOf(CHANGES),
                    "Which change enters",
                    "change: left",
                )
                .or("entered"),
                word(
                    "backfill",
                    Takes::Truth,
                    "Whether those enter as well who belong when the journey is published",
                    "backfill: true",
                )
                .or("false"),
            ],
        },
        Form {
            what: "an entry",
            head: word(
                "date",
                Takes::Ref(Known::TraitPath),
                "A trait that holds a date or a moment",
                "date: customer.birthday",
            ),
            words: &[
                word("every", Takes::OneOf(EVERY), "Comes again", "every: year")
                    .or_else("once per date"),
                word(
                    "offset",
                    Takes::Offset,
                    "How long before (negative) or after; with `at`, days of the calendar",
                    "offset: -3d",
                )
                .or("0s"),
                word(
                    "at",
                    Takes::Time,
                    "At this time of the day",
                    "at: \"09:00\"",
                )
                .or_else("the moment's own time, or midnight"),
                word("zone", Takes::Zone, "Whose clock", "zone: customer").or("customer"),
            ],
        },
        Form {
            what: "an entry",
            head: word(
                "api",
                Takes::Just("true"),
                "Other journeys can `start` this one, and so can the API",
                "api: true",
            ),
            words: &[],
        },
    ],
    ..PLAIN
};
static CHANGES: &[Choice] = &[
    choice("entered", "belongs to it from now on"),
    choice("left", "belongs to it no longer"),
];
static EVERY: &[Choice] = &[choice(
    "year",
    "every year; 29 February is kept on 28 February",
)];

static GOAL: Context = Context {
    some: &["event", "if"],
    name: "goal",
    what: "a goal",
    about: "An event, a condition, or both; counts once per run",
    words: &[
        word(
            "event",
            Takes::Ref(Known::Event),
            "The event that counts",
            "event: order.placed",
        ),
        word(
            "if",
            Takes::Expression,
            "Counts only if this holds",
            "if: event.cart_id == run.key",
        ),
        word(
            "within",
            Takes::Duration,
            "How long after entry it counts, whether the customer has left or not",
            "within: 14d",
        )
        .or_else("while the customer is inside"),
    ],
    ..PLAIN
};

static EXIT: Context = Context {
    some: &["event", "if", "after"],
    name: "exit",
    what: "an exit",
    about: "Ends the journey by an event, a condition, or after the longest stay",
    words: &[
        word(
            "event",
            Takes::Ref(Known::Event),
            "The event that ends it",
            "event: order.placed",
        ),
        word(
            "if",
            Takes::Expression,
            "The condition that ends it; beside `event`, ends it only if this holds",
            "if: customer.do_not_disturb",
        ),
        word("after", Takes::Duration, "The longest stay", "after: 30d"),
        word(
            "as",
            Takes::Name,
            "The reason; `goal` counts a goal as well",
            "as: bought",
        )
        .or_else("the event's name, `too_long` for `after`; a condition must have one"),
    ],
    ..PLAIN
};

static MIGRATE: Context = Context {
    name: "migrate",
    what: "`migrate`",
    about: "What becomes of customers who are inside an older version",
    words: &[
        word(
            "from",
            Takes::Either(FROM),
            "The versions whose customers are meant",
            "from: 3",
        )
        .needed(),
        word(
            "in_flight",
            Takes::OneOf(IN_FLIGHT),
            "What becomes of them",
            "in_flight: move",
        )
        .or("finish"),
        word(
            "lost",
            Takes::OneOf(LOST),
            "What becomes of customers at a step that the new version does not have",
            "lost: exit",
        )
        .or("finish"),
    ],
    ..PLAIN
};
static FROM: &[Takes] = &[
    Takes::OneOrMore(&Takes::Whole {
        min: 1,
        max: u32::MAX,
    }),
    Takes::Just("any"),
];
static IN_FLIGHT: &[Choice] = &[
    choice("finish", "they finish on their version"),
    choice(
        "move",
        "they go on in this version, at the step of the same id and verb",
    ),
    choice("exit", "they leave"),
];
static LOST: &[Choice] = &[
    choice("finish", "they finish on their version"),
    choice("exit", "they leave"),
];
