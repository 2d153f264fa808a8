//! What every adapter does, held against a stand-in of its provider.

use std::{path::PathBuf, time::Duration};

use journey::{content::Content, message::Channel};
use standins::{Mood, Provider, StandIn};

use crate::{About, Adapter, AdapterSettings, Callback, Outcome, Outgoing, testing::outgoing};

/// The longest token.
pub(crate) const TOKEN: &str = "m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123";
/// More than any attempt takes.
pub(crate) const LONG: Duration = Duration::from_secs(60);
/// Where providers call.
pub(crate) const BASE: &str = "https://my.shop.example/v1/providers/";

/// An adapter, a message that it carries, and where providers differ.
pub(crate) struct Case<P: Provider> {
    pub(crate) channel: Channel,
    pub(crate) to: &'static str,
    pub(crate) content: Content,
    /// An adapter with time-outs of a second that asks the stand-in there, and trusts this authority
    /// as well.
    pub(crate) settings: fn(&StandIn<P>, url: &str, ca: Option<PathBuf>) -> AdapterSettings,
    /// Whether a success that is not the documented one leaves open what became of the message.
    pub(crate) garbled_is_unclear: bool,
    /// Whether the provider says that an address is gone.
    pub(crate) knows_the_gone: bool,
    /// What the provider calls a message that it took.
    pub(crate) id: fn(&P::Message) -> String,
}

/// The case's message.
pub(crate) fn message<P: Provider>(case: &Case<P>) -> Outgoing<'_> {
    Outgoing {
        report: Some(Callback {
            base: BASE,
            token: TOKEN,
        }),
        unsubscribe_url: Some("https://my.shop.example/u/abc"),
        unsubscribe_mailto: Some("mailto:unsubscribe@shop.example"),
        country: Some("FR"),
        ..outgoing(7, case.channel, case.to, &case.content)
    }
}

/// Everything that has nothing to do with what a message says.
pub(crate) async fn conforms<P: Provider + Default>(case: Case<P>) {
    let standin = P::start().await;
    let asks = adapter(&case, &standin, standin.url(), None);
    let message = message(&case);
    let send = async |mood: Mood| {
        standin.mood(mood);
        let sent = asks.send(&message, LONG).await;
        assert_eq!(standin.violations(), Vec::<String>::new());
        assert_clean(&sent, case.to);
        sent
    };

    let sent = send(Mood::Accept).await;
    let kept = standin.accepted();
    assert_eq!(kept.len(), 1);
    let provider_id = Some((case.id)(&kept[0]));
    assert_eq!(sent, Outcome::Accepted { provider_id });

    let refused = send(Mood::RefuseForGood).await;
    assert!(
        matches!(refused, Outcome::RefusedForGood { gone: false, .. }),
        "{refused:?}"
    );
    let refused = send(Mood::GoneAddress).await;
    assert!(
        matches!(refused, Outcome::RefusedForGood { gone, .. } if gone == case.knows_the_gone),
        "{refused:?}"
    );
    let refused = send(Mood::RefuseForNow).await;
    assert!(
        matches!(
            refused,
            Outcome::RefusedForNow {
                about: About::Trouble,
                ..
            }
        ),
        "{refused:?}"
    );
    for credentials in [Mood::Deny, Mood::NoCredit] {
        let refused = send(credentials).await;
        assert_eq!(
            for_now(&refused),
            (About::Trouble, None, false),
            "{refused:?}"
        );
    }
    for seconds in [None, Some(7)] {
        let refused = send(Mood::Throttle {
            retry_after: seconds,
        })
        .await;
        let wait = seconds.map(|s| Duration::from_secs(s.into()));
        assert_eq!(
            for_now(&refused),
            (About::Haste, wait, false),
            "{refused:?}"
        );
    }
    assert_eq!(standin.accepted().len(), 1);

    let garbled = send(Mood::Garble).await;
    assert_eq!(garbled.is_unclear(), case.garbled_is_unclear, "{garbled:?}");
    assert_eq!(
        matches!(garbled, Outcome::Accepted { provider_id: None }),
        !case.garbled_is_unclear,
        "{garbled:?}"
    );
    let lost = send(Mood::AcceptAndHang).await;
    assert!(lost.is_unclear(), "{lost:?}");
    assert_eq!(standin.accepted().len(), 3);

    nobody_listens(&case, &standin).await;
    trust(&case).await;
}

async fn nobody_listens<P: Provider>(case: &Case<P>, standin: &StandIn<P>) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let asks = adapter(case, standin, &url, None);
    let sent = asks.send(&message(case), LONG).await;
    assert!(sent.is_not_me(), "nobody has heard of it: {sent:?}");
    assert_clean(&sent, case.to);
}

async fn trust<P: Provider + Default>(case: &Case<P>) {
    let standin = P::start_tls().await;
    let message = message(case);
    let distrusting = adapter(case, &standin, standin.url(), None);
    let sent = distrusting.send(&message, LONG).await;
    assert!(sent.is_not_me(), "{sent:?}");
    assert_eq!(standin.accepted().len(), 0);
    let trusting = adapter(case, &standin, standin.url(), Some(standins::ca_file()));
    let sent = trusting.send(&message, LONG).await;
    assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
}

fn adapter<P: Provider>(
    case: &Case<P>,
    standin: &StandIn<P>,
    url: &str,
    ca: Option<PathBuf>,
) -> Adapter {
    let settings = (case.settings)(standin, url, ca);
    Adapter::new(case.channel, &settings).unwrap()
}

fn for_now(outcome: &Outcome) -> (About, Option<Duration>, bool) {
    match outcome {
        Outcome::RefusedForNow {
            about,
            retry_after,
            unclear,
            ..
        } => (*about, *retry_after, *unclear),
        other => panic!("{other:?}"),
    }
}

/// No address in the details.
fn assert_clean(outcome: &Outcome, to: &str) {
    let Some(failure) = outcome.failure() else {
        return;
    };
    let said = failure.to_string();
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    assert!(!said.contains(to), "{said}");
    assert!(digits.len() < 7 || !said.contains(&digits), "{said}");
}
