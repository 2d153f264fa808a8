//! Settings of a mail server.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

pub use super::dkim::DkimSettings;
use crate::{
    limits::Limits,
    settings::{Secret, one_or_more},
};

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
    /// Who signs, one or a list of them; none: the relay does, or nobody.
    #[serde(default, deserialize_with = "signatures")]
    pub dkim: Vec<DkimSettings>,
    /// The most connections at a time; default 8.
    #[serde(default = "eight")]
    pub connections: usize,
    /// The longest that one attempt may take, in seconds; default 30.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
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
            dkim: Vec::new(),
            connections: eight(),
            timeout_seconds: thirty(),
            limits: Limits::default(),
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

fn smtp() -> String {
    "smtp".to_owned()
}
fn eight() -> usize {
    8
}
fn thirty() -> u64 {
    30
}

fn signatures<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<DkimSettings>, D::Error> {
    let what = "a signature (`domain`, `selector` and `key_file`), or a list of them";
    one_or_more(from, what, (4, "a mail has at most 4 signatures"))
}
