//! Firebase Cloud Messaging.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, PRIORITY,
};

pub(super) static FCM: Context = Context {
    name: "fcm",
    what: "Firebase Cloud Messaging",
    about: "Firebase Cloud Messaging: Android, iOS and browsers",
    words: &[
        NAME.or("fcm"),
        word(
            "service_account_file",
            Takes::Text,
            "The key of the service account, a JSON file of Google's; it names the project",
            "service_account_file: /run/secrets/firebase.json",
        )
        .needed(),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Google's address; access tokens come from the file's `token_uri`",
            "url: https://proxy.internal/fcm",
        )
        .or("https://fcm.googleapis.com"),
        PRIORITY.or("high"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
