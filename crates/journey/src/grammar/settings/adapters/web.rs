//! The chat widget on the shop's pages.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CONCURRENCY, LIMITED, NAME,
};

pub(super) static WEB: Context = Context {
    name: "web",
    what: "the chat widget",
    about: "The chat widget on the shop's own pages",
    words: &[
        NAME.or("web"),
        word(
            "origins",
            Takes::OneOrMore(&Takes::Ref(Known::Url)),
            "The pages that may show it, as browsers name them: scheme and host",
            "origins: https://shop.example",
        )
        .or_else("only our own page `/chat`"),
        word(
            "secret",
            Takes::Secret {
                least: 16,
                several: false,
            },
            "The key by which the shop proves who its visitor is",
            "secret: a-long-random-word",
        )
        .or_else("all visitors are strangers"),
        word(
            "title",
            Takes::Text,
            "What stands above the chat",
            "title: Maison Tilleul",
        )
        .or_else("the name of the pages"),
        word(
            "greeting",
            Takes::Named {
                name: Known::Locale,
                value: &Takes::Text,
            },
            "What is said first, by locale",
            "greeting: { en: How can we help?, fr: Comment pouvons-nous vous aider ? }",
        )
        .or_else("nothing"),
        word(
            "lines_per_minute",
            Takes::Whole { min: 1, max: 1_000 },
            "The most lines that one customer may say in a minute",
            "lines_per_minute: 60",
        )
        .or("20"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
