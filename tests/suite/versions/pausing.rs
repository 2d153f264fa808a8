//! Rule 53 on running engines: pausing a journey.

use std::sync::Arc;

use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, input::InputKind, world::Startable};
use parcours_tests::kit::{self, Rig, events};
use store::Paused;

use super::{event, journey, later, now, pass_all, runs, started};

const STEPS: &str = "  - { id: rest, wait: 10h }\n  - { id: hi, send: sms, template: hello }\n";
const SENT: &str = "select count(*) from message where step = 'hi'";

async fn pause(rig: &Rig, hours: i64) {
    let done = rig.store.pause("demo", true, later(hours)).await.unwrap();
    assert!(matches!(done, Paused::Done { .. }), "{done:?}");
}

async fn resume(rig: &Rig, hours: i64) {
    let done = rig.store.pause("demo", false, later(hours)).await.unwrap();
    assert!(matches!(done, Paused::Done { .. }), "{done:?}");
}

/// So many customers inside, four hours later paused; the engine has not heard of it.
async fn paused(customers: usize) -> (Rig, Arc<Engine>) {
    let rig = Rig::new(&journey("", STEPS)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, customers).await;
    pause(&rig, 4).await;
    (rig, engine)
}

#[tokio::test]
async fn rule_53_a_paused_journey_stands_still_and_goes_on_where_it_was() {
    let rig = Rig::new(&journey("exit: [ { event: bought } ]\n", STEPS)).await;
    let engine = rig.engine(kit::quick()).await;
    let other = rig.engine(kit::quick()).await;
    started(&engine, 30).await;
    pause(&rig, 4).await;
    // One engine has not heard of it yet: what it does is put right.
    assert!(engine.reload().await.unwrap());
    assert!(!engine.reload().await.unwrap());
    assert_eq!(pass_all(&engine, later(5)).await, 30);
    assert_eq!(
        rig.count("select count(*) from run where due_at is not null")
            .await,
        0
    );
    events::take(&other, &[event("late", "start", "l")], later(5)).await;
    events::take(&other, &[event("c0", "bought", "b")], later(5)).await;
    events::take(&engine, &[event("never", "start", "n")], later(5)).await;
    assert_eq!(pass_all(&engine, later(6)).await, 1, "late");
    assert_eq!(runs(&rig).await, ["bought 1", "version 1 30"]);
    while engine.timers_once(later(40)).await.unwrap().timers > 0 {}
    while other.timers_once(later(40)).await.unwrap().timers > 0 {}
    assert_eq!(rig.count(SENT).await, 0);

    let id = CustomerId::of("c1");
    let inside = &rig.reader().runs(id).await.unwrap().open[0];
    assert_eq!(inside.paused_since, Some(later(4)));
    let state = crate::api::desk::state(rig.reader(), Arc::default(), None);
    let page = crate::api::page_of(api::router(state), "/customers/c1").await;
    for words in ["Paused since", "The journey was paused"] {
        assert!(page.contains(words), "{words}: {page}");
    }

    // Six of ten hours are left to those who came in time, and all ten to her who came in the pause.
    resume(&rig, 50).await;
    assert_eq!(pass_all(&other, later(51)).await, 30);
    let due = |hours: i64| format!("select count(*) from run where due_at = '{}'", later(hours));
    assert_eq!(count(&rig, &due(56)).await, 29);
    assert_eq!(count(&rig, &due(60)).await, 1);
    while other.timers_once(later(56)).await.unwrap().timers > 0 {}
    assert_eq!(rig.count(SENT).await, 29);
    assert_eq!(pass_all(&engine, later(57)).await, 0);
    let open = "select count(*) from passage where done_at is null";
    assert_eq!(rig.count(open).await, 0);

    // Support reads it, and the history holds it.
    let history = rig.store.inputs(id, 100).await.unwrap();
    let said: Vec<String> = history
        .iter()
        .filter(|(input, _)| matches!(input.kind, InputKind::Passage { .. }))
        .flat_map(|(_, trace)| trace.iter().map(|l| l.fact.sentence()))
        .collect();
    let wanted = [
        "paused since 2026-03-02T14:00:00Z: it stays where it is",
        "goes on; it was paused since 2026-03-02T14:00:00Z",
        "waits until 2026-03-04T18:00:00Z",
    ];
    assert_eq!(said, wanted);
    let never = rig.store.inputs(CustomerId::of("never"), 10).await.unwrap();
    let why = never.last().unwrap().1[0].fact.sentence();
    assert_eq!(why, "did not enter: the journey is paused");
}

