//! The mailbox of `parcours dev` and `parcours demo`: what adapters send is kept, and nobody gets
//! it.
//!
//! Mail goes through the real SMTP adapter to a real, small SMTP server ([`SmtpSink`]); the other
//! channels through the web-hook adapter to whoever calls [`Mailbox::keep`]. Either way a message
//! becomes one file of the [`Mailbox`], however often it is delivered.

mod files;
mod mailbox;
mod session;
mod smtp;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use journey::{
    content::{Content, File},
    message::Channel,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{mailbox::Mailbox, smtp::SmtpSink};

/// A message of a channel other than mail, as the web-hook adapter posts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapturedMessage {
    /// The message's id: `Idempotency-Key`.
    pub id: Uuid,
    /// How.
    pub channel: Channel,
    /// To whom.
    pub to: String,
    /// What.
    pub content: Content,
    /// The purpose.
    pub purpose: String,
    /// The journey.
    pub journey: String,
    /// The language, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl CapturedMessage {
    /// Reads the body of a request of the web-hook adapter.
    pub fn from_webhook(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(Error::Body)
    }
}

/// A message that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name in the mailbox.
    pub name: String,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
}

/// One line of the mailbox's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its name: what [`Mailbox::get`] and the next page ask for.
    pub name: String,
    /// When it arrived first.
    pub at: Timestamp,
    /// How it was sent.
    pub channel: Channel,
    /// To whom; several recipients are parted by commas.
    pub to: String,
    /// The subject or title, else the first line of the text.
    pub line: String,
    /// The message's id, if an adapter of ours sent it.
    pub message: Option<Uuid>,
    /// How often it was delivered.
    pub deliveries: u32,
}

/// One message of the mailbox, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Captured {
    /// Its line in the list.
    pub summary: Summary,
    /// What it says.
    pub parts: Parts,
}

/// What a captured message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// A mail, of any sender.
    Mail {
        /// The HTML part, decoded.
        html: Option<String>,
        /// The plain-text part, decoded.
        text: Option<String>,
        /// The pictures that the HTML shows, and what is attached.
        files: Vec<File>,
        /// The whole mail as it came, below the mailbox's own header lines.
        raw: Vec<u8>,
    },
    /// A message of another channel.
    Message(Box<CapturedMessage>),
}

/// What can go wrong with a mailbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory or a file in it.
    #[error("the mailbox {path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// What.
        source: std::io::Error,
    },
    /// The sink's socket.
    #[error("the mail sink cannot listen: {0}")]
    Listen(std::io::Error),
    /// A request that no adapter of ours sent.
    #[error("this is no message of the web-hook adapter: {0}")]
    Body(serde_json::Error),
}
