//! Frequency caps.

use crate::grammar::{
    Context, PLAIN, Takes,
    sends::CAPPED,
    takes::{CHANNEL, Choice, Known, choice},
    word,
};

static WINDOWS: &[Choice] = &[
    choice("rolling", "counts back from each message"),
    choice("calendar", "counts between the midnights of a zone"),
];

static PERIODS: &[Choice] = &[
    choice("day", "from midnight"),
    choice("week", "from Monday"),
    choice("month", "from the first"),
];

pub(super) static CAP: Context = Context {
    name: "cap",
    what: "a cap",
    about: "So many messages in so much time",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when it holds a message back",
            "name: marketing_week",
        )
        .needed(),
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "Counts messages of this purpose only",
            "purpose: marketing",
        )
        .or_else("all that need consent"),
        word(
            "channel",
            CHANNEL,
            "Counts messages by this channel only",
            "channel: sms",
        )
        .or_else("all"),
        word(
            "journey",
            Takes::Ref(Known::Journey),
            "Counts messages of this journey only",
            "journey: win-back",
        )
        .or_else("all"),
        word(
            "tag",
            Takes::Ref(Known::Tag),
            "Counts messages of journeys with this tag only",
            "tag: retention",
        )
        .or_else("all"),
        word(
            "max",
            Takes::Whole {
                min: 0,
                max: 1_000_000,
            },
            "How many messages fit",
            "max: 3",
        )
        .needed(),
        word(
            "per",
            Takes::Either(&[Takes::Duration, Takes::OneOf(PERIODS)]),
            "A duration for a rolling window, a period for a calendar one",
            "per: 7d",
        )
        .needed(),
        word(
            "window",
            Takes::OneOf(WINDOWS),
            "How `per` is counted",
            "window: rolling",
        )
        .needed(),
        word(
            "zone",
            Takes::Zone,
            "Whose midnight, for a calendar window",
            "zone: customer",
        )
        .or("customer"),
        word(
            "capped",
            Takes::OneOf(CAPPED),
            "What a message too many does, unless the send says otherwise",
            "capped: skip",
        )
        .or_else("the default's word"),
    ],
    ..PLAIN
};
