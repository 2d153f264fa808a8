//! Settings of Vonage.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// An account at Vonage.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VonageSettings {
    /// The provider's name, for support and its web hooks; default `vonage`.
    #[serde(default = "vonage")]
    pub name: String,
    /// Where the API is; default `https://api.nexmo.com`.
    #[serde(default = "api")]
    pub url: String,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The account's key.
    pub api_key: String,
    /// Its secret.
    pub api_secret: Secret,
    /// The key of the web hooks' signatures; without it, nothing that Vonage tells is heard.
    #[serde(default)]
    pub signature_secret: Option<Secret>,
    /// The sender: a number, a short code or a name.
    pub from: String,
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

impl VonageSettings {
    /// An account and its sender; everything else by default.
    pub fn new(api_key: impl Into<String>, api_secret: Secret, from: impl Into<String>) -> Self {
        Self {
            name: vonage(),
            url: api(),
            ca_file: None,
            api_key: api_key.into(),
            api_secret,
            signature_secret: None,
            from: from.into(),
            senders: BTreeMap::new(),
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn vonage() -> String {
    "vonage".to_owned()
}
fn api() -> String {
    "https://api.nexmo.com".to_owned()
}
