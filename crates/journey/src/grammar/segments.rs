//! `config/segments/NAME.yaml`.

use super::{Context, PLAIN, Takes, word};

pub(super) static SEGMENT: Context = Context {
    name: "segment",
    what: "a segment",
    about: "A group of customers, by a condition on their traits",
    words: &[
        word(
            "title",
            Takes::Text,
            "What people call it",
            "title: Regulars",
        )
        .or_else("its file's name"),
        word(
            "description",
            Takes::Text,
            "For people",
            "description: Whoever has ordered three times.",
        ),
        word(
            "if",
            Takes::Expression,
            "Who belongs to it",
            "if: customer.orders_count >= 3",
        )
        .needed(),
    ],
    ..PLAIN
};
