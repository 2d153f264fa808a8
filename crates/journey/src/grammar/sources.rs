//! `config/content.yaml` and `config/vouchers.yaml`.

use super::{
    Context, PLAIN, Takes,
    takes::{Known, choice},
    word,
};

/// Sources by their names.
pub(super) const CONTENT: Takes = Takes::Named {
    name: Known::Source,
    value: &Takes::Fields(&SOURCE),
};

/// Pools by their names.
pub(super) const VOUCHERS: Takes = Takes::Named {
    name: Known::Pool,
    value: &Takes::Fields(&POOL),
};

static SOURCE: Context = Context {
    name: "source",
    what: "a source",
    about: "A service that is asked, by GET, when a message leaves whose template fetches from it",
    words: &[
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where it is; `{NAME}` behind the host stands for a parameter",
            "url: \"https://shop.example/stock/{sku}\"",
        )
        .needed(),
        word(
            "timeout",
            Takes::Duration,
            "How long it is waited for, ten seconds at the most",
            "timeout: 1s",
        )
        .or("2s"),
        word(
            "cache",
            Takes::Duration,
            "How long an answer is kept for the same address, a day at the most",
            "cache: 5m",
        )
        .or_else("each message asks anew"),
        word(
            "default",
            Takes::Anything,
            "What stands for its answer where it gives none",
            "default: { left: 0 }",
        )
        .or_else("the message is tried again later, and fails in the end"),
        word(
            "secret",
            Takes::Ref(Known::Environment),
            "The environment variable that holds the key with which requests are signed",
            "secret: STOCK_SECRET",
        )
        .or_else("requests are not signed"),
        word(
            "labels",
            Takes::OneOrMore(&Takes::Ref(Known::Label)),
            "What kind of data its answers are: labels of config/policies.yaml, and none with `[]`",
            "labels: [health]",
        )
        .or_else("those of its parameters"),
    ],
    ..PLAIN
};

static POOL: Context = Context {
    name: "pool",
    what: "a pool",
    about: "Codes that `parcours vouchers import` brings in, of which each is drawn once",
    words: &[
        word(
            "each",
            Takes::OneOf(&[
                choice("customer", "a customer keeps one code, in whatever journey"),
                choice(
                    "run",
                    "each way of a customer through a journey has its own",
                ),
                choice("message", "each message has its own"),
            ]),
            "What gets a code of its own, and the same one again",
            "each: run",
        )
        .or("customer"),
        word(
            "low",
            Takes::Whole {
                min: 0,
                max: 100_000,
            },
            "Below how many codes the log says that they run low",
            "low: 500",
        )
        .or_else("nothing is said"),
    ],
    ..PLAIN
};
