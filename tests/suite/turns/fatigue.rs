//! Promise 2 for fatigue: the pace of a customer, whatever runs in parallel, and what changes it.

use std::{ops::Range, sync::Arc};

use engine::Engine;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use journey::explain::Language;
use parcours_tests::kit::{self, Answer, Rig, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    caps::{senders, work},
    customers, event,
};

/// Four messages in seven days; two after two that were not heeded.
const FATIGUE: &str =
    "fatigue: { max: 4, per: 7d, after: 2, channels: [sms], rest: 30d, capped: skip }\n";

/// The events of these journeys, all at once: each engine has a part of them.
async fn at_once(engines: &[Arc<Engine>], name: &str, journeys: Range<usize>, now: Timestamp) {
    let turns = engines.iter().enumerate().map(|(e, engine)| {
        let mine = journeys.clone().filter(|j| j % engines.len() == e);
        let bodies = mine.map(|j| event(name, &format!("e{j}"), &format!("{name}-{j}")));
        tokio::spawn(work(engine.clone(), bodies.collect(), now))
    });
    for done in join_all(turns.collect::<Vec<_>>()).await {
        done.unwrap();
    }
}

async fn counts(rig: &Rig) -> (i64, i64) {
    let queued = "select count(*) from message where status = 'queued'";
    let capped = "select count(*) from message where status = 'suppressed' and reason = 'capped'";
    (rig.count(queued).await, rig.count(capped).await)
}

async fn slowed(rig: &Rig, name: &str, now: Timestamp) -> Option<String> {
    let reader = rig.reader();
    let customer = reader.customer(name).await.unwrap().unwrap();
    let slowed = reader.slowed(&customer, Language::English, now).await;
    slowed.unwrap().map(|s| s.sentence)
}

/// A click on the oldest message that went.
async fn clicks(rig: &Rig, engine: &Arc<Engine>, name: &str, now: Timestamp) {
    let query = "select id from message where status in ('queued', 'sent') order by at limit 1";
    let id: uuid::Uuid = sqlx::query_scalar(query)
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    let clicked = events::track(
        name,
        "message.clicked",
        "click",
        &json!({ "message_id": id }),
    );
    assert_eq!(events::take(engine, &[clicked], now).await, 1);
}

/// Four engines and a hundred sends at once: two go to whoever has heeded neither of two messages. A click, and
/// eighty more: two of them go, for the pace is four again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_2_the_pace_of_a_tired_customer_holds_against_a_hundred_sends_at_once() {
    let rig = Rig::new(&senders(182, FATIGUE)).await;
    let now = Timestamp::now();
    let mut engines = Vec::new();
    for _ in 0..4 {
        engines.push(rig.engine(kit::quick()).await);
    }
    let before = now - SignedDuration::from_hours(24 * 14);
    let names = customers(&engines[0], "c", 1, before).await;
    at_once(&engines, &names[0], 180..182, before).await;
    assert_eq!(counts(&rig).await, (2, 0));

    at_once(&engines, &names[0], 0..100, now).await;
    assert_eq!(counts(&rig).await, (4, 98));

    clicks(&rig, &engines[1], &names[0], now).await;
    at_once(&engines, &names[0], 100..180, now).await;
    assert_eq!(counts(&rig).await, (6, 98 + 78));
}

/// What becomes of messages, through the turn and the database: a final failure speaks against nobody and gives its
/// room back, a click ends the silence, and a complaint is remembered.
#[tokio::test]
async fn failures_clicks_and_complaints_change_the_pace_through_the_turn() {
    let rig = Rig::new(&senders(5, FATIGUE)).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    let ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    customers(&engine, "c", 1, ago(6)).await;
    let send = |n: usize| event("c0", &format!("e{n}"), &n.to_string());
    events::take(&engine, &[send(0), send(1)], ago(5)).await;
    let tired = "The customer has responded to none of the last 2 messages, and so gets at most 2 messages in 7 days instead of 4.";
    assert_eq!(slowed(&rig, "c0", ago(4)).await.as_deref(), Some(tired));
    events::take(&engine, &[send(2)], ago(3)).await;
    assert_eq!(counts(&rig).await, (2, 1));

    // One of the two fails for good, whichever is tried first.
    rig.provider.script([Answer::Refuse(400), Answer::Accept]);
    let done = engine.dispatch_once(&CancellationToken::new()).await;
    assert_eq!(done.unwrap().sent, 1);
    assert_eq!(slowed(&rig, "c0", ago(3)).await, None);
    events::take(&engine, &[send(3)], ago(2)).await;
    assert_eq!(counts(&rig).await, (1, 1));

    assert_eq!(slowed(&rig, "c0", now).await.as_deref(), Some(tired));
    clicks(&rig, &engine, "c0", now).await;
    assert_eq!(slowed(&rig, "c0", now).await, None);

    let complaint = events::track("c0", "message.complained", "spam", &json!({}));
    assert_eq!(events::take(&engine, &[complaint], now).await, 1);
    let upset = slowed(&rig, "c0", now).await.unwrap();
    let said = "The customer reported a message as unwanted on ";
    assert!(upset.starts_with(said), "{upset}");
    assert!(
        upset.contains("at most 1 message in 7 days instead of 4, until "),
        "{upset}"
    );
    events::take(&engine, &[send(4)], now).await;
    assert_eq!(counts(&rig).await, (1, 2));
}
