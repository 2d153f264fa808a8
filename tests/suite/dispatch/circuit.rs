//! A provider that fails again and again is left alone.

use channels::{CircuitSettings, Failover, Limits, Span, WebhookSettings};
use journey::message::Channel;
use parcours_tests::kit::{self, Answer, Rig};

use super::{
    Duration, Running, SENT, SMS, by, nothing_is_lost_or_doubled, queue, recently, until, workspace,
};

/// It opens after three failures, is tried with one message at a time, and closes when that one goes.
/// No message loses its tries meanwhile.
#[tokio::test]
async fn a_provider_that_fails_is_tried_with_one_message_at_a_time_until_it_works() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.always(Channel::Sms, Answer::Refuse(500));
    let frail = WebhookSettings {
        concurrency: 1,
        limits: Limits {
            circuit: CircuitSettings {
                failures: 3,
                pause: Span(Duration::from_millis(200)),
                longest_pause: Span(Duration::from_millis(400)),
            },
            ..Limits::default()
        },
        ..rig.provider.named("frail")
    };
    let engine = rig
        .engine_with(kit::quick(), by(vec![frail], Failover::Certain))
        .await;
    queue(&engine, 40, recently()).await;
    let running = Running::start(&engine);
    kit::eventually(Duration::from_secs(20), "three probes", async || {
        rig.provider.posts().len() >= 6
    })
    .await;
    let health = engine.channels().health().remove(0);
    assert_eq!((health.closed, health.tally.opened), (false, 1));
    let posts = rig.provider.posts();
    let pauses = posts[2..].windows(2).map(|w| w[1].at - w[0].at);
    for (pause, least) in pauses.zip([200, 400, 400]) {
        assert!(
            pause >= Duration::from_millis(least),
            "{pause:?}, not {least} ms"
        );
    }
    rig.provider.always(Channel::Sms, Answer::Accept);
    until(&rig, 40, SENT).await;
    running.stop().await;
    let health = engine.channels().health().remove(0);
    assert_eq!(
        (health.closed, health.tally.opened, health.busy),
        (true, 1, 0)
    );
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 40).await;
    let tries = rig.count("select sum(attempt)::bigint from message").await;
    assert_eq!(usize::try_from(tries), Ok(rig.provider.posts().len()));
}

/// Addresses that a provider refuses are no fault of its own.
#[tokio::test]
async fn refused_addresses_do_not_open_the_circuit() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.always(Channel::Sms, Answer::Refuse(422));
    let engine = rig.engine(kit::quick()).await;
    queue(&engine, 30, recently()).await;
    let running = Running::start(&engine);
    until(
        &rig,
        30,
        "select count(*) from message where status = 'failed'",
    )
    .await;
    running.stop().await;
    assert_eq!(rig.provider.posts().len(), 30);
    assert!(engine.channels().health().iter().all(|h| h.closed));
}
