//! What a publication means for those who are there: nobody is missed while engines hear of it one
//! after another, and a version that holds again counts from that moment.

use std::sync::Arc;

use engine::{Engine, Settings};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Rig};
use serde_json::json;

use super::{day, hours, inside, journey, known, nothing, sweep};

/// How long a sweep of a publication waits for engines that have not heard of it.
const SETTLE: SignedDuration = SignedDuration::from_secs(5);

fn settling() -> Settings {
    Settings {
        sweep_settle: SETTLE,
        ..kit::quick()
    }
}

fn renewal(offset: &str) -> kit::Workspace {
    journey(&format!(
        "{{ date: customer.renews_on, offset: {offset}, at: \"12:00\", zone: UTC }}"
    ))
}

async fn due(rig: &Rig) -> Timestamp {
    rig.store.next_due().await.unwrap().expect("a date is due")
}

/// The new version holds here; the sweep is not begun.
async fn informed(rig: &Rig, engine: &Arc<Engine>) {
    engine.reload().await.unwrap();
    assert!(rig.count("select count(*) from workspace").await > 1);
}

#[tokio::test]
async fn rule_21_an_engine_that_has_not_heard_of_the_journey_misses_nobody() {
    let rig = Rig::new(&nothing()).await;
    let behind = rig.engine(kit::quick()).await;
    let now = Timestamp::now() - hours(1);
    for n in 0..5 {
        let level = json!({ "level": "gold" });
        known(&behind, &format!("c{n}"), level, now).await;
    }
    rig.apply(&journey("{ segment: gold, backfill: true }"))
        .await;
    // A page that nobody is on, so that the sweep is written down and not done.
    let settings = Settings {
        sweep_page: 1,
        ..kit::quick()
    };
    let ahead = rig.engine(settings).await;
    let now = Timestamp::now();
    assert!(ahead.sweeps_once(now).await.unwrap().looked);
    // The one that is behind takes the rest.
    sweep(&behind, now).await;
    assert_eq!(inside(&rig).await, 5);
}

#[tokio::test]
async fn rule_20_a_date_that_came_before_every_engine_had_heard_is_not_missed() {
    let rig = Rig::new(&nothing()).await;
    let behind = rig.engine(settling()).await;
    let before = Timestamp::now() - hours(1);
    let renews = |days| json!({ "renews_on": day(before, days) });
    known(&behind, "old", renews(9), before).await;
    rig.apply(&renewal("0d")).await;
    let ahead = rig.engine(settling()).await;
    let now = Timestamp::now();
    assert_eq!(
        sweep(&ahead, now).await,
        0,
        "not before others may have heard"
    );
    // One who is new, and one who was there: both by an engine that knows of no date.
    known(&behind, "new", renews(7), now).await;
    known(&behind, "old", renews(8), now).await;
    informed(&rig, &behind).await;
    let later = now + SETTLE;
    assert_eq!(sweep(&ahead, later).await, 2);
    let due: Vec<i64> = sqlx::query_scalar(
        "select extract(day from due_at - now())::int8 from customer order by 1",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap();
    assert_eq!(due.len(), 2);
    assert!(due[0] >= 5 && due[1] - due[0] == 1, "{due:?}");
}

#[tokio::test]
async fn rule_20_a_version_that_holds_again_moves_the_dates_back() {
    let rig = Rig::new(&renewal("-1d")).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    let renews = json!({ "renews_on": day(now, 9) });
    known(&engine, "ana", renews, now).await;
    sweep(&engine, now).await;
    let first = due(&rig).await;
    rig.apply(&renewal("-3d")).await;
    engine.reload().await.unwrap();
    sweep(&engine, Timestamp::now()).await;
    assert_eq!(
        due(&rig).await,
        first - hours(48),
        "the new version moves it"
    );
    rig.apply(&renewal("-1d")).await;
    engine.reload().await.unwrap();
    sweep(&engine, Timestamp::now()).await;
    assert_eq!(due(&rig).await, first, "and the old one back");
    engine.timers_once(first + hours(72)).await.unwrap();
    engine.timers_once(first + hours(96)).await.unwrap();
    assert_eq!(inside(&rig).await, 1, "once");
}

#[tokio::test]
async fn a_version_that_holds_again_makes_up_for_no_tick_of_the_time_between() {
    let often = journey("{ schedule: \"0 * * * *\", zone: UTC, segment: gold }");
    let rig = Rig::new(&often).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    known(&engine, "ana", json!({ "level": "gold" }), now - hours(9)).await;
    sqlx::query("update machine set published_at = published_at - interval '8 hours'")
        .execute(rig.store.pool())
        .await
        .unwrap();
    sqlx::query("update workspace set applied_at = applied_at - interval '8 hours'")
        .execute(rig.store.pool())
        .await
        .unwrap();
    rig.apply(&nothing()).await;
    rig.apply(&often).await;
    engine.reload().await.unwrap();
    assert_eq!(sweep(&engine, Timestamp::now()).await, 0);
    assert_eq!(inside(&rig).await, 0);
    // The next one is its own again.
    assert_eq!(sweep(&engine, Timestamp::now() + hours(1)).await, 1);
}

#[tokio::test]
async fn a_customer_who_cannot_be_read_keeps_nobody_else_from_a_sweep() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now() - hours(1);
    for n in 0..9 {
        let level = json!({ "level": "gold" });
        known(&engine, &format!("c{n}"), level, now).await;
    }
    // The last of the first page and the last of all: the cursor must pass both.
    sqlx::query(
        "update customer set ledger = 'from another time' where id in (
             select id from (select id, row_number() over (order by id) n from customer) c
             where n in (4, 9))",
    )
    .execute(rig.store.pool())
    .await
    .unwrap();
    rig.apply(&journey("{ segment: gold, backfill: true }"))
        .await;
    let settings = Settings {
        sweep_page: 4,
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    sweep(&engine, Timestamp::now()).await;
    assert_eq!(inside(&rig).await, 7);
    assert_eq!(
        rig.count("select count(*) from sweep where done_at is null")
            .await,
        0
    );
}

