//! Channels: one adapter per way to reach a customer, and the mailbox that stands in for them
//! during development.
//!
//! An adapter makes one attempt and says what became of it. It keeps no queue, repeats nothing
//! (but for a pooled connection that had died unnoticed) and knows no database; those belong to
//! the engine's dispatch. Who is asked, how often and when not is decided by the providers' limits
//! ([`Channels::place`]).

mod apns;
pub mod capture;
#[cfg(test)]
mod conformance;
mod detail;
mod endpoints;
mod fcm;
mod few;
mod guard;
mod hear;
mod http;
mod identity;
mod limits;
mod line;
mod mail;
mod offers;
mod outcome;
mod postmark;
mod push;
mod settings;
mod sms;
mod smtp;
mod telegram;
#[cfg(test)]
mod testing;
mod trust;
mod twilio;
mod vonage;
mod web;
mod webhook;
mod webpush;
mod whatsapp;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use journey::{content::Content, message::Channel};
use tokio::time::Instant;
use uuid::Uuid;

pub use self::endpoints::{Ask, Called, Caller, Fetched};
pub use self::guard::{Reach, ReachSettings};
pub use self::hear::{Fate, Heard, Hook, Report, Said, Unheard, What};
pub use self::identity::Identity;
pub use self::limits::{CircuitSettings, DomainSettings, Limits, RateSettings, Span, Tally};
pub use self::line::{Health, Place, Turn, Wish};
pub use self::outcome::{About, Outcome};
pub use self::settings::{AdapterSettings, Failover, Providers, Secret, Settings};
use self::{
    apns::Apns,
    fcm::Fcm,
    line::{Line, Provider},
    postmark::Postmark,
    smtp::Smtp,
    telegram::Telegram,
    twilio::Twilio,
    vonage::Vonage,
    web::Web,
    webhook::Webhook,
    webpush::WebPush,
    whatsapp::WhatsApp,
};
pub use self::{
    apns::{ApnsSettings, Environment as ApnsEnvironment},
    fcm::FcmSettings,
    postmark::PostmarkSettings,
    push::Priority,
    smtp::{DkimSettings, SmtpSettings, TlsMode},
    telegram::TelegramSettings,
    twilio::TwilioSettings,
    vonage::VonageSettings,
    web::{Board, BoardLine, NotPut, Put, WebSettings},
    webhook::WebhookSettings,
    webpush::{Browsers, LONGEST_SUBSCRIPTION, Urgency, WebPushSettings},
    whatsapp::WhatsAppSettings,
};

/// One message, ready to be handed to a provider.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The message's id: the idempotency key towards the provider.
    pub id: Uuid,
    /// When this attempt is made: the mail's `Date`, the web hook's time stamp.
    pub at: Timestamp,
    /// How.
    pub channel: Channel,
    /// The address on that channel: a mail address, a number, a device or chat token.
    pub to: &'a str,
    /// What.
    pub content: &'a Content,
    /// The purpose that the customer consented to.
    pub purpose: &'a str,
    /// The journey that decided it.
    pub journey: &'a str,
    /// The language that it was rendered in, if it is known.
    pub locale: Option<&'a str>,
    /// Where one click ends this purpose (RFC 8058), for mails that need it.
    pub unsubscribe_url: Option<&'a str>,
    /// A `mailto:` for the same, if there is one.
    pub unsubscribe_mailto: Option<&'a str>,
    /// How the provider names the message when it reports what became of it; `None` where nobody hears it.
    pub report: Option<Callback<'a>>,
    /// The customer's country (ISO 3166-1, two letters), if it is known: how a national number is dialled.
    pub country: Option<&'a str>,
    /// The W3C trace context of this attempt, for providers that go on with it.
    pub traceparent: Option<&'a str>,
}

