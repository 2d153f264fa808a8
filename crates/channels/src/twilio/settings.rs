//! Settings of Twilio.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// An account at Twilio.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioSettings {
    /// The provider's name, for support and its web hooks; default `twilio`.
    #[serde(default = "twilio")]
    pub name: String,
    /// Where the API is; default `https://api.twilio.com`.
    #[serde(default = "api")]
    pub url: String,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its auth token: the password, and the key of the signatures.
    pub auth_token: Secret,
    /// The sender: a number, a short code or a name.
    #[serde(default)]
    pub from: Option<String>,
    /// The messaging service that picks the sender, instead of `from`.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// The sender by the country of the number, where it is another.
    #[serde(default)]
    pub senders: BTreeMap<String, String>,
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

impl TwilioSettings {
    /// An account and its sender; everything else by default.
    pub fn new(
        account_sid: impl Into<String>,
        auth_token: Secret,
        from: impl Into<String>,
    ) -> Self {
        Self {
            name: twilio(),
            url: api(),
            ca_file: None,
            account_sid: account_sid.into(),
            auth_token,
            from: Some(from.into()),
            messaging_service_sid: None,
            senders: BTreeMap::new(),
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn twilio() -> String {
    "twilio".to_owned()
}
fn api() -> String {
    "https://api.twilio.com".to_owned()
}
