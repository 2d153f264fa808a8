//! Settings of Apple's Push Notification service.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    push::Priority,
    settings::{sixteen, ten},
};

/// Apple's Push Notification service: iOS, iPadOS, macOS, watchOS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApnsSettings {
    /// The provider's name, for support; default `apns`.
    #[serde(default = "apns")]
    pub name: String,
    /// The key that Apple hands out, a `.p8` file.
    pub key_file: PathBuf,
    /// The key's id: ten letters and digits.
    pub key_id: String,
    /// The developer team's id: ten letters and digits.
    pub team_id: String,
    /// The app's bundle id.
    pub topic: String,
    /// Which of Apple's services: the device tokens of one are not those of the other.
    #[serde(default)]
    pub environment: Environment,
    /// Another address than Apple's.
    #[serde(default)]
    pub url: Option<String>,
    /// How urgent notifications are; default high.
    #[serde(default)]
    pub priority: Priority,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The longest that one attempt may take, in seconds; default 10.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// The most requests at a time, over one connection; default 16.
    #[serde(default = "sixteen")]
    pub concurrency: usize,
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
}

/// Which of Apple's services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// For apps from the App Store and TestFlight.
    #[default]
    Production,
    /// For apps from Xcode.
    Sandbox,
}

impl Environment {
    /// Its address.
    pub(super) fn url(self) -> &'static str {
        match self {
            Self::Production => "https://api.push.apple.com",
            Self::Sandbox => "https://api.sandbox.push.apple.com",
        }
    }
}

impl ApnsSettings {
    /// Where notifications go.
    pub fn address(&self) -> &str {
        let url = self.url.as_deref();
        url.unwrap_or(self.environment.url())
    }

    /// A key, the team's and the app's names; everything else by default.
    pub fn new(
        key_file: impl Into<PathBuf>,
        key_id: impl Into<String>,
        team_id: impl Into<String>,
        topic: impl Into<String>,
    ) -> Self {
        Self {
            name: apns(),
            key_file: key_file.into(),
            key_id: key_id.into(),
            team_id: team_id.into(),
            topic: topic.into(),
            environment: Environment::default(),
            url: None,
            priority: Priority::default(),
            ca_file: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn apns() -> String {
    "apns".to_owned()
}