/// Where and under which name providers report what became of a message ([`Channels::hear`]).
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// What comes before the provider's name: `https://my.shop.example/v1/providers/`.
    pub base: &'a str,
    /// The message and its customer, signed: letters, digits, `-` and `_`, at most 100.
    pub token: &'a str,
}

impl Callback<'_> {
    /// The address that a provider of that name calls.
    pub fn url(&self, provider: &str) -> String {
        format!("{}{provider}?m={}", self.base, self.token)
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be used.
    #[error("channels: `{place}.{setting}` {problem}")]
    Setting {
        /// Of which channel, and which of its providers where there are several.
        place: String,
        /// Which one.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// A setting's name and what is wrong with it.
type Problem = (&'static str, String);

/// The providers of a process, by channel, and what makes calls.
#[derive(Debug)]
pub struct Channels {
    lines: [Line; Channel::ALL.len()],
    only_to: few::Few,
    test_to: few::Few,
    caller: Caller,
}

#[derive(Debug)]
enum Adapter {
    Apns(Box<Apns>),
    Fcm(Box<Fcm>),
    Postmark(Box<Postmark>),
    Smtp(Box<Smtp>),
    Telegram(Box<Telegram>),
    Twilio(Box<Twilio>),
    Vonage(Box<Vonage>),
    Web(Box<Web>),
    Webhook(Box<Webhook>),
    WebPush(Box<WebPush>),
    WhatsApp(Box<WhatsApp>),
}

impl Channels {
    /// Builds the adapters; connects to nobody yet. Installs the process's TLS provider (ring)
    /// if none is installed.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // An error means that there is one already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let line = |channel| Line {
            channel,
            providers: Vec::new(),
            failover: settings.failover,
        };
        let mut lines = Channel::ALL.map(line);
        for line in &mut lines {
            line.providers = providers(line.channel, settings.of(line.channel))?;
        }
        Ok(Self {
            lines,
            only_to: few::Few::new(&settings.only_to),
            test_to: few::Few::new(&settings.test_to),
            caller: Caller::new(|_| None, Reach::local()),
        })
    }

    /// The same with another way to make calls; without it, they stay on this machine.
    #[must_use]
    pub fn with_caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// The same with a board for the lines of the chat widget; without it, none is sent.
    #[must_use]
    pub fn with_board(self, board: &Arc<dyn Board>) -> Self {
        for provider in self.lines.iter().flat_map(|line| &line.providers) {
            if let Adapter::Web(web) = &provider.adapter {
                web.set_board(board.clone());
            }
        }
        self
    }

    /// What makes calls of endpoints.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The name of the channel's first provider; `None` where nobody serves it.
    pub fn serves(&self, channel: Channel) -> Option<&str> {
        self.line(channel).providers.first().map(|p| &*p.name)
    }

    /// The provider that an address names, and the rest of it: a chat's is `PROVIDER:REST`, for each provider's
    /// customers are others. An address that names none of ours is anybody's.
    pub fn route<'a>(&self, channel: Channel, address: &'a str) -> (Option<&'a str>, &'a str) {
        let named = address.split_once(':').filter(|(name, _)| {
            let mut providers = self.line(channel).providers.iter();
            channel == Channel::Chat && providers.any(|p| *p.name == **name)
        });
        named.map_or((None, address), |(name, rest)| (Some(name), rest))
    }

    /// Whether messages may go to that address: always, unless they are kept to a few.
    pub fn may_go_to(&self, channel: Channel, address: &str) -> bool {
        self.only_to.is_empty() || self.only_to.has(channel, address)
    }

    /// Whether tests may go to that address: one that is named for them, or that all messages are kept to.
    pub fn may_be_tried_at(&self, channel: Channel, address: &str) -> bool {
        let named = [&self.test_to, &self.only_to];
        named.iter().any(|few| few.has(channel, address))
    }

    /// Whether a provider of the channel reports what became of messages.
    pub fn reports(&self, channel: Channel) -> bool {
        let mut providers = self.line(channel).providers.iter();
        providers.any(|provider| provider.adapter.reports())
    }

    /// How many messages of the channel are worth taking from the outbox: about as many as its
    /// providers can be handed within a second.
    pub fn room(&self, channel: Channel) -> usize {
        self.line(channel).room(Instant::now())
    }

    /// The provider that would be asked first; `None` unless there are several, and a message that
    /// one may have is kept from the others.
    pub fn preferred(&self, channel: Channel) -> Option<&str> {
        let preferred = self.line(channel).preferred(Instant::now());
        preferred.map(|name| &**name)
    }

    /// Waits for a place for a message, and tells when to come back if that would take long.
    pub async fn place<'a>(&'a self, wish: &Wish<'_>) -> Turn<'a> {
        self.line(wish.channel).place(wish).await
    }

    /// How each provider is doing.
    pub fn health(&self) -> Vec<Health> {
        let now = Instant::now();
        let all = self.lines.iter().flat_map(|line| &line.providers);
        all.map(|provider| provider.health(now)).collect()
    }

    /// What browsers subscribe with to the first provider of Web Push; `None` where there is none.
    pub fn browsers(&self) -> Option<Browsers> {
        let providers = self.line(Channel::Push).providers.iter();
        let mut all = providers.filter_map(|provider| match &provider.adapter {
            Adapter::WebPush(webpush) => Some(webpush.browsers()),
            _ => None,
        });
        all.next()
    }

    /// What a provider tells us by a web hook.
    ///
    /// # Errors
    /// If no such provider tells anything, the call is not signed as it would sign it, or cannot be read.
    pub fn hear(&self, provider: &str, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        let mut all = self.lines.iter().flat_map(|line| &line.providers);
        let provider = all.find(|p| *p.name == *provider).ok_or(Unheard::Nobody)?;
        provider.adapter.hear(hook)
    }

    fn line(&self, channel: Channel) -> &Line {
        let [email, sms, push, chat] = &self.lines;
        match channel {
            Channel::Email => email,
            Channel::Sms => sms,
            Channel::Push => push,
            Channel::Chat => chat,
        }
    }
}

