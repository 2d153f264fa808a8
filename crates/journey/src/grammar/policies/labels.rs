//! Labels: what data of some kinds may be used for.

use crate::grammar::{Context, PLAIN, Takes, takes::Known, word};

pub(super) static LABEL: Context = Context {
    name: "label",
    what: "a label",
    about: "What data of a kind may be used for",
    words: &[
        word(
            "about",
            Takes::Text,
            "What it means, for colleagues",
            "about: Says something of somebody's health",
        )
        .or_else("nothing"),
        word(
            "only_for",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "The only purposes that such data may be used for",
            "only_for: service",
        )
        .or_else("all, but those of `not_for`"),
        word(
            "not_for",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Purposes that such data may not be used for",
            "not_for: [marketing]",
        )
        .or_else("none"),
        word(
            "not_in",
            Takes::OneOrMore(&Takes::Ref(Known::Channel)),
            "Channels whose messages may not tell such data",
            "not_in: [sms, push]",
        )
        .or_else("none"),
        word(
            "only_to",
            Takes::OneOrMore(&Takes::Ref(Known::Endpoint)),
            "The only endpoints that such data may be passed on to; none with `[]`",
            "only_to: help_desk",
        )
        .or_else("all"),
    ],
    ..PLAIN
};
