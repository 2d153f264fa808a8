//! The hand-over is written with the turn, delivered once however often it is tried, and in its order.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, value::Value};
use parcours_tests::kit::{self, events};
use serde_json::json;

use super::{alias, deliver, event, identify, profile, rig, take, told, waiting};

#[tokio::test]
async fn a_merge_takes_two_turns_and_leaves_nothing_behind() {
    let (rig, engine) = rig().await;
    take(&engine, &events::arrival_of("ana")).await;
    take(
        &engine,
        &[identify(
            "anon",
            &json!({ "city": "Gent", "email": "x@y.example" }),
        )],
    )
    .await;
    take(&engine, &[event("anon", "tea", "1")]).await;
    take(&engine, &[alias("anon", "ana")]).await;
    assert_eq!(waiting(&rig).await, 1, "written with the turn");
    assert_eq!(rig.count("select count(*) from run").await, 0);
    let (traits, _) = profile(&rig, "ana").await;
    assert_eq!(traits.get("city"), None, "not yet");
    assert_eq!(deliver(&engine).await, 1);
    assert_eq!(waiting(&rig).await, 0, "done is gone");
    let (traits, ledger) = profile(&rig, "ana").await;
    assert_eq!(traits.get("city"), Some(&Value::text("Gent")));
    assert_eq!(
        traits.get("email"),
        Some(&Value::text("ana@customer.example"))
    );
    assert!(ledger.merged_into.is_none());
    let (_, gone) = profile(&rig, "anon").await;
    assert_eq!(&*gone.merged_into.unwrap().key, "ana");
    assert!(
        told(&rig, "ana")
            .await
            .iter()
            .any(|s| s.starts_with("took over anon, with the traits city"))
    );
    let reasons = rig
        .count("select count(*) from run_ended where reason = 'merged'")
        .await;
    assert_eq!(reasons, 1);
}

/// Killed after the turn of the one and before that of the other, or after both and before that is recorded.
#[tokio::test]
async fn killed_in_between_it_is_delivered_by_another_engine_and_once() {
    let (rig, engine) = rig().await;
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &events::arrival_of("anon")).await;
    take(&engine, &[alias("anon", "ana"), event("anon", "tea", "1")]).await;
    let now = Timestamp::now();
    let lease = SignedDuration::from_secs(30);
    let leased = rig.store.lease_forwards(now, 10, lease).await.unwrap();
    assert_eq!(leased.len(), 2, "in the hands of an engine that dies");
    let other = rig.engine(kit::quick()).await;
    assert_eq!(
        other.forwards_once().await.unwrap().leased,
        0,
        "the lease holds"
    );
    // It had come as far as the turn of the first.
    let arrival = leased[0].arrival.clone();
    assert_eq!(other.turn(vec![arrival]).await.unwrap().inputs, 1);
    let later = now + lease;
    let again = rig.store.lease_forwards(later, 10, lease).await.unwrap();
    assert_eq!(again.len(), 2);
    let arrivals = again.iter().map(|f| f.arrival.clone()).collect();
    let decided = other.turn(arrivals).await.unwrap();
    assert_eq!((decided.inputs, decided.duplicates), (1, 1));
    assert_eq!(
        rig.store.forwarded(&leased).await.unwrap(),
        0,
        "whose lease is over records nothing"
    );
    assert_eq!(rig.store.forwarded(&again).await.unwrap(), 2);
    assert_eq!(waiting(&rig).await, 0);
    let took = told(&rig, "ana")
        .await
        .into_iter()
        .filter(|s| s.starts_with("took over"));
    assert_eq!(took.count(), 1);
    assert_eq!(
        rig.count("select count(*) from run where journey = 'tea'")
            .await,
        1
    );
}

