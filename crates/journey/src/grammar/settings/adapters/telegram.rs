//! A bot at Telegram.

use super::{
    super::super::{Context, PLAIN, Takes, takes::Known, word},
    CA_FILE, CONCURRENCY, LIMITED, NAME, PATIENCE, SECRET,
};

pub(super) static TELEGRAM: Context = Context {
    name: "telegram",
    what: "a bot at Telegram",
    about: "A bot at Telegram, by its Bot API",
    words: &[
        NAME.or("telegram"),
        word(
            "token",
            SECRET,
            "The bot's token, as BotFather gave it",
            "token: \"123456789:AAF0x-example\"",
        )
        .needed(),
        word(
            "secret_token",
            SECRET,
            "What Telegram sends along with what it tells, as given to `setWebhook`",
            "secret_token: a-long-random-word",
        )
        .or_else("what Telegram tells is not heard"),
        word(
            "typing",
            Takes::Truth,
            "Whether the customer sees that something is being typed first",
            "typing: true",
        )
        .or("false"),
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where the Bot API is",
            "url: https://bot-api.internal",
        )
        .or("https://api.telegram.org"),
        CA_FILE,
        PATIENCE.or("10"),
        CONCURRENCY.or("16"),
        LIMITED,
    ],
    ..PLAIN
};
