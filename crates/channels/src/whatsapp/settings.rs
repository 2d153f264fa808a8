//! Settings of a number at WhatsApp.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// A business's number at WhatsApp, by Meta's Cloud API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsAppSettings {
    /// The provider's name, for support; default `whatsapp`.
    #[serde(default = "whatsapp")]
    pub name: String,
    /// The number's id at Meta.
    pub phone_number_id: String,
    /// The token of a system user who may send from it.
    pub access_token: Secret,
    /// The app's secret: the key of web hooks' signatures. Without it they are not heard.
    #[serde(default)]
    pub app_secret: Option<Secret>,
    /// The word that Meta asks for when the web hook is set up.
    #[serde(default)]
    pub verify_token: Option<Secret>,
    /// What opens a list of answers, in at most 20 characters; by default a word in the message's language.
    #[serde(default)]
    pub list_button: Option<String>,
    /// The version of the Graph API; default `v23.0`.
    #[serde(default = "version")]
    pub version: String,
    /// Where the Graph API is; default `https://graph.facebook.com`.
    #[serde(default = "graph")]
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

impl WhatsAppSettings {
    /// The number of that id, and a token for it; everything else by default.
    pub fn new(phone_number_id: impl Into<String>, access_token: impl Into<String>) -> Self {
        Self {
            name: whatsapp(),
            phone_number_id: phone_number_id.into(),
            access_token: Secret::new(access_token),
            app_secret: None,
            verify_token: None,
            list_button: None,
            version: version(),
            url: graph(),
            ca_file: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn whatsapp() -> String {
    "whatsapp".to_owned()
}

fn version() -> String {
    "v23.0".to_owned()
}

fn graph() -> String {
    "https://graph.facebook.com".to_owned()
}
