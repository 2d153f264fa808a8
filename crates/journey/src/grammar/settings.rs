//! `config/parcours.yaml`: the settings of a process. The one description of them: errors, the JSON Schema, the
//! table of `docs/operations.md` and editors are made from it, and a test of the binary holds it against what it
//! reads.

mod access;
mod adapters;

use self::{access::ACCESS, adapters::CHANNELS};
use super::{
    Context, PLAIN, Takes,
    takes::{Known, choice},
    word,
};

/// Environment variables, each with the setting that it wins over.
pub const VARIABLES: &[(&str, &[&str])] = &[
    ("DATABASE_URL", &["database_url"]),
    ("AMQP_URL", &["amqp_url"]),
    ("PARCOURS_INTAKE_SHARDS", &["intake", "shards"]),
    ("PARCOURS_HTTP", &["http"]),
    ("PARCOURS_METRICS_HTTP", &["metrics_http"]),
    ("PARCOURS_METRICS_JOURNEYS", &["metrics_journeys"]),
    ("PARCOURS_LOG_FORMAT", &["log_format"]),
    ("PARCOURS_STOP_SECONDS", &["stop_seconds"]),
    ("PARCOURS_WRITE_KEY", &["write_key"]),
    ("PARCOURS_ACCESS_REQUIRED", &["access", "required"]),
    (
        "PARCOURS_OIDC_CLIENT_SECRET",
        &["access", "oidc", "client_secret"],
    ),
    ("PARCOURS_LEASE_SECONDS", &["lease_seconds"]),
    ("PARCOURS_PRIVACY_SECRET", &["privacy_secret"]),
    ("PARCOURS_PAGES_HTTP", &["pages", "http"]),
    ("PARCOURS_LINKS_BASE", &["links", "base"]),
    ("PARCOURS_LINKS_SECRET", &["links", "secret"]),
    ("PARCOURS_LINKS_MAILTO", &["links", "mailto"]),
    ("PARCOURS_LINKS_UNSUBSCRIBE", &["links", "unsubscribe"]),
    ("PARCOURS_LINKS_PREFERENCES", &["links", "preferences"]),
    ("PARCOURS_LINKS_SHORT", &["links", "short"]),
    ("PARCOURS_LINKS_SHORT_BASE", &["links", "short_base"]),
];

pub(super) static SETTINGS: Context = Context {
    name: "settings",
    what: "the settings",
    about: "What a process needs to know of its surroundings; every line is optional, and the environment wins",
    words: &[
        word(
            "database_url",
            Takes::Ref(Known::Database),
            "PostgreSQL, the only store",
            "database_url: postgres://parcours@db.internal:5432/parcours",
        )
        .or_else("only what needs no database works"),
        word(
            "amqp_url",
            Takes::Ref(Known::Broker),
            "RabbitMQ, where events come from",
            "amqp_url: amqp://parcours@mq.internal:5672/%2f",
        )
        .or_else("`parcours run` does not start"),
        word(
            "intake",
            Takes::Fields(&INTAKE),
            "How queues of RabbitMQ share the customers",
            "intake: { shards: 4 }",
        ),
        word(
            "http",
            Takes::Ref(Known::Listen),
            "Where the HTTP intake, support and the console listen",
            "http: 127.0.0.1:8080",
        )
        .or("127.0.0.1:8080"),
        word(
            "metrics_http",
            Takes::Ref(Known::Listen),
            "An address of its own for `/metrics`, `/healthz` and `/readyz`, whatever roles the process has",
            "metrics_http: 127.0.0.1:9464",
        )
        .or_else("they are served at `http`, if the process has the role `api`"),
        word(
            "metrics_journeys",
            Takes::Whole { min: 0, max: 10_000 },
            "How many journeys have a label of their own in metrics; those seen later are counted as `other`",
            "metrics_journeys: 500",
        )
        .or("200"),
        word(
            "log_format",
            Takes::OneOf(&[
                choice("text", "for people"),
                choice("json", "for programs, a line each"),
            ]),
            "How `parcours run` writes its log; `RUST_LOG` says how much",
            "log_format: json",
        )
        .or_else("text on a terminal, else JSON"),
        word(
            "stop_seconds",
            Takes::Whole { min: 1, max: 300 },
            "How long work at hand may go on after SIGTERM; what is not done by then is done by another process, or after the next start",
            "stop_seconds: 5",
        )
        .or("7"),
        word(
            "write_key",
            Takes::Secret { least: 1, several: false },
            "What the HTTP intake asks for as the user name of HTTP Basic",
            "write_key: a-long-random-word",
        )
        .or_else("whoever reaches the address may send events"),
        word(
            "access",
            Takes::Fields(&ACCESS),
            "Who reaches the console and the API, and how they sign in",
            "access: { required: true }",
        ),
        word(
            "lease_seconds",
            Takes::Whole { min: 5, max: 3_600 },
            "How long a message stays with a process that was killed, until another one sends it: longer than a provider may take",
            "lease_seconds: 60",
        )
        .or("90"),
        word(
            "privacy_secret",
            Takes::Secret { least: 16, several: false },
            "What keys and addresses of erased customers are hashed under; the same for as long as they are to be known again",
            "privacy_secret: a-long-random-word-that-stays",
        )
        .or_else("nobody can be erased"),
        word(
            "pages",
            Takes::Fields(&PAGES),
            "How the pages of customers look, and where they listen",
            "pages: { name: Maison Tilleul }",
        ),
        word(
            "links",
            Takes::Fields(&LINKS),
            "Where customers find their pages",
            "links: { base: https://my.shop.example }",
        ),
        word(
            "endpoints",
            Takes::Fields(&ENDPOINTS),
            "Where calls of endpoints, and fetches of content, may lead: their addresses stand in the workspace",
            "endpoints: { private: [gateway.internal] }",
        ),
        word(
            "channels",
            Takes::Fields(&CHANNELS),
            "Who serves which channel; one without an adapter is not served",
            "channels: { sms: { webhook: { url: https://gateway.internal/sms } } }",
        ),
    ],
    ..PLAIN
};

