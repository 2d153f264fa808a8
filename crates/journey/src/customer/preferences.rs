//! What customers choose for themselves.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policies::Period;

/// The event by which customers choose for themselves. Journeys cannot emit it: choices are the
/// customer's own, and what a turn loads depends on whether it comes.
pub const PREFERENCES_CHANGED: &str = "preferences.changed";

/// What a customer chose for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Preferences {
    /// No messages that need consent until then.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    #[schemars(with = "Option<Timestamp>")]
    pub pause_until: Option<Timestamp>,
    /// No more of them than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<AtMost>,
    /// Whether purchases and behaviour may decide what they get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalised: Option<bool>,
}

impl Preferences {
    /// What holds where one person chose twice, `self` being who stays: the longer pause and no personal messages
    /// if either wants none; of two limits their own.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let personalised = match (self.personalised, other.personalised) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (own, others) => own.or(others),
        };
        Self {
            pause_until: self.pause_until.max(other.pause_until),
            at_most: self.at_most.or(other.at_most),
            personalised,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A customer's own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AtMost {
    /// How many messages.
    pub max: u32,
    /// In what time.
    pub per: Period,
}
