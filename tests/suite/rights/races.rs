//! Erasure among turns: whoever is first, nothing is left of half a person.

use std::collections::BTreeSet;

use jiff::Timestamp;
use journey::{
    call::{Answer, Outcome},
    ids::{CallId, InputId, RunId},
    input::{Input, InputKind, Sweep, SweepKind},
    value::Value,
};
use parcours_tests::kit::{self, events};
use serde_json::json;
use store::Arrival;
use tokio_util::sync::CancellationToken;

use super::{KEY, MARKERS, id, rig, scan::scan};

/// A sweep's page was read, a timer was due, an answer was on its way: then the customer was erased.
#[tokio::test]
async fn article_17_only_an_event_makes_a_customer() {
    let (rig, engine) = rig().await;
    let now = Timestamp::now();
    let run = RunId(uuid::Uuid::from_u128(7));
    let call = CallId(uuid::Uuid::from_u128(8));
    let sweep = Sweep {
        journey: "gift".into(),
        entry: 0,
        kind: SweepKind::Backfill,
    };
    let answer = Answer {
        call,
        run,
        outcome: Outcome::Answered(Value::text(MARKERS[8])),
    };
    let kinds = [
        InputKind::Sweep(sweep),
        InputKind::Timer { run },
        InputKind::Answer(Box::new(answer)),
        InputKind::Date {
            journey: "gift".into(),
            entry: 0,
        },
    ];
    let arrival = |(n, kind)| Arrival {
        customer: id(),
        key: KEY.into(),
        input: Input {
            id: InputId::of_event("left over", &format!("{n}")),
            now,
            kind,
        },
    };
    let arrivals: Vec<_> = (0..).zip(kinds).map(arrival).collect();
    let decided = engine.turn(arrivals.clone()).await.unwrap();
    assert_eq!((decided.inputs, decided.duplicates), (0, 4));
    assert_eq!(rig.count("select count(*) from customer").await, 0);
    // Not even beside an event that makes them anew.
    let new = events::arrival(&events::track(KEY, "seen", "new", &json!({})), now);
    let all = arrivals.into_iter().chain([new]).collect();
    assert_eq!(engine.turn(all).await.unwrap().inputs, 1);
    let left = scan(rig.store.pool(), &MARKERS[1..], &[]).await;
    assert_eq!(left, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn article_17_erased_among_turns_sends_and_calls_nothing_is_left() {
    let (rig, engine) = rig().await;
    let other = rig.engine(kit::quick()).await;
    let stop = CancellationToken::new();
    let mut busy = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let engine = if worker % 2 == 0 {
            engine.clone()
        } else {
            other.clone()
        };
        busy.spawn(async move {
            for n in 0..12 {
                let traits = json!({ "first_name": MARKERS[1], "phone": MARKERS[4] });
                let note = json!({ "note": format!("{} {worker} {n}", MARKERS[6]) });
                let bodies = [
                    events::identify(KEY, &format!("i{worker}-{n}"), &traits),
                    events::track(KEY, "start", &format!("s{worker}-{n}"), &note),
                ];
                events::take(&engine, &bodies, Timestamp::now()).await;
            }
        });
    }
    for engine in [engine.clone(), other.clone()] {
        let stop = stop.clone();
        busy.spawn(async move {
            while !stop.is_cancelled() {
                engine.dispatch_once(&stop).await.unwrap();
                engine.calls_once(&stop).await.unwrap();
            }
        });
    }
    let mut erased = 0;
    while erased < 5 {
        erased += i64::from(
            rig.store
                .erase(id(), Timestamp::now())
                .await
                .unwrap()
                .is_some(),
        );
        if busy.len() <= 2 && rig.count("select count(*) from customer").await == 0 {
            break;
        }
        while let Some(done) = busy.try_join_next() {
            done.unwrap();
        }
        tokio::task::yield_now().await;
    }
    while busy.len() > 2 {
        busy.join_next().await.unwrap().unwrap();
    }
    // Turns are over; sends and calls are still under way.
    erased += i64::from(
        rig.store
            .erase(id(), Timestamp::now())
            .await
            .unwrap()
            .is_some(),
    );
    stop.cancel();
    while let Some(done) = busy.join_next().await {
        done.unwrap();
    }
    let left = scan(rig.store.pool(), &MARKERS, &[id()]).await;
    assert_eq!(left, BTreeSet::new());
    let counted: i64 = rig
        .count("select sum(customers)::bigint from erasure")
        .await;
    assert_eq!(counted, erased, "each is counted once");
}
