//! Postmark.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static POSTMARK: Context = Context {
    name: "postmark",
    what: "Postmark",
    about: "Mails by Postmark's HTTP API",
    words: &[
        NAME.or("postmark"),
        word(
            "server_token",
            SECRET,
            "The token of the server, which is what Postmark calls a sender with its streams",
            "server_token: 0f1e2d3c-4b5a-4678-9abc-def012345678",
        )
        .needed(),
        word(
            "from",
            Takes::Ref(Known::Sender),
            "The sender, which Postmark has confirmed",
            "from: \"Maison Tilleul <bonjour@shop.example>\"",
        )
        .needed(),
        word(
            "reply_to",
            Takes::Ref(Known::Sender),
            "Where answers go",
            "reply_to: help@shop.example",
        )
        .or_else("to the sender"),
        word(
            "message_stream",
            Takes::Text,
            "The stream that mails go by",
            "message_stream: broadcast",
        )
        .or_else("Postmark's `outbound`"),
        word(
            "list_domain",
            Takes::Text,
            "The domain of `List-Id`",
            "list_domain: shop.example",
        )
        .or_else("the sender's"),
        word(
            "hook_user",
            Takes::Text,
            "The user that Postmark's web hooks come with",
            "hook_user: postmark",
        )
        .or_else("nothing that Postmark tells is heard"),
        word(
            "hook_password",
            SECRET,
            "Their password",
            "hook_password: a-long-one",
        ),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where the API is",
            "url: https://proxy.internal/postmark",
        )
        .or("https://api.postmarkapp.com"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
