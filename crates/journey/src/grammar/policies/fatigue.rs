//! Fatigue: the pace of customers.

use crate::grammar::{
    Context, PLAIN, Takes,
    takes::{CHANNEL, Choice, Known, choice},
    word,
};

static HEEDS: &[Choice] = &[
    choice(
        "opened",
        "it was opened; mail programs may do so by themselves",
    ),
    choice("clicked", "a link in it was clicked"),
    choice("replied", "it was answered, and not by STOP"),
    choice("goal", "the goal of the journey that sent it was reached"),
];

static CAPPED: &[Choice] = &[
    choice("skip", "not sent, and the journey goes on"),
    choice("hold", "waits until there is room"),
    choice("fallback", "tries the next channel of the list"),
];

pub(super) static FATIGUE: Context = Context {
    name: "fatigue",
    what: "fatigue",
    about: "A cap of its own for each customer: who heeds nothing gets less",
    words: &[
        word(
            "max",
            Takes::Whole { min: 1, max: 100 },
            "How many messages fit for whoever heeds them",
            "max: 3",
        )
        .needed(),
        word(
            "per",
            Takes::Duration,
            "In what time, counted back from each message",
            "per: 7d",
        )
        .needed(),
        word(
            "after",
            Takes::Whole { min: 1, max: 100 },
            "After so many messages in a row that were not heeded within a day the pace halves, rounded up, and again after as many more",
            "after: 4",
        )
        .needed(),
        word(
            "least",
            Takes::Whole { min: 1, max: 100 },
            "How many messages fit at the least",
            "least: 1",
        )
        .or("1"),
        word(
            "rest",
            Takes::Duration,
            "How long the pace is the least after a complaint, or after a consent was withdrawn and not given again",
            "rest: 90d",
        )
        .or("90d"),
        word(
            "purposes",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Counts messages of these purposes, where they need consent",
            "purposes: [marketing]",
        )
        .or_else("all that need consent"),
        word(
            "channels",
            Takes::OneOrMore(&CHANNEL),
            "The channels on which opens, clicks and replies are reported: of others nobody knows that a message was not heeded",
            "channels: [email, push]",
        )
        .or("email"),
        word(
            "heeds",
            Takes::OneOrMore(&Takes::OneOf(HEEDS)),
            "What counts as heeding a message: any of these gives the full pace back",
            "heeds: [clicked, replied, goal]",
        )
        .or_else("all of them"),
        word(
            "capped",
            Takes::OneOf(CAPPED),
            "What a message too many does, unless the send says otherwise; nothing sends it all the same",
            "capped: skip",
        )
        .or_else("the default's word"),
    ],
    ..PLAIN
};
