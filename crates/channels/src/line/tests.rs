//! Who gets a place where, and when. Time is virtual.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::join_all;
use journey::message::Channel;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Place, Turn, Wish};
use crate::{
    AdapterSettings, Channels, CircuitSettings, Failover, Limits, Outcome, Providers, RateSettings,
    Settings, SmtpSettings, Span, TlsMode, WebhookSettings,
    limits::Verdict,
    testing::{mail, outgoing, polite, scripted},
};

const SECOND: Duration = Duration::from_secs(1);

fn hook(name: &str, concurrency: usize, limits: Limits) -> AdapterSettings {
    AdapterSettings::Webhook(WebhookSettings {
        concurrency,
        limits,
        ..WebhookSettings::new(name, "http://127.0.0.1:1/")
    })
}

/// A circuit that opens at once.
fn frail() -> Limits {
    Limits {
        circuit: CircuitSettings {
            failures: 1,
            ..CircuitSettings::default()
        },
        ..Limits::default()
    }
}

fn channels(providers: Vec<AdapterSettings>, failover: Failover) -> Channels {
    Channels::new(&Settings {
        sms: Providers(providers),
        failover,
        ..Settings::default()
    })
    .unwrap()
}

fn two() -> Vec<AdapterSettings> {
    vec![hook("a", 4, frail()), hook("b", 4, frail())]
}

/// Asks for a place, up to a minute from now.
async fn place<'a>(
    channels: &'a Channels,
    tied_to: Option<&str>,
    passed: &[&str],
    stop: &CancellationToken,
) -> Turn<'a> {
    let passed: Vec<_> = passed.iter().map(|name| (*name).into()).collect();
    let wish = Wish {
        channel: Channel::Sms,
        to: "+33612345678",
        tied_to,
        passed: &passed,
        until: Instant::now() + 60 * SECOND,
        stop,
    };
    channels.place(&wish).await
}

async fn any(channels: &Channels) -> Place<'_> {
    match place(channels, None, &[], &CancellationToken::new()).await {
        Turn::Place(place) => place,
        turn => panic!("{turn:?}"),
    }
}

/// A message is handed over, and that comes of it.
async fn one(channels: &Channels, verdict: Verdict) {
    ends(any(channels).await, verdict);
}

fn ends(mut place: Place<'_>, verdict: Verdict) {
    place.begun = Some(Instant::now());
    place.done(verdict, false);
}

