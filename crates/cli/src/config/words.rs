//! Settings that are one word of several.

use clap::ValueEnum;
use serde::Deserialize;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people
    Text,
    /// For programs, a line each
    Json,
}

/// Who may reach the console and the API while there is no user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessConfig {
    /// Everybody
    #[default]
    Open,
    /// Nobody
    Required,
}
