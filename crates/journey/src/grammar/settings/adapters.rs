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
            Takes::OneOrMore(&Takes::Fields(&MAIL)),
            "E-mail",
            "email: { smtp: { host: smtp.internal, from: bonjour@shop.example } }",
        ),
        word(
            "sms",
            Takes::OneOrMore(&Takes::Fields(&GATEWAY)),
            "Text messages",
            "sms: { webhook: { url: https://gateway.internal/sms } }",
        ),
        word(
            "push",
            Takes::OneOrMore(&Takes::Fields(&GATEWAY)),
            "Push notifications",
            "push: { webhook: { url: https://gateway.internal/push } }",
        ),
        word(
            "chat",
            Takes::OneOrMore(&Takes::Fields(&GATEWAY)),
            "Chatbots",
            "chat: { webhook: { url: https://gateway.internal/chat } }",
        ),
        word(
            "failover",
            Takes::OneOf(&[
                choice(
                    "certain",
                    "no: it is tried again where it may be already, and nobody gets it twice",
                ),
                choice("always", "yes: it arrives sooner, and sometimes twice"),
            ]),
            "Whether a message that one provider may have goes to the next one",
            "failover: always",
        )
        .or("certain"),
    ],
    ..PLAIN
};

const LIMITED: Word = word(
    "limits",
    Takes::Fields(&LIMITS),
    "What it is spared, and when it is left alone",
    "limits: { rate: { max: 100, per: 1s } }",
);

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
        LIMITED,
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
        LIMITED,
    ],
    ..PLAIN
};

static LIMITS: Context = Context {
    name: "limits",
    what: "the limits",
    about: "What a provider is spared, and when it is left alone; by each process",
    words: &[
        RATED,
        word(
            "domains",
            Takes::Named {
                name: Known::Domain,
                value: &Takes::Fields(&DOMAIN),
            },
            "For e-mail: limits by the domain of the address, `*` for each that is not named",
            "domains: { gmail.com: { concurrency: 4 } }",
        ),
        word(
            "most_domains",
            Takes::Whole { min: 1, max: 1_000_000 },
            "The most domains that are remembered at a time; messages to a further one wait until another has had its time",
            "most_domains: 50000",
        )
        .or("10000"),
        word(
            "longest_put_off",
            Takes::Duration,
            "The longest that a message is put off at once because its domain is at its limit; it is then looked at again",
            "longest_put_off: 5m",
        )
        .or("10m"),
        word(
            "circuit",
            Takes::Fields(&CIRCUIT),
            "When it is left alone because it fails",
            "circuit: { failures: 10 }",
        ),
        word(
            "longest_pause",
            Takes::Duration,
            "The longest that it is left alone because it asks for it",
            "longest_pause: 15m",
        )
        .or("1h"),
    ],
    ..PLAIN
};

const RATED: Word = word(
    "rate",
    Takes::Fields(&RATE),
    "The most messages in a time",
    "rate: { max: 20, per: 1s }",
);

static RATE: Context = Context {
    name: "rate",
    what: "a rate",
    about: "So many messages in a time",
    words: &[
        word(
            "max",
            Takes::Whole {
                min: 1,
                max: 1_000_000,
            },
            "The most in any stretch of `per`",
            "max: 100",
        )
        .needed(),
        word("per", Takes::Duration, "The time", "per: 1s").needed(),
        word(
            "burst",
            Takes::Whole {
                min: 1,
                max: 1_000_000,
            },
            "How many may go at once after a rest, on top",
            "burst: 20",
        )
        .or("1"),
    ],
    ..PLAIN
};

static DOMAIN: Context = Context {
    name: "domain",
    what: "the limits of a domain",
    about: "What a domain of addresses is spared",
    words: &[
        RATED,
        word(
            "concurrency",
            Takes::Whole { min: 1, max: 1_000 },
            "The most messages to it at a time",
            "concurrency: 4",
        ),
    ],
    ..PLAIN
};

static CIRCUIT: Context = Context {
    name: "circuit",
    what: "the circuit",
    about: "When a provider that fails is left alone",
    words: &[
        word(
            "failures",
            Takes::Whole { min: 1, max: 1_000 },
            "After so many failures in a row that are its own",
            "failures: 10",
        )
        .or("5"),
        word(
            "pause",
            Takes::Duration,
            "For so long at first; it doubles",
            "pause: 5s",
        )
        .or("2s"),
        word(
            "longest_pause",
            Takes::Duration,
            "For no longer than this at a time",
            "longest_pause: 10m",
        )
        .or("5m"),
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
