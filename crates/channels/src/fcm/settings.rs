//! Settings of Firebase Cloud Messaging.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    limits::Limits,
    push::Priority,
    settings::{sixteen, ten},
};

/// Firebase Cloud Messaging: Android, iOS and browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FcmSettings {
    /// The provider's name, for support; default `fcm`.
    #[serde(default = "fcm")]
    pub name: String,
    /// The service account's key, the JSON file that Google hands out. It names the project.
    pub service_account_file: PathBuf,
    /// Google's address; default `https://fcm.googleapis.com`. Access tokens come from the file's
    /// `token_uri`.
    #[serde(default = "google")]
    pub url: String,
    /// How urgent notifications are; default high.
    #[serde(default)]
    pub priority: Priority,
    /// A PEM file with further authorities to trust, such as a company's own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The longest that one attempt may take, in seconds, with that for an access token; default 10.
    #[serde(default = "ten")]
    pub timeout_seconds: u64,
    /// The most requests at a time; default 16.
    #[serde(default = "sixteen")]
    pub concurrency: usize,
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
}

impl FcmSettings {
    /// A service account; everything else by default.
    pub fn new(service_account_file: impl Into<PathBuf>) -> Self {
        Self {
            name: fcm(),
            service_account_file: service_account_file.into(),
            url: google(),
            priority: Priority::default(),
            ca_file: None,
            timeout_seconds: ten(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn fcm() -> String {
    "fcm".to_owned()
}

fn google() -> String {
    "https://fcm.googleapis.com".to_owned()
}
