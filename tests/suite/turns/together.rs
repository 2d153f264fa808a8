//! Several engines on one database: redelivery, poison, timers, and workspaces that change.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, ids::InputId, input::Input};
use parcours_tests::kit::{self, Rig, Workspace, events};
use store::Arrival;
use tokio_util::sync::CancellationToken;

use super::{customers, event};

const SOON: Duration = Duration::from_secs(60);

/// A journey that writes an hour after `start`, or at once on `now`.
fn later(template: &str) -> Workspace {
    Workspace::new().sms("bye", "Bye").journey(
        "later",
        &format!(
            "purpose: service
enter: {{ event: start, again: always }}
steps:
  - {{ wait_for: {{ event: now, within: 1h }} }}
  - {{ send: sms, template: {template} }}
"
        ),
    )
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// Promise 1, *killed after the commit, before the ack*: redelivered, the ids conflict, nothing
/// happens.
#[tokio::test]
async fn promise_1_a_batch_that_was_committed_and_not_acknowledged_takes_effect_once() {
    let rig = Rig::new(&later("hello")).await;
    let broker = rig.broker(broker::Settings::default()).await;
    let engine = rig.engine(kit::quick()).await;
    let publisher = broker.publisher().await.unwrap();
    for n in 0..50 {
        let name = format!("c{}", n % 7);
        let body = event(&name, "start", &n.to_string());
        publisher.publish(&name, body).await.unwrap();
    }
    let (mut seen, mut open) = (0, Vec::new());
    let mut killed = broker.consumer().await.unwrap();
    while seen < 50 {
        let batch = killed.next().await.unwrap().unwrap();
        let bodies: Vec<_> = batch.deliveries.iter().map(|d| d.body.clone()).collect();
        events::take(&engine, &bodies, Timestamp::now()).await;
        seen += bodies.len();
        open.push(batch);
    }
    drop((killed, open));

    let other = rig.engine(kit::quick()).await;
    let mut consumer = broker.consumer().await.unwrap();
    let mut duplicates = 0;
    while duplicates < 50 {
        let taken = other.intake_once(&mut consumer).await.unwrap().unwrap();
        assert_eq!((taken.inputs, taken.dead), (0, 0));
        duplicates += taken.duplicates;
    }
    assert_eq!(rig.count("select count(*) from input").await, 50);
    assert_eq!(rig.count("select count(*) from run").await, 7);
    kit::eventually(SOON, "the queue is empty", async || {
        broker.depth().await.unwrap() == broker::Depth::default()
    })
    .await;
}

/// The path of one event, 6: an input that the database refuses stands alone.
#[tokio::test]
async fn a_batch_is_halved_until_the_culprit_stands_alone() {
    let rig = Rig::new(&later("hello")).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    let mut arrivals: Vec<Arrival> = (0..23)
        .map(|n| events::arrival(&event("ana", "start", &n.to_string()), now))
        .collect();
    // Keys of more than 256 bytes do not pass intake; the schema is the last line of defence.
    for place in [5, 22] {
        let key: Arc<str> = Arc::from("k".repeat(300));
        arrivals[place].customer = CustomerId::of(&key);
        arrivals[place].key = key;
    }
    let decided = engine.turn(arrivals.clone()).await.unwrap();
    let places: Vec<_> = decided.rejected.iter().map(|r| r.index).collect();
    assert_eq!((decided.inputs, places), (21, vec![5, 22]));
    assert_eq!(rig.count("select count(*) from input").await, 21);

    let decided = engine.turn(arrivals).await.unwrap();
    assert_eq!((decided.inputs, decided.duplicates), (0, 21));
}

/// A machine that another engine has published, and that a customer is on already, is learnt by
/// a turn and by timers; promise 7 with it: the run goes on with the version it entered with.
#[tokio::test]
async fn promise_7_a_run_on_a_machine_that_an_engine_does_not_know_goes_on() {
    let rig = Rig::new(&later("hello")).await;
    let old = [
        rig.engine(kit::quick()).await,
        rig.engine(kit::quick()).await,
    ];
    let now = Timestamp::now() - hours(2);
    let names = customers(&old[0], "c", 2, now).await;
    rig.apply(&later("bye")).await;
    let new = rig.engine(kit::quick()).await;
    let entering: Vec<_> = names
        .iter()
        .map(|n| event(n, "start", &format!("{n}-s")))
        .collect();
    events::take(&new, &entering, now).await;

    events::take(&old[0], &[event("c0", "now", "n")], now).await;
    let fired = old[1].timers_once(now + hours(1)).await.unwrap();
    assert_eq!((fired.customers, fired.timers), (1, 1));
    let revision = new.loaded().revision;
    assert!(old.iter().all(|e| e.loaded().revision == revision));

    new.dispatch_once(&CancellationToken::new()).await.unwrap();
    let texts: Vec<_> = rig
        .provider
        .taken()
        .into_iter()
        .map(|p| p.body["content"].to_string())
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(texts.iter().all(|t| t.contains("Bye")), "{texts:?}");
}

/// Promise 8 and rule 13: timers that fell due while nobody ran fire late, and once, however
/// many engines look for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_8_late_timers_fire_once_with_two_engines() {
    let rig = Rig::new(&later("hello")).await;
    let engines = [
        rig.engine(kit::quick()).await,
        rig.engine(kit::quick()).await,
    ];
    let now = Timestamp::now();
    let names = customers(&engines[0], "c", 40, now - hours(5)).await;
    let entering: Vec<_> = names
        .iter()
        .map(|n| event(n, "start", &format!("{n}-s")))
        .collect();
    events::take(&engines[0], &entering, now - hours(5)).await;
    assert_eq!(
        engines[0].timers_once(now - hours(5)).await.unwrap().timers,
        0
    );

    let rounds = engines.clone().map(|engine| {
        tokio::spawn(async move {
            let mut timers = 0;
            while engine.store().next_due().await.unwrap().is_some() {
                timers += engine.timers_once(now).await.unwrap().timers;
            }
            timers
        })
    });
    let mut fired = 0;
    for round in rounds {
        fired += round.await.unwrap();
    }
    assert_eq!(fired, 40);
    assert_eq!(
        rig.count("select count(*) from input where kind = 1").await,
        40
    );
    assert_eq!(rig.messages().await, ["sms queued - 0"; 40]);
    let late: Vec<(Input, _)> = rig.store.inputs(CustomerId::of("c0"), 10).await.unwrap();
    let (timer, _) = late.last().unwrap();
    assert_eq!(
        timer.now.as_microsecond(),
        now.as_microsecond(),
        "the time it is, not the one it was due"
    );
    assert_ne!(timer.id, InputId::of_event("", "c0-s"));
}
