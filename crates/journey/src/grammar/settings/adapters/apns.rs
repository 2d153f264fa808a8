//! Apple's Push Notification service.

use super::{
    super::super::{
        Context, PLAIN, Takes,
        takes::{Known, choice},
        word,
    },
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, PRIORITY,
};

pub(super) static APNS: Context = Context {
    name: "apns",
    what: "Apple's Push Notification service",
    about: "Apple's Push Notification service: iOS, iPadOS, macOS, watchOS",
    words: &[
        NAME.or("apns"),
        word(
            "key_file",
            Takes::Text,
            "The key that Apple hands out, a `.p8` file",
            "key_file: /run/secrets/AuthKey_ABC123DEFG.p8",
        )
        .needed(),
        word("key_id", Takes::Text, "The key's id", "key_id: ABC123DEFG").needed(),
        word(
            "team_id",
            Takes::Text,
            "The developer team's id",
            "team_id: DEF123GHIJ",
        )
        .needed(),
        word(
            "topic",
            Takes::Text,
            "The app's bundle id",
            "topic: example.shop",
        )
        .needed(),
        word(
            "environment",
            Takes::OneOf(&[
                choice("production", "for apps from the App Store and TestFlight"),
                choice("sandbox", "for apps from Xcode"),
            ]),
            "Which of Apple's services; the device tokens of one are not those of the other",
            "environment: sandbox",
        )
        .or("production"),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Another address than Apple's",
            "url: https://proxy.internal/apns",
        )
        .or_else("`https://api.push.apple.com`, or `https://api.sandbox.push.apple.com`"),
        PRIORITY.or("high"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