/// The providers of a channel; no two have the same name.
fn providers(channel: Channel, settings: &[AdapterSettings]) -> Result<Vec<Provider>, Error> {
    let mut providers: Vec<Provider> = Vec::with_capacity(settings.len());
    for (n, settings) in settings.iter().enumerate() {
        let place = match n {
            0 => channel.to_string(),
            n => format!("{channel}[{n}]"),
        };
        let bad = |(setting, problem)| Error::Setting {
            place: place.clone(),
            setting,
            problem,
        };
        let limits = settings.limits();
        if let Some(problem) = limits.problem(channel == Channel::Email) {
            return Err(bad(problem));
        }
        let adapter = Adapter::new(channel, settings).map_err(bad)?;
        if providers.iter().any(|p| *p.name == *adapter.name()) {
            let problem = format!(
                "is `{}`, as of another one; give each its own",
                adapter.name()
            );
            return Err(bad(("name", problem)));
        }
        let provider = Provider::new(channel, adapter, settings.concurrency(), limits);
        providers.push(provider);
    }
    Ok(providers)
}

impl Adapter {
    fn new(channel: Channel, settings: &AdapterSettings) -> Result<Self, Problem> {
        use AdapterSettings as Of;
        let (only, what) = match settings {
            Of::Apns(_) | Of::Fcm(_) | Of::WebPush(_) => (Channel::Push, "push notifications"),
            Of::Postmark(_) | Of::Smtp(_) => (Channel::Email, "mail"),
            Of::Telegram(_) | Of::Web(_) | Of::WhatsApp(_) => (Channel::Chat, "chat"),
            Of::Twilio(_) | Of::Vonage(_) => (Channel::Sms, "text messages"),
            Of::Webhook(_) => (channel, "everything"),
        };
        if channel != only {
            return Err((settings.kind(), format!("carries {what} only")));
        }
        Ok(match settings {
            Of::Apns(s) => Self::Apns(Box::new(Apns::new(s)?)),
            Of::Fcm(s) => Self::Fcm(Box::new(Fcm::new(s)?)),
            Of::Postmark(s) => Self::Postmark(Box::new(Postmark::new(s)?)),
            Of::Smtp(s) => Self::Smtp(Box::new(Smtp::new(s)?)),
            Of::Telegram(s) => Self::Telegram(Box::new(Telegram::new(s)?)),
            Of::Twilio(s) => Self::Twilio(Box::new(Twilio::new(s)?)),
            Of::Vonage(s) => Self::Vonage(Box::new(Vonage::new(s)?)),
            Of::Web(s) => Self::Web(Box::new(Web::new(s)?)),
            Of::Webhook(s) => Self::Webhook(Box::new(Webhook::new(s)?)),
            Of::WebPush(s) => Self::WebPush(Box::new(WebPush::new(s)?)),
            Of::WhatsApp(s) => Self::WhatsApp(Box::new(WhatsApp::new(s)?)),
        })
    }

