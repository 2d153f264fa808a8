//! Tries: again later, not too often, and then no more.

use jiff::{SignedDuration, Timestamp};
use journey::message::Channel;
use parcours_tests::kit::{self, Answer, Rig};

use super::{SMS, dispatch, error, happens, queue_one, recently, workspace};

/// How long from now until the only queued message may go, in minutes.
async fn minutes_to_wait(rig: &Rig) -> i64 {
    let due = rig.store.next_send().await.unwrap().unwrap();
    let wait = due.duration_since(Timestamp::now());
    (wait.as_secs() + 30) / 60
}

async fn make_due(rig: &Rig) {
    sqlx::query("update message set due_at = now() where due_at is not null")
        .execute(rig.store.pool())
        .await
        .unwrap();
}

/// Architecture, 7: a message that is refused for now is tried again, and sent once it is taken.
#[tokio::test]
async fn a_message_that_is_refused_for_now_is_tried_again_until_it_is_taken() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider
        .script([Answer::Refuse(503), Answer::Refuse(408)]);
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(
        error(&rig).await,
        "the provider has trouble of its own (HTTP 503): “no”"
    );
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(rig.messages().await, ["sms sent - 3"]);
    assert_eq!(rig.provider.requests().len(), 1, "one key for all tries");
}

/// The wait doubles with each try, up to its bound.
#[tokio::test]
async fn the_wait_between_tries_doubles_up_to_its_bound() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.always(Channel::Sms, Answer::Refuse(500));
    let settings = engine::Settings {
        first_retry: SignedDuration::from_mins(60),
        longest_retry: SignedDuration::from_mins(200),
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    queue_one(&engine, recently()).await;
    for expected in [60, 120, 200, 200] {
        assert_eq!(dispatch(&engine).await.retried, 1);
        assert_eq!(minutes_to_wait(&rig).await, expected);
        assert_eq!(dispatch(&engine).await.leased, 0, "not before its time");
        make_due(&rig).await;
    }
}

/// `Retry-After` is obeyed, whatever our own wait would be.
#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.script([Answer::RetryAfter(429, 30 * 60)]);
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(minutes_to_wait(&rig).await, 30);
    make_due(&rig).await;
    assert_eq!(dispatch(&engine).await.leased, 0, "whatever is due");
    // Another process has not heard of it.
    let other = rig.engine(kit::quick()).await;
    assert_eq!(dispatch(&other).await.sent, 1);
}

/// Rule 40 with it: nobody is asked to wait beyond the moment at which the message expires.
#[tokio::test]
async fn a_wait_ends_when_the_message_expires() {
    let rig = Rig::new(&workspace("send: sms, template: hello, expires: 31m")).await;
    rig.provider.script([Answer::RetryAfter(429, 2 * 60 * 60)]);
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(minutes_to_wait(&rig).await, 30);
}

/// Rules 41 and 47: after the last try the message has failed, support sees why, and its cap is
/// given back.
#[tokio::test]
async fn rule_47_a_message_that_no_try_delivers_fails_with_its_reason_and_frees_the_cap() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.script([
        Answer::Refuse(500),
        Answer::Refuse(500),
        Answer::Refuse(500),
    ]);
    let settings = engine::Settings {
        max_attempts: 3,
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    let now = recently();
    queue_one(&engine, now).await;
    let second = SignedDuration::from_secs(1);
    happens(&engine, "b", now + second).await;
    assert_eq!(
        rig.messages().await,
        ["sms queued - 0", "sms suppressed capped 0"]
    );
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(rig.messages().await[0], "sms failed failed 3");
    assert!(
        error(&rig)
            .await
            .starts_with("gave up after 3 tries: the provider has trouble of its own (HTTP 500)")
    );
    assert_eq!(dispatch(&engine).await.leased, 0);

    sqlx::query("delete from run where journey = 'b'")
        .execute(rig.store.pool())
        .await
        .unwrap();
    happens(&engine, "b", Timestamp::now()).await;
    assert_eq!(dispatch(&engine).await.sent, 1);
}
