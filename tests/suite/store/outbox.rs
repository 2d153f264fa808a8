//! Leases and their fence.

use jiff::Timestamp;
use journey::{
    failure::Failure,
    message::{Channel, Message},
};
use store::{Accepted, LeaseKey, Release, Retry, Room, Store};

use super::{samples::*, turns::count};
use crate::fixture;

/// A customer with so many queued messages, decided at seconds 0, 1, 2…
async fn queued(store: &Store, n: u32) -> Vec<Message> {
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let first = run("zoe", "a", None);
    let messages: Vec<_> = (0..n)
        .map(|i| message(&first, i, at(i64::from(i))))
        .collect();
    let mut turn = with_runs(heard(&open.work[0]), &[first]);
    turn.customer = rich(turn.customer);
    turn.customer.runs.clear();
    turn.effects.touched.clear();
    turn.effects.messages.clone_from(&messages);
    open.commit(vec![turn]).await.unwrap();
    messages
}

fn accepted(key: LeaseKey) -> Accepted {
    Accepted {
        key,
        provider: arc("smtp"),
        provider_id: Some("<1@mx>\0".into()),
        content: None,
    }
}

fn released(key: LeaseKey, due_at: Timestamp) -> Release {
    Release {
        key,
        due_at,
        tied_to: None,
    }
}

#[tokio::test]
async fn a_lease_holds_all_that_sending_needs_the_longest_waiting_first() {
    let store = fixture::store().await;
    let messages = queued(&store, 3).await;
    assert_eq!(store.next_send().await.unwrap(), Some(at(0)));
    let leased = store.lease(at(1), 10, MINUTE).await.unwrap();
    let got: Vec<_> = leased.iter().map(|l| l.message.clone()).collect();
    assert_eq!(got, messages[..2], "the third is not due yet");
    let customer = &leased[0].customer;
    assert_eq!(&*customer.key, "zoe");
    assert_eq!(customer.ledger, ledger());
    assert_eq!(customer.traits, rich(customer.clone()).traits);
    assert!(customer.runs.is_empty() && customer.sends.is_empty());
    assert!(store.lease(at(1), 10, MINUTE).await.unwrap().is_empty());
    assert_eq!(store.lease(at(2), 10, MINUTE).await.unwrap().len(), 1);
    assert_eq!(store.next_send().await.unwrap(), Some(at(61)));
}

#[tokio::test]
async fn whoever_lost_the_lease_records_nothing() {
    let store = fixture::store().await;
    queued(&store, 1).await;
    let lost = store.lease(at(0), 10, MINUTE).await.unwrap()[0].key();
    let held = store.lease(at(60), 10, MINUTE).await.unwrap()[0].key();
    assert_eq!(store.record_sent(&[], at(60)).await.unwrap(), 0);
    assert_eq!((lost.attempt, held.attempt), (1, 2));

    assert_eq!(
        store.record_sent(&[accepted(lost)], at(61)).await.unwrap(),
        0
    );
    let retry = Retry {
        key: lost,
        due_at: at(99),
        error: "late".into(),
        tied_to: None,
    };
    assert_eq!(store.retry_later(&[retry]).await.unwrap(), 0);
    assert_eq!(store.release(&[released(lost, at(61))]).await.unwrap(), 0);

    assert_eq!(
        store.record_sent(&[accepted(held)], at(62)).await.unwrap(),
        1
    );
    assert_eq!(
        store.record_sent(&[accepted(held)], at(63)).await.unwrap(),
        0
    );
    let sent = "select count(*) from message where status = 'sent' and provider = 'smtp'
         and provider_id like '<1@mx>%' and due_at is null and done_at is not null";
    assert_eq!(count(&store, sent).await, 1);
    assert_eq!(store.next_send().await.unwrap(), None);
}

#[tokio::test]
async fn a_retry_waits_and_a_release_does_not_count() {
    let store = fixture::store().await;
    queued(&store, 2).await;
    let leased = store.lease(at(1), 10, MINUTE).await.unwrap();
    let retry = Retry {
        key: leased[0].key(),
        due_at: at(500),
        error: Failure::from(&*"é421\0".repeat(900)),
        tied_to: None,
    };
    assert_eq!(store.retry_later(&[retry]).await.unwrap(), 1);
    assert_eq!(
        store
            .release(&[released(leased[1].key(), at(2))])
            .await
            .unwrap(),
        1
    );
    // Neither its length nor a NUL may make the record fail.
    let kept = "select count(*) from message where error like '%é421%…%'
         and octet_length(error) between 300 and 2000";
    assert_eq!(count(&store, kept).await, 1);
    let again = store.lease(at(2), 10, MINUTE).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].key(),
        leased[1].key(),
        "the attempt was given back"
    );
    let late = store.lease(at(500), 1, MINUTE).await.unwrap();
    let late = late.iter().map(|l| (l.message.id, l.attempt));
    let expired = leased[1].message.id;
    assert_eq!(
        late.collect::<Vec<_>>(),
        [(expired, 2)],
        "the longest overdue"
    );
    let late = store.lease(at(500), 1, MINUTE).await.unwrap();
    assert_eq!(
        (late[0].message.id, late[0].attempt),
        (leased[0].message.id, 2)
    );
}

