//! Channels: one adapter per way to reach a customer, and the mailbox that stands in for them
//! during development.
//!
//! An adapter makes one attempt and says what became of it. It keeps no queue, repeats nothing
//! (but for a pooled connection that had died unnoticed) and knows no database; those belong to
//! the engine's dispatch.

pub mod capture;
mod detail;
mod endpoints;
mod settings;
mod smtp;
#[cfg(test)]
mod testing;
mod trust;
mod webhook;

use std::time::Duration;

use jiff::Timestamp;
use journey::{content::Content, failure::Failure, message::Channel};
use uuid::Uuid;

pub use self::endpoints::{Called, Caller};
pub use self::settings::{
    AdapterSettings, Secret, Settings, SmtpSettings, TlsMode, WebhookSettings,
};
use self::{smtp::Smtp, webhook::Webhook};

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
}

/// What became of one attempt. Details name no address and quote no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it.
    Accepted {
        /// The name that the provider gave it.
        provider_id: Option<String>,
    },
    /// Trying again would change nothing.
    RefusedForGood {
        /// What went wrong.
        detail: Failure,
    },
    /// It may work later. It may also have worked: a provider can take a message and lose the
    /// answer.
    RefusedForNow {
        /// What went wrong.
        detail: Failure,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
}

impl Outcome {
    fn for_good(detail: Failure) -> Self {
        Self::RefusedForGood { detail }
    }

    fn for_now(detail: Failure) -> Self {
        Self::RefusedForNow {
            detail,
            retry_after: None,
        }
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be used.
    #[error("channels: `{channel}.{setting}` {problem}")]
    Setting {
        /// Of which channel.
        channel: Channel,
        /// Which one.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// A setting's name and what is wrong with it.
type Problem = (&'static str, String);

/// The adapters of a process, one per channel at most, and what makes calls.
#[derive(Debug)]
pub struct Channels {
    adapters: [Option<Adapter>; Channel::ALL.len()],
    caller: Caller,
}

#[derive(Debug)]
enum Adapter {
    Smtp(Box<Smtp>),
    Webhook(Box<Webhook>),
}

impl Channels {
    /// Builds the adapters; connects to nobody yet. Installs the process's TLS provider (ring)
    /// if none is installed.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // An error means that there is one already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut adapters = [const { None }; Channel::ALL.len()];
        for (slot, channel) in adapters.iter_mut().zip(Channel::ALL) {
            if let Some(settings) = settings.of(channel) {
                *slot = Some(Adapter::new(channel, settings)?);
            }
        }
        Ok(Self {
            adapters,
            caller: Caller::new(|_| None, true),
        })
    }

    /// The same with another way to make calls; without it, they stay on this machine.
    #[must_use]
    pub fn with_caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// What makes calls of endpoints.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The name of the channel's provider; `None` where nobody serves it.
    pub fn serves(&self, channel: Channel) -> Option<&str> {
        match self.adapter(channel)? {
            Adapter::Smtp(smtp) => Some(smtp.name()),
            Adapter::Webhook(webhook) => Some(webhook.name()),
        }
    }

    /// Makes one attempt, within the adapter's time-out.
    pub async fn send(&self, message: &Outgoing<'_>) -> Outcome {
        match self.adapter(message.channel) {
            Some(Adapter::Smtp(smtp)) => smtp.send(message).await,
            Some(Adapter::Webhook(webhook)) => webhook.send(message).await,
            None => Outcome::for_good(Failure::NoProvider {
                channel: message.channel,
            }),
        }
    }

    fn adapter(&self, channel: Channel) -> Option<&Adapter> {
        let index = Channel::ALL.iter().position(|c| *c == channel)?;
        self.adapters.get(index)?.as_ref()
    }
}

impl Adapter {
    fn new(channel: Channel, settings: &AdapterSettings) -> Result<Self, Error> {
        let bad = |(setting, problem)| Error::Setting {
            channel,
            setting,
            problem,
        };
        match settings {
            AdapterSettings::Smtp(_) if channel != Channel::Email => {
                Err(bad(("smtp", "carries mail only".to_owned())))
            }
            AdapterSettings::Smtp(s) => Ok(Self::Smtp(Box::new(Smtp::new(s).map_err(bad)?))),
            AdapterSettings::Webhook(s) => {
                Ok(Self::Webhook(Box::new(Webhook::new(s).map_err(bad)?)))
            }
        }
    }
}
