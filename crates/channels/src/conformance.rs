//! What every adapter does against the stand-in of its provider, whatever that calls it.

use std::{net::TcpListener, path::PathBuf};

use jiff::Timestamp;
use journey::{content::Content, message::Channel};
use standins::{Mood, Provider, StandIn};

use crate::{About, AdapterSettings, Channels, Outcome, Settings, testing::outgoing};

/// Where the provider is, for the settings of its adapter.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The stand-in's address.
    pub(crate) url: String,
    /// An authority to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// The longest that an attempt may take, in seconds.
    pub(crate) timeout_seconds: u64,
}

/// How an adapter is set up for a stand-in.
pub(crate) type Configure<P> = dyn Fn(&P, &Setup) -> AdapterSettings;

/// An adapter and its provider.
pub(crate) struct Case<P: Provider> {
    /// The channel.
    pub(crate) channel: Channel,
    /// The address, for the stand-in at that URL.
    pub(crate) to: fn(&P, &str) -> String,
    /// What is sent.
    pub(crate) content: Content,
    /// The adapter's settings.
    pub(crate) settings: Box<Configure<P>>,
    /// What must have arrived.
    pub(crate) arrived: fn(&P::Message),
    /// The provider's name for what arrived.
    pub(crate) provider_id: fn(&P::Message) -> Option<String>,
    /// Whether the provider says of an address that nobody is there any more.
    pub(crate) tells_gone: bool,
    /// Whom it means when it is asked too often.
    pub(crate) throttled: About,
    /// Whether a refusal for now leaves it open that the message was taken.
    pub(crate) now_unclear: bool,
    /// Whether an answer that nobody documented still says that the message was taken.
    pub(crate) garbled_accepted: bool,
}

/// A stand-in, and the adapter that asks it.
struct Stage<'c, P: Provider> {
    case: &'c Case<P>,
    to: String,
    channels: Channels,
}

impl<'c, P: Provider> Stage<'c, P> {
    fn new(case: &'c Case<P>, provider: &P, setup: &Setup) -> Self {
        let settings = (case.settings)(provider, setup);
        let providers = settings.into();
        let mut all = Settings::default();
        match case.channel {
            Channel::Email => all.email = providers,
            Channel::Sms => all.sms = providers,
            Channel::Push => all.push = providers,
            Channel::Chat => all.chat = providers,
        }
        Self {
            case,
            to: (case.to)(provider, &setup.url),
            channels: Channels::new(&all).unwrap(),
        }
    }

    fn of(case: &'c Case<P>, server: &StandIn<P>, timeout_seconds: u64) -> Self {
        let setup = Setup {
            url: server.url().to_owned(),
            ca_file: None,
            timeout_seconds,
        };
        Self::new(case, server.provider(), &setup)
    }

    /// One attempt. Whatever is told of it holds no address.
    async fn send(&self) -> Outcome {
        let mut message = outgoing(7, self.case.channel, &self.to, &self.case.content);
        message.at = Timestamp::now();
        let outcome = self.channels.send(&message).await;
        let told = format!("{:?}", outcome.failure());
        assert!(!told.contains(&self.to), "{told}");
        outcome
    }
}

/// Runs the case through everything that a provider does.
pub(crate) async fn conforms<P: Provider + Default>(case: Case<P>) {
    takes(&case).await;
    refuses(&case).await;
    leaves_open(&case).await;
    is_trusted(&case).await;
}

async fn takes<P: Provider + Default>(case: &Case<P>) {
    let server = P::start().await;
    let got = Stage::of(case, &server, 20).send().await;
    assert_eq!(server.violations(), Vec::<String>::new(), "{got:?}");
    let accepted = server.accepted();
    let [message] = &*accepted else {
        panic!("{got:?}");
    };
    (case.arrived)(message);
    let provider_id = (case.provider_id)(message);
    assert_eq!(got, Outcome::Accepted { provider_id });
}

async fn refuses<P: Provider + Default>(case: &Case<P>) {
    let server = P::start().await;
    // Each in its own process, as it were: a provider that asks for time is left alone.
    let ask = async |mood: Mood| {
        server.mood(mood);
        Stage::of(case, &server, 20).send().await
    };
    let got = ask(Mood::RefuseForGood).await;
    assert!(matches!(got, Outcome::RefusedForGood { .. }), "{got:?}");
    let got = ask(Mood::GoneAddress).await;
    let Outcome::RefusedForGood { gone, .. } = got else {
        panic!("{got:?}");
    };
    assert_eq!(gone, case.tells_gone, "gone");

    let for_now = |got: Outcome| match got {
        Outcome::RefusedForNow {
            about,
            unclear,
            retry_after,
            ..
        } => (about, unclear, retry_after.map(|wait| wait.as_secs())),
        other => panic!("{other:?}"),
    };
    let got = for_now(ask(Mood::RefuseForNow).await);
    assert_eq!(got, (About::Trouble, case.now_unclear, None));
    for retry_after in [Some(7), None] {
        let got = for_now(ask(Mood::Throttle { retry_after }).await);
        let wait = retry_after.map(u64::from);
        assert_eq!(got, (case.throttled, false, wait), "throttled");
    }
    for mood in [Mood::Deny, Mood::NoCredit] {
        let got = for_now(ask(mood.clone()).await);
        assert_eq!(got, (About::Trouble, false, None), "{mood:?}");
    }
    assert_eq!(server.accepted().len(), 0);
    assert_eq!(server.violations(), Vec::<String>::new());
}

async fn leaves_open<P: Provider + Default>(case: &Case<P>) {
    let server = P::start().await;
    server.mood(Mood::AcceptAndHang);
    let got = Stage::of(case, &server, 1).send().await;
    assert!(got.is_unclear(), "hangs: {got:?}");
    assert_eq!(server.accepted().len(), 1);
    server.mood(Mood::Garble);
    let got = Stage::of(case, &server, 20).send().await;
    let accepted = matches!(got, Outcome::Accepted { .. });
    assert_eq!(accepted, case.garbled_accepted, "garbled: {got:?}");
    assert_eq!(got.is_unclear(), !case.garbled_accepted, "garbled: {got:?}");

    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let setup = Setup {
        url,
        ca_file: None,
        timeout_seconds: 20,
    };
    let got = Stage::new(case, &P::default(), &setup).send().await;
    assert!(got.is_not_me(), "nobody listens: {got:?}");
}

async fn is_trusted<P: Provider + Default>(case: &Case<P>) {
    let server = P::start_tls().await;
    let mut setup = Setup {
        url: server.url().to_owned(),
        ca_file: None,
        timeout_seconds: 20,
    };
    let got = Stage::new(case, server.provider(), &setup).send().await;
    assert!(got.is_not_me(), "not trusted: {got:?}");
    assert_eq!(server.requests(), 0);
    setup.ca_file = Some(standins::ca_file());
    let got = Stage::new(case, server.provider(), &setup).send().await;
    assert!(matches!(got, Outcome::Accepted { .. }), "trusted: {got:?}");
}
