//! No circle comes about, whoever is asked at the same time.

use std::sync::Arc;

use engine::Engine;
use jiff::Timestamp;
use journey::ids::CustomerId;
use parcours_tests::kit::{self, Rig, events};
use store::Arrival;

use super::{alias, deliver, event, rig, take, told};

async fn merged(rig: &Rig) -> i64 {
    rig.count("select count(*) from customer where merged_into is not null")
        .await
}

fn asked(who: &str, into: &str) -> Vec<Arrival> {
    vec![events::arrival(&alias(who, into), Timestamp::now())]
}

#[tokio::test]
async fn what_would_close_a_circle_is_ignored_with_why() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[alias("a", "b"), alias("b", "c"), alias("c", "a")],
    )
    .await;
    assert_eq!(merged(&rig).await, 2, "within one batch as well");
    let why = told(&rig, "c").await;
    assert!(
        why[0].contains("a was merged into this customer before: it would close a circle"),
        "{why:?}"
    );
    deliver(&engine).await;
    take(
        &engine,
        &[events::track(
            "c",
            "customer.merge",
            "again",
            &serde_json::json!({ "into": "b", "way": [] }),
        )],
    )
    .await;
    assert_eq!(merged(&rig).await, 2);
    let recorded = rig.store.inputs(CustomerId::of("c"), 10).await.unwrap();
    assert!(
        recorded
            .iter()
            .any(|(input, _)| format!("{input:?}").contains("\"way\"")),
        "why is in the record"
    );
}

async fn ask(engine: Arc<Engine>, who: &'static str, into: &'static str) {
    engine.turn(asked(who, into)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_that_close_one_together_one_is_done() {
    let (rig, engine) = rig().await;
    let other = rig.engine(kit::quick()).await;
    for round in 0..20 {
        let names: [&'static str; 2] = [format!("a{round}").leak(), format!("b{round}").leak()];
        let [a, b] = names;
        if round % 2 == 0 {
            take(&engine, &[event(a, "seen", a), event(b, "seen", b)]).await;
        }
        let one = tokio::spawn(ask(engine.clone(), a, b));
        let two = tokio::spawn(ask(other.clone(), b, a));
        one.await.unwrap();
        two.await.unwrap();
        assert_eq!(merged(&rig).await, round + 1, "exactly one of {a} and {b}");
    }
    deliver(&engine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_three_that_close_one_together_two_are_done() {
    let (rig, engine) = rig().await;
    let other = rig.engine(kit::quick()).await;
    for round in 0..10 {
        let names: Vec<&'static str> = ["x", "y", "z"]
            .map(|n| &*format!("{n}{round}").leak())
            .to_vec();
        let engines = [engine.clone(), other.clone(), engine.clone()];
        let asked: Vec<_> = (0..3)
            .map(|n| tokio::spawn(ask(engines[n].clone(), names[n], names[(n + 1) % 3])))
            .collect();
        for one in asked {
            one.await.unwrap();
        }
        assert_eq!(merged(&rig).await, 2 * (round + 1));
    }
    assert!(
        deliver(&engine).await > 0,
        "and what is handed over comes to rest"
    );
    assert_eq!(super::waiting(&rig).await, 0);
}
