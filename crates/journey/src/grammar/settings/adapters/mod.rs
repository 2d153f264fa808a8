//! Who serves which channel.

mod apns;
mod fcm;
mod limits;
mod postmark;
mod smtp;
mod telegram;
mod twilio;
mod vonage;
mod web;
mod webhook;
mod webpush;
mod whatsapp;

use self::{
    apns::APNS, fcm::FCM, limits::LIMITS, postmark::POSTMARK, smtp::SMTP, telegram::TELEGRAM,
    twilio::TWILIO, vonage::VONAGE, web::WEB, webhook::WEBHOOK, webpush::WEBPUSH,
    whatsapp::WHATSAPP,
};
use super::super::{Context, Form, PLAIN, Takes, Word, takes::choice, word};

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
            Takes::OneOrMore(&Takes::Fields(&SMS)),
            "Text messages",
            "sms: { webhook: { url: https://gateway.internal/sms } }",
        ),
        word(
            "push",
            Takes::OneOrMore(&Takes::Fields(&PUSH)),
            "Push notifications",
            "push: { webhook: { url: https://gateway.internal/push } }",
        ),
        word(
            "chat",
            Takes::OneOrMore(&Takes::Fields(&CHAT)),
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
        word(
            "only_to",
            Takes::OneOrMore(&Takes::Text),
            "The only addresses that messages go to, where things are tried out; `@shop.example` is every mail address of it",
            "only_to: [\"@shop.example\", \"+33612345678\"]",
        )
        .or_else("anybody"),
        word(
            "test_to",
            Takes::OneOrMore(&Takes::Text),
            "The addresses that tests may go to: `parcours preview --send`",
            "test_to: [\"@shop.example\", \"+33612345678\"]",
        )
        .or_else("those of `only_to`"),
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

const BY_WEB: Form = Form {
    head: word(
        "web",
        Takes::Fields(&WEB),
        "The chat widget on the shop's own pages",
        "web: { origins: https://shop.example }",
    ),
    words: &[],
    what: "the chat widget",
};

const BY_TELEGRAM: Form = Form {
    head: word(
        "telegram",
        Takes::Fields(&TELEGRAM),
        "A bot at Telegram",
        "telegram: { token: \"123456789:AAF0x-example\" }",
    ),
    words: &[],
    what: "a bot at Telegram",
};

const BY_WHATSAPP: Form = Form {
    head: word(
        "whatsapp",
        Takes::Fields(&WHATSAPP),
        "A number at WhatsApp's Cloud API",
        "whatsapp: { phone_number_id: \"106540352242922\", access_token: EAAJB }",
    ),
    words: &[],
    what: "a number at WhatsApp",
};

const BY_POSTMARK: Form = Form {
    head: word(
        "postmark",
        Takes::Fields(&POSTMARK),
        "Postmark",
        "postmark: { server_token: a-token, from: bonjour@shop.example }",
    ),
    words: &[],
    what: "Postmark",
};

const BY_TWILIO: Form = Form {
    head: word(
        "twilio",
        Takes::Fields(&TWILIO),
        "Twilio",
        "twilio: { account_sid: AC0123456789abcdef0123456789abcdef, auth_token: a-token, from: Tilleul }",
    ),
    words: &[],
    what: "Twilio",
};

const BY_VONAGE: Form = Form {
    head: word(
        "vonage",
        Takes::Fields(&VONAGE),
        "Vonage",
        "vonage: { api_key: a1b2c3d4, api_secret: a-secret, from: Tilleul }",
    ),
    words: &[],
    what: "Vonage",
};

static MAIL: Context = Context {
    name: "mail",
    what: "an adapter for e-mail",
    about: "Who carries e-mail",
    forms: &[
        BY_POSTMARK,
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

static SMS: Context = Context {
    name: "sms",
    what: "an adapter for text messages",
    about: "Who carries text messages",
    forms: &[BY_TWILIO, BY_VONAGE, BY_WEBHOOK],
    ..PLAIN
};

static PUSH: Context = Context {
    name: "push",
    what: "an adapter for push notifications",
    about: "Who carries push notifications",
    forms: &[
        Form {
            head: word(
                "apns",
                Takes::Fields(&APNS),
                "Apple's Push Notification service",
                "apns: { key_file: /run/secrets/apns.p8, key_id: ABC123DEFG, team_id: DEF123GHIJ, topic: example.shop }",
            ),
            words: &[],
            what: "Apple's Push Notification service",
        },
        Form {
            head: word(
                "fcm",
                Takes::Fields(&FCM),
                "Firebase Cloud Messaging",
                "fcm: { service_account_file: /run/secrets/firebase.json }",
            ),
            words: &[],
            what: "Firebase Cloud Messaging",
        },
        BY_WEBHOOK,
        Form {
            head: word(
                "webpush",
                Takes::Fields(&WEBPUSH),
                "Browsers, by Web Push",
                "webpush: { private_key: q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94, subject: \"mailto:push@shop.example\" }",
            ),
            words: &[],
            what: "Web Push",
        },
    ],
    ..PLAIN
};

static CHAT: Context = Context {
    name: "chat",
    what: "an adapter for chatbots",
    about: "Who carries what chatbots say",
    forms: &[BY_TELEGRAM, BY_WEB, BY_WEBHOOK, BY_WHATSAPP],
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

/// How urgent notifications are.
const PRIORITY: Word = word(
    "priority",
    Takes::OneOf(&[
        choice("high", "shown at once, though that wakes the device up"),
        choice("normal", "when it suits the device"),
    ]),
    "How urgent notifications are",
    "priority: normal",
);

/// How many requests at a time.
const CONCURRENCY: Word = word(
    "concurrency",
    Takes::Whole { min: 1, max: 1_000 },
    "The most requests at a time",
    "concurrency: 32",
);
/// How long one request may take, in seconds.
const PATIENCE: Word = word(
    "timeout_seconds",
    TIMEOUT,
    "The longest that one attempt may take",
    "timeout_seconds: 20",
);
/// Something to sign or sign in with.
const SECRET: Takes = Takes::Secret {
    least: 1,
    several: false,
};

const PORT: Takes = Takes::Whole {
    min: 1,
    max: 65_535,
};
const TIMEOUT: Takes = Takes::Whole {
    min: 1,
    max: MAX_TIMEOUT,
};