#[tokio::test]
async fn two_dispatchers_never_lease_the_same_message() {
    let store = fixture::store().await;
    queued(&store, 40).await;
    let (a, b) = tokio::join!(
        store.lease(at(99), 30, MINUTE),
        store.lease(at(99), 30, MINUTE)
    );
    let mut ids: Vec<_> = a.unwrap().iter().map(|l| l.message.id).collect();
    ids.extend(b.unwrap().iter().map(|l| l.message.id));
    let leased = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), leased);
    let rest = store.lease(at(99), 100, MINUTE).await.unwrap();
    assert_eq!(leased + rest.len(), 40, "nothing was left out");
}

#[tokio::test]
async fn one_row_that_cannot_be_understood_does_not_stop_the_others() {
    let store = fixture::store().await;
    let messages = queued(&store, 3).await;
    sqlx::query("update message set decision = 'no json' where id = $1")
        .bind(messages[1].id.0)
        .execute(store.pool())
        .await
        .unwrap();
    let leased = store.lease(at(9), 10, MINUTE).await.unwrap();
    let ids: Vec<_> = leased.iter().map(|l| l.message.id).collect();
    assert_eq!(ids, [messages[0].id, messages[2].id]);
}

/// Which provider may have a message is known from before it is asked until it has said no: also to
/// whoever finds the lease expired.
#[tokio::test]
async fn a_message_is_tied_to_the_provider_that_may_have_it() {
    let store = fixture::store().await;
    let channel = queued(&store, 1).await[0].channel;
    let room = |provider: Option<&str>| {
        let provider = provider.map(arc);
        let most = 10;
        [Room {
            channel,
            most,
            provider,
        }]
    };
    let tied = async |second: i64, provider| {
        let rooms = room(provider);
        let leased = store.lease_for(&rooms, at(second), 10, MINUTE).await;
        let [leased] = &*leased.unwrap() else {
            panic!()
        };
        (leased.key(), leased.tied_to.clone())
    };
    // A dispatcher dies with the message in its hands.
    assert_eq!(tied(0, Some("a")).await.1, None);
    let (key, to) = tied(60, Some("b")).await;
    assert_eq!(
        to.as_deref(),
        Some("a"),
        "the one that was going to be asked"
    );
    // It said no, and another is asked: the next to die.
    assert!(store.ask(key, "b").await.unwrap());
    let (key, to) = tied(120, None).await;
    assert_eq!(to.as_deref(), Some("b"));
    let retry = Retry {
        key,
        due_at: at(130),
        error: "late".into(),
        tied_to: None,
    };
    assert_eq!(store.retry_later(&[retry]).await.unwrap(), 1);
    let (key, to) = tied(130, Some("a")).await;
    assert_eq!(to, None, "nobody has it");
    let release = Release {
        tied_to: Some(arc("b")),
        ..released(key, at(140))
    };
    assert_eq!(store.release(&[release]).await.unwrap(), 1);
    assert!(
        !store.ask(key, "a").await.unwrap(),
        "the lease does not hold any more"
    );
    assert_eq!(tied(140, Some("a")).await.1.as_deref(), Some("b"));
}

/// As many of each channel as there is room for, the longest waiting first.
#[tokio::test]
async fn each_channel_has_its_own_room() {
    let store = fixture::store().await;
    let messages = queued(&store, 6).await;
    let others =
        "update message set channel = 'chat' where extract(second from due_at)::int % 2 = 1";
    sqlx::query(others).execute(store.pool()).await.unwrap();
    let room = |channel, most| Room {
        channel,
        most,
        provider: None,
    };
    let lease = async |rooms: &[Room]| -> Vec<_> {
        let leased = store.lease_for(rooms, at(9), 10, MINUTE).await.unwrap();
        leased.iter().map(|l| l.message.id).collect()
    };
    let own = messages[0].channel;
    assert_ne!(own, Channel::Chat);
    let ids = |of: &[usize]| -> Vec<_> { of.iter().map(|n| messages[*n].id).collect() };
    assert_eq!(lease(&[room(Channel::Chat, 2)]).await, ids(&[1, 3]));
    assert_eq!(
        lease(&[room(own, 1), room(Channel::Chat, 5)]).await,
        ids(&[0, 5])
    );
    assert_eq!(lease(&[room(own, 5)]).await, ids(&[2, 4]));
}
