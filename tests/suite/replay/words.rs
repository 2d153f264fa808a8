//! Promise 4 for every word that waits, talks, or reaches beyond its run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock},
    customer::Customer,
    ids::{CustomerId, InputId},
    input::{Event, Input, InputKind},
    value::{Map, Value},
};
use parcours_tests::kit::{self, Rig, Workspace};
use tokio_util::sync::CancellationToken;

use super::History;

/// Journeys that use every word that waits, talks, or reaches beyond its run.
fn talkative() -> Workspace {
    Workspace::new()
        .policies(
            "caps: [ { name: day, purpose: marketing, max: 4, per: 1d, window: rolling, capped: skip } ]
quiet_hours: [ { name: night, channels: [sms], from: '21:00', to: '08:00', zone: UTC, quiet: hold } ]
",
        )
        .file("config/endpoints.yaml", "desk: { url: https://desk.example/ }\n")
        .file("config/segments/keen.yaml", "if: customer.level == \"keen\"\n")
        .file(
            "journeys/_fragments/remind.yaml",
            "fragment: remind
params: { delay: 2h, what: }
steps:
  - { wait: param.delay }
  - { id: note, send: sms, template: hello, key: param.what }
",
        )
        .file("templates/hello/chat.en.txt", "How are you?\n")
        .journey(
            "talk",
            "purpose: marketing
enter: { event: talk, key: event.n, again: always }
exit: [ { event: stop }, { after: 20d } ]
steps:
  - id: score
    ask: [chat, sms]
    template: hello
    expect: { number: { min: 0, max: 10 } }
    save: customer.score
    within: 2d
    retry: 1
    not_understood: [ { hand_over: desk, within: 1d } ]
    else: [ { emit: silent, with: { n: run.key } } ]
  - { id: gift, call: desk, with: { score: customer.score }, save: run.gift, within: 3h }
  - { set: { customer.level: keen } }
  - { use: remind, with: { what: run.key } }
  - { start: rounds, with: { n: run.key } }
  - { stop: keen }
",
        )
        .journey(
            "rounds",
            "purpose: marketing
enter: [ { api: true, key: event.n }, { event: silent, key: event.n } ]
inside: restart
goal: { event: order, within: 9d }
steps:
  - id: nag
    repeat:
      every: 20h
      times: 3
      until: steps.m.clicked
      steps:
        - { id: m, send: sms, template: hello }
        - wait_for: { any: [ { event: order, then: [ { stop: keen } ] }, { if: customer.score > 8 } ], within: 9h }
",
        )
        .journey(
            "keen",
            "purpose: service
enter: [ { segment: keen }, { date: customer.renews_on, offset: -1d, at: '10:00', zone: UTC } ]
again: always
steps: [ { split: way, arms: { a: { weight: 1 }, b: { weight: 1, steps: [ { wait: 1h } ] } } }, { wait: 3d } ]
",
        )
}

/// What ana and ben do, every seven hours.
fn doings() -> Vec<(&'static str, &'static str, Value)> {
    let json = |v: serde_json::Value| Value::from(v);
    let reply = |text: &str| {
        let channel = "chat";
        json(serde_json::json!({ "channel": channel, "text": text }))
    };
    let n = |n: u32| json(serde_json::json!({ "n": n }));
    let mut all = Vec::new();
    for round in 0..3 {
        all.extend([
            ("ana", "talk", n(round)),
            ("ben", "talk", n(round)),
            ("ana", "message.replied", reply("what?")),
            ("ben", "message.replied", reply("9")),
            ("ana", "message.replied", reply("eh?")),
            ("ana", "hand_over.ended", n(0)),
            (
                "ana",
                "message.clicked",
                json(serde_json::json!({ "journey": "rounds", "step": "m" })),
            ),
            ("ben", "order", n(round)),
            ("ana", "talk", n(10 + round)),
            (
                "ben",
                "journey.start",
                json(serde_json::json!({ "journey": "rounds", "with": { "n": "x" } })),
            ),
            ("ana", "order", n(round)),
            ("ben", "stop", n(0)),
        ]);
    }
    all
}

fn doing(key: &str, name: &str, properties: Value, number: usize, at: Timestamp) -> Input {
    let message_id: Arc<str> = Arc::from(format!("{key}-{number}"));
    Input {
        id: InputId::of_event("test", &message_id),
        now: at,
        kind: InputKind::Event(Event {
            customer: Arc::from(key),
            name: Arc::from(name),
            at,
            properties,
            traits: Map::new(),
            message_id,
            source: Arc::from("test"),
        }),
    }
}

fn arrived(key: &str, at: Timestamp) -> Input {
    let mut input = doing(key, "identify", Value::map::<&str>([]), 10_000, at);
    if let InputKind::Event(event) = &mut input.kind {
        let traits = serde_json::json!({
            "phone": "+33639980101", "chat_id": "c", "renews_on": "2026-03-09"
        });
        event.traits = Value::from(traits).as_map().unwrap().clone();
    }
    input
}

