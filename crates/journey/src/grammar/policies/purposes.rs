//! What messages are for, and who gets none of it.

use crate::grammar::{
    Context, PLAIN, Takes,
    sends::LABEL,
    takes::{Choice, Known, choice},
    word,
};

static CONSENTS: &[Choice] = &[
    choice("none", "part of a contract or a duty: no consent needed"),
    choice("opt_out", "allowed until withdrawn"),
    choice("opt_in", "allowed once given"),
    choice("double_opt_in", "allowed once given and confirmed"),
];

static BASES: &[Choice] = &[
    choice("consent", "the customer agreed"),
    choice("contract", "a contract with the customer asks for it"),
    choice("legal_obligation", "the law asks for it"),
    choice(
        "legitimate_interest",
        "an interest of the shop's, until the customer objects",
    ),
];

static TRACKED: &[Choice] = &[
    choice("opens", "a picture of one pixel tells that it is shown"),
    choice(
        "clicks",
        "links lead past the engine, which tells which was followed",
    ),
];

pub(super) static PURPOSE: Context = Context {
    name: "purpose",
    what: "a purpose",
    about: "Why messages are sent",
    words: &[
        word(
            "consent",
            Takes::OneOf(CONSENTS),
            "The consent that it needs",
            "consent: opt_in",
        )
        .needed(),
        word(
            "basis",
            Takes::OneOf(BASES),
            "What makes it lawful",
            "basis: consent",
        )
        .or_else("`contract` without consent, `legitimate_interest` by opt-out, else `consent`"),
        word(
            "title",
            Takes::Either(LABEL),
            "What customers read it is called; one text, or one per locale",
            "title: { en: News and offers, fr: Actualités et offres }",
        )
        .or_else("its name"),
        word(
            "about",
            Takes::Either(LABEL),
            "What customers read of it, in a sentence; one text, or one per locale",
            "about: { en: \"Twice a month at most.\" }",
        )
        .or_else("nothing"),
        word(
            "channels",
            Takes::Named {
                name: Known::Channel,
                value: &Takes::OneOf(CONSENTS),
            },
            "Channels that need another consent",
            "channels: { email: double_opt_in }",
        )
        .or_else("all the same"),
        word(
            "overrides",
            Takes::Truth,
            "Whether steps may `send` past caps and quiet hours",
            "overrides: true",
        )
        .or_else("only where `consent` is `none`"),
        word(
            "personal",
            Takes::Truth,
            "Whether what customers bought and did decides what they get: who wants nothing of the kind gets none of it",
            "personal: false",
        )
        .or_else("`true`"),
        word(
            "while_restricted",
            Takes::Truth,
            "Whether it goes also to customers whose processing is restricted",
            "while_restricted: true",
        )
        .or("false"),
        word(
            "track",
            Takes::OneOrMore(&Takes::OneOf(TRACKED)),
            "What customers do with its mails that is told, of those who have said yes to the purpose themselves",
            "track: [opens, clicks]",
        )
        .or_else("nothing"),
    ],
    ..PLAIN
};

pub(super) static CONTROL_GROUP: Context = Context {
    name: "control_group",
    what: "the control group",
    about: "Customers who get none of some purposes",
    words: &[
        word(
            "percent",
            Takes::Number,
            "How many of a hundred customers, to two decimals, above 0 and at most 50",
            "percent: 5",
        )
        .needed(),
        word(
            "purposes",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "What they get none of",
            "purposes: [marketing]",
        )
        .or_else("all that need consent"),
        word(
            "salt",
            Takes::Text,
            "Another word draws other customers",
            "salt: spring",
        )
        .or_else("always the same"),
    ],
    ..PLAIN
};
