//! The worlds that the laws are tested in: the samples of the workspace, and journeys that no one
//! should write.

use std::{fs, path::PathBuf, sync::Arc};

use journey::{diagnostic::SourceFile, world::World};

use crate::play::{compiled, world};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The three sample journeys, under the sample policies.
pub fn samples() -> World {
    let mut paths = vec![
        "config/policies.yaml".to_owned(),
        "config/traits.yaml".to_owned(),
    ];
    for journey in ["cart-rescue", "welcome", "win-back"] {
        paths.push(format!("journeys/{journey}/journey.yaml"));
    }
    let events = fs::read_dir(root().join("config/events")).unwrap();
    for event in events {
        let name = event.unwrap().file_name().into_string().unwrap();
        paths.push(format!("config/events/{name}"));
    }
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| SourceFile {
            path: Arc::from(path.as_str()),
            text: Arc::from(fs::read_to_string(root().join(path)).unwrap()),
        })
        .collect();
    compiled(&files)
}

const KNOT: &str = "
journey: knot
purpose: marketing
priority: 70
tags: [loud]
enter: { event: cart.updated, key: event.cart_id, inside: refresh, again: { after: 2d, per: customer } }
goal: { event: order.placed, if: steps.first.sent or steps.draw.arm == \"a\", within: 9d }
exit:
  - { event: cart.emptied, if: event.cart_id == run.key }
  - { if: run.event.total > 90, as: too_dear }
  - { event: order.placed, if: event.cart_id == run.key, as: goal }
  - { after: 6d }
steps:
  - { id: first, send: [push, sms], template: t, capped: hold, quiet: hold, expires: 36h, with: { total: run.event.total } }
  - split: draw
    arms:
      a: { weight: 1, steps: [ { wait: 0s } ] }
      b: { weight: 2, steps: [ { wait: { until: customer.renews_at, offset: -1h, at: \"09:00-20:00\", missed: [ { set: { customer.lapsed: true } } ] } } ] }
  - wait_for: { if: run.event.total > 40 or steps.first.failed, within: 1d }
  - { id: second, send: [email, chat, sms], template: t, capped: hold }
  - choose:
      - { when: steps.second.sent, then: [ { wait: { until: \"22:00-02:00\", days: [fri-mon] } } ] }
      - { when: customer.lapsed, then: [ { exit: lapsed } ] }
  - { id: third, send: email, template: t }
";

const LADDER: &str = "
journey: ladder
purpose: marketing
enter: [ { event: customer.signed_up, key: event.n }, { event: order.placed, if: event.total > 10, key: event.cart_id } ]
inside: restart
goal: { if: customer.level > 4, within: 20d }
exit: [ { if: customer.level > 6, as: top } ]
steps:
  - { id: bill, send: sms, purpose: service, template: t }
  - wait_for: { if: customer.level >= 1, within: 3d }
  - set: { customer.level: = customer.level + 1 }
  - { id: up, send: email, template: t, quiet: skip }
  - wait_for: { if: customer.level >= 3 and not customer.lapsed, within: 12h }
    then: [ { set: { customer.level: = customer.level + 2, customer.lapsed: null } } ]
    else: [ { set: { customer.level: 1 } } ]
  - { id: chat, send: chat, template: t, capped: hold, expires: 0s }
";

const HOLDER: &str = "
journey: holder
purpose: marketing
priority: 20
enter: { event: checkout.started, key: event.cart_id }
steps:
  - { id: now, send: [sms, push], template: t, capped: hold }
  - { id: again, send: sms, template: t, capped: hold, expires: 2d }
  - { id: more, send: push, template: t, capped: fallback, quiet: skip }
  - wait: { for: 1h, at: \"02:30\", zone: customer }
  - { id: last, send: email, template: t, capped: hold }
";

const TANGLED: &str = "
purposes:
  marketing: { consent: opt_in, channels: { email: double_opt_in } }
  service: { consent: none }
caps:
  - { name: sms_day, channel: sms, max: 1, per: day, window: calendar, zone: customer, capped: hold }
  - { name: week, purpose: marketing, max: 4, per: 7d, window: rolling }
  - { name: loud, tag: loud, max: 2, per: week, window: calendar, zone: America/New_York }
  - { name: month, journey: holder, channel: push, max: 2, per: month, window: calendar, zone: customer }
  - { name: bills, purpose: service, max: 2, per: 36h, window: rolling, capped: hold }
fatigue: { max: 5, per: 9d, after: 2, channels: [email, push, chat], rest: 3d, capped: hold }
quiet_hours:
  - { name: night, channels: [sms, push], from: \"21:00\", to: \"08:00\", zone: customer, except: [service] }
  - { name: siesta, channels: [email], from: \"13:00\", to: \"14:30\", zone: Europe/Paris, quiet: skip }
";

const TALKER: &str = "
journey: talker
purpose: marketing
priority: 60
enter: [ { event: customer.signed_up, key: event.n }, { api: true, key: event.n } ]
exit: [ { event: cart.emptied }, { after: 12d } ]
steps:
  - id: score
    ask: [chat, sms]
    template: t
    capped: hold
    expect: { number: { min: 0, max: 10 } }
    save: run.score
    within: 2d
    retry: 1
    not_understood: [ { id: desk, hand_over: support, within: 1d, else: [ { exit: alone } ] } ]
    else: [ { emit: checkout.started, with: { cart_id: c1 } } ]
  - if: run.score > 5
    then:
      - id: why
        ask: sms
        template: t
        options:
          \"yes\": { label: Yes, then: [ { set: { customer.level: 5 } } ] }
          \"no\": { label: No, synonyms: [nope] }
        within: 6h
  - { id: gift, call: vouchers, with: { score: run.score }, save: customer.gift, within: 3h, else: [ { stop: rounds } ] }
  - { start: rounds, with: { n: run.score } }
  - { id: thanks, send: chat, template: t, key: run.key }
";

const ROUNDS: &str = "
journey: rounds
purpose: marketing
enter: [ { api: true, key: event.n }, { segment: high }, { event: cart.updated, key: event.n } ]
goal: { event: order.placed, within: 5d }
inside: restart
steps:
  - id: nag
    repeat:
      every: 30h
      times: 4
      until: steps.hello.note.opened or customer.gift == \"g3\"
      steps:
        - { use: hello, with: { what: run.event, delay: 20m } }
        - wait_for: { any: [ { event: order.placed, then: [ { emit: customer.signed_up, with: { n: 1 } } ] }, { if: customer.level > 4 } ], within: 1d }
  - { id: done, send: email, template: t, key: once }
";

const DATES: &str = "
journey: dates
purpose: service
enter:
  - { date: customer.renews_at, offset: -2d, at: \"09:00\" }
  - { date: customer.renews_at, every: year, if: customer.level != 0, key: event.date }
  - { segment: high, change: left }
steps:
  - { id: renew, send: email, template: t }
  - { wait: { until: customer.renews_at, missed: exit } }
";

const DESK: &str = "
journey: desk
purpose: service
enter: { event: checkout.started, key: event.n }
steps:
  - { id: talk, hand_over: support, with: { n: run.key }, within: 3d, else: [ { exit: alone } ] }
  - { id: more, ask: sms, template: t, expect: number, within: 2d, retry: 1 }
  - { call: vouchers, within: 2d }
";

const HELLO: &str = "# journeys/_fragments/hello.yaml
fragment: hello
params: { what:, delay: 1h }
steps:
  - wait: param.delay
  - { id: note, send: [push, email], template: t, with: { n: param.what.n } }
";

const HIGH: &str = "# config/segments/high.yaml
if: customer.level > 2
";

/// Questions, calls, rounds, fragments, events of our own, segments and dates, all at once.
pub fn talkative() -> World {
    world(&[TALKER, ROUNDS, DATES, DESK, HOLDER, HELLO, HIGH], TANGLED)
}

/// Refreshes, restarts, chains of traits, moments that move, and caps of every kind.
pub fn tangled() -> World {
    world(&[KNOT, LADDER, HOLDER], TANGLED)
}