#[tokio::test]
async fn rule_21_backfill_comes_once_though_the_version_holds_again() {
    let members = journey("{ segment: gold, backfill: true }");
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let level = json!({ "level": "gold" });
    known(&engine, "ana", level, Timestamp::now() - hours(1)).await;
    for workspace in [&members, &nothing(), &members] {
        rig.apply(workspace).await;
        engine.reload().await.unwrap();
        sweep(&engine, Timestamp::now()).await;
    }
    assert_eq!(rig.count("select count(*) from sweep").await, 1);
    assert_eq!(inside(&rig).await, 1);
}

/// Over as soon as it has begun: `again` allows another entry at once.
fn greeting(enter: &str, steps: &str) -> kit::Workspace {
    nothing()
        .file(
            "config/segments/gold.yaml",
            "if: customer.level == \"gold\"\n",
        )
        .journey(
            "circle",
            &format!("purpose: service\nenter: {enter}\nsteps: {steps}\n"),
        )
}

async fn over(rig: &Rig) -> i64 {
    rig.count("select count(*) from run_ended").await
}

#[tokio::test]
async fn rule_21_an_edit_of_a_step_lets_nobody_in_again() {
    const MEMBERS: &str = "{ segment: gold, backfill: true }";
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let level = json!({ "level": "gold" });
    known(&engine, "ana", level, Timestamp::now() - hours(1)).await;
    let publish = async |enter: &str, steps: &str| {
        rig.apply(&greeting(enter, steps)).await;
        engine.reload().await.unwrap();
        sweep(&engine, Timestamp::now()).await;
    };
    publish(MEMBERS, "[]").await;
    assert_eq!(over(&rig).await, 1);
    publish(MEMBERS, "[ { set: { run.n: 1 } } ]").await;
    publish(MEMBERS, "[ { set: { run.n: 2 } } ]").await;
    publish(MEMBERS, "[ { set: { run.n: 1 } } ]").await;
    assert_eq!(over(&rig).await, 1, "a step was edited");
    publish(
        "{ segment: gold, backfill: true, if: customer.phone != \"\" }",
        "[]",
    )
    .await;
    assert_eq!(over(&rig).await, 2, "another entry");
    publish("{ segment: gold }", "[]").await;
    publish(MEMBERS, "[ { set: { run.n: 3 } } ]").await;
    assert_eq!(
        over(&rig).await,
        3,
        "it was taken out, and is published anew"
    );
}

#[tokio::test]
async fn rule_21_who_came_to_belong_before_the_sweep_came_enters_once() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(settling()).await;
    let before = Timestamp::now() - hours(1);
    for name in ["ana", "ben"] {
        let level = if name == "ben" { "gold" } else { "none" };
        known(&engine, name, json!({ "level": level }), before).await;
    }
    rig.apply(&greeting("{ segment: gold, backfill: true }", "[]"))
        .await;
    engine.reload().await.unwrap();
    let now = Timestamp::now();
    assert_eq!(sweep(&engine, now).await, 0, "it waits for other engines");
    known(&engine, "ana", json!({ "level": "gold" }), now).await;
    assert_eq!(over(&rig).await, 1, "by herself");
    assert_eq!(sweep(&engine, now + SETTLE).await, 1, "ben alone");
    assert_eq!(over(&rig).await, 2);
}
