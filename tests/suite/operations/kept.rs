//! What engines see is kept for a week: by the minute and by the quarter of an hour, and nothing rests on it.

use std::sync::Arc;

use engine::{Engine, Roles, metrics::Way};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{Rig, Workspace, quick};
use store::read::{Series, Span};

const START: &str = "2026-03-02T09:00:05Z";

/// Settings of an engine that starts then.
fn begun(start: Timestamp) -> engine::Settings {
    engine::Settings {
        time: engine::Time::of(move || start),
        ..quick()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn tell(engine: &Arc<Engine>, now: Timestamp) -> bool {
    engine.tell_once(None, Roles::ALL, now).await
}

/// A value over the hour from that moment, in steps.
async fn seen(rig: &Rig, name: &str, from: Timestamp, step: u32) -> Vec<(String, Vec<f64>)> {
    let to = from + SignedDuration::from_hours(1);
    let read = rig.reader().samples(&[name], Span { from, to, step }).await;
    let values = |s: &Series| s.points.iter().map(|p| p.value).collect();
    let all = read.unwrap();
    all.iter().map(|s| (s.name.clone(), values(s))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_add_to_the_same_values_and_a_gap_stays_one() {
    let rig = Rig::new(&Workspace::new()).await;
    let (one, two) = (
        rig.engine(begun(at(START))).await,
        rig.engine(begun(at(START))).await,
    );
    let start = at(START);
    one.metrics().taken_in(Way::Http, 3, 0, 0);
    two.metrics().taken_in(Way::Http, 4, 0, 1);
    assert!(tell(&one, start).await && tell(&two, start).await);
    one.metrics().taken_in(Way::Http, 2, 0, 0);
    let later = start + SignedDuration::from_secs(30);
    assert!(tell(&one, later).await && tell(&two, later).await);
    // Nobody looks in the second minute.
    assert!(tell(&one, start + SignedDuration::from_mins(2)).await);
    let hour = at("2026-03-02T09:00:00Z");
    assert_eq!(
        seen(&rig, "events", hour, 60).await,
        [("events".to_owned(), vec![8.0, 0.0])]
    );
    assert_eq!(
        seen(&rig, "events", hour, 900).await,
        [("events".to_owned(), vec![8.0])]
    );
    let late = seen(&rig, "late/", hour, 60).await;
    let names: Vec<&str> = late.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "late/calls",
            "late/forwards",
            "late/messages",
            "late/timers"
        ]
    );
    let engines = rig.reader().engines().await.unwrap();
    assert_eq!(engines.len(), 2);
    assert_eq!(engines[0].roles, ["intake", "timers", "dispatch"]);
    assert!(!engines[0].seen.broker && engines[0].seen.connections_max > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_is_at_a_moment_the_largest_counts() {
    let rig = Rig::new(&Workspace::new()).await;
    let engine = rig.engine(begun(at(START))).await;
    let broker = rig.broker(broker::Settings::default()).await;
    let start = at(START);
    let look = async |after: i64| {
        let now = start + SignedDuration::from_secs(after);
        assert!(engine.tell_once(Some(&broker), Roles::ALL, now).await);
    };
    let publisher = broker.publisher().await.unwrap();
    publisher.publish("x", "{}".into()).await.unwrap();
    parcours_tests::kit::eventually(super::SOON, "an event waits", async || {
        broker.depth().await.unwrap().ready == 1
    })
    .await;
    look(0).await;
    // It is taken in and dead meanwhile.
    let mut consumer = engine::Intake::new(&engine, broker.consumer().await.unwrap());
    consumer.next().await.unwrap();
    parcours_tests::kit::eventually(super::SOON, "a dead letter", async || {
        let depth = broker.depth().await.unwrap();
        depth.ready == 0 && depth.dead == 1
    })
    .await;
    look(20).await;
    let queues = seen(&rig, "queue/", at("2026-03-02T09:00:00Z"), 60).await;
    let wanted = ["queue/dead", "queue/ready"].map(|name| (name.to_owned(), vec![1.0]));
    assert_eq!(queues, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minutes_go_after_a_day_quarters_after_a_week_and_the_dead_after_an_hour() {
    let rig = Rig::new(&Workspace::new()).await;
    let (one, two) = (
        rig.engine(begun(at(START))).await,
        rig.engine(begun(at(START))).await,
    );
    let start = at(START);
    assert!(tell(&two, start).await);
    let rows = async |seconds: i16, before: Timestamp| -> i64 {
        let query = sqlx::query_scalar(
            "select count(*) from sample where seconds = $1 and at < to_timestamp($2::bigint)",
        );
        let query = query.bind(seconds).bind(before.as_second());
        query.fetch_one(rig.store.pool()).await.unwrap()
    };
    let first = start + SignedDuration::from_mins(1);
    assert!(rows(60, first).await > 5 && rows(900, first).await > 5);
    assert!(tell(&one, start + SignedDuration::from_mins(59)).await);
    assert_eq!(rig.reader().engines().await.unwrap().len(), 2);
    assert!(tell(&one, start + SignedDuration::from_hours(26)).await);
    assert_eq!(
        rig.reader().engines().await.unwrap().len(),
        1,
        "two is dead"
    );
    assert_eq!(rows(60, first).await, 0);
    assert!(rows(900, first).await > 5);
    assert!(tell(&one, start + SignedDuration::from_hours(7 * 24 + 2)).await);
    assert_eq!(rows(900, first).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_started_anew_in_the_same_place_stands_in_for_the_one_before() {
    let rig = Rig::new(&Workspace::new()).await;
    let start = at(START);
    let on = |host: &str, after: i64| engine::Settings {
        host: host.into(),
        ..begun(start + SignedDuration::from_secs(after))
    };
    let died = rig.engine(on("a", 0)).await;
    let beside = rig.engine(on("a", 0)).await;
    let elsewhere = rig.engine(on("b", 0)).await;
    assert!(tell(&died, start).await && tell(&elsewhere, start).await);
    let later = start + SignedDuration::from_secs(30);
    assert!(tell(&beside, later).await);
    assert_eq!(rig.reader().engines().await.unwrap().len(), 3);
    let anew = rig.engine(on("a", 20)).await;
    assert!(tell(&anew, start + SignedDuration::from_mins(10)).await);
    let left = rig.reader().engines().await.unwrap();
    let mut seen: Vec<_> = left.iter().map(|e| (&*e.host, e.seen_at)).collect();
    seen.sort_unstable();
    let minutes = start + SignedDuration::from_mins(10);
    // The one beside it has died since, and is missed.
    assert_eq!(seen, [("a", later), ("a", minutes), ("b", start)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_written_nothing_else_is_harmed_and_nothing_is_lost() {
    let rig = Rig::new(&Workspace::new()).await;
    let engine = rig.engine(begun(at(START))).await;
    let execute = async |query: &'static str| {
        sqlx::query(query).execute(rig.store.pool()).await.unwrap();
    };
    let start = at(START);
    engine.metrics().taken_in(Way::Http, 3, 0, 0);
    execute("alter table sample rename to sample_away").await;
    assert!(!tell(&engine, start).await);
    let text = engine.metrics().text();
    assert!(text.contains("parcours_due{work=\"timers\"} 0"), "{text}");
    execute("alter table sample_away rename to sample").await;
    assert!(tell(&engine, start + SignedDuration::from_secs(5)).await);
    assert_eq!(
        seen(&rig, "events", at("2026-03-02T09:00:00Z"), 60).await,
        [("events".to_owned(), vec![3.0])]
    );
}