    fn name(&self) -> &str {
        match self {
            Self::Apns(apns) => apns.name(),
            Self::Fcm(fcm) => fcm.name(),
            Self::Postmark(postmark) => postmark.name(),
            Self::Smtp(smtp) => smtp.name(),
            Self::Telegram(telegram) => telegram.name(),
            Self::Twilio(twilio) => twilio.name(),
            Self::Vonage(vonage) => vonage.name(),
            Self::Web(web) => web.name(),
            Self::Webhook(webhook) => webhook.name(),
            Self::WebPush(webpush) => webpush.name(),
            Self::WhatsApp(whatsapp) => whatsapp.name(),
        }
    }

    /// Whether the provider takes a message's token along and reports by it.
    fn reports(&self) -> bool {
        match self {
            Self::Apns(_) | Self::Fcm(_) | Self::WebPush(_) => false,
            Self::Telegram(_) | Self::Web(_) | Self::Webhook(_) => false,
            // By mails that come back.
            Self::Smtp(_) => true,
            Self::Postmark(_) | Self::Twilio(_) | Self::Vonage(_) | Self::WhatsApp(_) => true,
        }
    }

    /// What the provider tells by a web hook, after its signature was looked at.
    fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        match self {
            Self::Apns(_) | Self::Fcm(_) | Self::WebPush(_) => Err(Unheard::Nobody),
            Self::Postmark(postmark) => postmark.hear(hook),
            Self::Smtp(_) => Smtp::hear(hook),
            Self::Web(_) | Self::Webhook(_) => Err(Unheard::Nobody),
            Self::Telegram(telegram) => telegram.hear(hook),
            Self::Twilio(twilio) => twilio.hear(hook),
            Self::Vonage(vonage) => vonage.hear(hook),
            Self::WhatsApp(whatsapp) => whatsapp.hear(hook),
        }
    }

    /// Makes one attempt, within the adapter's time-out and `within`.
    async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        match self {
            Self::Apns(apns) => apns.send(message, within).await,
            Self::Fcm(fcm) => fcm.send(message, within).await,
            Self::Postmark(postmark) => postmark.send(message, within).await,
            Self::Smtp(smtp) => smtp.send(message, within).await,
            Self::Telegram(telegram) => telegram.send(message, within).await,
            Self::Twilio(twilio) => twilio.send(message, within).await,
            Self::Vonage(vonage) => vonage.send(message, within).await,
            Self::Web(web) => web.send(message, within).await,
            Self::Webhook(webhook) => webhook.send(message, within).await,
            Self::WebPush(webpush) => webpush.send(message, within).await,
            Self::WhatsApp(whatsapp) => whatsapp.send(message, within).await,
        }
    }
}
