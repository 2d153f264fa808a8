//! The workspaces of the simulation, and what their customers do.

use bytes::Bytes;
use jiff::Timestamp;
use journey::machine::SUPPORT_ACTION;
use parcours_tests::kit::{Random, Workspace, events};
use serde_json::{Value, json};
use uuid::Uuid;

/// At most so many marketing messages in seven days: see [`POLICIES`].
pub const PER_WEEK: usize = 2;
/// At most so many marketing text messages in a day.
pub const TEXTS_PER_DAY: usize = 1;

/// Journeys that are paused at times.
pub const PAUSED: [&str; 2] = ["cart", "letter"];

const POLICIES: &str = "\
caps:
  - { name: week, purpose: marketing, max: 2, per: 7d, window: rolling, capped: skip }
  - { name: texts, purpose: marketing, channel: sms, max: 1, per: 1d, window: rolling, capped: fallback }
quiet_hours:
  - { name: night, channels: [sms], from: '21:00', to: '08:00', zone: UTC, quiet: hold, except: [service] }
";

/// Several runs of a customer, an exit and a goal during waits, fallbacks, held sends.
const CART: &str = "\
purpose: marketing
priority: 60
enter: { event: cart.updated, key: event.cart, inside: refresh, again: always }
goal: { event: order.placed, if: event.cart == run.key, within: 3d }
exit: [ { event: order.placed, if: event.cart == run.key, as: bought }, { after: 20d } ]
";

const CART_STEPS: &str = "\
steps:
  - { id: pause, wait: 2h }
  - { id: nudge, send: [sms, push, email], template: hello, expires: 24h }
  - wait_for: { event: product.viewed, within: 1d }
    then: [ { wait: 1h } ]
    else: [ { exit: lost } ]
  - { id: again, send: [push, sms], template: hello, capped: hold }
";

/// Another wait at the same step, a new step, and one that is gone.
const CART_STEPS_LATER: &str = "\
migrate: { from: any, in_flight: move, lost: exit }
steps:
  - { id: early, set: { run.later: true } }
  - { id: pause, wait: 3h }
  - { id: nudge, send: [email, sms], template: hello, expires: 12h }
  - { id: rest, wait: { until: '09:00-18:00', zone: UTC } }
  - { id: last, send: [push, sms], template: hello, quiet: skip }
";

/// A split, a call whose answer is kept, and one that sends once in a lifetime.
const WELCOME: &str = "\
purpose: marketing
priority: 70
enter: { event: signed_up, again: never }
steps:
  - split: offer
    arms:
      gift:
        weight: 50
        steps:
          - id: code
            call: vouchers
            with: { kind: welcome }
            save: run.gift
            within: 6h
            else: [ { exit: no_gift } ]
          - { id: present, send: [email, push], template: code, with: { code: run.gift.code } }
      plain: { weight: 50 }
  - wait: 1d
  - { id: hello, send: sms, template: hello, key: customer.phone }
  - { id: ask, ask: chat, template: hello, expect: text, save: customer.answer, within: 2d, else: [ { exit: silent } ] }
  - { set: { customer.vip: true } }
";

/// One run and two messages for every order; another journey starts from it.
const RECEIPT: &str = "\
purpose: service
enter: { event: order.placed, key: event.order, again: always }
steps:
  - { id: confirm, send: [email, sms], template: hello }
  - { wait: 1h }
  - { emit: order.confirmed, with: { order: run.key } }
  - { id: thanks, send: [sms, chat], template: hello, expires: 3d }
";

const THANKS: &str = "\
purpose: service
enter: { event: order.confirmed, key: event.order, again: { after: 2d, per: customer } }
steps:
  - { id: book, call: vouchers, with: { order: run.key }, save: customer.points, within: 2d, else: [] }
  - { repeat: { every: 12h, times: 3, steps: [ { id: poke, send: push, template: hello } ] } }
";

const LETTER: &str = "\
purpose: marketing
enter: { schedule: '0 9 * * mon,thu', zone: UTC, segment: vip }
steps: [ { id: letter, send: [email, sms], template: hello } ]
";

const BIRTHDAY: &str = "\
purpose: marketing
enter: { date: customer.birthday, every: year, at: '09:00', zone: UTC }
steps: [ { id: card, send: [push, email], template: hello, expires: 10h } ]
";

const CIRCLE: &str = "\
purpose: service
enter: { segment: vip, backfill: true }
exit: { if: 'not customer.vip', as: no_longer }
steps: [ { id: hi, send: sms, template: hello }, { wait: 3d }, { id: still, send: chat, template: hello } ]
";

/// The workspace that a seed begins with.
pub fn first(endpoint: &str) -> Workspace {
    basic(endpoint).journey("cart", &format!("{CART}{CART_STEPS}"))
}

/// The one that is applied in the middle: runs pass, and a segment is gone over.
pub fn second(endpoint: &str) -> Workspace {
    basic(endpoint)
        .journey("cart", &format!("{CART}{CART_STEPS_LATER}"))
        .journey("circle", CIRCLE)
}