async fn count(rig: &Rig, query: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
        .fetch_one(rig.store.pool())
        .await
        .unwrap()
}

/// A customer is touched before the round through all customers comes to them, by an engine that knows.
#[tokio::test]
async fn rule_53_whoever_is_due_before_the_round_comes_to_them_is_paused_first() {
    let (rig, engine) = paused(10).await;
    engine.reload().await.unwrap();
    while engine.timers_once(later(11)).await.unwrap().timers > 0 {}
    assert_eq!(rig.count(SENT).await, 0);
    resume(&rig, 20).await;
    engine.reload().await.unwrap();
    assert_eq!(pass_all(&engine, later(21)).await, 10);
    while engine.timers_once(later(26)).await.unwrap().timers > 0 {}
    assert_eq!(rig.count(SENT).await, 10);
}

/// The new version of a paused journey is paused too, and whoever moves to it stays where they are.
#[tokio::test]
async fn rule_53_an_apply_ends_no_pause() {
    let (rig, engine) = paused(5).await;
    let mended = STEPS
        .replace("hello", "hello, key: \"x\"")
        .replace("10h", "5h");
    let moving = "migrate: { from: any, in_flight: move }\n";
    rig.apply(&journey(moving, &mended)).await;
    engine.reload().await.unwrap();
    assert_eq!(engine.startable("demo").await.unwrap(), Startable::NoEntry);
    // Each passes twice: to the new version, and into the pause.
    assert_eq!(pass_all(&engine, later(6)).await, 10);
    events::take(&engine, &[event("late", "start", "l")], later(6)).await;
    assert_eq!(runs(&rig).await, ["version 2 5"]);
    while engine.timers_once(later(40)).await.unwrap().timers > 0 {}
    assert_eq!(rig.count(SENT).await, 0);
    assert_eq!(rig.store.paused().await.unwrap().len(), 1);
    // Four of five hours had passed.
    resume(&rig, 50).await;
    pass_all(&engine, later(50)).await;
    let due = format!("select count(*) from run where due_at = '{}'", later(51));
    assert_eq!(count(&rig, &due).await, 5);
}

#[tokio::test]
async fn what_is_paused_already_and_what_was_never_published_is_told() {
    let rig = Rig::new(&journey("", STEPS)).await;
    let order = async |name: &str, pauses| rig.store.pause(name, pauses, now()).await.unwrap();
    assert_eq!(order("demo", false).await, Paused::Already { since: None });
    // Of two at once, one does it.
    let (a, b) = tokio::join!(order("demo", true), order("demo", true));
    let already = Paused::Already { since: Some(now()) };
    assert!([&a, &b].contains(&&already), "{a:?} {b:?}");
    assert!(
        [&a, &b].contains(&&Paused::Done { inside: 0 }),
        "{a:?} {b:?}"
    );
    let Paused::Unknown { journeys } = order("dmeo", true).await else {
        panic!("there is no such journey");
    };
    assert_eq!(journeys, ["demo".into()]);
    assert_eq!(rig.count("select count(*) from passage").await, 1);
    // A clock that is behind does not make the later word the earlier one.
    let behind = rig.store.pause("demo", false, later(-1)).await.unwrap();
    assert_eq!(behind, Paused::Done { inside: 0 });
    let order = "select count(*) from passage a join passage b on a.id < b.id where a.at < b.at";
    assert_eq!(rig.count(order).await, 1);
}

