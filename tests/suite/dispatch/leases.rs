//! The lease and its fence.

use engine::Dispatched;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Answer, Rig, events};
use store::Accepted;
use tokio_util::sync::CancellationToken;

use super::{SMS, dispatch, queue_one, recently, workspace};

/// Promise 2: several dispatchers at once never hand one message over twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_2_three_dispatchers_send_each_message_once() {
    let rig = Rig::new(&workspace(SMS)).await;
    let small = engine::Settings {
        dispatch_batch: 7,
        ..kit::quick()
    };
    let mut engines = Vec::new();
    for _ in 0..3 {
        engines.push(rig.engine(small.clone()).await);
    }
    let now = recently();
    let mut bodies = Vec::new();
    for n in 0..100 {
        let name = format!("c{n}");
        bodies.extend(events::arrival_of(&name));
        bodies.push(events::track(&name, "a", &name, &serde_json::json!({})));
    }
    events::take(&engines[0], &bodies, now).await;
    let rounds = engines.into_iter().map(|engine| {
        tokio::spawn(async move {
            let mut sent = 0;
            loop {
                let done = dispatch(&engine).await;
                sent += done.sent;
                if done.leased == 0 {
                    return sent;
                }
            }
        })
    });
    let sent: usize = join_all(rounds).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(sent, 100);
    let requests = rig.provider.requests();
    assert_eq!(
        (requests.len(), requests.values().sum::<usize>()),
        (100, 100)
    );
    assert!(rig.provider.posts().iter().all(|p| p.signed));
    assert_eq!(
        rig.count("select count(*) from message where status = 'sent'")
            .await,
        100
    );
}

/// Architecture, *killed after the send, before its record*: the lease expires, the message goes
/// again under the same key, and who comes back late changes nothing.
#[tokio::test]
async fn an_expired_lease_is_sent_again_under_the_same_key_and_the_late_one_is_fenced_off() {
    let rig = Rig::new(&workspace(SMS)).await;
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    // A dispatcher that died a while ago with the message in its hands.
    let lease = SignedDuration::from_secs(20);
    let dead = rig.store.lease(recently(), 10, lease).await.unwrap();
    assert_eq!(dead.len(), 1);

    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(rig.messages().await, ["sms sent - 2"]);
    let posts = rig.provider.posts();
    assert_eq!(posts[0].key, dead[0].message.id.to_string());
    let late = Accepted {
        key: dead[0].key(),
        provider: "late".into(),
        provider_id: None,
        content: None,
    };
    assert_eq!(
        rig.store
            .record_sent(&[late], Timestamp::now())
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        rig.count("select count(*) from message where provider = 'late'")
            .await,
        0
    );
}

/// The same seen by the provider: it took the message and the answer was lost.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.script([Answer::AcceptThen(503)]);
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.sent, 1);
    let requests = rig.provider.requests();
    assert_eq!(
        (requests.len(), requests.into_values().sum::<usize>()),
        (1, 2)
    );
    assert_eq!(rig.provider.taken().len(), 1);
}

/// A message that has waited for its turn until half its lease is over is not handed over: its
/// provider might answer when somebody else has it. The attempt does not count.
#[tokio::test]
async fn a_message_is_not_handed_over_late_in_its_lease() {
    let rig = Rig::new(&workspace(SMS)).await;
    let hasty = engine::Settings {
        lease: SignedDuration::ZERO,
        ..kit::quick()
    };
    let engine = rig.engine(hasty).await;
    queue_one(&engine, recently()).await;
    let expected = Dispatched {
        leased: 1,
        released: 1,
        ..Dispatched::default()
    };
    assert_eq!(dispatch(&engine).await, expected);
    assert_eq!(rig.messages().await, ["sms queued - 0"]);
    assert!(rig.provider.posts().is_empty());
}

/// Promise 8: an engine that stops gives its leases back untried.
#[tokio::test]
async fn promise_8_a_stopping_engine_gives_its_leases_back() {
    let rig = Rig::new(&workspace(SMS)).await;
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(engine.dispatch_once(&stop).await.unwrap().released, 1);
    assert_eq!(rig.messages().await, ["sms queued - 0"]);
    assert_eq!(dispatch(&engine).await.sent, 1);
}
