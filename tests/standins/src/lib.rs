//! Stand-ins for the providers of messages and of identities: HTTP servers inside of a test's process that demand what
//! the providers' public documentation demands, answer as it says they answer, and keep what they
//! took.
//!
//! They know nothing of the adapters that they are asked by: whoever writes both from one idea of a
//! provider tests the idea against itself.
//!
//! ```no_run
//! # async fn example() {
//! use standins::{Mood, Provider, Twilio};
//!
//! let twilio = Twilio::start().await;
//! twilio.moods([Mood::Throttle { retry_after: Some(1) }, Mood::Accept]);
//! // … the engine sends by way of `twilio.url()` …
//! assert_eq!(twilio.accepted()[0].to, "+33612345678");
//! assert_eq!(twilio.violations(), Vec::<String>::new());
//! # }
//! ```
#![allow(
    clippy::unwrap_used,
    reason = "for tests alone: whoever holds it wrong is told by a panic"
)]

pub mod apns;
mod check;
pub mod fcm;
mod jwt;
mod mood;
pub mod oidc;
pub mod postmark;
mod server;
pub mod telegram;
#[cfg(test)]
mod testing;
pub mod twilio;
pub mod vonage;
pub mod webpush;
pub mod whatsapp;
mod wire;

use std::path::PathBuf;

pub use self::{
    apns::Apns,
    fcm::Fcm,
    mood::{Mood, Refusal},
    oidc::Oidc,
    postmark::Postmark,
    server::{Invalid, Provider, Read, StandIn},
    telegram::Telegram,
    twilio::Twilio,
    vonage::Vonage,
    webpush::WebPush,
    whatsapp::WhatsApp,
    wire::{Reply, Request, Webhook},
};

/// The authority that signed the certificate of [`Provider::start_tls`], as PEM.
pub const CA: &str = include_str!("../fixtures/ca.pem");

/// The file with [`CA`].
pub fn ca_file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ca.pem"))
}
