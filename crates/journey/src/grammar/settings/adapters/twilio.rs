//! Twilio.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static TWILIO: Context = Context {
    name: "twilio",
    what: "Twilio",
    about: "Text messages by Twilio's Programmable Messaging; with `from` or `messaging_service_sid`",
    words: &[
        NAME.or("twilio"),
        word(
            "account_sid",
            Takes::Text,
            "The account",
            "account_sid: AC0123456789abcdef0123456789abcdef",
        )
        .needed(),
        word(
            "auth_token",
            SECRET,
            "Its token, which signs what Twilio tells",
            "auth_token: f0e1d2c3b4a5968778695a4b3c2d1e0f",
        )
        .needed(),
        word(
            "from",
            Takes::Text,
            "The sender: a number, a short code, or a name of up to 11 letters, digits and spaces",
            "from: \"+33700000000\"",
        ),
        word(
            "messaging_service_sid",
            Takes::Text,
            "The messaging service that picks the sender",
            "messaging_service_sid: MG0123456789abcdef0123456789abcdef",
        ),
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
            "url: https://proxy.internal/twilio",
        )
        .or("https://api.twilio.com"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    some: &["from", "messaging_service_sid"],
    ..PLAIN
};
