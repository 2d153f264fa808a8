//! `config/endpoints.yaml`.

use super::{Context, PLAIN, Takes, takes::Known, word};

/// Endpoints by their names.
pub(super) const ENDPOINTS: Takes = Takes::Named {
    name: Known::Endpoint,
    value: &Takes::Fields(&ENDPOINT),
};

static ENDPOINT: Context = Context {
    name: "endpoint",
    what: "an endpoint",
    about: "A service that journeys can call",
    words: &[
        word(
            "url",
            Takes::Ref(Known::Url),
            "Where it is",
            "url: https://shop.example/vouchers",
        )
        .or_else("an error, unless it is an inbox"),
        word(
            "inbox",
            Takes::Truth,
            "Whether it is an inbox of the console, where people answer, instead of a service",
            "inbox: true",
        )
        .or("false"),
        word(
            "timeout",
            Takes::Duration,
            "How long one attempt may take, a minute at the most",
            "timeout: 5s",
        )
        .or("10s"),
        word(
            "retries",
            Takes::Whole { min: 0, max: 20 },
            "How often it is tried again after a failure that may pass",
            "retries: 3",
        )
        .or("5"),
        word(
            "secret",
            Takes::Ref(Known::Environment),
            "The environment variable that holds the key with which calls are signed",
            "secret: VOUCHERS_SECRET",
        )
        .or_else("calls are not signed"),
        word(
            "labels",
            Takes::OneOrMore(&Takes::Ref(Known::Label)),
            "What kind of data its answers are: labels of config/policies.yaml, and none with `[]`",
            "labels: [health]",
        )
        .or_else("those of what it was told"),
    ],
    ..PLAIN
};
