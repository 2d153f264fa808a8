//! A web hook.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static WEBHOOK: Context = Context {
    name: "webhook",
    what: "a web hook",
    about: "An HTTP address that takes messages as JSON, signed as Standard Webhooks say",
    words: &[
        NAME.or("webhook"),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where messages are posted",
            "url: https://gateway.internal/sms",
        )
        .needed(),
        CA_FILE,
        word(
            "secret",
            SECRET,
            "The key of the signatures, `whsec_` and base64",
            "secret: whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0",
        )
        .or_else("nothing is signed"),
        word(
            "bearer",
            SECRET,
            "A token for `Authorization: Bearer`",
            "bearer: a-token",
        ),
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
