//! A provider that takes the connection and never answers.

use std::time::{Duration, Instant};

use channels::{AdapterSettings, Channels, CircuitSettings, Failover, Limits, WebhookSettings};
use jiff::SignedDuration;
use parcours_tests::kit::{self, Provider, Rig};

use super::{
    Running, SENT, SMS, by, dispatch, error, nothing_is_lost_or_doubled, queue, queue_one,
    recently, until, workspace,
};

/// Others go on at full speed, it is left alone after a while, and when it answers again nothing is
/// lost and nothing doubled.
#[tokio::test]
async fn a_provider_that_hangs_holds_up_no_other_channel_and_loses_nothing() {
    let both = "purpose: service
enter: { event: a, again: always }
steps:
  - { id: also, send: email, template: hello }
  - { wait: 30d }
";
    let mail = "---\nsubject: Hello\n---\n<mjml><mj-body></mj-body></mjml>\n";
    let workspace = workspace(SMS)
        .journey("b", both)
        .file("templates/hello/email.en.mjml", mail)
        .file("templates/hello/email.en.txt", "Hello");
    let rig = Rig::new(&workspace).await;
    let hanging = Provider::start().await;
    hanging.hold();
    let slow = WebhookSettings {
        // Longer than the mails take on a busy machine.
        timeout_seconds: 20,
        concurrency: 4,
        limits: Limits {
            circuit: CircuitSettings {
                failures: 4,
                ..CircuitSettings::default()
            },
            ..Limits::default()
        },
        ..hanging.named("hanging")
    };
    let settings = channels::Settings {
        sms: AdapterSettings::Webhook(slow).into(),
        email: rig.provider.adapter().into(),
        ..channels::Settings::default()
    };
    let channels = Channels::new(&settings).unwrap();
    let engine = rig.engine_with(kit::quick(), channels.into()).await;
    queue(&engine, 100, recently()).await;
    let running = Running::start(&engine);
    let mails = "select count(*) from message where status = 'sent' and channel = 'email'";
    until(&rig, 100, mails).await;
    // Whether mails or text messages are taken up first is left to chance.
    kit::eventually(Duration::from_secs(10), "all its places hang", async || {
        let waits = &engine.channels().health()[1];
        (waits.busy, waits.tally.asked) == (4, 0)
    })
    .await;
    kit::eventually(Duration::from_secs(60), "it is left alone", async || {
        engine.channels().health().iter().any(|h| !h.closed)
    })
    .await;
    // Until the fourth has failed, the places of the first three go to others.
    let asked = hanging.posts().len();
    assert!((4..=7).contains(&asked), "{asked}");
    hanging.resume();
    until(&rig, 200, SENT).await;
    running.stop().await;
    nothing_is_lost_or_doubled(&rig, &[&hanging, &rig.provider], 200).await;
}

/// Nobody else takes a message that is with a provider: it is waited for no longer than the lease
/// lasts, whatever its time-out.
#[tokio::test]
async fn a_lease_does_not_run_out_under_a_provider_that_hangs() {
    let rig = Rig::new(&workspace(SMS)).await;
    let slow = WebhookSettings {
        timeout_seconds: 60,
        ..rig.provider.named("slow")
    };
    rig.provider.hold();
    let lease = SignedDuration::from_secs(2);
    let settings = engine::Settings {
        lease,
        ..kit::quick()
    };
    let engine = rig
        .engine_with(settings, by(vec![slow], Failover::Certain))
        .await;
    queue_one(&engine, recently()).await;
    let start = Instant::now();
    assert_eq!(dispatch(&engine).await.retried, 1);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(rig.messages().await, ["sms queued - 1"]);
    assert_eq!(error(&rig).await, "the provider did not answer within 1 s");
    rig.provider.resume();
    assert_eq!(dispatch(&engine).await.sent, 1);
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 1).await;
}

/// Promise 8: what is with a provider that hangs is let go of, noted as such, and tried again there.
#[tokio::test]
async fn promise_8_an_engine_stops_in_time_whatever_its_providers_do() {
    let rig = Rig::new(&workspace(SMS)).await;
    let settings = engine::Settings {
        dispatch_patience: SignedDuration::from_millis(200),
        ..kit::quick()
    };
    let engine = rig.engine(settings.clone()).await;
    queue(&engine, 100, recently()).await;
    rig.provider.hold();
    let running = Running::start(&engine);
    kit::eventually(Duration::from_secs(9), "it hangs", async || {
        rig.provider.posts().len() == 16
    })
    .await;
    let start = Instant::now();
    running.stop().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    let leased = "select count(*) from message where status = 'leased'";
    assert_eq!(rig.count(leased).await, 0);
    let tied = "select count(*) from message where attempt = 1 and provider = 'stand-in'";
    assert_eq!(rig.count(tied).await, 16, "those may be there");
    assert_eq!(
        rig.count("select count(*) from message where attempt = 0")
            .await,
        84
    );
    rig.provider.resume();
    let next = rig.engine(settings).await;
    let running = Running::start(&next);
    until(&rig, 100, SENT).await;
    running.stop().await;
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 100).await;
}