static INTAKE: Context = Context {
    name: "intake",
    what: "the intake",
    about: "How queues of RabbitMQ share the customers",
    words: &[
        word(
            "shards",
            Takes::Whole { min: 1, max: 64 },
            "How many queues share the customers, on a RabbitMQ that has none yet; afterwards `parcours reshard` changes it",
            "shards: 4",
        )
        .or("1"),
        word(
            "overlap_seconds",
            Takes::Whole { min: 1, max: 600 },
            "For how long events go to the old and the new queues when their number changes: longer than a publish may be on its way",
            "overlap_seconds: 30",
        )
        .or("10"),
    ],
    ..PLAIN
};

static PAGES: Context = Context {
    name: "pages",
    what: "the pages",
    about: "How the pages of customers look, and where they listen",
    words: &[
        word(
            "http",
            Takes::Ref(Known::Listen),
            "An address of their own: the only one that the world has to reach",
            "http: 0.0.0.0:8081",
        )
        .or_else("they are served beside the rest"),
        word(
            "name",
            Takes::Text,
            "What the sender is called",
            "name: Maison Tilleul",
        ),
        word(
            "accent",
            Takes::Ref(Known::Colour),
            "The colour of buttons, dark enough to read white on it",
            "accent: \"#2f4a3a\"",
        ),
        word(
            "logo",
            Takes::Ref(Known::Url),
            "The address of a picture, at most 48 pixels high",
            "logo: https://shop.example/logo.png",
        ),
    ],
    ..PLAIN
};

static LINKS: Context = Context {
    name: "links",
    what: "the links",
    about: "Where customers find their pages",
    words: &[
        word(
            "base",
            Takes::Ref(Known::Url),
            "How our pages are reached from outside",
            "base: https://my.shop.example",
        )
        .or_else("where the pages listen"),
        word(
            "secret",
            Takes::Secret { least: 32, several: true },
            "Signs the links; several, separated by spaces, while one takes over from another",
            "secret: a-long-random-word-of-at-least-32-characters",
        )
        .or_else("one that the database keeps"),
        word(
            "mailto",
            Takes::Ref(Known::Mail),
            "A mail address that takes unsubscriptions; its mails go to `POST /v1/unsubscribe/mail`",
            "mailto: unsubscribe@shop.example",
        ),
        word(
            "unsubscribe",
            Takes::Ref(Known::Url),
            "A page of the shop's own to unsubscribe, with `{customer}`, `{message}`, `{purpose}` and `{token}`",
            "unsubscribe: \"https://shop.example/bye?c={customer}\"",
        )
        .or_else("a page of ours"),
        word(
            "preferences",
            Takes::Ref(Known::Url),
            "The same to choose what to receive",
            "preferences: \"https://shop.example/letters?t={token}\"",
        )
        .or_else("a page of ours"),
        word(
            "short",
            Takes::Truth,
            "Whether addresses in text messages that are longer than a short form get one: `https://my.shop.example/s/Ab3dEf9hXk`",
            "short: true",
        )
        .or_else("`false`: only where clicks are told (`track`)"),
        word(
            "short_base",
            Takes::Ref(Known::Url),
            "How our pages are reached from outside by a shorter name, for these",
            "short_base: https://s.example",
        )
        .or_else("as `base`"),
    ],
    ..PLAIN
};

static ENDPOINTS: Context = Context {
    name: "endpoints",
    what: "where calls may lead",
    about: "Where calls of endpoints, and fetches of content, may lead. Their addresses are written by whoever writes journeys; without a word here they lead to no private, loopback or otherwise special address, whatever a name resolves to",
    words: &[
        word(
            "allow",
            Takes::OneOrMore(&Takes::Text),
            "The only hosts that are called: a name, or `*.` and a name for all below it; up to 1,000",
            "allow: [shop.example, \"*.shop.example\"]",
        )
        .or_else("every host that is public"),
        word(
            "private",
            Takes::OneOrMore(&Takes::Text),
            "What may be called within your own network: hosts, addresses, and networks; up to 1,000",
            "private: [gateway.internal, 10.1.0.0/16]",
        )
        .or_else("nothing there is called"),
    ],
    ..PLAIN
};
