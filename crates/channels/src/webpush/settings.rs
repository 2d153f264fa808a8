//! Settings of Web Push.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// Web Push: browsers, by whichever push service they have chosen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebPushSettings {
    /// The provider's name, for support; default `webpush`.
    #[serde(default = "webpush")]
    pub name: String,
    /// The server's private key (VAPID): 32 bytes in base64url, or PEM (PKCS#8). Subscriptions are tied
    /// to its public key.
    pub private_key: Secret,
    /// Whom a push service writes to if there is trouble: `mailto:` or `https:`.
    pub subject: String,
    /// How urgent notifications are; default normal.
    #[serde(default)]
    pub urgency: Urgency,
    /// Whether endpoints may be `http://`, and lead to private addresses: for tests alone.
    #[serde(default)]
    pub private_endpoints: bool,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The longest that one attempt may take, in seconds; default 10.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// The most requests at a time; default 16.
    #[serde(default = "sixteen")]
    pub concurrency: usize,
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
}

/// How urgent notifications are (RFC 8030, section 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// On power and Wi-Fi: advertisements.
    VeryLow,
    /// On power or Wi-Fi.
    Low,
    /// Neither: chats and calendars.
    #[default]
    Normal,
    /// Also while the battery is low.
    High,
}

impl Urgency {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl WebPushSettings {
    /// A key, and whom it belongs to; everything else by default.
    pub fn new(private_key: Secret, subject: impl Into<String>) -> Self {
        Self {
            name: webpush(),
            private_key,
            subject: subject.into(),
            urgency: Urgency::default(),
            private_endpoints: false,
            ca_file: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn webpush() -> String {
    "webpush".to_owned()
}
