//! The engine and the pure code agree on what dates, schedules and publications do, and people are
//! told of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use engine::{Engine, Roles};
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock},
    customer::Customer,
    ids::{CustomerId, InputId},
    input::{Input, InputKind, Sweep, SweepKind},
    time::cron,
    trace::Line,
    world::World,
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use store::{Arrival, read::InputName};
use tokio_util::sync::CancellationToken;

use super::{day, hours, known, nothing, sweep};

const DIGEST: &str = "0 */6 * * *";

/// One journey of each kind of entry that no event makes.
fn three() -> Workspace {
    let journey = |enter: &str| {
        format!(
            "purpose: service
enter: {enter}
again: always
steps: [ {{ id: hi, send: sms, template: hello }}, {{ wait: 2h }} ]
"
        )
    };
    Workspace::new()
        .file(
            "config/segments/gold.yaml",
            "if: customer.level == \"gold\"\n",
        )
        .journey(
            "digest",
            &journey(&format!(
                "{{ schedule: \"{DIGEST}\", zone: UTC, segment: gold }}"
            )),
        )
        .journey("members", &journey("{ segment: gold, backfill: true }"))
        .journey(
            "renewal",
            &journey("{ date: customer.renews_on, offset: -1d, at: \"10:00\", zone: UTC }"),
        )
}

type History = BTreeMap<(Timestamp, InputId), (Input, Vec<Line>)>;

/// One customer, decided by the pure code alone.
struct Pure<'w> {
    world: &'w World,
    customer: Customer,
    history: History,
}

