//! Errors told apart: try again, halve the batch, or neither.

use std::time::Duration;

use journey::{trace::Fact, value::Value};
use store::{Error, Settings, Store};

use super::{samples::*, turns::count};
use crate::fixture;

/// Commits one customer's turn after it was spoilt.
async fn spoilt(
    store: &Store,
    key: &str,
    spoil: impl FnOnce(&mut journey::advance::Turn),
) -> Error {
    let open = store
        .begin(&[event(key, "1", at(0))], HORIZON)
        .await
        .unwrap();
    let mut turn = heard(&open.work[0]);
    spoil(&mut turn);
    open.commit(vec![turn]).await.unwrap_err()
}

#[tokio::test]
async fn what_the_database_refuses_for_its_content_is_poison() {
    let store = fixture::store().await;
    let in_a_trait = spoilt(&store, "zoe", |turn| {
        turn.customer.traits.insert(arc("nul"), Value::text("a\0b"));
    });
    let in_a_name = spoilt(&store, "zoe", |turn| {
        if let journey::input::InputKind::Event(e) = &mut turn.effects.inputs[0].0.kind {
            e.name = arc("order\0placed");
        }
    });
    let long = "k".repeat(300);
    for error in [
        in_a_trait.await,
        in_a_name.await,
        spoilt(&store, &long, |_| ()).await,
    ] {
        assert!(error.is_poison() && !error.is_retryable(), "{error:?}");
    }
    assert_eq!(count(&store, "select count(*) from customer").await, 0);
}

#[tokio::test]
async fn nul_in_bytes_does_no_harm() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let mut turn = heard(&open.work[0]);
    turn.effects.inputs[0].1 = vec![line(Fact::Set {
        name: arc("run.a"),
        value: Value::text("a\0b"),
    })];
    let wanted = turn.effects.inputs.clone();
    open.commit(vec![turn]).await.unwrap();
    let customer = journey::ids::CustomerId::of("zoe");
    assert_eq!(store.inputs(customer, 9).await.unwrap(), wanted);
}

#[tokio::test]
async fn a_message_written_twice_is_poison_and_not_tried_for_ever() {
    let store = fixture::store().await;
    let first = run("zoe", "a", None);
    let error = spoilt(&store, "zoe", |turn| {
        let twice = message(&first, 0, at(0));
        turn.effects.messages = vec![twice.clone(), twice];
    });
    let error = error.await;
    assert!(error.is_poison() && !error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_row_that_cannot_be_understood_is_poison_and_its_content_is_not_told() {
    let store = fixture::store().await;
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let turn = heard(&open.work[0]);
    open.commit(vec![turn]).await.unwrap();
    sqlx::query("update customer set ledger = '{\"consents\": \"zoe@shop.example\"}'")
        .execute(store.pool())
        .await
        .unwrap();
    let error = store
        .begin(&[event("zoe", "2", at(0))], HORIZON)
        .await
        .unwrap_err();
    assert!(error.is_poison() && !error.is_retryable(), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("shop.example"));
}

#[tokio::test]
async fn a_lost_connection_and_a_lock_in_the_way_are_tried_again() {
    let database = fixture::settings().await;
    let settings = Settings {
        lock_timeout: Duration::from_millis(50),
        ..(*database).clone()
    };
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    let one = [event("zoe", "1", at(0))];
    let open = store.begin(&one, HORIZON).await.unwrap();
    let turn = heard(&open.work[0]);
    open.commit(vec![turn]).await.unwrap();

    let two = [event("zoe", "2", at(0))];
    let open = store.begin(&two, HORIZON).await.unwrap();
    let locked = store.begin(&two, HORIZON).await.unwrap_err();
    assert!(locked.is_retryable() && !locked.is_poison(), "{locked:?}");
    let turn = heard(&open.work[0]);
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let lost = open.commit(vec![turn]).await.unwrap_err();
    assert!(lost.is_retryable() && !lost.is_poison(), "{lost:?}");

    let refused = Settings {
        acquire_timeout: Duration::from_millis(200),
        ..Settings::new("postgres://nobody@127.0.0.1:1/none")
    };
    let away = Store::connect(&refused).await.unwrap_err();
    assert!(away.is_retryable() && !away.is_poison(), "{away:?}");
    assert!(
        !Store::connect(&Settings::new("no url"))
            .await
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test]
async fn every_connection_is_bounded() {
    let database = fixture::settings().await;
    let settings = Settings {
        statement_timeout: Duration::from_millis(150),
        idle_in_transaction_timeout: Duration::from_millis(150),
        ..(*database).clone()
    };
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    sqlx::query("select pg_sleep(60)")
        .execute(store.pool())
        .await
        .unwrap_err();
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let idle = "select count(*) from pg_stat_activity
         where datname = current_database() and state like 'idle in transaction%'";
    let ended = async {
        while count(&store, idle).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended)
        .await
        .expect("a turn that hangs is ended");
    let turn = heard(&open.work[0]);
    let late = open.commit(vec![turn]).await.unwrap_err();
    assert!(late.is_retryable(), "{late:?}");
}

#[test]
fn settings_do_not_tell_the_password() {
    let settings = Settings::new("postgres://parcours:secret@localhost/parcours");
    assert!(!format!("{settings:?}").contains("secret"));
}
