//! Promises 2 and 3: caps and consents, whatever runs in parallel.

use std::sync::Arc;

use engine::Engine;
use futures::future::join_all;
use jiff::Timestamp;
use parcours_tests::kit::{self, Rig, Workspace, events};
use tokio_util::sync::CancellationToken;

use super::{customers, event};

/// Journeys `j0`, `j1`, … that each send one message on the event of their name, as often as it
/// comes, and hold still until `stop`.
pub(super) fn senders(count: usize, policies: &str) -> Workspace {
    let workspace = Workspace::new().policies(policies);
    (0..count).fold(workspace, |workspace, n| {
        workspace.journey(
            &format!("j{n}"),
            &format!(
                "purpose: marketing
enter: {{ event: e{n}, again: always, inside: restart }}
exit: [ {{ event: stop }} ]
steps:
  - {{ id: nudge, send: sms, template: hello }}
  - {{ wait: 30d }}
"
            ),
        )
    })
}

const TWO_A_DAY: &str = "caps: [ { name: two, purpose: marketing, max: 2, per: day, window: calendar, zone: UTC, capped: skip } ]\n";
const ONE_A_DAY: &str = "caps: [ { name: one, purpose: marketing, max: 1, per: day, window: calendar, zone: UTC, capped: skip } ]\n";

/// So that what is decided a second later may leave already.
fn a_minute_ago() -> Timestamp {
    Timestamp::now() - jiff::SignedDuration::from_mins(1)
}

/// Turns of several events each, one after another.
pub(super) async fn work(engine: Arc<Engine>, events: Vec<bytes::Bytes>, now: Timestamp) {
    for batch in events.chunks(3) {
        assert_eq!(events::take(&engine, batch, now).await, batch.len());
    }
}

