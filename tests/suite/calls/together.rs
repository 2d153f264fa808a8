//! Calls where engines, time and bad rows get in each other's way.

use jiff::ToSpan as _;
use journey::{
    explain::{Language, Tongue},
    input::InputKind,
    trace::Fact,
};

use super::*;

/// As if the lease had run out.
async fn expire_leases(rig: &Rig) {
    sqlx::query("update call set due_at = now() where status = 'leased'")
        .execute(rig.store.pool())
        .await
        .unwrap();
}

/// One round of an engine, which waits for the endpoint.
fn round(engine: &Arc<Engine>) -> tokio::task::JoinHandle<engine::Calls> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.calls_once(&CancellationToken::new()).await.unwrap() })
}

#[tokio::test]
async fn promise_8_two_engines_make_a_call_under_one_key_and_it_takes_effect_once() {
    let first = (200, json!({ "code": "slow" }));
    let desk = Desk::holding(vec![first, (200, json!({ "code": "quick" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let slow = started(&rig).await;
    let waits = round(&slow);
    desk.until_asked(1).await;
    expire_leases(&rig).await;
    let quick = rig.engine(kit::quick()).await;
    assert_eq!(call(&quick).await, 1);
    desk.go.notify_one();
    waits.await.unwrap();
    let asked = desk.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1], "the same id, and the same words");
    assert_eq!(reasons(&rig).await, ["gift"]);
    let kept = "select count(*) from customer where traits->'code'->>'code' = 'quick'";
    assert_eq!(
        rig.count(kept).await,
        1,
        "the answer that came first counts"
    );
    let answers = "select count(*) from input where kind = 5";
    assert_eq!(rig.count(answers).await, 1);
    assert_eq!(statuses(&rig).await, ["answered"]);
}

#[tokio::test]
async fn rule_30_an_answer_that_comes_after_within_has_no_effect() {
    let desk = Desk::holding(vec![(200, json!({ "code": "late" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    let waits = round(&engine);
    desk.until_asked(1).await;
    engine
        .timers_once(Timestamp::now() + 1.hours())
        .await
        .unwrap();
    assert_eq!(reasons(&rig).await, ["no_gift"]);
    assert_eq!(statuses(&rig).await, ["cancelled"]);
    desk.go.notify_one();
    waits.await.unwrap();
    assert_eq!(statuses(&rig).await, ["cancelled"]);
    assert_eq!(reasons(&rig).await, ["no_gift"]);
    let ana = journey::ids::CustomerId::of("ana");
    let inputs = rig.store.inputs(ana, 100).await.unwrap();
    let (last, trace) = inputs.last().unwrap();
    assert!(matches!(last.kind, InputKind::Answer(_)));
    assert!(matches!(trace[0].fact, Fact::Ignored { .. }), "{trace:?}");
}

#[tokio::test]
async fn an_engine_that_stops_gives_calls_back_untried() {
    let desk = Desk::answering(vec![(200, json!({ "code": "XY" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let calls = engine.calls_once(&stop).await.unwrap();
    assert_eq!((calls.leased, calls.released), (1, 1));
    assert!(desk.asked().is_empty());
    let untried = "select count(*) from call where status = 'queued' and attempt = 0";
    assert_eq!(rig.count(untried).await, 1);
    call(&engine).await;
    assert_eq!(reasons(&rig).await, ["gift"]);
}

#[tokio::test]
async fn an_answer_beyond_what_an_event_may_hold_is_a_failure_and_the_customer_goes_on() {
    let mut deep = json!("bottom");
    for _ in 0..127 {
        deep = json!([deep]);
    }
    let long = json!("x".repeat(70_000));
    for answer in [deep, long] {
        let desk = Desk::answering(vec![(200, answer)]).await;
        let rig = Rig::new(&calling(&desk, "within: 1h")).await;
        let engine = started(&rig).await;
        assert_eq!(call(&engine).await, 1, "it is not asked again");
        assert_eq!(reasons(&rig).await, ["no_gift"]);
        assert_eq!(statuses(&rig).await, ["failed"]);
        let again = [event("ana", "start", "2")];
        assert_eq!(events::take(&engine, &again, Timestamp::now()).await, 1);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_other() {
    let desk = Desk::answering(vec![(200, json!({ "code": "XY" }))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    sqlx::query(r#"update call set "with" = 'no json'"#)
        .execute(rig.store.pool())
        .await
        .unwrap();
    events::take(&engine, &[event("ben", "start", "1")], Timestamp::now()).await;
    call(&engine).await;
    assert_eq!(desk.asked().len(), 1);
    assert_eq!(desk.asked()[0]["customer"], "ben");
    assert_eq!(reasons(&rig).await, ["gift"]);
}

/// What support is told of a run that waits.
async fn waits(rig: &Rig) -> String {
    let ana = journey::ids::CustomerId::of("ana");
    let runs = rig.reader().runs(ana).await.unwrap();
    runs.open[0]
        .waiting
        .as_ref()
        .unwrap()
        .say(&Tongue::plain(Language::English))
}

#[tokio::test]
async fn support_reads_whom_a_run_waits_for_and_what_went_wrong() {
    let desk = Desk::answering(vec![(503, json!({}))]).await;
    let rig = Rig::new(&calling(&desk, "within: 1h")).await;
    let engine = started(&rig).await;
    assert_eq!(waits(&rig).await, "waits for vouchers to answer");
    engine.calls_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(
        waits(&rig).await,
        "waits for vouchers to answer, after 1 try: the endpoint has trouble of its own (HTTP 503)"
    );
}
