//! A mail server.

use super::{
    super::super::{
        Context, PLAIN, Takes,
        takes::{Known, choice},
        word,
    },
    CA_FILE, LIMITED, NAME, PATIENCE, PORT, SECRET,
};

pub(super) static SMTP: Context = Context {
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
        word("password", SECRET, "Its password", "password: secret"),
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
            "dkim",
            Takes::OneOrMore(&Takes::Fields(&DKIM)),
            "Who signs mails (RFC 6376)",
            "dkim: { domain: shop.example, selector: s2026, key_file: /etc/parcours/dkim.pem }",
        )
        .or_else("the relay does, or nobody"),
        word(
            "connections",
            Takes::Whole { min: 1, max: 1_000 },
            "The most connections at a time",
            "connections: 16",
        )
        .or("8"),
        PATIENCE.or("30"),
        LIMITED,
    ],
    ..PLAIN
};

static DKIM: Context = Context {
    name: "dkim",
    what: "a signature",
    about: "One DKIM signature; a mail may carry one by RSA and one by Ed25519",
    words: &[
        word(
            "domain",
            Takes::Text,
            "The domain that signs: the sender's, or one above it",
            "domain: shop.example",
        )
        .needed(),
        word(
            "selector",
            Takes::Text,
            "The key's name: its public half stands in the TXT record `SELECTOR._domainkey.DOMAIN`",
            "selector: s2026",
        )
        .needed(),
        word(
            "key_file",
            Takes::Text,
            "A PEM file with the private key: RSA of 2,048 bits or more, or Ed25519",
            "key_file: /etc/parcours/dkim.pem",
        )
        .needed(),
    ],
    ..PLAIN
};