fn basic(endpoint: &str) -> Workspace {
    let mut workspace = Workspace::new()
        .policies(POLICIES)
        .file(
            "config/endpoints.yaml",
            &format!("vouchers: {{ url: '{endpoint}', retries: 2, timeout: 10s }}\n"),
        )
        .file("config/segments/vip.yaml", "if: customer.vip\n")
        .sms("code", "{{ code }}")
        .journey("welcome", WELCOME)
        .journey("receipt", RECEIPT)
        .journey("thanks", THANKS)
        .journey("letter", LETTER)
        .journey("birthday", BIRTHDAY);
    for template in ["hello", "code"] {
        let at = |file: &str| format!("templates/{template}/{file}");
        workspace = workspace
            .file(&at("push.en.yaml"), "title: Hello\nbody: Us\n")
            .file(&at("chat.en.txt"), "Hello\n")
            .file(&at("email.en.txt"), "Hello {{ links.unsubscribe }}\n")
            .file(
                &at("email.en.html"),
                "---\nsubject: Hello\n---\n<a href=\"{{ links.unsubscribe }}\">no</a>\n",
            );
    }
    workspace
}

/// What an event does to a customer's consents, for those who count by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Nothing,
    /// Marketing may write, by every channel.
    Yes,
    /// Marketing may not.
    No,
    /// Nobody may write by text message.
    Stop,
}

/// An event as its producer publishes it.
#[derive(Clone, Debug)]
pub struct Told {
    pub customer: String,
    pub id: String,
    pub at: Timestamp,
    pub body: Bytes,
    pub says: Says,
    /// Whether the database cannot hold it.
    pub poison: bool,
}

/// Something that a customer may do.
pub fn happen(random: &mut Random, customer: &str, id: String, at: Timestamp) -> Told {
    let cart = *random.of(&["a", "b"]);
    let mut says = Says::Nothing;
    let mut poison = false;
    let (name, properties): (&str, Value) = match random.below(40) {
        0..=7 => ("cart.updated", json!({ "cart": cart })),
        8..=12 => ("product.viewed", json!({ "cart": cart })),
        13..=16 => ("order.placed", json!({ "cart": cart, "order": id })),
        17..=20 => ("signed_up", json!({})),
        21..=23 => {
            says = Says::Yes;
            (
                "consent.granted",
                json!({ "purpose": "marketing", "confirmed": true }),
            )
        }
        24..=25 => {
            says = Says::No;
            ("consent.withdrawn", json!({ "purpose": "marketing" }))
        }
        26 => {
            says = Says::Stop;
            (
                "message.replied",
                json!({ "channel": "sms", "text": "STOP" }),
            )
        }
        27..=28 => (
            "message.replied",
            json!({ "channel": "chat", "text": "fine" }),
        ),
        29..=30 => (
            "message.opened",
            json!({ "journey": "cart", "step": "nudge" }),
        ),
        31 => (
            "message.bounced",
            json!({ "journey": "receipt", "step": "confirm" }),
        ),
        32 => ("moon.risen", json!({})),
        33 => {
            poison = true;
            ("identify", json!({ "note": "a\0b" }))
        }
        _ => ("identify", traits(random, customer, at)),
    };
    let body = match name {
        "identify" => json!({
            "type": "identify", "userId": customer, "messageId": id, "traits": properties,
            "timestamp": at.to_string(),
        }),
        name => json!({
            "type": "track", "userId": customer, "event": name, "messageId": id,
            "properties": properties, "timestamp": at.to_string(),
        }),
    };
    Told {
        customer: customer.to_owned(),
        id,
        at,
        body: body.to_string().into(),
        says,
        poison,
    }
}

/// Something that a person may do by hand: to a run, to a message that has failed, to the customer's consent.
pub fn act(
    random: &mut Random,
    customer: &str,
    (run, failed): (Uuid, Option<Uuid>),
    id: String,
    at: Timestamp,
) -> Told {
    let of_run = |action: &str| json!({ "action": action, "run": run });
    let mut says = Says::Nothing;
    let mut fields = match (random.below(9), failed) {
        (0..=1, _) => of_run("pause"),
        (2..=4, _) => of_run("resume"),
        (5..=6, Some(message)) => json!({ "action": "resend", "message": message }),
        (7, _) => of_run("exit"),
        (8, _) => {
            says = Says::No;
            json!({ "action": "opt_out", "purpose": "marketing" })
        }
        _ => of_run("advance"),
    };
    (fields["by"], fields["reason"]) = (json!("user:1"), json!("by chance"));
    let body = json!({
        "type": "track", "userId": customer, "event": SUPPORT_ACTION, "messageId": id,
        "properties": fields, "timestamp": at.to_string(),
    });
    Told {
        customer: customer.to_owned(),
        id,
        at,
        body: body.to_string().into(),
        says,
        poison: false,
    }
}

/// What makes a customer reachable, and their consent: the first events of most.
pub fn arrive(customer: &str, at: Timestamp) -> Vec<Told> {
    let bodies = events::arrival_of(customer);
    let told = |(n, body): (usize, Bytes)| Told {
        customer: customer.to_owned(),
        id: format!("{customer}-{}", ["traits", "consent"][n]),
        at,
        body,
        says: [Says::Nothing, Says::Yes][n],
        poison: false,
    };
    bodies.into_iter().enumerate().map(told).collect()
}

fn traits(random: &mut Random, customer: &str, at: Timestamp) -> Value {
    let soon = at + jiff::SignedDuration::from_hours(24 * i64::try_from(random.below(9)).unwrap());
    let day = soon.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    match random.below(7) {
        0 | 1 => json!({ "push_token": format!("token-{customer}"), "chat_id": customer }),
        2 => json!({ "vip": true }),
        3 => json!({ "vip": false, "push_token": null }),
        4 => json!({ "birthday": day }),
        5 => json!({ "phone": null }),
        _ => json!({ "phone": format!("+3361234{:04}", random.below(10_000)) }),
    }
}
