//! Caps are exact for the person: what went to the one counts for the other.

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::{self, Clock},
    customer::Customer,
    ids::CustomerId,
    message::Channel,
};
use parcours_tests::kit::{Answer, events};
use tokio_util::sync::CancellationToken;

use super::{alias, deliver, event, profile, rig, take};

/// The messages of a customer as `STATUS REASON`, oldest first.
async fn messages(rig: &parcours_tests::kit::Rig, who: &str) -> Vec<String> {
    sqlx::query_scalar("select concat_ws(' ', status, coalesce(reason, '-')) from message where customer = $1 order by at")
        .bind(CustomerId::of(who).0)
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_went_to_the_one_counts_for_the_other_over_reloads() {
    let (rig, engine) = rig().await;
    let stop = CancellationToken::new();
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &events::arrival_of("anon")).await;
    take(&engine, &[event("anon", "wants", "1")]).await;
    engine.dispatch_once(&stop).await.unwrap();
    assert_eq!(messages(&rig, "anon").await, ["sent -"]);
    take(&engine, &[alias("anon", "ana")]).await;
    deliver(&engine).await;
    // Another engine, which has nothing but the database.
    let other = rig.engine(parcours_tests::kit::quick()).await;
    take(&other, &[event("ana", "wants", "2")]).await;
    assert_eq!(messages(&rig, "ana").await, ["suppressed capped"]);
    // As ever when the cap has forgotten it.
    let later = Timestamp::now() + SignedDuration::from_hours(24 * 8);
    events::take(&other, &[event("ana", "wants", "3")], later).await;
    assert_eq!(
        messages(&rig, "ana").await,
        ["suppressed capped", "queued -"]
    );
}

#[tokio::test]
async fn what_was_queued_for_the_one_is_taken_back_and_the_other_gets_theirs() {
    let (rig, engine) = rig().await;
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &events::arrival_of("anon")).await;
    take(
        &engine,
        &[event("anon", "wants", "1"), alias("anon", "ana")],
    )
    .await;
    deliver(&engine).await;
    assert_eq!(messages(&rig, "anon").await, ["recalled recalled"]);
    take(&engine, &[event("ana", "wants", "2")]).await;
    assert_eq!(messages(&rig, "ana").await, ["queued -"]);
}

/// It was with the provider when they were merged, and was refused then.
#[tokio::test]
async fn one_that_fails_after_the_merge_gives_the_others_cap_back() {
    let (rig, engine) = rig().await;
    let stop = CancellationToken::new();
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &events::arrival_of("anon")).await;
    take(&engine, &[event("anon", "wants", "1")]).await;
    // Leased by an engine whose provider takes its time.
    sqlx::raw_sql(
        "update message set status = 'leased', attempt = 1, due_at = now() - interval '1 second'",
    )
    .execute(rig.store.pool())
    .await
    .unwrap();
    take(&engine, &[alias("anon", "ana")]).await;
    deliver(&engine).await;
    take(&engine, &[event("ana", "wants", "2")]).await;
    assert_eq!(
        messages(&rig, "ana").await,
        ["suppressed capped"],
        "it may still go"
    );
    rig.provider.always(Channel::Sms, Answer::Refuse(400));
    engine.dispatch_once(&stop).await.unwrap();
    assert_eq!(messages(&rig, "anon").await, ["failed failed"]);
    assert_eq!(deliver(&engine).await, 1);
    assert!(profile(&rig, "ana").await.1.carried.is_empty());
    // The run that was refused its letter is over by then.
    let later = Timestamp::now() + SignedDuration::from_hours(2);
    events::take(&engine, &[event("ana", "wants", "3")], later).await;
    assert_eq!(
        messages(&rig, "ana").await,
        ["suppressed capped", "queued -"]
    );
}

#[tokio::test]
async fn the_recorded_history_of_whoever_stays_replays_by_itself() {
    let (rig, engine) = rig().await;
    let stop = CancellationToken::new();
    take(&engine, &events::arrival_of("ana")).await;
    take(&engine, &events::arrival_of("anon")).await;
    take(&engine, &[event("anon", "wants", "1")]).await;
    engine.dispatch_once(&stop).await.unwrap();
    take(&engine, &[alias("anon", "ana"), event("anon", "tea", "2")]).await;
    deliver(&engine).await;
    take(&engine, &[event("ana", "wants", "3")]).await;
    let world = &engine.loaded().world;
    for who in ["ana", "anon"] {
        let recorded = rig.store.inputs(CustomerId::of(who), 1_000).await.unwrap();
        let mut customer = Customer::new(who);
        for (input, trace) in recorded {
            let turn = advance::take(world, customer, vec![input.clone()], Clock::Wall);
            customer = turn.customer;
            for send in &mut customer.sends {
                // The provider had it before the next input.
                send.queued = false;
            }
            assert_eq!(turn.effects.inputs, [(input, trace)], "{who}");
        }
        let (traits, ledger) = profile(&rig, who).await;
        assert_eq!(
            (customer.traits, customer.ledger),
            (traits, ledger),
            "{who}"
        );
    }
}
