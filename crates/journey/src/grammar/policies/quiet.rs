//! Quiet hours, send windows and holidays.

use crate::grammar::{
    Context, PLAIN, Takes,
    sends::QUIET,
    takes::{CHANNEL, Known},
    word,
};

pub(super) static DATES: &[Takes] = &[
    Takes::OneOrMore(&Takes::Text),
    Takes::Named {
        name: Known::Year,
        value: &Takes::OneOrMore(&Takes::Text),
    },
];

pub(super) static QUIET_HOURS: Context = Context {
    name: "quiet_hours",
    what: "quiet hours",
    about: "No sends by these channels between these times",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when they hold a message back",
            "name: night",
        )
        .needed(),
        word(
            "channels",
            Takes::OneOrMore(&CHANNEL),
            "The channels that keep quiet",
            "channels: [sms, push]",
        )
        .or_else("all"),
        word(
            "from",
            Takes::Time,
            "When they begin, local time",
            "from: \"21:00\"",
        )
        .needed(),
        word(
            "to",
            Takes::Time,
            "When they end, local time; may be on the next day",
            "to: \"08:00\"",
        )
        .needed(),
        word("zone", Takes::Zone, "Whose time", "zone: customer").or("customer"),
        word(
            "quiet",
            Takes::OneOf(QUIET),
            "What they do to a message, unless the send says otherwise",
            "quiet: hold",
        )
        .or_else("the default's word"),
        word(
            "except",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Purposes that they do not touch",
            "except: [service]",
        )
        .or_else("none"),
        word(
            "days",
            Takes::OneOrMore(&Takes::Day),
            "The days on which they begin",
            "days: [sat, sun]",
        )
        .or_else("all; with `holidays`, only those"),
        word(
            "holidays",
            Takes::Truth,
            "Whether they begin on holidays, too",
            "holidays: true",
        )
        .or_else("holidays are days like any other"),
    ],
    ..PLAIN
};

pub(super) static SEND_WINDOW: Context = Context {
    name: "send_window",
    what: "a send window",
    about: "Messages go between these times, and at no other time",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when it holds a message back",
            "name: office",
        )
        .needed(),
        word(
            "channels",
            Takes::OneOrMore(&CHANNEL),
            "The channels that keep to it",
            "channels: [sms]",
        )
        .or_else("all"),
        word(
            "from",
            Takes::Time,
            "When it opens, local time",
            "from: \"09:00\"",
        )
        .needed(),
        word(
            "to",
            Takes::Time,
            "When it closes, local time; may be on the next day",
            "to: \"18:00\"",
        )
        .needed(),
        word(
            "days",
            Takes::OneOrMore(&Takes::Day),
            "The days on which it opens",
            "days: mon-fri",
        )
        .or_else("all"),
        word(
            "holidays",
            Takes::Truth,
            "Whether it opens on holidays",
            "holidays: false",
        )
        .or("true"),
        word("zone", Takes::Zone, "Whose time", "zone: customer").or("customer"),
        word(
            "quiet",
            Takes::OneOf(QUIET),
            "What happens to a message outside of it, unless the send says otherwise",
            "quiet: hold",
        )
        .or_else("the default's word"),
        word(
            "except",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Purposes that do not keep to it",
            "except: [service]",
        )
        .or_else("none"),
    ],
    ..PLAIN
};