#[tokio::test]
async fn one_customers_go_in_their_order_and_no_engine_overtakes_another() {
    let (rig, engine) = rig().await;
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &[event("anon", "seen", "0"), alias("anon", "ana")]).await;
    let numbers: Vec<_> = (0..30)
        .map(|n| identify("anon", &json!({ "n": n })))
        .collect();
    take(&engine, &numbers).await;
    let now = Timestamp::now();
    let lease = SignedDuration::from_secs(30);
    let first = rig.store.lease_forwards(now, 10, lease).await.unwrap();
    assert_eq!(first.len(), 20, "a bounded part, from the first on");
    let second = rig.store.lease_forwards(now, 10, lease).await.unwrap();
    assert!(second.is_empty(), "what is behind it waits for it");
    rig.store.release_forwards(&first, now).await.unwrap();
    deliver(&engine).await;
    let (traits, _) = profile(&rig, "ana").await;
    assert_eq!(traits.get("n"), Some(&Value::Int(29)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_engines_deliver_each_once() {
    let (rig, engine) = rig().await;
    let other = rig.engine(kit::quick()).await;
    let mut bodies = Vec::new();
    for n in 0..40 {
        bodies.push(event(&format!("anon{n}"), "seen", &format!("seen{n}")));
        bodies.push(alias(&format!("anon{n}"), &format!("c{}", n % 4)));
        bodies.push(event(&format!("anon{n}"), "after", &format!("after{n}")));
    }
    take(&engine, &bodies).await;
    let work = [engine, other].map(|engine| tokio::spawn(async move { deliver(&engine).await }));
    let mut delivered = 0;
    for one in work {
        delivered += one.await.unwrap();
    }
    assert_eq!((delivered, waiting(&rig).await), (80, 0));
    let taken = rig.count("select count(*) from input where kind = 7").await;
    assert_eq!(taken, 40);
    let passed = rig.count("select count(*) from input i join customer c on c.id = i.customer where c.key like 'c%' and i.name = 'after'").await;
    assert_eq!(passed, 40);
}

#[tokio::test]
async fn whoever_stays_may_be_yet_to_come() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[
            identify("anon", &json!({ "city": "Gent" })),
            alias("anon", "nina"),
        ],
    )
    .await;
    assert!(rig.reader().customer("nina").await.unwrap().is_none());
    deliver(&engine).await;
    let (traits, _) = profile(&rig, "nina").await;
    assert_eq!(traits.get("city"), Some(&Value::text("Gent")));
}

#[tokio::test]
async fn an_event_that_comes_again_is_known_and_is_passed_on_once() {
    let (rig, engine) = rig().await;
    take(&engine, &[event("anon", "seen", "0"), alias("anon", "ana")]).await;
    assert_eq!(take(&engine, &[event("anon", "tea", "1")]).await, 1);
    assert_eq!(take(&engine, &[event("anon", "tea", "1")]).await, 0);
    deliver(&engine).await;
    assert_eq!(
        rig.count("select count(*) from run where journey = 'tea'")
            .await,
        1
    );
    assert_eq!(
        rig.count("select count(*) from input where name = 'tea'")
            .await,
        2
    );
}

#[tokio::test]
async fn a_chain_of_three_is_followed_whichever_comes_first() {
    for order in [["b", "a"], ["a", "b"]] {
        let (rig, engine) = rig().await;
        take(
            &engine,
            &[
                identify("b", &json!({ "city": "Gent" })),
                identify("a", &json!({ "size": 39 })),
                event("c", "seen", "c"),
            ],
        )
        .await;
        for who in order {
            let into = if who == "b" { "a" } else { "c" };
            take(&engine, &[alias(who, into)]).await;
        }
        take(&engine, &[event("b", "tea", "1")]).await;
        deliver(&engine).await;
        let (traits, ledger) = profile(&rig, "c").await;
        let names: BTreeSet<&str> = traits.keys().map(|k| &**k).collect();
        assert_eq!(names, BTreeSet::from(["city", "size"]), "{order:?}");
        assert!(ledger.merged_into.is_none());
        let runs = rig.store.inputs(CustomerId::of("c"), 100).await.unwrap();
        assert!(
            runs.iter()
                .flat_map(|(_, l)| l)
                .any(|l| l.journey.as_deref() == Some("tea")),
            "{order:?}"
        );
        assert_eq!(rig.count("select count(*) from run").await, 1);
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_set_aside_and_holds_nothing_up() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[
            event("anon", "seen", "0"),
            alias("anon", "ana"),
            event("anon", "tea", "1"),
        ],
    )
    .await;
    sqlx::raw_sql("update forward set body = '\\x00'::bytea where kind = 7")
        .execute(rig.store.pool())
        .await
        .unwrap();
    assert_eq!(deliver(&engine).await, 1);
    assert_eq!(
        rig.count("select count(*) from forward where due_at is null and error is not null")
            .await,
        1
    );
    assert_eq!(
        rig.count("select count(*) from run where journey = 'tea'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_backfill_and_a_tick_pass_merged_customers_over() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[
            identify("anon", &json!({ "vip": true })),
            identify("ana", &json!({ "vip": true })),
            alias("anon", "ana"),
        ],
    )
    .await;
    deliver(&engine).await;
    let segment =
        "enter: { segment: vip, backfill: true }\nsteps: [ { wait: 5d } ]\npurpose: marketing\n";
    let shop = super::shop()
        .file("config/segments/vip.yaml", "if: customer.vip\n")
        .journey("vips", segment);
    rig.apply(&shop).await;
    engine.reload().await.unwrap();
    let now = Timestamp::now() + SignedDuration::from_mins(1);
    while engine.sweeps_once(now).await.unwrap().looked {}
    assert_eq!(
        rig.count("select count(*) from run where journey = 'vips'")
            .await,
        1
    );
}
