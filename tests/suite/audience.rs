//! Entries that no event makes: dates, schedules and segments, on running engines.

use std::sync::Arc;

use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;

const STEPS: &str = "steps:\n  - { id: hi, send: sms, template: hello }\n  - wait: 30d\n";

fn journey(enter: &str) -> Workspace {
    Workspace::new()
        .file(
            "config/segments/gold.yaml",
            "if: customer.level == \"gold\"\n",
        )
        .journey(
            "circle",
            &format!("purpose: service\nenter: {enter}\n{STEPS}"),
        )
}

/// A workspace in which nobody enters anything yet.
fn nothing() -> Workspace {
    Workspace::new().journey(
        "idle",
        "purpose: service\nenter: { event: never }\nsteps: []\n",
    )
}

async fn known(engine: &Arc<Engine>, name: &str, traits: serde_json::Value, now: Timestamp) {
    let mut traits = traits;
    traits["phone"] = json!("+33639980101");
    let id = format!("{name}-{now}");
    let body = events::identify(name, &id, &traits);
    assert_eq!(events::take(engine, &[body], now).await, 1);
}

/// Works sweeps off until there is nothing to do.
async fn sweep(engine: &Arc<Engine>, now: Timestamp) -> usize {
    let mut customers = 0;
    for _ in 0..1_000 {
        let swept = engine.sweeps_once(now).await.unwrap();
        customers += swept.customers;
        if !swept.looked {
            return customers;
        }
    }
    panic!("a sweep that never ends");
}

async fn inside(rig: &Rig) -> i64 {
    rig.count("select count(*) from run where journey = 'circle'")
        .await
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// A date so many days from now, as a trait.
fn day(now: Timestamp, days: i64) -> String {
    (now + hours(24 * days))
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .to_string()
}

#[tokio::test]
async fn rule_20_a_date_fires_when_it_has_come_and_once() {
    let rig = Rig::new(&journey(
        "{ date: customer.renews_on, at: \"09:00\", zone: UTC }",
    ))
    .await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    known(&engine, "ana", json!({ "renews_on": day(now, 3) }), now).await;
    let due = rig.store.next_due().await.unwrap().expect("a date is due");
    assert!(due > now && due < now + hours(24 * 4));
    engine.timers_once(now).await.unwrap();
    assert_eq!(inside(&rig).await, 0, "not before its time");
    // Another day moves it.
    let next = now + SignedDuration::from_secs(1);
    known(&engine, "ana", json!({ "renews_on": day(now, 5) }), next).await;
    let moved = rig.store.next_due().await.unwrap().unwrap();
    assert_eq!(moved, due + hours(48));
    assert_eq!(engine.timers_once(moved).await.unwrap().timers, 1);
    assert_eq!(inside(&rig).await, 1);
    let later = moved + hours(1);
    assert_eq!(engine.timers_once(later).await.unwrap().timers, 0);
    assert_eq!(inside(&rig).await, 1, "once");
}

#[tokio::test]
async fn rule_20_dates_that_were_there_before_the_journey_fire_after_it() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now() - hours(1);
    for (name, days) in [("past", -2), ("soon", 1), ("later", 30)] {
        known(&engine, name, json!({ "renews_on": day(now, days) }), now).await;
    }
    rig.apply(&journey(
        "{ date: customer.renews_on, at: \"12:00\", zone: UTC }",
    ))
    .await;
    engine.reload().await.unwrap();
    let now = Timestamp::now();
    assert_eq!(sweep(&engine, now).await, 3);
    assert_eq!(
        rig.count("select count(*) from customer where due_at is not null")
            .await,
        2,
        "what was over before the journey was published does not fire"
    );
    engine.timers_once(now + hours(24 * 3)).await.unwrap();
    assert_eq!(inside(&rig).await, 1);
}

#[tokio::test]
async fn rule_21_backfill_takes_those_who_belong_already_once_with_two_engines() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now() - hours(1);
    for n in 0..30 {
        let level = if n % 3 == 0 { "gold" } else { "tin" };
        known(&engine, &format!("c{n}"), json!({ "level": level }), now).await;
    }
    rig.apply(&journey("{ segment: gold, backfill: true }"))
        .await;
    // Small pages, so that there are several.
    let settings = engine::Settings {
        sweep_page: 7,
        ..kit::quick()
    };
    let engines = [
        rig.engine(settings.clone()).await,
        rig.engine(settings).await,
    ];
    let now = Timestamp::now();
    let (a, b) = tokio::join!(sweep(&engines[0], now), sweep(&engines[1], now));
    let _ = a + b;
    // Whoever was refused a page that the other had finds nothing left to do.
    sweep(&engines[0], now + hours(1)).await;
    assert_eq!(inside(&rig).await, 10);
    assert_eq!(
        rig.count("select count(*) from run_ended where journey = 'circle'")
            .await,
        0
    );
    // A change afterwards is an event like any other.
    known(
        &engines[0],
        "c1",
        json!({ "level": "gold" }),
        now + hours(2),
    )
    .await;
    assert_eq!(inside(&rig).await, 11);
}

#[tokio::test]
async fn a_schedule_takes_its_segment_at_its_last_tick_and_no_tick_from_before_it_was_published() {
    let rig = Rig::new(&journey(
        "{ schedule: \"0 * * * *\", zone: UTC, segment: gold }",
    ))
    .await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    known(&engine, "ana", json!({ "level": "gold" }), now).await;
    known(&engine, "ben", json!({ "level": "tin" }), now).await;
    assert_eq!(
        sweep(&engine, now).await,
        0,
        "no tick since it was published"
    );
    // Engines were away for three hours: one tick, not three.
    let later = now + hours(3);
    assert_eq!(sweep(&engine, later).await, 1);
    assert_eq!(inside(&rig).await, 1);
    assert_eq!(rig.count("select count(*) from sweep").await, 1);
    assert_eq!(sweep(&engine, later).await, 0, "a tick comes once");
    // More than a day late, and it is over.
    let other = rig.engine(kit::quick()).await;
    assert_eq!(
        sweep(&other, later).await,
        0,
        "another engine makes no second one"
    );
}

#[tokio::test]
async fn promise_8_a_sweep_goes_on_where_it_was_killed() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now() - hours(1);
    for n in 0..20 {
        known(&engine, &format!("c{n}"), json!({ "level": "gold" }), now).await;
    }
    rig.apply(&journey("{ segment: gold, backfill: true }"))
        .await;
    let settings = engine::Settings {
        sweep_page: 6,
        ..kit::quick()
    };
    let first = rig.engine(settings.clone()).await;
    let now = Timestamp::now();
    assert_eq!(first.sweeps_once(now).await.unwrap().customers, 6);
    // It takes the next page up, decides some of it and dies before it says so.
    let taken = rig
        .store
        .claim_sweep(now, SignedDuration::from_secs(10))
        .await
        .unwrap()
        .expect("pages are left");
    drop(first);
    let second = rig.engine(settings).await;
    assert!(
        !second.sweeps_once(now).await.unwrap().looked,
        "it is leased"
    );
    let later = now + SignedDuration::from_secs(11);
    assert_eq!(sweep(&second, later).await, 14);
    assert_eq!(inside(&rig).await, 20);
    // The dead one's page, done once more, changes nothing.
    rig.store
        .swept(&taken, Some(taken.cursor), later)
        .await
        .unwrap();
    assert_eq!(sweep(&second, later).await, 0);
}