/// Promise 2: four engines, a hundred events of five journeys, five customers, two a day: each
/// gets two and never a third, and support sees why for all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_2_a_cap_of_two_a_day_never_lets_a_third_through_with_four_engines() {
    // One journey per event, so that no run is restarted and its message taken back.
    let rig = Rig::new(&senders(20, TWO_A_DAY)).await;
    let now = Timestamp::now();
    let mut engines = Vec::new();
    for _ in 0..4 {
        engines.push(rig.engine(kit::quick()).await);
    }
    let names = customers(&engines[0], "c", 5, now).await;
    let turns = engines.iter().enumerate().map(|(e, engine)| {
        // Every engine has events of every customer, in an order of its own.
        let mut bodies = Vec::new();
        for j in (e * 5)..(e * 5 + 5) {
            for c in 0..names.len() {
                let name = &names[(c + e) % names.len()];
                bodies.push(event(name, &format!("e{j}"), &format!("{name}-{j}")));
            }
        }
        tokio::spawn(work(engine.clone(), bodies, now))
    });
    for done in join_all(turns.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    let per_customer: Vec<(i64, i64)> = sqlx::query_as(
        "select count(*) filter (where status = 'queued'),
                count(*) filter (where status = 'suppressed' and reason = 'capped')
         from message group by customer",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap();
    assert_eq!(per_customer, [(2, 18); 5]);

    let stop = CancellationToken::new();
    let done = join_all(engines.iter().map(|e| e.dispatch_once(&stop))).await;
    let sent: usize = done.into_iter().map(|d| d.unwrap().sent).sum();
    assert_eq!(sent, 10);
    let requests = rig.provider.requests();
    assert_eq!(requests.len(), 10);
    assert!(requests.values().all(|n| *n == 1), "{requests:?}");
}

/// Promise 2 for the customer's own word: a limit of two a week, chosen in the midst of a hundred sends
/// over four engines, lets two through; what went before the choice counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_2_a_customers_own_limit_holds_against_a_hundred_sends_at_once() {
    let rig = Rig::new(&senders(101, "")).await;
    let now = Timestamp::now();
    let mut engines = Vec::new();
    for _ in 0..4 {
        engines.push(rig.engine(kit::quick()).await);
    }
    let names = customers(&engines[0], "c", 1, now).await;
    let name = &names[0];
    work(engines[0].clone(), vec![event(name, "e100", "before")], now).await;
    let limit = serde_json::json!({ "at_most": { "max": 2, "per": "week" } });
    let limit = events::track(name, "preferences.changed", "limit", &limit);
    // In one batch with a send: what the turn has loaded must reach far enough back.
    let batch = [limit, event(name, "e99", "with it")];
    assert_eq!(events::take(&engines[0], &batch, now).await, 2);
    let turns = engines.iter().enumerate().map(|(e, engine)| {
        let mine = (0..99).filter(|j| j % 4 == e);
        let bodies = mine.map(|j| event(name, &format!("e{j}"), &format!("{name}-{j}")));
        tokio::spawn(work(engine.clone(), bodies.collect(), now))
    });
    for done in join_all(turns.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    let queued = "select count(*) from message where status = 'queued'";
    let capped = "select count(*) from message where status = 'suppressed' and reason = 'capped'";
    assert_eq!((rig.count(queued).await, rig.count(capped).await), (2, 99));
}

/// Promise 3: consent is looked at again at dispatch; what is not sent gives its cap back.
#[tokio::test]
async fn promise_3_rule_50_consent_withdrawn_after_the_decision_stops_the_message_and_frees_the_cap()
 {
    let rig = Rig::new(&senders(2, ONE_A_DAY)).await;
    let engine = rig.engine(kit::quick()).await;
    let (now, stop) = (a_minute_ago(), CancellationToken::new());
    customers(&engine, "c", 1, now).await;
    let send = [
        event("c0", "e0", "1"),
        event("c0", "consent.withdrawn", "2"),
    ];
    events::take(&engine, &send, now).await;
    assert_eq!(rig.messages().await, ["sms queued - 0"]);

    assert_eq!(engine.dispatch_once(&stop).await.unwrap().ended, 1);
    assert_eq!(rig.messages().await, ["sms suppressed no_consent 1"]);
    assert_eq!(rig.provider.posts().len(), 0);

    let later = now + jiff::SignedDuration::from_secs(1);
    let again = [event("c0", "consent.granted", "3"), event("c0", "e1", "4")];
    events::take(&engine, &again, later).await;
    assert_eq!(engine.dispatch_once(&stop).await.unwrap().sent, 1);
    assert_eq!(rig.provider.taken().len(), 1);
}

/// Rule 35: leaving takes back what no provider has, and gives its cap back.
#[tokio::test]
async fn rule_35_an_exit_before_dispatch_recalls_the_message_and_frees_the_cap() {
    let rig = Rig::new(&senders(2, ONE_A_DAY)).await;
    let engine = rig.engine(kit::quick()).await;
    let (now, stop) = (a_minute_ago(), CancellationToken::new());
    customers(&engine, "c", 1, now).await;
    events::take(&engine, &[event("c0", "e0", "1")], now).await;
    events::take(&engine, &[event("c0", "stop", "2")], now).await;
    assert_eq!(rig.messages().await, ["sms recalled recalled 0"]);
    assert_eq!(engine.dispatch_once(&stop).await.unwrap().leased, 0);

    let later = now + jiff::SignedDuration::from_secs(1);
    events::take(&engine, &[event("c0", "e1", "3")], later).await;
    let expected = ["sms recalled recalled 0", "sms queued - 0"];
    assert_eq!(rig.messages().await, expected);
}

/// Rule 35 against dispatch: a message is either sent or taken back, never both.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_35_a_message_is_sent_or_recalled_and_never_both() {
    let rig = Rig::new(&senders(1, "")).await;
    let engine = rig.engine(kit::quick()).await;
    let other = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    let names = customers(&engine, "c", 60, now).await;
    let entering: Vec<_> = names
        .iter()
        .map(|n| event(n, "e0", &format!("{n}-in")))
        .collect();
    events::take(&engine, &entering, now).await;

    let leaving: Vec<_> = names
        .iter()
        .map(|n| event(n, "stop", &format!("{n}-out")))
        .collect();
    let leave = tokio::spawn(async move {
        for batch in leaving.chunks(4) {
            events::take(&other, batch, now).await;
        }
    });
    let stop = CancellationToken::new();
    let small = engine::Settings {
        dispatch_batch: 3,
        ..kit::quick()
    };
    let dispatcher = rig.engine(small).await;
    let mut sent = 0;
    loop {
        let done = dispatcher.dispatch_once(&stop).await.unwrap();
        sent += done.sent;
        if done.leased == 0 {
            break;
        }
    }
    leave.await.unwrap();
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as("select id, status::text from message")
        .fetch_all(rig.store.pool())
        .await
        .unwrap();
    let posted = rig.provider.requests();
    assert_eq!(posted.len(), sent);
    for (id, status) in &rows {
        let expected = if status == "sent" { Some(&1) } else { None };
        assert_eq!(posted.get(&id.to_string()), expected, "{status}");
        assert!(status == "sent" || status == "recalled", "{status}");
    }
    assert_eq!(rows.len(), 60);
}
