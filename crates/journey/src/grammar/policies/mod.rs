//! `config/policies.yaml`.

mod caps;
mod fatigue;
mod labels;
mod purposes;
mod quiet;

use super::{
    Context, PLAIN, Takes,
    sends::{CAPPED, QUIET},
    takes::Known,
    word,
};

use self::{
    caps::CAP,
    fatigue::FATIGUE,
    labels::LABEL,
    purposes::{CONTROL_GROUP, PURPOSE},
    quiet::{DATES, QUIET_HOURS, SEND_WINDOW},
};

pub(super) static POLICIES: Context = Context {
    name: "policies",
    what: "the policies",
    about: "What limits every send, whatever journey it belongs to",
    words: &[
        word(
            "purposes",
            Takes::Named {
                name: Known::Purpose,
                value: &Takes::Fields(&PURPOSE),
            },
            "Why messages are sent, and the consent that each purpose needs",
            "purposes: { marketing: { consent: opt_in } }",
        )
        .or_else("`marketing` by opt-in, `service` without consent"),
        word(
            "caps",
            Takes::List(&Takes::Fields(&CAP)),
            "How many messages fit into how much time",
            "caps: [ { name: week, max: 3, per: 7d, window: rolling } ]",
        )
        .or_else("none"),
        word(
            "quiet_hours",
            Takes::List(&Takes::Fields(&QUIET_HOURS)),
            "When channels keep quiet",
            "quiet_hours: [ { name: night, from: \"21:00\", to: \"08:00\" } ]",
        )
        .or_else("none"),
        word(
            "send_windows",
            Takes::List(&Takes::Fields(&SEND_WINDOW)),
            "When messages may go, and at no other time",
            "send_windows: [ { name: office, from: \"09:00\", to: \"18:00\", days: mon-fri } ]",
        )
        .or_else("at any time"),
        word(
            "holidays",
            Takes::Named {
                name: Known::Country,
                value: &Takes::Either(DATES),
            },
            "Holidays by country, as dates; whose country it is says the trait `country`, else the phone, else the default",
            "holidays: { FR: { 2026: [07-14, 12-25] } }",
        )
        .or_else("none"),
        word(
            "control_group",
            Takes::Fields(&CONTROL_GROUP),
            "Customers who get none of some purposes, so that others can be compared with them",
            "control_group: { percent: 5 }",
        )
        .or_else("nobody"),
        word(
            "labels",
            Takes::Named {
                name: Known::Label,
                value: &Takes::Fields(&LABEL),
            },
            "What data of some kinds may be used for, by the labels that traits, fields of events and answers carry",
            "labels: { health: { only_for: service } }",
        )
        .or_else("none"),
        word(
            "fatigue",
            Takes::Fields(&FATIGUE),
            "Who heeds nothing, or has complained, gets less",
            "fatigue: { max: 3, per: 7d, after: 4 }",
        )
        .or_else("the same for everybody"),
        word(
            "defaults",
            Takes::Fields(&DEFAULTS),
            "What holds where nothing else is said",
            "defaults: { zone: Europe/Paris, locale: fr }",
        ),
        word(
            "retention",
            Takes::Fields(&RETENTION),
            "How long what happened is kept",
            "retention: { inputs: 400d, calls: 90d }",
        )
        .or_else("for ever"),
    ],
    ..PLAIN
};

static RETENTION: Context = Context {
    name: "retention",
    what: "the retention",
    about: "How long data of each kind are kept",
    words: &[
        word(
            "inputs",
            Takes::Duration,
            "Events, and what was decided on them; 31 days at the shortest, for an event that comes again is known by them",
            "inputs: 400d",
        )
        .or_else("for ever"),
        word(
            "messages",
            Takes::Duration,
            "Messages, sent and not sent; at the shortest as long as a cap counts them",
            "messages: 800d",
        )
        .or_else("for ever"),
        word(
            "content",
            Takes::Duration,
            "What messages said, word for word, for support; it goes with its message at the latest",
            "content: 90d",
        )
        .or_else("not kept"),
        word(
            "runs",
            Takes::Duration,
            "Runs that are over, from when they left",
            "runs: 400d",
        )
        .or_else("for ever"),
        word(
            "calls",
            Takes::Duration,
            "Calls of endpoints, from when they were over",
            "calls: 90d",
        )
        .or_else("for ever"),
    ],
    ..PLAIN
};

static DEFAULTS: Context = Context {
    name: "defaults",
    what: "the defaults",
    about: "What holds where nothing else is said",
    words: &[
        word(
            "zone",
            Takes::ZoneName,
            "The zone of customers whose zone is not known",
            "zone: Europe/Paris",
        )
        .or("Europe/Paris"),
        word(
            "country",
            Takes::Ref(Known::Country),
            "The country of customers whose country is not known, for holidays",
            "country: FR",
        )
        .or_else("none: they have no holidays"),
        word(
            "locale",
            Takes::Ref(Known::Locale),
            "The locale of customers whose locale is not known; every template has it",
            "locale: fr",
        )
        .or("fr"),
        word(
            "capped",
            Takes::OneOf(CAPPED),
            "What a message too many does",
            "capped: skip",
        )
        .or("skip"),
        word(
            "quiet",
            Takes::OneOf(QUIET),
            "What quiet hours do to a message",
            "quiet: hold",
        )
        .or("hold"),
    ],
    ..PLAIN
};
