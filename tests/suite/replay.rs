//! Promises 4 and 5: the running engine, the pure code and the recorded history agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use cli::{
    commands::backtest,
    rows::{self, Mapping, Source},
};
use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock, Effects},
    backtest::Backtest,
    customer::Customer,
    ids::{CustomerId, InputId},
    input::{Event, Input, InputKind},
    intake,
    message::Channel,
    trace::Line,
    value::{Map, Value},
};
use parcours_tests::kit::{self, Answer, Rig, Workspace, events};
use tokio_util::sync::CancellationToken;

type History = Vec<(Input, Vec<Line>)>;

/// A shop that asks once about what was put into a cart, within caps and outside the night.
fn shop() -> Workspace {
    Workspace::new()
        .policies(
            "caps: [ { name: week, purpose: marketing, max: 2, per: 7d, window: rolling, capped: skip } ]
quiet_hours: [ { name: night, channels: [sms], from: '21:00', to: '08:00', zone: UTC, quiet: hold } ]
",
        )
        .journey(
            "rescue",
            "purpose: marketing
enter: { event: add_to_cart, again: { after: 1d, per: customer } }
goal: { event: purchase, within: 7d }
exit: [ { event: purchase, as: bought } ]
steps:
  - { wait: 2h }
  - { id: nudge, send: sms, template: hello, expires: 24h }
  - wait_for: { event: product_view, within: 1d }
    then: [ { wait: 1h } ]
    else: [ { exit: lost } ]
  - { id: again, send: [sms, push], template: hello }
",
        )
        .file("templates/hello/push.en.yaml", "title: Hello\nbody: Us\n")
}

/// Promise 5: the same inputs give the same decisions. A history with timers, caps, a withdrawn
/// consent, a failed message and an event that nobody wanted is replayed by the pure code alone.
#[tokio::test]
async fn promise_5_a_recorded_history_replays_to_the_same_decisions() {
    let rig = Rig::new(&shop()).await;
    let engine = rig.engine(kit::quick()).await;
    let stop = CancellationToken::new();
    rig.provider.always(Channel::Sms, Answer::Refuse(400));
    let mut now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    events::take(&engine, &events::arrival_of("ana"), now).await;
    let names = [
        "add_to_cart",
        "product_view",
        "moon.risen",
        "add_to_cart",
        "product_view",
        "purchase",
        "add_to_cart",
        "consent.withdrawn",
        "add_to_cart",
        "message.opened",
        "consent.granted",
        "purchase",
    ];
    for (n, name) in names.into_iter().enumerate() {
        now += SignedDuration::from_hours(17);
        engine.timers_once(now).await.unwrap();
        let body = events::track_at("ana", name, &n.to_string(), now);
        events::take(&engine, &[body], now).await;
        engine.dispatch_once(&stop).await.unwrap();
    }
    let recorded = rig
        .store
        .inputs(CustomerId::of("ana"), 1_000)
        .await
        .unwrap();
    let kinds =
        |kind: fn(&InputKind) -> bool| recorded.iter().filter(|(i, _)| kind(&i.kind)).count();
    assert!(
        kinds(|k| matches!(k, InputKind::Timer { .. })) > 2,
        "timers fired"
    );
    assert!(
        kinds(|k| matches!(k, InputKind::Receipt(_))) > 0,
        "a message failed"
    );

    let world = &engine.loaded().world;
    let mut customer = Customer::new("ana");
    for (input, trace) in recorded {
        let turn = advance::advance(world, customer, input.clone());
        assert_eq!(turn.effects.inputs, [(input, trace)]);
        customer = turn.customer;
    }
    let stored = rig.reader().customer("ana").await.unwrap().unwrap();
    assert_eq!(customer.traits, stored.row.traits);
    assert_eq!(customer.ledger, stored.ledger);
}

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
                outcome: journey::call::Outcome::Answered(Value::Null),
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
        engine.calls_once().await.unwrap();
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
        while engine.calls_once().await.unwrap().leased > 0 {}
    }
    panic!("timers without an end");
}

/// The real events, if they are there: beside the repository, or beside its worktrees.
fn real_data() -> Option<PathBuf> {
    let found = kit::workspace_root()
        .ancestors()
        .map(|dir| dir.join("shared/data/ecom_events.csv"))
        .find(|path| path.is_file());
    if found.is_none() {
        #[allow(clippy::print_stderr, reason = "whoever runs the tests must see it")]
        {
            eprintln!("SKIPPED: ../shared/data/ecom_events.csv is not there");
        }
    }
    found
}

