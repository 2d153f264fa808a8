//! Several providers of one channel: who takes over, and who must not.

use channels::{CircuitSettings, Failover, Limits, Span, WebhookSettings};
use jiff::SignedDuration;
use journey::message::Channel;
use parcours_tests::kit::{self, Answer, Provider, Rig};
use store::Room;

use super::{
    Duration, Running, SMS, by, dispatch, error, nothing_is_lost_or_doubled, queue, queue_one,
    recently, until, workspace,
};

/// An address at which nobody listens.
fn nowhere(name: &str) -> WebhookSettings {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    WebhookSettings::new(name, url)
}

/// Who took each message, as the database has it: `PROVIDER STATUS ATTEMPT`.
async fn providers(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', coalesce(provider, '-'), status, attempt) from message order by at, id",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_message_that_the_first_certainly_did_not_take_goes_to_the_second_at_once() {
    let rig = Rig::new(&workspace(SMS)).await;
    let throttled = Provider::start().await;
    throttled.always(Channel::Sms, Answer::Refuse(429));
    let all = vec![
        nowhere("down"),
        throttled.named("throttled"),
        rig.provider.named("works"),
    ];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(providers(&rig).await, ["works sent 1"], "in one attempt");
    assert_eq!(throttled.posts().len(), 1);
    nothing_is_lost_or_doubled(&rig, &[&rig.provider, &throttled], 1).await;
}

/// A refusal of the message is one, whoever says it.
#[tokio::test]
async fn what_the_first_refuses_for_good_is_not_offered_to_the_second() {
    let rig = Rig::new(&workspace(SMS)).await;
    let first = Provider::start().await;
    first.always(Channel::Sms, Answer::Refuse(422));
    let all = vec![first.named("first"), rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(providers(&rig).await, ["first failed 1"]);
    assert!(rig.provider.posts().is_empty());
}

/// The answer was lost: it may be with the first, which alone knows it by its key.
#[tokio::test]
async fn a_message_that_the_first_may_have_is_kept_from_the_second() {
    let rig = Rig::new(&workspace(SMS)).await;
    let first = Provider::start().await;
    first.script([
        Answer::AcceptThen(503),
        Answer::Refuse(429),
        Answer::Refuse(500),
    ]);
    let all = vec![first.named("first"), rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    for attempt in 1..=3 {
        kit::eventually(Duration::from_secs(9), "the first is asked", async || {
            dispatch(&engine).await.retried == 1
        })
        .await;
        assert_eq!(providers(&rig).await, [format!("first queued {attempt}")]);
    }
    // The second takes what is new while the first is left alone; not this one.
    kit::eventually(Duration::from_secs(9), "the first is asked", async || {
        dispatch(&engine).await.sent == 1
    })
    .await;
    assert_eq!(providers(&rig).await, ["first sent 4"]);
    assert!(rig.provider.posts().is_empty());
    nothing_is_lost_or_doubled(&rig, &[&first, &rig.provider], 1).await;
}

/// `failover: always` says that sooner is better than once.
#[tokio::test]
async fn who_asks_for_it_gets_sooner_what_may_come_twice() {
    let rig = Rig::new(&workspace(SMS)).await;
    let first = Provider::start().await;
    first.always(Channel::Sms, Answer::AcceptThen(503));
    let frail = WebhookSettings {
        limits: frail(Duration::from_secs(60)),
        ..first.named("first")
    };
    let all = vec![frail, rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Always))
        .await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(providers(&rig).await, ["second sent 2"]);
    assert_eq!((first.taken().len(), rig.provider.taken().len()), (1, 1));
}

/// A circuit that opens at the first failure.
fn frail(pause: Duration) -> Limits {
    Limits {
        circuit: CircuitSettings {
            failures: 1,
            pause: Span(pause),
            longest_pause: Span(pause),
        },
        ..Limits::default()
    }
}

/// The second has all that is new; what the first may have waits for it and costs no tries.
#[tokio::test]
async fn the_second_takes_over_and_the_first_keeps_what_it_may_have() {
    let rig = Rig::new(&workspace(SMS)).await;
    let first = Provider::start().await;
    first.always(Channel::Sms, Answer::AcceptThen(500));
    let frail = WebhookSettings {
        limits: frail(Duration::from_millis(500)),
        concurrency: 2,
        ..first.named("first")
    };
    let all = vec![frail, rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue(&engine, 100, recently()).await;
    let running = Running::start(&engine);
    let by_the_second =
        "select count(*) from message where status = 'sent' and provider = 'second'";
    kit::eventually(
        Duration::from_secs(30),
        "the second has nearly all",
        async || rig.count(by_the_second).await >= 90,
    )
    .await;
    let tied = "select count(*) from message where status <> 'sent' and provider = 'first'";
    assert!(rig.count(tied).await > 0);
    first.always(Channel::Sms, Answer::Accept);
    until(&rig, 100, super::SENT).await;
    running.stop().await;
    nothing_is_lost_or_doubled(&rig, &[&first, &rig.provider], 100).await;
    let posts = first.posts().len() + rig.provider.posts().len();
    let tries = rig.count("select sum(attempt)::bigint from message").await;
    assert_eq!(usize::try_from(tries), Ok(posts), "a wait is no try");
}

/// A dispatcher that is killed with a message in its hands may have handed it over: whoever finds its
/// lease expired asks the same provider, and nobody else.
#[tokio::test]
async fn promise_8_a_message_of_a_killed_dispatcher_does_not_go_to_another_provider() {
    let rig = Rig::new(&workspace(SMS)).await;
    let all = vec![nowhere("first"), rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    let room = Room {
        channel: Channel::Sms,
        most: 1,
        provider: Some("first".into()),
    };
    let lease = SignedDuration::from_secs(20);
    let dead = rig.store.lease_for(&[room], recently(), 1, lease).await;
    assert_eq!(dead.unwrap().len(), 1);
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert_eq!(providers(&rig).await, ["first queued 2"]);
    assert!(error(&rig).await.starts_with("no answer from the provider"));
    assert!(rig.provider.posts().is_empty());
}

/// The other way round: before a second provider is asked, the row says so.
#[tokio::test]
async fn promise_8_who_is_asked_is_known_before_they_are() {
    let rig = Rig::new(&workspace(SMS)).await;
    let all = vec![nowhere("first"), rig.provider.named("second")];
    let engine = rig
        .engine_with(kit::quick(), by(all, Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    rig.provider.hold();
    let running = Running::start(&engine);
    kit::eventually(Duration::from_secs(9), "the second is asked", async || {
        !rig.provider.posts().is_empty()
    })
    .await;
    assert_eq!(providers(&rig).await, ["second leased 1"]);
    rig.provider.resume();
    until(&rig, 1, super::SENT).await;
    running.stop().await;
}
