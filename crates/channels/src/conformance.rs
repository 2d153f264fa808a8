//! What every adapter does, held against the stand-in of its provider.

use std::{net::TcpListener, path::PathBuf, time::Duration};

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use journey::{content::Content, message::Channel};
use standins::{Mood, Provider, StandIn, Webhook};

use crate::{
    About, AdapterSettings, Callback, Channels, Heard, Hook, Outcome, Outgoing, Providers,
    Settings, Unheard,
    testing::{at, outgoing},
};

/// The token of the report that every message takes along: the longest.
pub(crate) const TOKEN: &str = "m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123456789_-m123";
/// Where providers call.
pub(crate) const BASE: &str = "https://my.shop.example/v1/providers/";

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

impl Setup {
    pub(crate) fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ca_file: None,
            timeout_seconds: 20,
        }
    }
}

/// How an adapter is set up for a stand-in.
pub(crate) type Configure<P> = dyn Fn(&P, &Setup) -> AdapterSettings;

/// An adapter, a message that it carries, and what it is to make of its provider.
pub(crate) struct Case<P: Provider> {
    pub(crate) channel: Channel,
    /// The address, where the stand-in is at that URL.
    pub(crate) to: fn(&P, &str) -> String,
    pub(crate) content: Content,
    pub(crate) settings: Box<Configure<P>>,
    /// What must have happened before a message can go.
    pub(crate) prepare: fn(&P),
    /// Whether the request says everything; panics if not.
    pub(crate) says: fn(&P::Message),
    /// The name that the provider gave the message.
    pub(crate) id: fn(&P::Message) -> Option<String>,
    pub(crate) means: Means,
}

/// What a provider means by its answers.
pub(crate) struct Means {
    /// A refusal for good.
    pub(crate) for_good: Mood,
    /// What it says of an address at which nobody is any more.
    pub(crate) gone: Mood,
    /// Whether that certainly means that nobody is there.
    pub(crate) is_gone: bool,
    /// Whether a refusal for now leaves open whether the message was taken.
    pub(crate) for_now_is_unclear: bool,
    /// Whom it means when it is asked too often.
    pub(crate) throttled: About,
    /// Whether a success that nobody documented means that the message was taken; else that is unclear.
    pub(crate) garbled_is_accepted: bool,
    /// Whom it concerns that there is no connection.
    pub(crate) unreachable: About,
}

impl Default for Means {
    fn default() -> Self {
        Self {
            for_good: Mood::RefuseForGood,
            gone: Mood::GoneAddress,
            is_gone: true,
            for_now_is_unclear: true,
            throttled: About::Haste,
            garbled_is_accepted: true,
            unreachable: About::Trouble,
        }
    }
}

/// Runs the case through everything that a provider does.
pub(crate) async fn conforms<P: Provider + Default>(case: &Case<P>) {
    accepts(case).await;
    refuses(case).await;
    throttled(case).await;
    uncertain(case).await;
    trusts(case).await;
    nobody_listens(case).await;
}

/// A process with that provider alone.
pub(crate) fn channels(channel: Channel, settings: AdapterSettings) -> Channels {
    let mut all = Settings::default();
    let one = Providers::from(settings);
    match channel {
        Channel::Email => all.email = one,
        Channel::Sms => all.sms = one,
        Channel::Push => all.push = one,
        Channel::Chat => all.chat = one,
    }
    Channels::new(&all).unwrap()
}

/// A message with all that an adapter may be told besides.
pub(crate) fn message<'a>(channel: Channel, to: &'a str, content: &'a Content) -> Outgoing<'a> {
    Outgoing {
        at: Timestamp::now(),
        report: Some(Callback {
            base: BASE,
            token: TOKEN,
        }),
        unsubscribe_url: Some("https://my.shop.example/u/abc"),
        unsubscribe_mailto: Some("mailto:unsubscribe@shop.example"),
        country: Some("FR"),
        ..outgoing(7, channel, to, content)
    }
}

/// What the provider of that name tells by this web hook.
pub(crate) fn hear(all: &Channels, provider: &str, hook: &Webhook) -> Result<Heard, Unheard> {
    let header = |(name, value): &(&'static str, String)| {
        (HeaderName::from_static(name), value.parse().unwrap())
    };
    let headers: HeaderMap = hook.headers.iter().map(header).collect();
    let hook = Hook {
        url: "https://my.shop.example/v1/providers/it",
        query: &[],
        headers: &headers,
        body: &hook.body,
        at: at("2026-03-14T09:26:53Z"),
    };
    all.hear(provider, &hook)
}

