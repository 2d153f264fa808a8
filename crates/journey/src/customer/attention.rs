//! Whether a customer heeds what they are sent: what fatigue goes by.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ids::MessageId, message::Channel};

/// How long a message has to be heeded before it counts as not heeded.
pub const TIME_TO_HEED: SignedDuration = SignedDuration::from_hours(24);
/// How many of the latest messages are remembered at least, so that a late click on one of them counts.
const LATEST: usize = 8;
/// How many are remembered at the most, however many went within [`TIME_TO_HEED`].
const MOST: usize = 64;

/// What is kept of a customer's attention. Empty, and never written, where no fatigue is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Attention {
    /// How many messages in a row were sent and not heeded, those that still have time included.
    #[serde(skip_serializing_if = "is_zero")]
    unheeded: u32,
    /// The latest messages, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latest: Vec<Latest>,
}

/// A message that may be heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Latest {
    message: MessageId,
    #[serde(with = "crate::instant")]
    #[schemars(with = "Timestamp")]
    at: Timestamp,
    channel: Channel,
    /// Whether it is one of those in a row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    counted: bool,
}

impl Attention {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A message was decided to go. `counted`: whether it would be known if it was heeded.
    pub fn sent(&mut self, message: MessageId, at: Timestamp, channel: Channel, counted: bool) {
        self.unheeded = self.unheeded.saturating_add(counted.into());
        self.latest.push(Latest {
            message,
            at,
            channel,
            counted,
        });
        let old = |l: &Latest| l.at.duration_until(at) > TIME_TO_HEED;
        while self.latest.len() > MOST
            || (self.latest.len() > LATEST && self.latest.first().is_some_and(old))
        {
            self.latest.remove(0);
        }
    }

    /// A message did not go after all. Whether it was among the latest.
    pub fn give_back(&mut self, message: MessageId) -> bool {
        let Some(place) = self.latest.iter().position(|l| l.message == message) else {
            return false;
        };
        let gone = self.latest.remove(place);
        self.unheeded = self.unheeded.saturating_sub(gone.counted.into());
        true
    }

    /// A message was heeded: none is unheeded any more.
    pub fn heed(&mut self) {
        self.unheeded = 0;
        for latest in &mut self.latest {
            latest.counted = false;
        }
    }

    /// Whether that message is among the latest.
    pub fn knows(&self, message: MessageId) -> bool {
        self.latest.iter().any(|l| l.message == message)
    }

    /// Whether one of the latest went by that channel; `None`: by any.
    pub fn has_by(&self, channel: Option<Channel>) -> bool {
        let mut latest = self.latest.iter();
        latest.any(|l| channel.is_none_or(|c| c == l.channel))
    }

    /// How many messages in a row were not heeded, though there was a day for each.
    pub fn unheeded(&self, now: Timestamp) -> u32 {
        let has_time = |l: &&Latest| l.counted && l.at.duration_until(now) < TIME_TO_HEED;
        let young = self.latest.iter().filter(has_time).count();
        let young = u32::try_from(young).unwrap_or(u32::MAX);
        self.unheeded.saturating_sub(young)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
