//! Who serves which channel.

use super::super::{
    Context, Form, PLAIN, Takes, Word,
    takes::{Known, choice},
    word,
};

/// The longest that one attempt at a provider may be allowed to take, in seconds.
const MAX_TIMEOUT: u32 = 600;

pub(super) static CHANNELS: Context = Context {
    name: "channels",
    what: "the channels",
    about: "Who serves which channel",
    words: &[
        word(
            "email",
            Takes::Fields(&MAIL),
            "E-mail",
            "email: { smtp: { host: smtp.internal, from: bonjour@shop.example } }",
        ),
        word(
            "sms",
            Takes::Fields(&GATEWAY),
            "Text messages",
            "sms: { webhook: { url: https://gateway.internal/sms } }",
        ),
        word(
            "push",
            Takes::Fields(&GATEWAY),
            "Push notifications",
            "push: { webhook: { url: https://gateway.internal/push } }",
        ),
        word(
            "chat",
            Takes::Fields(&GATEWAY),
            "Chatbots",
            "chat: { webhook: { url: https://gateway.internal/chat } }",
        ),
    ],
    ..PLAIN
};

const BY_WEBHOOK: Form = Form {
    head: word(
        "webhook",
        Takes::Fields(&WEBHOOK),
        "A web hook of yours, which passes messages on to the provider you use",
        "webhook: { url: https://gateway.internal/sms }",
    ),
    words: &[],
    what: "a web hook",
};

static MAIL: Context = Context {
    name: "mail",
    what: "an adapter for e-mail",
    about: "Who carries e-mail",
    forms: &[
        Form {
            head: word(
                "smtp",
                Takes::Fields(&SMTP),
                "A mail server",
                "smtp: { host: smtp.internal, from: bonjour@shop.example }",
            ),
            words: &[],
            what: "a mail server",
        },
        BY_WEBHOOK,
    ],
    ..PLAIN
};

static GATEWAY: Context = Context {
    name: "gateway",
    what: "an adapter",
    about: "Who carries messages of a channel",
    forms: &[BY_WEBHOOK],
    ..PLAIN
};

const NAME: Word = word(
    "name",
    Takes::Text,
    "What support, metrics and traces call the provider",
    "name: my-provider",
);
const CA_FILE: Word = word(
    "ca_file",
    Takes::Text,
    "A PEM file with further authorities to trust, such as a company's own",
    "ca_file: /etc/ssl/company.pem",
);

static SMTP: Context = Context {
    name: "smtp",
    what: "a mail server",
    about: "A mail server",
    words: &[
        NAME.or("smtp"),
        word(
            "host",
            Takes::Text,
            "Its name or address",
            "host: smtp.internal",
        )
        .needed(),
        word("port", PORT, "Its port", "port: 587")
            .or_else("25, with `starttls` 587, with `tls` 465"),
        word(
            "tls",
            Takes::OneOf(&[
                choice(
                    "starttls",
                    "after a greeting in the clear; refused if the server cannot",
                ),
                choice("tls", "from the first byte"),
                choice("none", "not at all: for servers on the same machine"),
            ]),
            "How the connection is encrypted",
            "tls: tls",
        )
        .or("starttls"),
        CA_FILE,
        word(
            "user",
            Takes::Text,
            "The account, if the server wants one",
            "user: parcours",
        ),
        word(
            "password",
            Takes::Secret {
                least: 1,
                several: false,
            },
            "Its password",
            "password: secret",
        ),
        word(
            "from",
            Takes::Ref(Known::Sender),
            "The sender",
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
            "hello",
            Takes::Text,
            "The name that EHLO gives",
            "hello: shop.example",
        )
        .or_else("the sender's domain"),
        word(
            "list_domain",
            Takes::Text,
            "The domain of `List-Id`",
            "list_domain: shop.example",
        )
        .or_else("the sender's"),
        word(
            "connections",
            Takes::Whole { min: 1, max: 1_000 },
            "The most connections at a time",
            "connections: 16",
        )
        .or("8"),
        word(
            "timeout_seconds",
            TIMEOUT,
            "The longest that one attempt may take",
            "timeout_seconds: 20",
        )
        .or("30"),
    ],
    ..PLAIN
};

static WEBHOOK: Context = Context {
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
            Takes::Secret {
                least: 1,
                several: false,
            },
            "The key of the signatures, `whsec_` and base64",
            "secret: whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0",
        )
        .or_else("nothing is signed"),
        word(
            "bearer",
            Takes::Secret {
                least: 1,
                several: false,
            },
            "A token for `Authorization: Bearer`",
            "bearer: a-token",
        ),
        word(
            "timeout_seconds",
            TIMEOUT,
            "The longest that one attempt may take",
            "timeout_seconds: 5",
        )
        .or("10"),
        word(
            "concurrency",
            Takes::Whole { min: 1, max: 1_000 },
            "The most requests at a time",
            "concurrency: 32",
        )
        .or("16"),
    ],
    ..PLAIN
};

const PORT: Takes = Takes::Whole {
    min: 1,
    max: 65_535,
};
const TIMEOUT: Takes = Takes::Whole {
    min: 1,
    max: MAX_TIMEOUT,
};