impl<P: Provider> Case<P> {
    /// One attempt, by a process of its own: a provider that asks for time is left alone. Details name no address.
    async fn ask(&self, provider: &P, setup: &Setup) -> Outcome {
        let to = (self.to)(provider, &setup.url);
        let channels = channels(self.channel, (self.settings)(provider, setup));
        let message = message(self.channel, &to, &self.content);
        let outcome = channels.send(&message).await;
        if let Some(failure) = outcome.failure() {
            let said = format!("{failure} {failure:?}");
            assert!(!said.contains(&to), "{said}");
            let digits: String = to.chars().filter(char::is_ascii_digit).collect();
            // As it is dialled at home, and from abroad.
            let number = digits.trim_start_matches('0');
            assert!(number.len() < 7 || !said.contains(number), "{said}");
        }
        outcome
    }

    async fn in_mood(&self, mood: &Mood, timeout_seconds: u64) -> (Outcome, StandIn<P>)
    where
        P: Default,
    {
        let server = P::start().await;
        (self.prepare)(server.provider());
        server.mood(mood.clone());
        let setup = Setup {
            timeout_seconds,
            ..Setup::at(server.url())
        };
        let outcome = self.ask(server.provider(), &setup).await;
        let violations = server.violations();
        assert_eq!(violations, Vec::<String>::new(), "{mood:?}: {outcome:?}");
        (outcome, server)
    }

    /// What comes of a mood in which nothing is taken.
    async fn refused(&self, mood: &Mood) -> Outcome
    where
        P: Default,
    {
        let (outcome, server) = self.in_mood(mood, 20).await;
        assert_eq!(server.accepted().len(), 0, "{mood:?}");
        outcome
    }
}

async fn accepts<P: Provider + Default>(case: &Case<P>) {
    let (outcome, server) = case.in_mood(&Mood::Accept, 20).await;
    let accepted = server.accepted();
    let [message] = &*accepted else {
        panic!("{outcome:?}");
    };
    (case.says)(message);
    let provider_id = (case.id)(message);
    assert_eq!(outcome, Outcome::Accepted { provider_id });
}

async fn refuses<P: Provider + Default>(case: &Case<P>) {
    let means = &case.means;
    let for_good = [(&means.for_good, false), (&means.gone, means.is_gone)];
    for (mood, is_gone) in for_good {
        match case.refused(mood).await {
            Outcome::RefusedForGood { gone, .. } => assert_eq!(gone, is_gone, "{mood:?}"),
            other => panic!("{mood:?}: {other:?}"),
        }
    }
    let outcome = case.refused(&Mood::RefuseForNow).await;
    for_now(&outcome, About::Trouble, means.for_now_is_unclear, None);
    for mood in [Mood::Deny, Mood::NoCredit] {
        let outcome = case.refused(&mood).await;
        for_now(&outcome, About::Trouble, false, None);
        assert!(outcome.is_not_me(), "another provider takes over");
    }
}

async fn throttled<P: Provider + Default>(case: &Case<P>) {
    for retry_after in [Some(7), None] {
        let outcome = case.refused(&Mood::Throttle { retry_after }).await;
        for_now(&outcome, case.means.throttled, false, retry_after);
    }
}

fn for_now(outcome: &Outcome, wanted: About, unclear: bool, seconds: Option<u32>) {
    let Outcome::RefusedForNow {
        about, retry_after, ..
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    let wait = seconds.map(|s| Duration::from_secs(s.into()));
    let got = (*about, outcome.is_unclear(), *retry_after);
    assert_eq!(got, (wanted, unclear, wait), "{outcome:?}");
}

async fn uncertain<P: Provider + Default>(case: &Case<P>) {
    let (outcome, server) = case.in_mood(&Mood::AcceptAndHang, 1).await;
    assert_eq!(server.accepted().len(), 1);
    assert!(outcome.is_unclear(), "{outcome:?}");
    let (outcome, server) = case.in_mood(&Mood::Garble, 20).await;
    assert_eq!(server.accepted().len(), 1);
    match case.means.garbled_is_accepted {
        true => assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}"),
        false => assert!(outcome.is_unclear(), "{outcome:?}"),
    }
}

async fn trusts<P: Provider + Default>(case: &Case<P>) {
    let server = P::start_tls().await;
    (case.prepare)(server.provider());
    let mut setup = Setup::at(server.url());
    let outcome = case.ask(server.provider(), &setup).await;
    for_now(&outcome, case.means.unreachable, false, None);
    assert_eq!(server.requests(), 0);
    setup.ca_file = Some(standins::ca_file());
    let outcome = case.ask(server.provider(), &setup).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

async fn nobody_listens<P: Provider + Default>(case: &Case<P>) {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let setup = Setup::at(&format!("http://{}", free.local_addr().unwrap()));
    drop(free);
    let outcome = case.ask(&P::default(), &setup).await;
    for_now(&outcome, case.means.unreachable, false, None);
}