/// Of the ticks that come in a pause, the last is made up for when its journey goes on.
#[tokio::test]
async fn rule_53_the_last_tick_of_a_pause_is_made_up_for() {
    let head = "purpose: service\nenter: [ { schedule: \"0 9 * * *\", zone: UTC, segment: everybody } ]\nsteps:\n";
    let workspace = kit::Workspace::new()
        .file("config/segments/everybody.yaml", "if: \"true\"\n")
        .journey("demo", &format!("{head}{STEPS}"));
    let rig = Rig::new(&workspace).await;
    let engine = rig.engine(kit::quick()).await;
    let start = Timestamp::now();
    let day = |n: i64| start + SignedDuration::from_hours(24 * n);
    events::take(&engine, &events::arrival_of("ana"), start).await;
    let order = async |pauses, n| rig.store.pause("demo", pauses, day(n)).await.unwrap();
    order(true, 0).await;
    engine.reload().await.unwrap();
    for n in 1..6 {
        assert!(!engine.sweeps_once(day(n)).await.unwrap().looked);
    }
    order(false, 5).await;
    engine.reload().await.unwrap();
    while engine.sweeps_once(day(5)).await.unwrap().looked {}
    let parts = "select count(*) from input where kind = 4";
    assert_eq!(rig.count(parts).await, 1, "the last tick alone");
    assert_eq!(rig.count("select count(*) from sweep").await, 1);

    // One that was written down before the pause waits; after a day nobody wants it any more.
    let tick = "insert into sweep (at, seen_until, due_at, entry, journey, kind)
                select t, t, t, 0, 'demo', 'tick' from (select now() + interval '6 days' as t) t";
    sqlx::query(tick).execute(rig.store.pool()).await.unwrap();
    order(true, 6).await;
    engine.reload().await.unwrap();
    assert!(!engine.sweeps_once(day(7)).await.unwrap().looked);
    let waits = "select count(*) from sweep where done_at is null";
    assert_eq!(rig.count(waits).await, 1);
    order(false, 9).await;
    engine.reload().await.unwrap();
    let late = day(9) + SignedDuration::from_hours(1);
    for _ in 0..5 {
        engine.sweeps_once(late).await.unwrap();
    }
    assert_eq!(rig.count(waits).await, 0);
    assert_eq!(rig.count(parts).await, 2, "the last tick alone, again");
}

/// Promise 5 over pauses: what was decided before, in and between them replays by the world of today, which
/// knows of all of them.
#[tokio::test]
async fn promise_5_a_history_with_several_pauses_replays_to_the_same_decisions() {
    let steps = "  - { id: rest, wait: 10h }\n  - { id: hi, send: sms, template: hello }\n  - wait_for: { event: answer }\n    then: [ { set: { run.n: event.n } } ]\n  - wait: 90h\n";
    let rig = Rig::new(&journey("exit: [ { event: bought } ]\n", steps)).await;
    let engine = rig.engine(kit::quick()).await;
    let heeds = async |hours| {
        engine.reload().await.unwrap();
        pass_all(&engine, later(hours)).await;
        while engine.timers_once(later(hours)).await.unwrap().timers > 0 {}
    };
    let answer =
        |id: &str, n: i64| events::track("c0", "answer", id, &serde_json::json!({ "n": n }));
    started(&engine, 1).await;
    pause(&rig, 4).await;
    heeds(5).await;
    resume(&rig, 50).await;
    heeds(51).await;
    heeds(56).await;
    pause(&rig, 60).await;
    heeds(61).await;
    events::take(&engine, &[answer("a", 7)], later(62)).await;
    resume(&rig, 70).await;
    heeds(71).await;
    // Two words at once: nobody was there for the first of them.
    pause(&rig, 80).await;
    resume(&rig, 90).await;
    pause(&rig, 100).await;
    heeds(101).await;
    events::take(&engine, &[event("c0", "bought", "b")], later(102)).await;
    events::take(&engine, &[event("c0", "start", "refused")], later(103)).await;
    resume(&rig, 110).await;
    heeds(111).await;
    events::take(&engine, &[event("c0", "start", "again")], later(113)).await;

    let recorded = rig.store.inputs(CustomerId::of("c0"), 1_000).await.unwrap();
    let said: Vec<String> = recorded
        .iter()
        .flat_map(|(_, trace)| trace.iter().map(|l| l.fact.sentence()))
        .collect();
    for (words, times) in [
        ("paused since", 4),
        ("goes on", 3),
        ("set run.n to 7", 1),
        ("the journey is paused", 1),
        ("entered", 2),
    ] {
        let found = said
            .iter()
            .filter(|s| s.starts_with(words) || s.ends_with(words))
            .count();
        assert_eq!(found, times, "{words}: {said:#?}");
    }
    let world = &engine.loaded().world;
    let mut customer = journey::customer::Customer::new("c0");
    for (input, trace) in recorded {
        let turn = journey::advance::advance(world, customer, input.clone());
        assert_eq!(turn.effects.inputs, [(input, trace)]);
        customer = turn.customer;
    }
}
