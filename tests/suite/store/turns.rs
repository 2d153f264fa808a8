//! One turn at a time.

use std::{cell::Cell, collections::BTreeMap, slice::from_ref};

use journey::{
    ids::{CustomerId, InputId},
    input::InputKind,
    message::Reason,
    trace::{Fact, Line},
};
use sqlx::Row as _;
use store::{Store, decode, encode};

use super::samples::*;
use crate::fixture;

/// Rows of a table.
pub async fn count(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_a_turn_writes_is_what_the_next_one_loads() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    assert!(open.work[0].new);
    assert_eq!(&*open.work[0].customer.key, "zoe");
    let mut turn = heard(&open.work[0]);
    turn.customer = rich(turn.customer);
    turn.effects.profile = true;
    let watching = left(run("zoe", "b", None), at(-1));
    let mut runs = vec![run("zoe", "a", Some(at(60))), watching];
    runs.sort_by_key(|r| r.id);
    let sent = message(&runs[0], 0, at(0));
    let mut refused = message(&runs[0], 1, at(0));
    refused.refused = Some(Reason::NoConsent);
    turn = with_runs(turn, &runs);
    turn.effects.messages = vec![sent.clone(), refused];
    let mut wanted = turn.customer.clone();
    wanted.sends = vec![past(&sent, true)];
    open.commit(vec![turn]).await.unwrap();

    let open = store
        .begin(&[event("zoe", "2", at(1))], HORIZON)
        .await
        .unwrap();
    assert!(!open.work[0].new);
    assert_eq!(open.work[0].customer, wanted);
    open.abandon().await;
    let row = sqlx::query(
        "select status::text, reason, due_at is null, done_at = at from message
         where reason is not null",
    );
    let row = row.fetch_one(store.pool()).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "suppressed");
    assert_eq!(row.get::<String, _>(1), "no_consent");
    assert!(row.get::<bool, _>(2) && row.get::<bool, _>(3));
}

#[tokio::test]
async fn random_floats_survive_the_profile() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let mut turn = heard(&open.work[0]);
    let mut seed = 1u64;
    for n in 0..2_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let value = f64::from_bits(seed);
        if value.is_finite() {
            turn.customer
                .traits
                .insert(arc(&n.to_string()), journey::value::Value::Float(value));
        }
    }
    let traits = turn.customer.traits.clone();
    open.commit(vec![turn]).await.unwrap();
    let open = store
        .begin(&[event("zoe", "2", at(1))], HORIZON)
        .await
        .unwrap();
    assert_eq!(open.work[0].customer.traits, traits);
}

#[tokio::test]
async fn runs_move_end_and_leave_nothing_open() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", Some(at(60)));
    let turn = with_runs(heard(&open.work[0]), from_ref(&first));
    open.commit(vec![turn]).await.unwrap();

    let open = store
        .begin(&[event("zoe", "2", at(1))], HORIZON)
        .await
        .unwrap();
    let mut moved = first.clone();
    moved.node = journey::machine::NodeId::END;
    moved.due_at = None;
    moved.revision = 5;
    let turn = with_runs(heard(&open.work[0]), &[moved.clone()]);
    open.commit(vec![turn]).await.unwrap();

    let open = store
        .begin(&[event("zoe", "3", at(2))], HORIZON)
        .await
        .unwrap();
    assert_eq!(open.work[0].customer.runs, [moved.clone()]);
    // One that has a row, and one that entered and ended within the turn.
    let mut turn = heard(&open.work[0]);
    turn.customer.runs.clear();
    turn.effects.touched.insert(moved.id);
    turn.effects.ended = vec![left(moved, at(2)), left(run("zoe", "short", None), at(2))];
    open.commit(vec![turn]).await.unwrap();
    assert_eq!(count(&store, "select count(*) from run").await, 0);
    assert_eq!(count(&store, "select count(*) from run_ended").await, 2);
}

#[tokio::test]
async fn an_input_counts_once_in_and_across_batches() {
    let store = fixture::store().await;
    let twice = [
        event("zoe", "1", at(0)),
        event("zoe", "2", at(0)),
        event("zoe", "1", at(5)),
    ];
    let open = store.begin(&twice, HORIZON).await.unwrap();
    assert_eq!((open.duplicates, open.work[0].inputs.len()), (1, 2));
    let turn = heard(&open.work[0]);
    open.commit(vec![turn]).await.unwrap();

    let again = [event("zoe", "1", at(9)), event("abe", "1", at(9))];
    let open = store.begin(&again, HORIZON).await.unwrap();
    // The id counts for its customer; another customer's is another input.
    assert_eq!(open.duplicates, 1);
    assert_eq!(open.work.len(), 1);
    assert_eq!(&*open.work[0].customer.key, "abe");
    open.abandon().await;
    assert_eq!(count(&store, "select count(*) from input").await, 2);
    assert_eq!(count(&store, "select count(*) from customer").await, 1);
}