/// What makes a customer reachable, and their consent, at the time of their first event.
fn arrivals(key: &str, at: Timestamp) -> [Input; 2] {
    let event = |name: &str, traits: Map, properties: Value| {
        let message_id: Arc<str> = Arc::from(format!("{key}-{name}"));
        Input {
            id: InputId::of_event("backtest", &message_id),
            now: at,
            kind: InputKind::Event(Event {
                customer: Arc::from(key),
                name: Arc::from(name),
                at,
                properties,
                traits,
                message_id,
                source: Arc::from("backtest"),
            }),
        }
    };
    let phone = Map::from([(Arc::from("phone"), Value::text("+33600000000"))]);
    let none = Value::map::<&str>([]);
    [
        event("identify", phone, none.clone()),
        event("consent.granted", Map::new(), none),
    ]
}

/// The file's events as inputs in order, each customer's arrival before their first.
fn inputs(path: PathBuf) -> Vec<Input> {
    let mapping = Mapping {
        zone: "UTC".into(),
        ..Mapping::default()
    };
    let rows = rows::read(&Source::File(path), &mapping).unwrap();
    let mut known = BTreeSet::new();
    let mut inputs = Vec::new();
    for row in rows {
        if known.insert(row.customer.clone()) {
            inputs.extend(arrivals(&row.customer, row.at));
        }
        inputs.push(backtest::input(row));
    }
    inputs
}

fn event(input: &Input) -> &Event {
    match &input.kind {
        InputKind::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// What a back-test decided: every customer's inputs with their traces, and every message.
#[derive(Default)]
struct Played {
    histories: BTreeMap<CustomerId, History>,
    messages: BTreeSet<(uuid::Uuid, Option<String>)>,
}

impl Played {
    fn add(&mut self, customer: CustomerId, effects: Effects) {
        self.histories
            .entry(customer)
            .or_default()
            .extend(effects.inputs);
        let rows = effects.messages.into_iter();
        self.messages
            .extend(rows.map(|m| (m.id.0, m.refused.map(|r| r.to_string()))));
    }
}

fn play(engine: &Engine, inputs: &[Input]) -> Played {
    let loaded = engine.loaded();
    let mut backtest = Backtest::new(&loaded.world);
    let mut played = Played::default();
    for input in inputs {
        let key = event(input).customer.clone();
        let effects = backtest.play(input.clone(), &key, Customer::new);
        played.add(CustomerId::of(&key), effects);
    }
    let customers: Vec<_> = played.histories.keys().copied().collect();
    for customer in customers {
        while let Some(effects) = backtest.next_timer(customer) {
            played.add(customer, effects);
        }
    }
    played
}

/// Promise 4: 31,106 real events give the same decisions, input by input, in a back-test and in
/// an engine on RabbitMQ and PostgreSQL that takes them in batches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_4_a_backtest_and_the_engine_agree_on_real_events_input_by_input() {
    let Some(path) = real_data() else { return };
    let inputs = inputs(path);
    let rig = Rig::new(&shop()).await;
    let recorded = engine::Settings {
        clock: Clock::Recorded,
        ..kit::quick()
    };
    let engine = rig.engine(recorded).await;
    let played = play(&engine, &inputs);

    let broker = rig.broker(broker::Settings::default()).await;
    let publisher = broker.publisher().await.unwrap();
    let bodies = inputs
        .iter()
        .map(event)
        .map(|e| (e.customer.to_string(), intake::to_json(e).into()));
    let published = publisher
        .publish_all(futures::stream::iter(bodies), 1_000, |_| ())
        .await
        .unwrap();
    assert_eq!(usize::try_from(published).unwrap(), inputs.len());
    let mut consumer = broker.consumer().await.unwrap();
    let mut deliveries = 0;
    while deliveries < inputs.len() {
        let taken = engine.intake_once(&mut consumer).await.unwrap().unwrap();
        assert_eq!((taken.dead, taken.duplicates), (0, 0));
        deliveries += taken.deliveries;
    }
    let end: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    while engine.timers_once(end).await.unwrap().timers > 0 {}

    let refused: Vec<(uuid::Uuid, Option<String>)> =
        sqlx::query_as("select id, reason from message")
            .fetch_all(rig.store.pool())
            .await
            .unwrap();
    assert!(
        refused.len() > 300,
        "{} messages were decided",
        refused.len()
    );
    assert_eq!(
        refused.into_iter().collect::<BTreeSet<_>>(),
        played.messages
    );
    let mut compared = 0;
    for (customer, history) in played.histories {
        let stored = rig.store.inputs(customer, 100_000).await.unwrap();
        compared += stored.len();
        // Item by item, so that a failure shows the first that differs, and not a year.
        for (stored, played) in stored.iter().zip(&history) {
            assert_eq!(stored, played, "{customer}");
        }
        assert_eq!(stored.len(), history.len(), "{customer}");
    }
    assert!(compared > inputs.len(), "timers fired in between");
}