fn provider<'a>(turn: &'a Turn<'_>) -> &'a str {
    match turn {
        Turn::Place(place) => place.provider(),
        turn => panic!("{turn:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_takes_over_while_the_first_is_left_alone() {
    let (channels, stop) = (channels(two(), Failover::Certain), CancellationToken::new());
    assert_eq!(provider(&place(&channels, None, &[], &stop).await), "a");
    assert_eq!(channels.preferred(Channel::Sms), Some("a"));
    one(&channels, Verdict::Troubled).await;
    assert_eq!(channels.preferred(Channel::Sms), Some("b"));
    assert_eq!(provider(&place(&channels, None, &[], &stop).await), "b");
    one(&channels, Verdict::Hasty(Some(5 * SECOND))).await;
    let turn = place(&channels, None, &[], &stop).await;
    assert!(
        matches!(turn, Turn::Later(wait) if wait == 2 * SECOND),
        "{turn:?}"
    );
    assert_eq!(channels.room(Channel::Sms), 0);

    tokio::time::advance(2 * SECOND).await;
    assert_eq!(channels.room(Channel::Sms), 1, "one message, to try");
    let probe = any(&channels).await;
    let turn = place(&channels, None, &[], &stop).await;
    assert!(matches!(turn, Turn::Later(_)), "{turn:?}");
    ends(probe, Verdict::Refused);
    assert_eq!(provider(&place(&channels, None, &[], &stop).await), "a");
    assert_eq!(channels.room(Channel::Sms), 32);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_one_may_have_waits_for_that_one() {
    let (certain, stop) = (channels(two(), Failover::Certain), CancellationToken::new());
    let always = channels(two(), Failover::Always);
    for channels in [&certain, &always] {
        one(channels, Verdict::Troubled).await;
    }
    let turn = place(&certain, Some("a"), &[], &stop).await;
    assert!(
        matches!(turn, Turn::Later(wait) if wait == 2 * SECOND),
        "{turn:?}"
    );
    assert_eq!(provider(&place(&certain, Some("b"), &[], &stop).await), "b");
    assert_eq!(provider(&place(&always, Some("a"), &[], &stop).await), "b");
    assert_eq!(always.preferred(Channel::Sms), None, "nobody needs to know");
    let turn = place(&certain, Some("gone"), &[], &stop).await;
    assert_eq!(
        provider(&turn),
        "b",
        "one that is not configured any more ties nobody"
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_said_no_is_not_asked_again_in_the_same_attempt() {
    let (channels, stop) = (channels(two(), Failover::Certain), CancellationToken::new());
    assert_eq!(provider(&place(&channels, None, &["a"], &stop).await), "b");
    let turn = place(&channels, Some("a"), &["a"], &stop).await;
    assert!(matches!(turn, Turn::Later(_)), "{turn:?}");
    let turn = place(&channels, None, &["a", "b"], &stop).await;
    assert!(matches!(turn, Turn::Later(_)), "{turn:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_place_gets_it_or_goes_elsewhere_when_it_is_shut() {
    let providers = vec![hook("a", 1, frail()), hook("b", 1, frail())];
    let (channels, stop) = (
        channels(providers, Failover::Certain),
        CancellationToken::new(),
    );
    let first = any(&channels).await;
    let waits = place(&channels, None, &[], &stop);
    tokio::pin!(waits);
    let early = tokio::time::timeout(30 * SECOND, &mut waits).await;
    assert!(early.is_err(), "busy is no reason to ask another");
    drop(first);
    let turn = waits.await;
    assert_eq!(provider(&turn), "a");

    let hurry = CancellationToken::new();
    let waits = place(&channels, None, &[], &stop);
    let stops = place(&channels, None, &[], &hurry);
    let fails = async {
        tokio::time::sleep(SECOND).await;
        hurry.cancel();
        let Turn::Place(first) = turn else { panic!() };
        tokio::time::sleep(SECOND).await;
        // Its place stays taken: the provider hangs for others.
        let mut first = first;
        first.begun = Some(Instant::now());
        first.done(Verdict::Troubled, true);
        first.provider.shut.notify_waiters();
        first
    };
    let (other, stopped, _held) = tokio::join!(waits, stops, fails);
    assert_eq!(provider(&other), "b");
    assert!(
        matches!(stopped, Turn::Later(wait) if wait.is_zero()),
        "{stopped:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn places_come_at_the_pace_of_the_rate() {
    let rate = RateSettings {
        max: 10,
        per: Span(SECOND),
        burst: 1,
    };
    let limits = Limits {
        rate: Some(rate),
        ..Limits::default()
    };
    let channels = channels(vec![hook("a", 100, limits)], Failover::Certain);
    let start = Instant::now();
    for n in 0..50 {
        let place = any(&channels).await;
        assert_eq!(start.elapsed().as_millis(), n * 100);
        ends(place, Verdict::Accepted);
    }
    assert_eq!(channels.room(Channel::Sms), 10);
    let many = (0..50).map(|_| async {
        let turn = place(&channels, None, &[], &CancellationToken::new()).await;
        matches!(turn, Turn::Later(wait) if wait > 2 * SECOND)
    });
    let put_off = join_all(many)
        .await
        .into_iter()
        .filter(|late| *late)
        .count();
    assert_eq!(put_off, 50 - 20, "nobody waits for longer than two seconds");
}

/// What is written into the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines_with(&self, words: &str) -> usize {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        assert!(!log.contains("ada"), "{log}");
        log.lines().filter(|line| line.contains(words)).count()
    }
}

/// Operators read once that a provider is left alone, why, and once that it works again; whom it
/// names is not for the log.
#[tokio::test]
async fn a_provider_that_fails_is_one_line_in_the_log_and_one_when_it_works_again() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = scripted(|connection, line| match line {
        l if l.starts_with("EHLO") && connection < 4 => Some("550 ada is not at home"),
        l => polite(l),
    })
    .await;
    let pause = Span(Duration::from_millis(1));
    let circuit = CircuitSettings {
        failures: 2,
        pause,
        longest_pause: pause,
    };
    let smtp = SmtpSettings {
        port: Some(server.port()),
        tls: TlsMode::None,
        limits: Limits {
            circuit,
            ..Limits::default()
        },
        ..SmtpSettings::new("127.0.0.1", "shop@shop.example")
    };
    let channels = Channels::new(&Settings {
        email: AdapterSettings::Smtp(smtp).into(),
        ..Settings::default()
    })
    .unwrap();
    let content = mail();
    let message = outgoing(1, Channel::Email, "ada@example.com", &content);
    for _ in 0..4 {
        let sent = channels.send(&message).await;
        assert!(sent.is_not_me(), "{sent:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(log.lines_with("the provider fails again and again"), 1);
    assert_eq!(log.lines_with("failures=2"), 1);
    assert_eq!(log.lines_with("the mail server lets nobody in"), 1);
    assert!(!channels.health()[0].closed);
    for _ in 0..3 {
        let sent = channels.send(&message).await;
        assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
    }
    assert_eq!(log.lines_with("the provider works again"), 1);
    assert_eq!(log.lines_with(""), 2, "and nothing else");
    assert!(channels.health()[0].closed);
}

#[test]
fn two_providers_of_a_channel_have_two_names() {
    let twins = vec![hook("a", 1, frail()), hook("a", 1, frail())];
    let settings = Settings {
        sms: Providers(twins),
        ..Settings::default()
    };
    assert_eq!(
        Channels::new(&settings).unwrap_err().to_string(),
        "channels: `sms[1].name` is `a`, as of another one; give each its own"
    );
}
