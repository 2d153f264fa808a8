//! What providers tell us: what became of a message, and what a customer says.
//!
//! A provider calls us by a web hook. Its adapter looks at the signature first, over the bytes as they
//! came, and only then at what they say. Whose message it is about stands in the token that the
//! message took along ([`Callback`](crate::Callback)); of what customers say on their own, only their
//! address is known here.

use http::HeaderMap;
use jiff::Timestamp;
use journey::{failure::Failure, message::Channel};

/// A call of a provider, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Hook<'a> {
    /// The whole address that the provider called, as it knows it: some sign it.
    pub url: &'a str,
    /// Its query, decoded.
    pub query: &'a [(String, String)],
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body; empty where it only asks (GET).
    pub body: &'a [u8],
    /// When it came: signatures grow old.
    pub at: Timestamp,
}

impl Hook<'_> {
    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A value of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| &**value)
    }
}

/// What a provider told, and wants to hear.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// In the order in which it was told; may be nothing that concerns us.
    pub reports: Vec<Report>,
    /// What the answer must hold, with its media type, where the provider looks at it.
    pub answer: Option<(&'static str, String)>,
}

impl From<Vec<Report>> for Heard {
    fn from(reports: Vec<Report>) -> Self {
        let answer = None;
        Self { reports, answer }
    }
}

/// One thing that a provider told.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What makes it this one, among those of its provider: the same is told more than once.
    pub id: String,
    /// When it happened, if the provider says so.
    pub at: Option<Timestamp>,
    /// What it is.
    pub what: What,
}

/// What a provider tells.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// What became of a message.
    Became {
        /// Its token ([`Callback::token`](crate::Callback::token)), as it came: nobody has looked at it yet.
        token: String,
        /// What.
        fate: Fate,
    },
    /// A customer says something.
    Said(Said),
    /// A customer has left: blocked the bot, ended the subscription at the provider.
    Left {
        /// On which channel.
        channel: Channel,
        /// The address.
        from: String,
    },
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// It did not arrive, and the address is not at fault.
    Failed {
        /// Why.
        detail: Failure,
    },
    /// It did not arrive because of the address.
    Bounced {
        /// Whether the next would not arrive either.
        permanent: bool,
        /// Why.
        detail: Failure,
    },
    /// The customer says that they did not want it.
    Complained,
    /// It was opened, or shown.
    Opened,
    /// A link in it was followed.
    Clicked {
        /// Which.
        url: String,
    },
    /// The customer unsubscribed at the provider.
    Unsubscribed,
}

/// What a customer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// On which channel.
    pub channel: Channel,
    /// The address, in the form in which the provider is given it.
    pub from: String,
    /// Word for word.
    pub text: String,
    /// The name of the button that was pressed instead ([`Offer::name`](journey::content::Offer)).
    pub choice: Option<String>,
    /// What the customer is called there.
    pub name: Option<String>,
    /// The token of the message that it answers, where the provider knows.
    pub token: Option<String>,
}

/// Why a provider's call is not heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// No provider of that name tells anything.
    #[error("no provider of that name calls")]
    Nobody,
    /// It is not signed, not as the provider would, or too long ago.
    #[error("the signature is not the provider's")]
    NotSigned,
    /// It is signed, and cannot be read.
    #[error("the call cannot be read: {0}")]
    Unreadable(String),
}
