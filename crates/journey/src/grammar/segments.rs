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
            "title: Our best customers",
        )
        .or_else("its file's name"),
        word(
            "if",
            Takes::Expression,
            "Who belongs to it, by traits alone",
            "if: customer.orders_count >= 5",
        )
        .needed(),
    ],
    ..PLAIN
};
