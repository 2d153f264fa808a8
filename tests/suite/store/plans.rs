//! What PostgreSQL does with the statements of the hot path when it knows nothing of the tables:
//! 20,000 rows each, never analysed (autovacuum is off in the test's cluster).

use std::time::Duration;

use jiff::Timestamp;
use journey::{advance::Turn, ids::CustomerId, message::Reason};
use sqlx::{Connection as _, PgConnection};
use store::{Accepted, Arrival, Release, Retry, Settings, Store, Work};

use super::samples::*;
use crate::fixture;

const CUSTOMERS: usize = 20_000;
const BATCH: usize = 100;
/// Enough for PostgreSQL to go over from planning each time to the one generic plan.
const ROUNDS: usize = 10;

fn key(n: usize) -> String {
    format!("c{n}")
}

/// A run that is due and a queued message, at a second of its own.
fn entered(work: &Work, second: i64) -> Turn {
    let first = run(&work.customer.key, "a", Some(at(second)));
    let decided = message(&first, 0, at(second));
    let mut turn = with_runs(heard(work), &[first]);
    turn.effects.messages = vec![decided];
    turn
}

async fn fill(store: &Store) {
    for batch in 0..CUSTOMERS / 1_000 {
        let keys = (batch * 1_000..).take(1_000).map(key);
        let events: Vec<_> = keys.map(|k| event(&k, "1", at(0))).collect();
        let open = store.begin(&events, HORIZON).await.unwrap();
        let seconds = (batch as i64 * 1_000)..;
        let turns = open.work.iter().zip(seconds).map(|(w, s)| entered(w, s));
        let turns = turns.collect();
        open.commit(turns).await.unwrap();
    }
}

/// Everything that intake does: half of the customers are known, and of their runs half end.
async fn intake(store: &Store, round: usize, now: Timestamp) {
    let from = CUSTOMERS - BATCH / 2 - round * BATCH;
    let keys = (from..).take(BATCH / 2).map(key);
    let keys = keys.chain((0..BATCH / 2).map(|n| format!("new{round}-{n}")));
    let events: Vec<_> = keys.map(|k| event(&k, "2", now)).collect();
    let open = store.begin(&events, HORIZON).await.unwrap();
    let turns = open.work.iter().enumerate().map(|(n, work)| {
        let mut turn = entered(work, 40_000);
        turn.effects.profile = true;
        turn.effects.messages.clear();
        turn.effects.recalled = work.customer.sends.clone();
        if n % 2 == 0 {
            let ended = turn.customer.runs.drain(..).map(|r| left(r, now));
            turn.effects.ended = ended.collect();
        }
        turn
    });
    let turns = turns.collect();
    open.commit(turns).await.unwrap();
}

async fn timers(store: &Store, now: Timestamp) {
    store.next_due().await.unwrap().unwrap();
    let due = store.due(now, BATCH as u32).await.unwrap();
    assert_eq!(due.len(), BATCH);
    let open = store.begin_due(&due, now, HORIZON).await.unwrap();
    assert_eq!(open.work.len(), BATCH);
    let turns = open.work.iter().map(|work| {
        let mut later = work.customer.runs[0].clone();
        later.due_at = Some(at(50_000));
        with_runs(heard(work), &[later])
    });
    let turns = turns.collect();
    open.commit(turns).await.unwrap();
}

/// Of every four leased messages one goes, one is put off, one is released and one fails.
async fn dispatch(store: &Store, now: Timestamp) {
    store.next_send().await.unwrap().unwrap();
    let leased = store.lease(now, BATCH as u32, MINUTE).await.unwrap();
    assert_eq!(leased.len(), BATCH);
    let (mut sent, mut again, mut back, mut failed) = (vec![], vec![], vec![], vec![]);
    for (n, lease) in leased.iter().enumerate() {
        let key = lease.key();
        match n % 4 {
            0 => sent.push(Accepted {
                key,
                provider: arc("smtp"),
                provider_id: None,
                content: None,
            }),
            1 => again.push(Retry {
                key,
                due_at: at(50_000),
                error: "later".into(),
                tied_to: None,
            }),
            2 => back.push(Release {
                key,
                due_at: at(50_000),
                tied_to: None,
            }),
            _ => failed.push(receipt(
                &lease.customer.key,
                lease.message.clone(),
                lease.attempt,
                now,
            )),
        }
    }
    let quarter = BATCH as u64 / 4;
    assert_eq!(store.record_sent(&sent, now).await.unwrap(), quarter);
    assert_eq!(store.retry_later(&again).await.unwrap(), quarter);
    assert_eq!(store.release(&back).await.unwrap(), quarter);
    settle(store, &failed).await;
}

async fn settle(store: &Store, receipts: &[Arrival]) {
    let open = store.begin(receipts, HORIZON).await.unwrap();
    assert_eq!(open.work.len(), receipts.len());
    let turns = open.work.iter().map(|work| {
        let mut turn = heard(work);
        if let journey::input::InputKind::Receipt(r) = &work.inputs[0].kind {
            turn.effects.settled = vec![settled(&r.message, Reason::Failed)];
        }
        turn
    });
    let turns = turns.collect();
    open.commit(turns).await.unwrap();
}

/// Waits for the other sessions to end: they report what they read when they do.
async fn alone(database: &mut PgConnection) {
    let others = "select count(*) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()";
    let wait = async {
        while sqlx::query_scalar::<_, i64>(others)
            .fetch_one(&mut *database)
            .await
            .unwrap()
            > 0
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("the sessions end");
}

#[tokio::test]
async fn the_hot_path_reads_only_the_rows_that_it_is_about() {
    let settings = fixture::settings().await;
    hot_path(&settings).await;
}

/// Fills that database and counts what the hot path reads.
pub async fn hot_path(settings: &Settings) {
    let mut database = PgConnection::connect(&settings.url).await.unwrap();
    let store = Store::connect(settings).await.unwrap();
    store.migrate().await.unwrap();
    fill(&store).await;
    store.pool().close().await;
    alone(&mut database).await;
    sqlx::query("select pg_stat_reset()")
        .execute(&mut database)
        .await
        .unwrap();

    // One connection, so that every statement comes round to its generic plan.
    let one = Settings {
        max_connections: 1,
        ..settings.clone()
    };
    let store = Store::connect(&one).await.unwrap();
    let now = at(30_000);
    for round in 0..ROUNDS {
        intake(&store, round, now).await;
        timers(&store, now).await;
        dispatch(&store, now).await;
        let again = [CustomerId::of(&key(1))];
        store
            .begin_due(&again, now, HORIZON)
            .await
            .unwrap()
            .abandon()
            .await;
        store.inputs(again[0], 10).await.unwrap();
    }
    store.pool().close().await;
    alone(&mut database).await;
    let read: Vec<(String, i64, i64)> = sqlx::query_as(
        "select substring(relname from '^(customer|input|run_ended|run|message)')::text as name,
                sum(seq_tup_read)::bigint, coalesce(sum(idx_tup_fetch), 0)::bigint
         from pg_stat_user_tables
         where relname ~ '^(customer|input|run_ended|run|message)(_[0-9]+)?$' group by name order by name",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert_eq!(read.len(), 5);
    for (table, in_sequence, by_index) in &read {
        assert_eq!(*in_sequence, 0, "{table}: {read:?}");
        // One full pass of one statement would be 20,000 rows in each of ten rounds.
        assert!(*by_index < 20_000, "{table}: {read:?}");
    }
    let fetched: i64 = read.iter().map(|(_, _, n)| n).sum();
    assert!(fetched > 1_000, "the statistics came in: {read:?}");
}
