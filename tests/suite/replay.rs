//! Promises 4 and 5: the running engine, the pure code and the recorded history agree.

mod words;

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
