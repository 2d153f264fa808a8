//! A number at WhatsApp's Cloud API.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static WHATSAPP: Context = Context {
    name: "whatsapp",
    what: "a number at WhatsApp",
    about: "A business's number at WhatsApp, by Meta's Cloud API",
    words: &[
        NAME.or("whatsapp"),
        word(
            "phone_number_id",
            Takes::Text,
            "The number's id at Meta: not the number itself",
            "phone_number_id: \"106540352242922\"",
        )
        .needed(),
        word(
            "access_token",
            SECRET,
            "The token of a system user who may send from it",
            "access_token: EAAJB",
        )
        .needed(),
        word(
            "app_secret",
            SECRET,
            "The app's secret, by which what Meta tells is signed",
            "app_secret: 0123456789abcdef0123456789abcdef",
        )
        .or_else("what Meta tells is not heard"),
        word(
            "verify_token",
            SECRET,
            "The word that Meta asks for when the web hook is set up",
            "verify_token: a-long-random-word",
        )
        .or_else("the web hook cannot be set up"),
        word(
            "list_button",
            Takes::Text,
            "What opens a list of answers, in up to 20 characters",
            "list_button: Show answers",
        )
        .or_else("`Choose`, in the customer's language where it is known"),
        word(
            "version",
            Takes::Text,
            "The version of the Graph API",
            "version: v23.0",
        )
        .or("v23.0"),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where the Graph API is",
            "url: https://proxy.internal",
        )
        .or("https://graph.facebook.com"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
