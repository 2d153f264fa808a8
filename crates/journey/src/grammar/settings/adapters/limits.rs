//! What a provider is spared.

use super::super::super::{Context, PLAIN, Takes, Word, takes::Known, word};

pub(super) static LIMITS: Context = Context {
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
