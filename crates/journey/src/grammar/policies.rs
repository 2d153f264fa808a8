//! `config/policies.yaml`.

use super::{
    Context, PLAIN, Takes,
    sends::{CAPPED, LABEL, QUIET},
    takes::{CHANNEL, Choice, Known, choice},
    word,
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

static DATES: &[Takes] = &[
    Takes::OneOrMore(&Takes::Text),
    Takes::Named {
        name: Known::Year,
        value: &Takes::OneOrMore(&Takes::Text),
    },
];

static CONSENTS: &[Choice] = &[
    choice("none", "part of a contract or a duty: no consent needed"),
    choice("opt_out", "allowed until withdrawn"),
    choice("opt_in", "allowed once given"),
    choice("double_opt_in", "allowed once given and confirmed"),
];

static BASES: &[Choice] = &[
    choice("consent", "the customer agreed"),
    choice("contract", "a contract with the customer asks for it"),
    choice("legal_obligation", "the law asks for it"),
    choice(
        "legitimate_interest",
        "an interest of the shop's, until the customer objects",
    ),
];

static PURPOSE: Context = Context {
    name: "purpose",
    what: "a purpose",
    about: "Why messages are sent",
    words: &[
        word(
            "consent",
            Takes::OneOf(CONSENTS),
            "The consent that it needs",
            "consent: opt_in",
        )
        .needed(),
        word(
            "basis",
            Takes::OneOf(BASES),
            "What makes it lawful",
            "basis: consent",
        )
        .or_else("`contract` without consent, `legitimate_interest` by opt-out, else `consent`"),
        word(
            "title",
            Takes::Either(LABEL),
            "What customers read it is called; one text, or one per locale",
            "title: { en: News and offers, fr: Actualités et offres }",
        )
        .or_else("its name"),
        word(
            "about",
            Takes::Either(LABEL),
            "What customers read of it, in a sentence; one text, or one per locale",
            "about: { en: \"Twice a month at most.\" }",
        )
        .or_else("nothing"),
        word(
            "channels",
            Takes::Named {
                name: Known::Channel,
                value: &Takes::OneOf(CONSENTS),
            },
            "Channels that need another consent",
            "channels: { email: double_opt_in }",
        )
        .or_else("all the same"),
        word(
            "overrides",
            Takes::Truth,
            "Whether steps may `send` past caps and quiet hours",
            "overrides: true",
        )
        .or_else("only where `consent` is `none`"),
        word(
            "personal",
            Takes::Truth,
            "Whether what customers bought and did decides what they get: who wants nothing of the kind gets none of it",
            "personal: false",
        )
        .or_else("`true`"),
        word(
            "while_restricted",
            Takes::Truth,
            "Whether it goes also to customers whose processing is restricted",
            "while_restricted: true",
        )
        .or("false"),
    ],
    ..PLAIN
};

static CONTROL_GROUP: Context = Context {
    name: "control_group",
    what: "the control group",
    about: "Customers who get none of some purposes",
    words: &[
        word(
            "percent",
            Takes::Number,
            "How many of a hundred customers, to two decimals, above 0 and at most 50",
            "percent: 5",
        )
        .needed(),
        word(
            "purposes",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "What they get none of",
            "purposes: [marketing]",
        )
        .or_else("all that need consent"),
        word(
            "salt",
            Takes::Text,
            "Another word draws other customers",
            "salt: spring",
        )
        .or_else("always the same"),
    ],
    ..PLAIN
};

static WINDOWS: &[Choice] = &[
    choice("rolling", "counts back from each message"),
    choice("calendar", "counts between the midnights of a zone"),
];
static PERIODS: &[Choice] = &[
    choice("day", "from midnight"),
    choice("week", "from Monday"),
    choice("month", "from the first"),
];

static CAP: Context = Context {
    name: "cap",
    what: "a cap",
    about: "So many messages in so much time",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when it holds a message back",
            "name: marketing_week",
        )
        .needed(),
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "Counts messages of this purpose only",
            "purpose: marketing",
        )
        .or_else("all that need consent"),
        word(
            "channel",
            CHANNEL,
            "Counts messages by this channel only",
            "channel: sms",
        )
        .or_else("all"),
        word(
            "journey",
            Takes::Ref(Known::Journey),
            "Counts messages of this journey only",
            "journey: win-back",
        )
        .or_else("all"),
        word(
            "tag",
            Takes::Ref(Known::Tag),
            "Counts messages of journeys with this tag only",
            "tag: retention",
        )
        .or_else("all"),
        word(
            "max",
            Takes::Whole {
                min: 0,
                max: 1_000_000,
            },
            "How many messages fit",
            "max: 3",
        )
        .needed(),
        word(
            "per",
            Takes::Either(&[Takes::Duration, Takes::OneOf(PERIODS)]),
            "A duration for a rolling window, a period for a calendar one",
            "per: 7d",
        )
        .needed(),
        word(
            "window",
            Takes::OneOf(WINDOWS),
            "How `per` is counted",
            "window: rolling",
        )
        .needed(),
        word(
            "zone",
            Takes::Zone,
            "Whose midnight, for a calendar window",
            "zone: customer",
        )
        .or("customer"),
        word(
            "capped",
            Takes::OneOf(CAPPED),
            "What a message too many does, unless the send says otherwise",
            "capped: skip",
        )
        .or_else("the default's word"),
    ],
    ..PLAIN
};