impl Pure<'_> {
    fn keep(&mut self, turn: advance::Turn) {
        self.customer = turn.customer;
        for (input, trace) in turn.effects.inputs {
            self.history
                .insert((input.now, input.id), (input.clone(), trace));
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

    /// The customer's part in a sweep of that journey's first entry.
    fn swept(&mut self, journey: &str, kind: SweepKind, at: Timestamp, now: Timestamp) {
        let sweep = Sweep {
            journey: Arc::from(journey),
            entry: 0,
            kind,
        };
        if advance::concerns(self.world, &self.customer, &sweep, now) {
            self.take(Input {
                id: InputId::of_sweep(self.customer.id, journey, 0, at),
                now,
                kind: InputKind::Sweep(sweep),
            });
        }
    }
}

/// Fires what is due up to that moment, each at its own.
async fn timers(engine: &Arc<Engine>, until: Timestamp) {
    for _ in 0..1_000 {
        let due = engine.store().next_due().await.unwrap();
        let Some(due) = due.filter(|due| *due <= until) else {
            return;
        };
        engine.timers_once(due).await.unwrap();
    }
    panic!("timers without an end");
}

/// What changes in the customers' lives, in hours after the publication.
fn changes(now: Timestamp) -> Vec<(i64, &'static str, serde_json::Value)> {
    vec![
        (
            -2,
            "ana",
            json!({ "level": "gold", "renews_on": day(now, 2) }),
        ),
        (
            -2,
            "ben",
            json!({ "level": "tin", "renews_on": day(now, -4) }),
        ),
        (-1, "cid", json!({ "level": "gold" })),
        (10, "ana", json!({ "renews_on": day(now, 3) })),
        (
            20,
            "ben",
            json!({ "level": "gold", "renews_on": day(now, 2) }),
        ),
        (
            30,
            "cid",
            json!({ "level": "tin", "renews_on": day(now, 4) }),
        ),
        (
            31,
            "dan",
            json!({ "level": "gold", "renews_on": day(now, 4) }),
        ),
        (50, "ana", json!({ "level": "tin", "renews_on": null })),
    ]
}

fn change(key: &str, traits: &serde_json::Value, at: Timestamp) -> Arrival {
    let mut traits = traits.clone();
    traits["phone"] = json!("+33639980101");
    let body = events::identify(key, &format!("{key}-{at}"), &traits);
    events::arrival(&body, at)
}

/// Promise 4: the same changes of the same customers, through two engines that take turns and through
/// the pure code, with dates, a schedule and a publication: the very same inputs, decisions and ledgers.
#[tokio::test]
async fn promise_4_dates_and_sweeps_are_decided_by_engines_as_by_the_pure_code() {
    let rig = Rig::new(&nothing()).await;
    let settings = engine::Settings {
        clock: Clock::Recorded,
        sweep_page: 2,
        ..kit::quick()
    };
    let engines = [
        rig.engine(settings.clone()).await,
        rig.engine(settings).await,
    ];
    let idle = engines[0].loaded();
    // To the precision of the database; the moment of the publication is a little later.
    let start = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let changes = changes(start);
    let mut arrivals: Vec<(i64, Arrival)> = Vec::new();
    for (hour, key, traits) in &changes {
        arrivals.push((*hour, change(key, traits, start + hours(*hour))));
    }
    let mut pures: BTreeMap<CustomerId, Pure<'_>> = BTreeMap::new();
    for (_, arrival) in arrivals.iter().filter(|(hour, _)| *hour < 0) {
        engines[0].turn(vec![arrival.clone()]).await.unwrap();
        let pure = pures.entry(arrival.customer).or_insert_with(|| Pure {
            world: &idle.world,
            customer: Customer::new(&arrival.key),
            history: History::new(),
        });
        pure.take(arrival.input.clone());
    }
    rig.apply(&three()).await;
    for engine in &engines {
        engine.reload().await.unwrap();
    }
    let loaded = engines[0].loaded();
    for pure in pures.values_mut() {
        pure.world = &loaded.world;
    }
    let published = |journey: &str| {
        let machine = loaded.world.current(journey).unwrap();
        loaded.since[&machine.id].held
    };
    let mut ticked = published("digest");
    for hour in 1..100 {
        let now = start + hours(hour);
        let engine = &engines[usize::try_from(hour).unwrap() % 2];
        timers(engine, now).await;
        sweep(engine, now).await;
        let tick = cron::next(DIGEST, "UTC", ticked).filter(|tick| *tick <= now);
        for pure in pures.values_mut() {
            pure.until(now);
            if hour == 1 {
                let at = published("members");
                pure.swept("members", SweepKind::Backfill, at, now);
                let at = published("renewal");
                pure.swept("renewal", SweepKind::Dates(at), at, now);
            }
            if let Some(tick) = tick {
                let seen = pure.history.values().map(|(i, _)| i.now).min();
                if seen.is_some_and(|seen| seen <= tick) {
                    pure.swept("digest", SweepKind::Tick(tick), tick, now);
                }
            }
        }
        ticked = tick.unwrap_or(ticked);
        for (_, arrival) in arrivals.iter().filter(|(h, _)| *h == hour) {
            engine.turn(vec![arrival.clone()]).await.unwrap();
            let pure = pures.entry(arrival.customer).or_insert_with(|| Pure {
                world: &loaded.world,
                customer: Customer::new(&arrival.key),
                history: History::new(),
            });
            pure.take(arrival.input.clone());
        }
    }
    assert_eq!(pures.len(), 4);
    for (id, pure) in &pures {
        let key = &pure.customer.key;
        let stored = rig.store.inputs(*id, 10_000).await.unwrap();
        let stored: History = stored
            .into_iter()
            .map(|(input, trace)| ((input.now, input.id), (input, trace)))
            .collect();
        for (theirs, ours) in stored.values().zip(pure.history.values()) {
            assert_eq!(theirs, ours, "{key}");
        }
        assert_eq!(stored.len(), pure.history.len(), "{key}");
        let row = rig.reader().customer(key).await.unwrap().unwrap();
        assert_eq!(row.ledger, pure.customer.ledger, "{key}");
    }
    let happened = |wanted: fn(&InputKind) -> bool| {
        let inputs = pures.values().flat_map(|p| p.history.values());
        inputs.filter(|(input, _)| wanted(&input.kind)).count()
    };
    let ticks =
        |k: &InputKind| matches!(k, InputKind::Sweep(s) if matches!(s.kind, SweepKind::Tick(_)));
    assert!(happened(ticks) > 20, "ticks");
    let backfill =
        |k: &InputKind| matches!(k, InputKind::Sweep(s) if s.kind == SweepKind::Backfill);
    assert_eq!(happened(backfill), 2, "ana and cid");
    assert!(
        happened(|k| matches!(k, InputKind::Date { .. })) >= 3,
        "dates"
    );
}

#[tokio::test]
async fn rule_20_a_running_engine_lets_a_customer_in_at_the_moment_of_their_date() {
    let rig = Rig::new(&super::journey("{ date: customer.calls_at, zone: UTC }")).await;
    let engine = rig.engine(kit::quick()).await;
    let stop = CancellationToken::new();
    let running = {
        let (engine, stop) = (engine.clone(), stop.clone());
        tokio::spawn(async move { engine.run(None, Roles::ALL, stop).await })
    };
    let now = Timestamp::now();
    let calls_at = now + SignedDuration::from_millis(1_500);
    known(
        &engine,
        "ana",
        json!({ "calls_at": calls_at.to_string() }),
        now,
    )
    .await;
    let due = rig.store.next_due().await.unwrap().expect("a date is due");
    kit::eventually(Duration::from_secs(30), "ana is inside", async || {
        super::inside(&rig).await == 1
    })
    .await;
    let early = "select count(*) from run where entered_at < (select to_timestamp($1 / 1e6))";
    let early: i64 = sqlx::query_scalar(early)
        .bind(due.as_microsecond() as f64)
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    assert_eq!(early, 0, "not before its time");
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// Support sees what is to come, and why somebody was let in whom no event let in.
#[tokio::test]
async fn support_is_told_which_date_lets_a_customer_in_and_what_did() {
    let rig = Rig::new(&nothing()).await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    let traits = json!({ "level": "gold", "renews_on": day(now, 5) });
    known(&engine, "ana", traits, now - hours(1)).await;
    rig.apply(&three()).await;
    engine.reload().await.unwrap();
    sweep(&engine, Timestamp::now()).await;
    let reader = rig.reader();
    let ana = reader.customer("ana").await.unwrap().unwrap();
    let expected = reader.expected(&ana.ledger).await.unwrap();
    let due = rig.store.next_due().await.unwrap().unwrap();
    let ours = expected.iter().map(|e| &*e.journey).collect::<Vec<_>>();
    assert_eq!(ours, ["renewal"]);
    assert!(expected[0].at >= due);
    engine.timers_once(expected[0].at).await.unwrap();
    sweep(&engine, Timestamp::now() + hours(6)).await;
    let page = reader.timeline(ana.row.id, None, 100).await.unwrap();
    let mut occasions: Vec<_> = page
        .entries
        .iter()
        .filter(|e| matches!(e.kind, InputName::Date | InputName::Sweep))
        .map(|e| e.occasion().expect("words"))
        .collect();
    occasions.sort();
    let wanted = [
        "a date of renewal",
        "the publication of members",
        "the publication of renewal",
        "the schedule of digest",
    ];
    assert_eq!(occasions, wanted);
    // Another date, and it is to come again.
    let traits = json!({ "renews_on": day(now, 9) });
    let later = Timestamp::now() + hours(24 * 6);
    engine
        .turn(vec![change("ana", &traits, later)])
        .await
        .unwrap();
    let state = crate::api::desk::state(rig.reader(), Arc::default(), None);
    let page = crate::api::page_of(api::router(state), "/customers/ana").await;
    for words in [
        "What happens next",
        "<strong>renewal</strong>",
        "Enters, unless the date changes",
        "A date of renewal",
        "The schedule of digest",
        "The publication of members",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let ana = reader.customer("ana").await.unwrap().unwrap();
    assert_eq!(reader.expected(&ana.ledger).await.unwrap().len(), 1);
    // A journey that has gone lets nobody in, though the ledger does not know it yet.
    rig.apply(&nothing()).await;
    assert_eq!(reader.expected(&ana.ledger).await.unwrap(), []);
}
