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
