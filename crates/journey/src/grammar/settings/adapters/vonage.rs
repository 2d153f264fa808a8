//! Vonage.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static VONAGE: Context = Context {
    name: "vonage",
    what: "Vonage",
    about: "Text messages by Vonage's Messages API",
    words: &[
        NAME.or("vonage"),
        word("api_key", Takes::Text, "The account", "api_key: a1b2c3d4").needed(),
        word(
            "api_secret",
            SECRET,
            "Its secret",
            "api_secret: Zw3qVb81LmNt05pX",
        )
        .needed(),
        word(
            "signature_secret",
            SECRET,
            "The key that signs what Vonage tells",
            "signature_secret: jX2mK8vTq4LwZr0bNc6yHs1dPf9gUe3a",
        )
        .or_else("nothing that Vonage tells is heard"),
        word(
            "from",
            Takes::Text,
            "The sender: a number, a short code, or a name of up to 11 letters, digits and spaces",
            "from: \"+33700000000\"",
        )
        .needed(),
        word(
            "senders",
            Takes::Named {
                name: Known::Country,
                value: &Takes::Text,
            },
            "The sender by the country of the number, where it is another",
            "senders: { FR: Tilleul, US: \"+12015550199\" }",
        ),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where the API is",
            "url: https://proxy.internal/vonage",
        )
        .or("https://api.nexmo.com"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
