//! Settings of any provider behind one HTTP address.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

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
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
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
            limits: Limits::default(),
        }
    }
}

fn webhook() -> String {
    "webhook".to_owned()
}
