//! Web Push.

use super::{
    super::super::{Context, PLAIN, Takes, takes::choice, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static WEBPUSH: Context = Context {
    name: "webpush",
    what: "Web Push",
    about: "Web Push: browsers, by whichever push service they have chosen",
    words: &[
        NAME.or("webpush"),
        word(
            "private_key",
            SECRET,
            "The server's private key (VAPID), 32 bytes in base64url or PEM; subscriptions are tied to its public key",
            "private_key: q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
        )
        .needed(),
        word(
            "subject",
            Takes::Text,
            "Whom a push service writes to if there is trouble, `mailto:` or `https://`",
            "subject: \"mailto:push@shop.example\"",
        )
        .needed(),
        word(
            "urgency",
            Takes::OneOf(&[
                choice("very-low", "on power and Wi-Fi"),
                choice("low", "on power or Wi-Fi"),
                choice("normal", "on neither"),
                choice("high", "also while the battery is low"),
            ]),
            "When a device is woken up for it",
            "urgency: high",
        )
        .or("normal"),
        word(
            "private_endpoints",
            Takes::Truth,
            "Whether subscriptions may lead into a private network, and be `http://`; for tests alone",
            "private_endpoints: true",
        )
        .or("false"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
