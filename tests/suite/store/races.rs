//! Several at once.

use std::{slice::from_ref, time::Duration};

use journey::{ids::CustomerId, message::Reason};
use store::{Accepted, Store};
use tokio::task::JoinSet;

use super::{samples::*, turns::count};
use crate::fixture;

/// Waits until somebody waits for a lock in this database.
async fn until_somebody_waits(store: &Store) {
    let waiting = "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'";
    let wait = async {
        while count(store, waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("somebody waits for a lock");
}

async fn hear(store: &Store, customer: &str, id: &str) {
    let open = store
        .begin(&[event(customer, id, at(0))], HORIZON)
        .await
        .unwrap();
    let turn = heard(&open.work[0]);
    open.commit(vec![turn]).await.unwrap();
}

#[tokio::test]
async fn two_turns_of_one_customer_take_place_one_after_the_other() {
    let store = fixture::store().await;
    hear(&store, "zoe", "0").await;
    let one = [event("zoe", "1", at(1))];
    let open = store.begin(&one, HORIZON).await.unwrap();
    let second = tokio::spawn({
        let store = store.clone();
        // The same input again, and another one.
        let both = [one[0].clone(), event("zoe", "2", at(2))];
        async move { store.begin(&both, HORIZON).await.unwrap() }
    });
    until_somebody_waits(&store).await;
    let first = run("zoe", "a", Some(at(60)));
    let mut turn = with_runs(heard(&open.work[0]), from_ref(&first));
    turn.customer = rich(turn.customer);
    turn.effects.profile = true;
    turn.effects.messages = vec![message(&first, 0, at(1))];
    let traits = turn.customer.traits.clone();
    open.commit(vec![turn]).await.unwrap();

    // What the first wrote while the second waited is what the second sees.
    let second = second.await.unwrap();
    assert_eq!(second.duplicates, 1);
    assert_eq!(second.work[0].inputs.len(), 1);
    let customer = &second.work[0].customer;
    assert_eq!(customer.traits, traits);
    assert_eq!(customer.runs, [first]);
    assert_eq!(customer.sends.len(), 1);
}

#[tokio::test]
async fn racing_to_create_a_customer_one_retries_and_counts_stay_exact() {
    let store = fixture::store().await;
    race(&store).await;
}

/// Two turns create the same customers: one of them is to be tried again.
pub async fn race(store: &Store) {
    let both = [event("zoe", "1", at(0)), event("abe", "1", at(0))];
    let a = store.begin(&both, HORIZON).await.unwrap();
    let b = store.begin(&both, HORIZON).await.unwrap();
    let turns_a: Vec<_> = a.work.iter().map(heard).collect();
    let mut turns_b: Vec<_> = b.work.iter().map(heard).collect();
    turns_b.reverse();
    a.commit(turns_a).await.unwrap();
    let error = b.commit(turns_b).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_poison(), "{error:?}");
    let again = store.begin(&both, HORIZON).await.unwrap();
    assert_eq!((again.duplicates, again.work.len()), (2, 0));
    assert_eq!(count(store, "select count(*) from customer").await, 2);
    assert_eq!(count(store, "select count(*) from input").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_consumers_of_the_same_events_record_each_once() {
    let store = fixture::store().await;
    many_consumers(&store).await;
}

/// Six consumers take in the same events of twenty more customers.
pub async fn many_consumers(store: &Store) {
    let already = count(store, "select count(*) from customer").await;
    let mut consumers = JoinSet::new();
    for consumer in 0..6_usize {
        let store = store.clone();
        consumers.spawn(async move {
            let mut batch: Vec<_> = (0..60)
                .map(|n| event(&format!("c{}", n % 20), &format!("e{n}"), at(0)))
                .collect();
            // Everybody in another order.
            batch.rotate_left(consumer * 10);
            for part in batch.chunks(15) {
                deliver(&store, part).await;
            }
        });
    }
    while let Some(done) = consumers.join_next().await {
        done.unwrap();
    }
    let customers = count(store, "select count(*) from customer").await;
    let inputs = count(store, "select count(*) from input").await;
    assert_eq!((customers, inputs), (already + 20, already + 60));
}

/// As an engine would: again, as long as that may help.
async fn deliver(store: &Store, events: &[store::Arrival]) {
    for _ in 0..1_000 {
        let tried = async {
            let open = store.begin(events, HORIZON).await?;
            let turns = open.work.iter().map(heard).collect();
            open.commit(turns).await
        };
        match tried.await {
            Ok(()) => return,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
    panic!("a batch was refused a thousand times");
}

#[tokio::test]
async fn a_message_that_was_leased_cannot_be_taken_back() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", None);
    let sent = message(&first, 0, at(0));
    let mut turn = with_runs(heard(&open.work[0]), &[first]);
    turn.effects.messages = vec![sent.clone()];
    open.commit(vec![turn]).await.unwrap();

    let two = [event("zoe", "2", at(1))];
    let open = store.begin(&two, HORIZON).await.unwrap();
    assert_eq!(open.work[0].customer.sends, [past(&sent, true)]);
    let leased = store.lease(at(1), 10, MINUTE).await.unwrap();
    assert_eq!(leased.len(), 1);
    let mut turn = heard(&open.work[0]);
    turn.effects.recalled = vec![past(&sent, true)];
    let error = open.commit(vec![turn]).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    // The whole turn is void, its input too.
    assert_eq!(count(&store, "select count(*) from input").await, 1);

    let open = store.begin(&two, HORIZON).await.unwrap();
    assert_eq!(open.work[0].customer.sends, [past(&sent, false)]);
    let turn = heard(&open.work[0]);
    open.commit(vec![turn]).await.unwrap();
}

#[tokio::test]
async fn a_message_that_was_taken_back_cannot_be_leased() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", None);
    let sent = message(&first, 0, at(0));
    let mut turn = with_runs(heard(&open.work[0]), &[first]);
    turn.effects.messages = vec![sent.clone()];
    open.commit(vec![turn]).await.unwrap();
    let open = store
        .begin(&[event("zoe", "2", at(1))], HORIZON)
        .await
        .unwrap();
    let mut turn = heard(&open.work[0]);
    turn.effects.recalled = vec![past(&sent, true)];
    open.commit(vec![turn]).await.unwrap();
    assert!(store.lease(at(9), 10, MINUTE).await.unwrap().is_empty());
    // Its cap is given back.
    let open = store
        .begin(&[event("zoe", "3", at(2))], HORIZON)
        .await
        .unwrap();
    assert_eq!(open.work[0].customer.sends, []);
}

#[tokio::test]
async fn a_receipt_counts_only_for_the_attempt_that_holds_the_lease() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", None);
    let sent = message(&first, 0, at(0));
    let mut turn = with_runs(heard(&open.work[0]), &[first]);
    turn.effects.messages = vec![sent.clone()];
    open.commit(vec![turn]).await.unwrap();

    // Not leased at all; then leased twice, the first lease having expired.
    let early = [receipt("zoe", sent.clone(), 1, at(1))];
    let open = store.begin(&early, HORIZON).await.unwrap();
    assert_eq!((open.duplicates, open.work.len()), (1, 0));
    open.abandon().await;
    let late = store.lease(at(1), 10, MINUTE).await.unwrap();
    let held = store.lease(at(100), 10, MINUTE).await.unwrap();
    assert_eq!((late[0].attempt, held[0].attempt), (1, 2));

    let both = [
        receipt("zoe", sent.clone(), 1, at(101)),
        receipt("zoe", sent.clone(), 2, at(101)),
    ];
    let open = store.begin(&both, HORIZON).await.unwrap();
    assert_eq!((open.duplicates, open.work[0].inputs.len()), (1, 1));
    let mut turn = heard(&open.work[0]);
    turn.effects.settled = vec![settled(&sent, Reason::Failed)];
    open.commit(vec![turn]).await.unwrap();
    let failed = "select count(*) from message where status = 'failed' and reason = 'failed'
         and due_at is null and error like '%provider%'";
    assert_eq!(count(&store, failed).await, 1);
    let accepted = Accepted {
        key: held[0].key(),
        provider: arc("smtp"),
        provider_id: None,
        content: None,
    };
    assert_eq!(store.record_sent(&[accepted], at(102)).await.unwrap(), 0);
}

#[tokio::test]
async fn timers_pass_over_customers_in_another_turn_and_look_again() {
    let store = fixture::store().await;
    let keys = ["abe", "bea", "zoe"];
    let events: Vec<_> = keys.iter().map(|k| event(k, "1", at(0))).collect();
    let open = store.begin(&events, HORIZON).await.unwrap();
    let turns = open.work.iter().map(|w| {
        let key = &w.customer.key;
        let due = if &**key == "abe" { at(500) } else { at(50) };
        with_runs(
            heard(w),
            &[run(key, "a", Some(due)), run(key, "b", Some(due))],
        )
    });
    let turns = turns.collect();
    open.commit(turns).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(50)));

    let due = store.due(at(60), 100).await.unwrap();
    assert_eq!(due.len(), 2, "each once: {due:?}");
    assert!(!due.contains(&CustomerId::of("abe")));
    let busy = store
        .begin(&[event("zoe", "2", at(60))], HORIZON)
        .await
        .unwrap();
    let all: Vec<_> = keys.iter().map(|k| CustomerId::of(k)).collect();
    let open = store.begin_due(&all, at(60), HORIZON).await.unwrap();
    let found: Vec<_> = open.work.iter().map(|w| &*w.customer.key).collect();
    assert_eq!(found, ["bea"], "zoe is busy, abe is not due");
    assert_eq!(open.work[0].customer.runs.len(), 2);
    assert!(!open.work[0].new);

    // Moved by the other turn: nothing is due when it is looked at again.
    let runs: Vec<_> = ["a", "b"].map(|k| run("zoe", k, None)).into();
    let turn = with_runs(heard(&busy.work[0]), &runs);
    busy.commit(vec![turn]).await.unwrap();
    let again = store.begin_due(&all[2..], at(60), HORIZON).await.unwrap();
    assert!(again.work.is_empty());
}