/// The pure run of one customer: what is due fires when it is due, and endpoints answer at once.
struct Pure<'w> {
    world: &'w journey::world::World,
    customer: Customer,
    history: History,
}

impl Pure<'_> {
    fn keep(&mut self, turn: advance::Turn) {
        self.customer = turn.customer;
        self.history.extend(turn.effects.inputs);
        for call in turn.effects.calls {
            let answer = journey::call::Answer {
                call: call.id,
                run: call.run,
                outcome: journey::call::Outcome::Answered(Value::Map(Arc::default())),
            };
            let input = Input {
                id: InputId::of_answer(call.id),
                now: call.at,
                kind: InputKind::Answer(Box::new(answer)),
            };
            self.take(input);
        }
    }

    fn take(&mut self, input: Input) {
        let customer = self.customer.clone();
        self.keep(advance::take(
            self.world,
            customer,
            vec![input],
            Clock::Recorded,
        ));
    }

    /// One timer after the other, as the engine fires them: what it causes is looked at in between.
    fn until(&mut self, now: Timestamp) {
        while let Some((_, due)) = advance::next_due(self.world, &self.customer)
            && due <= now
        {
            let customer = self.customer.clone();
            self.keep(advance::take_due(
                self.world,
                customer,
                due,
                Clock::Recorded,
            ));
        }
    }
}

/// Promise 4, and what simulation rests on: the same events through a running engine, with
/// questions, calls, rounds, fragments, events of our own, segments and dates, give the very inputs
/// and decisions of the pure run.
#[tokio::test]
async fn promise_4_every_word_is_decided_by_the_engine_as_by_the_pure_code() {
    let rig = Rig::new(&talkative()).await;
    let settings = engine::Settings {
        clock: Clock::Recorded,
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    let loaded = engine.loaded();
    let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let pure = |key: &str| Pure {
        world: &loaded.world,
        customer: Customer::new(key),
        history: Vec::new(),
    };
    let mut pures = BTreeMap::from([("ana", pure("ana")), ("ben", pure("ben"))]);
    let mut now = start;
    let mut events: Vec<(&str, Input)> = Vec::new();
    for key in ["ana", "ben"] {
        events.push((key, arrived(key, now)));
        let granted = serde_json::json!({ "confirmed": true });
        let consent = doing(key, "consent.granted", Value::from(granted), 10_001, now);
        events.push((key, consent));
    }
    for (n, (key, name, properties)) in doings().into_iter().enumerate() {
        now += SignedDuration::from_hours(7);
        events.push((key, doing(key, name, properties, n, now)));
    }
    for (key, input) in events {
        settle(&engine, input.now).await;
        let pure = pures.get_mut(key).unwrap();
        pure.until(input.now - SignedDuration::from_micros(1));
        pure.take(input.clone());
        let arrival = store::Arrival {
            customer: CustomerId::of(key),
            key: Arc::from(key),
            input,
        };
        engine.turn(vec![arrival]).await.unwrap();
        engine.calls_once(&CancellationToken::new()).await.unwrap();
    }
    let end = now + SignedDuration::from_hours(24 * 40);
    settle(&engine, end).await;
    for (key, pure) in &mut pures {
        pure.until(end);
        let stored = rig.store.inputs(CustomerId::of(key), 10_000).await.unwrap();
        assert_eq!(stored.len(), pure.history.len(), "{key}");
        for (theirs, ours) in stored.iter().zip(&pure.history) {
            assert_eq!(theirs, ours, "{key}");
        }
        let row = rig.reader().customer(key).await.unwrap().unwrap();
        assert_eq!(row.ledger, pure.customer.ledger, "{key}");
        assert_eq!(row.row.traits, pure.customer.traits, "{key}");
    }
    let kinds: BTreeSet<String> = pures
        .values()
        .flat_map(|p| &p.history)
        .flat_map(|(_, trace)| trace)
        .map(|line| format!("{:?}", line.fact))
        .map(|fact| fact.split([' ', '{']).next().unwrap_or_default().to_owned())
        .collect();
    for kind in [
        "Answered",
        "NotUnderstood",
        "Calls",
        "CallAnswered",
        "HandedOver",
        "Round",
        "RoundsOver",
        "Emits",
        "Starts",
        "Stops",
        "Expects",
        "Split",
        "Goal",
        "Held",
    ] {
        assert!(kinds.contains(kind), "{kind} never happened: {kinds:?}");
    }
}

/// Fires what is due before that moment and makes the calls of it, until nothing is left.
async fn settle(engine: &Arc<Engine>, until: Timestamp) {
    let before = until - SignedDuration::from_micros(1);
    for _ in 0..1_000 {
        let due = engine.store().next_due().await.unwrap();
        let Some(due) = due.filter(|due| *due <= before) else {
            return;
        };
        engine.timers_once(due).await.unwrap();
        while engine
            .calls_once(&CancellationToken::new())
            .await
            .unwrap()
            .leased
            > 0
        {}
    }
    panic!("timers without an end");
}
