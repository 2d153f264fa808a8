//! What every adapter does, held against the stand-in of its provider.

use std::{path::PathBuf, time::Duration};

use http::{HeaderMap, HeaderName};
use journey::{content::Content, message::Channel};
use standins::{Mood, Provider, StandIn, Webhook};

use crate::{
    About, AdapterSettings, Callback, Channels, Heard, Hook, Outcome, Outgoing, Providers,
    Settings, Unheard,
    testing::{at, outgoing},
};

/// The token of the report that every message takes along.
pub(crate) const TOKEN: &str = "dG9rZW4-_of-nobody";

/// An adapter, and what it is to make of its provider.
pub(crate) struct Case<P: Provider> {
    pub(crate) channel: Channel,
    pub(crate) to: &'static str,
    pub(crate) content: Content,
    /// Settings with the stand-in's credentials and a time-out of a second, at this address, with this file of
    /// authorities.
    pub(crate) settings: fn(&str, Option<PathBuf>) -> AdapterSettings,
    /// What must have happened before a message can go.
    pub(crate) prepare: fn(&P),
    /// Whether the request says everything; panics if not.
    pub(crate) says: fn(&P::Message),
    /// The name that the provider gave the message.
    pub(crate) id: fn(&P::Message) -> Option<String>,
    /// What is refused for good.
    pub(crate) for_good: Mood,
    /// Whether a refusal for now leaves open whether the message was taken.
    pub(crate) for_now_is_unclear: bool,
    /// Whether the provider tells that an address is gone.
    pub(crate) tells_gone: bool,
    /// What is made of a success that nobody documented: accepted, or unclear.
    pub(crate) garbled_is_accepted: bool,
}

/// Runs all of it.
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
    fn message(&self) -> Outgoing<'_> {
        Outgoing {
            report: Some(Callback {
                base: "https://my.shop.example/v1/providers/",
                token: TOKEN,
            }),
            ..outgoing(7, self.channel, self.to, &self.content)
        }
    }

    async fn ask(&self, url: &str, ca: Option<PathBuf>) -> Outcome {
        let channels = channels(self.channel, (self.settings)(url, ca));
        channels.send(&self.message()).await
    }

    async fn in_mood(&self, mood: Mood) -> (Outcome, StandIn<P>)
    where
        P: Default,
    {
        let provider = P::start().await;
        (self.prepare)(provider.provider());
        provider.mood(mood.clone());
        let outcome = self.ask(provider.url(), None).await;
        self.discreet(&outcome);
        assert_eq!(provider.violations(), Vec::<String>::new(), "{mood:?}");
        (outcome, provider)
    }

    /// Details name no address.
    fn discreet(&self, outcome: &Outcome) {
        let Some(failure) = outcome.failure() else {
            return;
        };
        let (said, to) = (failure.to_string(), self.to.trim_start_matches('+'));
        assert!(!said.contains(to), "{said}");
    }
}

async fn accepts<P: Provider + Default>(case: &Case<P>) {
    let (outcome, provider) = case.in_mood(Mood::Accept).await;
    let accepted = provider.accepted();
    assert_eq!(accepted.len(), 1);
    let provider_id = (case.id)(&accepted[0]);
    assert_eq!(outcome, Outcome::Accepted { provider_id });
    (case.says)(&accepted[0]);
}

async fn refuses<P: Provider + Default>(case: &Case<P>) {
    let (outcome, _) = case.in_mood(case.for_good.clone()).await;
    assert!(
        matches!(outcome, Outcome::RefusedForGood { .. }),
        "{outcome:?}"
    );
    let (outcome, _) = case.in_mood(Mood::GoneAddress).await;
    let Outcome::RefusedForGood { gone, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(gone, case.tells_gone);
    let (outcome, _) = case.in_mood(Mood::RefuseForNow).await;
    for_now(&outcome, About::Trouble, case.for_now_is_unclear, None);
    for mood in [Mood::Deny, Mood::NoCredit] {
        let (outcome, _) = case.in_mood(mood).await;
        for_now(&outcome, About::Trouble, false, None);
        assert!(outcome.is_not_me(), "another provider takes over");
    }
}

async fn throttled<P: Provider + Default>(case: &Case<P>) {
    for retry_after in [Some(7), None] {
        let (outcome, _) = case.in_mood(Mood::Throttle { retry_after }).await;
        for_now(&outcome, About::Haste, false, retry_after);
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
    let (outcome, provider) = case.in_mood(Mood::AcceptAndHang).await;
    assert_eq!(provider.accepted().len(), 1);
    assert!(outcome.is_unclear(), "{outcome:?}");
    let (outcome, provider) = case.in_mood(Mood::Garble).await;
    assert_eq!(provider.accepted().len(), 1);
    match case.garbled_is_accepted {
        true => assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}"),
        false => assert!(outcome.is_unclear(), "{outcome:?}"),
    }
}

async fn trusts<P: Provider + Default>(case: &Case<P>) {
    let provider = P::start_tls().await;
    (case.prepare)(provider.provider());
    let outcome = case.ask(provider.url(), None).await;
    for_now(&outcome, About::Trouble, false, None);
    assert_eq!(provider.requests(), 0);
    let outcome = case.ask(provider.url(), Some(standins::ca_file())).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

async fn nobody_listens<P: Provider + Default>(case: &Case<P>) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let outcome = case.ask(&url, None).await;
    for_now(&outcome, About::Trouble, false, None);
}
