//! Settings of the adapters, as the configuration file spells them.

use std::{fmt, path::PathBuf};

use journey::message::Channel;
use serde::Deserialize;

/// Who serves which channel; a channel without an adapter is not served.
///
/// ```yaml
/// email:
///   smtp: { host: smtp.example.com, from: "Shop <news@example.com>" }
/// sms:
///   webhook: { url: "https://sms.example.com/send", secret: whsec_… }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// E-mail.
    pub email: Option<AdapterSettings>,
    /// Text messages.
    pub sms: Option<AdapterSettings>,
    /// Push notifications.
    pub push: Option<AdapterSettings>,
    /// Chatbots.
    pub chat: Option<AdapterSettings>,
}

impl Settings {
    /// The channel's adapter.
    pub fn of(&self, channel: Channel) -> Option<&AdapterSettings> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms => self.sms.as_ref(),
            Channel::Push => self.push.as_ref(),
            Channel::Chat => self.chat.as_ref(),
        }
    }
}

/// One channel's adapter.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterSettings {
    /// A mail server; for `email` only.
    Smtp(SmtpSettings),
    /// Any provider behind one HTTP address.
    Webhook(WebhookSettings),
}

/// A mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The provider's name, for support; default `smtp`.
    #[serde(default = "smtp")]
    pub name: String,
    /// The server's host name or address.
    pub host: String,
    /// Its port; default 25, with `starttls` 587, with `tls` 465.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is encrypted; default `starttls`.
    #[serde(default)]
    pub tls: TlsMode,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The account, if the server wants one.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The sender: `Shop <news@example.com>`.
    pub from: String,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The name that EHLO gives; default the sender's domain.
    #[serde(default)]
    pub hello: Option<String>,
    /// The domain of `List-Id: <PURPOSE.DOMAIN>`; default the sender's.
    #[serde(default)]
    pub list_domain: Option<String>,
    /// The most connections at a time; default 8.
    #[serde(default = "eight")]
    pub connections: usize,
    /// The longest that one attempt may take, in seconds; default 30.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
}

impl SmtpSettings {
    /// A server by its host and the sender's address; everything else by default.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            name: smtp(),
            host: host.into(),
            port: None,
            tls: TlsMode::default(),
            ca_file: None,
            user: None,
            password: None,
            from: from.into(),
            reply_to: None,
            hello: None,
            list_domain: None,
            connections: eight(),
            timeout_seconds: thirty(),
        }
    }
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// Not at all: for servers on the same machine.
    None,
    /// After a greeting in the clear; refused if the server cannot.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
}

/// An HTTP address that takes messages as JSON, signed as Standard Webhooks say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// The provider's name, for support; default `webhook`.
    #[serde(default = "webhook")]
    pub name: String,
    /// Where messages are posted.
    pub url: String,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The key of the signatures: `whsec_` and base64. Without it nothing is signed.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// A token for `Authorization: Bearer`, if the provider wants one.
    #[serde(default)]
    pub bearer: Option<Secret>,
    /// The longest that one attempt may take, in seconds; default 10.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// The most requests at a time; default 16.
    #[serde(default = "sixteen")]
    pub concurrency: usize,
}

impl WebhookSettings {
    /// An address under a name; everything else by default.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            ca_file: None,
            secret: None,
            bearer: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
        }
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn smtp() -> String {
    "smtp".to_owned()
}
fn webhook() -> String {
    "webhook".to_owned()
}
fn eight() -> usize {
    8
}
fn sixteen() -> usize {
    16
}
fn thirty() -> u64 {
    30
}
fn ten() -> u64 {
    10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let json = r#"{"email":{"smtp":{"host":"h","from":"a@b.example","password":"hunter2"}}}"#;
        let settings: Settings = serde_json::from_str(json).unwrap();
        let shown = format!("{settings:?}");
        assert!(shown.contains("Starttls") && shown.contains("timeout_seconds: 30"));
        assert!(!shown.contains("hunter2"), "{shown}");
        let wrong = r#"{"sms":{"webhook":{"url":"http://x","retries":3}}}"#;
        let refused = serde_json::from_str::<Settings>(wrong)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("unknown field `retries`"), "{refused}");
    }
}