#[tokio::test]
async fn a_history_is_replayed_as_it_was_recorded() {
    let store = fixture::store().await;
    let customer = CustomerId::of("zoe");
    let timer = run("zoe", "a", None).id;
    // Only an event makes a customer.
    let open = store
        .begin(&[event("zoe", "z", at(3))], HORIZON)
        .await
        .unwrap();
    let turn = heard(&open.work[0]);
    let mut wanted = turn.effects.inputs.clone();
    open.commit(vec![turn]).await.unwrap();
    let mut all = vec![event("zoe", "a", at(1))];
    let mut timed = event("zoe", "t", at(2));
    timed.input.id = InputId::of_timer(timer, 1);
    timed.input.kind = InputKind::Timer { run: timer };
    all.push(timed);
    let open = store.begin(&all, HORIZON).await.unwrap();
    let mut turn = heard(&open.work[0]);
    let ignored = |why| vec![line(Fact::Ignored { why: arc(why) })];
    turn.effects.inputs[0].1 = vec![Line {
        journey: None,
        run: None,
        step: None,
        fact: Fact::Ignored {
            why: arc(journey::trace::NOTHING_LISTENED),
        },
    }];
    // Another reason is worth a line.
    turn.effects.inputs[1].1 = ignored("no open run decided that message");
    wanted.extend(turn.effects.inputs.clone());
    open.commit(vec![turn]).await.unwrap();
    assert_eq!(
        count(&store, "select count(*) from input where trace is null").await,
        1
    );
    let history = store.inputs(customer, 100).await.unwrap();
    assert_eq!(history, wanted);
    assert_eq!(store.inputs(customer, 2).await.unwrap().len(), 2);
}

#[test]
fn every_kind_of_input_survives_its_body() {
    let sent = message(&run("zoe", "a", None), 0, at(0));
    for arrival in [event("zoe", "1", at(0)), receipt("zoe", sent, 3, at(0))] {
        let input = arrival.input.kind;
        let name = match &input {
            InputKind::Event(event) => event.name.clone(),
            _ => "receipt".into(),
        };
        let (kind, body) = encode(&input).unwrap();
        assert_eq!(decode(kind, &name, "zoe", &body).unwrap(), input);
    }
    let timer = InputKind::Timer {
        run: run("zoe", "a", None).id,
    };
    let (kind, body) = encode(&timer).unwrap();
    assert_eq!(decode(kind, "timer", "zoe", &body).unwrap(), timer);
    assert!(decode(9, "timer", "zoe", &body).is_err());
    assert!(decode(0, "start", "zoe", b"{}").is_err());
}

#[tokio::test]
async fn sends_are_loaded_as_far_back_as_any_decision_looks() {
    let store = fixture::store().await;
    let day = 86_400;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", Some(at(6 * day)));
    let mut turn = with_runs(heard(&open.work[0]), from_ref(&first));
    turn.effects.messages = vec![message(&first, 0, at(0)), message(&first, 1, at(1))];
    open.commit(vec![turn]).await.unwrap();

    // The timer of day 6 goes first, and looks back a week from there.
    let late = [event("zoe", "2", at(30 * day))];
    let open = store.begin(&late, HORIZON).await.unwrap();
    assert_eq!(open.work[0].customer.sends.len(), 2);
    let mut waiting = first;
    waiting.due_at = None;
    let turn = with_runs(heard(&open.work[0]), &[waiting]);
    open.commit(vec![turn]).await.unwrap();

    // Exactly a week after the first of the two, it counts no more.
    let week = [event("zoe", "3", at(7 * day))];
    let open = store.begin(&week, HORIZON).await.unwrap();
    let sends = &open.work[0].customer.sends;
    assert_eq!(sends.iter().map(|s| s.at).collect::<Vec<_>>(), [at(1)]);
}

#[tokio::test]
async fn a_message_decided_and_taken_back_in_one_turn_never_goes() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", None);
    let sent = message(&first, 0, at(0));
    let mut turn = with_runs(heard(&open.work[0]), &[first]);
    turn.effects.recalled = vec![past(&sent, true)];
    turn.effects.messages = vec![sent];
    open.commit(vec![turn]).await.unwrap();
    assert!(store.lease(at(99), 10, MINUTE).await.unwrap().is_empty());
    let recalled = "select count(*) from message where status = 'recalled'";
    assert_eq!(count(&store, recalled).await, 1);
}

#[tokio::test]
async fn only_customers_of_the_turn_may_be_written() {
    let store = fixture::store().await;
    let one = [event("zoe", "1", at(0))];
    let open = store.begin(&one, HORIZON).await.unwrap();
    let mut turn = heard(&open.work[0]);
    turn.customer.id = CustomerId::of("abe");
    let error = open.commit(vec![turn]).await.unwrap_err();
    assert!(matches!(error, store::Error::NotBegun(_)), "{error:?}");
    assert_eq!(count(&store, "select count(*) from input").await, 0);
}

thread_local! {
    /// How many statements sqlx has reported on this thread.
    static STATEMENTS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

impl tracing::Subscriber for Counting {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        STATEMENTS.set(STATEMENTS.get() + 1);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_batch_costs_the_same_number_of_statements_whatever_its_size() {
    // Only this test sets one. Other threads count for themselves.
    tracing::subscriber::set_global_default(Counting).unwrap();
    let store = fixture::store().await;
    let mut seen = BTreeMap::new();
    for size in [1, 10, 200] {
        let before = STATEMENTS.get();
        let mut events = Vec::new();
        for round in 0..2 {
            let keys = (0..size).map(|n| format!("c{size}-{n}"));
            events = keys
                .map(|k| event(&k, &round.to_string(), at(round)))
                .collect();
            let open = store.begin(&events, HORIZON).await.unwrap();
            let turns = open.work.iter().map(|w| {
                let first = run(&w.customer.key, "a", Some(at(60)));
                let mut turn = with_runs(heard(w), from_ref(&first));
                turn.effects.profile = true;
                let ordinal = u32::try_from(round).unwrap();
                turn.effects.messages = vec![message(&first, ordinal, at(round))];
                turn
            });
            let turns = turns.collect();
            open.commit(turns).await.unwrap();
        }
        assert_eq!(events.len(), size);
        seen.insert(size, STATEMENTS.get() - before);
    }
    let counts: Vec<_> = seen.values().collect();
    assert!(*counts[0] >= 8, "{seen:?}");
    assert!(counts.iter().all(|c| *c == counts[0]), "{seen:?}");
}
