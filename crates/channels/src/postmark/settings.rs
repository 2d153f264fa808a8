//! Settings of Postmark.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    settings::{Secret, sixteen, ten},
};

/// A server at Postmark, which is what they call a sender with its streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostmarkSettings {
    /// The provider's name, for support and its web hooks; default `postmark`.
    #[serde(default = "postmark")]
    pub name: String,
    /// Where the API is; default `https://api.postmarkapp.com`.
    #[serde(default = "api")]
    pub url: String,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The server's token.
    pub server_token: Secret,
    /// The sender: `Shop <news@example.com>`; one that Postmark has confirmed.
    pub from: String,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The stream that mails go by; without it Postmark's `outbound`.
    #[serde(default)]
    pub message_stream: Option<String>,
    /// The domain of `List-Id: <PURPOSE.DOMAIN>`; default the sender's.
    #[serde(default)]
    pub list_domain: Option<String>,
    /// The user that Postmark's web hooks come with; without it, nothing that Postmark tells is heard.
    #[serde(default)]
    pub hook_user: Option<String>,
    /// Their password.
    #[serde(default)]
    pub hook_password: Option<Secret>,
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

impl PostmarkSettings {
    /// A server and the sender's address; everything else by default.
    pub fn new(server_token: Secret, from: impl Into<String>) -> Self {
        Self {
            name: postmark(),
            url: api(),
            ca_file: None,
            server_token,
            from: from.into(),
            reply_to: None,
            message_stream: None,
            list_domain: None,
            hook_user: None,
            hook_password: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn postmark() -> String {
    "postmark".to_owned()
}
fn api() -> String {
    "https://api.postmarkapp.com".to_owned()
}