static QUIET_HOURS: Context = Context {
    name: "quiet_hours",
    what: "quiet hours",
    about: "No sends by these channels between these times",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when they hold a message back",
            "name: night",
        )
        .needed(),
        word(
            "channels",
            Takes::OneOrMore(&CHANNEL),
            "The channels that keep quiet",
            "channels: [sms, push]",
        )
        .or_else("all"),
        word(
            "from",
            Takes::Time,
            "When they begin, local time",
            "from: \"21:00\"",
        )
        .needed(),
        word(
            "to",
            Takes::Time,
            "When they end, local time; may be on the next day",
            "to: \"08:00\"",
        )
        .needed(),
        word("zone", Takes::Zone, "Whose time", "zone: customer").or("customer"),
        word(
            "quiet",
            Takes::OneOf(QUIET),
            "What they do to a message, unless the send says otherwise",
            "quiet: hold",
        )
        .or_else("the default's word"),
        word(
            "except",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Purposes that they do not touch",
            "except: [service]",
        )
        .or_else("none"),
        word(
            "days",
            Takes::OneOrMore(&Takes::Day),
            "The days on which they begin",
            "days: [sat, sun]",
        )
        .or_else("all; with `holidays`, only those"),
        word(
            "holidays",
            Takes::Truth,
            "Whether they begin on holidays, too",
            "holidays: true",
        )
        .or_else("holidays are days like any other"),
    ],
    ..PLAIN
};

static SEND_WINDOW: Context = Context {
    name: "send_window",
    what: "a send window",
    about: "Messages go between these times, and at no other time",
    words: &[
        word(
            "name",
            Takes::Name,
            "What support reads when it holds a message back",
            "name: office",
        )
        .needed(),
        word(
            "channels",
            Takes::OneOrMore(&CHANNEL),
            "The channels that keep to it",
            "channels: [sms]",
        )
        .or_else("all"),
        word(
            "from",
            Takes::Time,
            "When it opens, local time",
            "from: \"09:00\"",
        )
        .needed(),
        word(
            "to",
            Takes::Time,
            "When it closes, local time; may be on the next day",
            "to: \"18:00\"",
        )
        .needed(),
        word(
            "days",
            Takes::OneOrMore(&Takes::Day),
            "The days on which it opens",
            "days: mon-fri",
        )
        .or_else("all"),
        word(
            "holidays",
            Takes::Truth,
            "Whether it opens on holidays",
            "holidays: false",
        )
        .or("true"),
        word("zone", Takes::Zone, "Whose time", "zone: customer").or("customer"),
        word(
            "quiet",
            Takes::OneOf(QUIET),
            "What happens to a message outside of it, unless the send says otherwise",
            "quiet: hold",
        )
        .or_else("the default's word"),
        word(
            "except",
            Takes::OneOrMore(&Takes::Ref(Known::Purpose)),
            "Purposes that do not keep to it",
            "except: [service]",
        )
        .or_else("none"),
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
