//! Settings of a bot at Telegram.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// A bot at Telegram.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramSettings {
    /// The provider's name, for support; default `telegram`.
    #[serde(default = "telegram")]
    pub name: String,
    /// The bot's token: its id, a colon, and letters.
    pub token: Secret,
    /// What Telegram sends along with its updates (`setWebhook`'s `secret_token`). Without it they are not heard.
    #[serde(default)]
    pub secret_token: Option<Secret>,
    /// Whether the customer sees that something is being typed first.
    #[serde(default)]
    pub typing: bool,
    /// Where the Bot API is; default `https://api.telegram.org`.
    #[serde(default = "api")]
    pub url: String,
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

impl TelegramSettings {
    /// The bot of that token; everything else by default.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            name: telegram(),
            token: Secret::new(token),
            secret_token: None,
            typing: false,
            url: api(),
            ca_file: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn telegram() -> String {
    "telegram".to_owned()
}

fn api() -> String {
    "https://api.telegram.org".to_owned()
}
