//! Fatigue: a cap that adapts to how a customer takes what they are sent.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConsentRule, Policies};
use crate::{machine::Capped, message::Channel};

/// How many messages a customer gets at the most, and what makes them fewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fatigue {
    /// How many messages fit for whoever heeds them; at least 1.
    pub max: u32,
    /// In what time, counted back from each message.
    pub per: SignedDuration,
    /// How many fit at the least; from 1 to `max`.
    pub least: u32,
    /// After so many messages in a row that were not heeded the pace halves, and again after as many more; at
    /// least 1.
    pub after: u32,
    /// For how long after a complaint or a withdrawn consent the pace is the least.
    pub rest: SignedDuration,
    /// Counts messages of these purposes; of all that need consent where empty.
    pub purposes: Vec<Arc<str>>,
    /// The channels on which it is reported what customers do with a message: by no others is one not heeded.
    pub channels: Vec<Channel>,
    /// What counts as heeding a message.
    pub heeds: Vec<Heed>,
    /// What it does to a message too many; else the default's word.
    pub capped: Option<Capped>,
}

impl Fatigue {
    /// Whether it counts messages of that purpose on that channel: never one that needs no consent there.
    pub fn covers(&self, policies: &Policies, purpose: &str, channel: Channel) -> bool {
        let rule = policies.purposes.get(purpose);
        let needs = rule.is_some_and(|p| p.consent_on(channel) != ConsentRule::None);
        let named = self.purposes.is_empty() || self.purposes.iter().any(|p| **p == *purpose);
        needs && named
    }

    /// How many messages fit after so many in a row that were not heeded: half for every `after` of them,
    /// rounded up, and never fewer than `least`.
    pub fn fit(&self, unheeded: u32) -> u32 {
        let mut halvings = unheeded / self.after.max(1);
        let mut fit = self.max;
        while halvings > 0 && fit > self.least.max(1) {
            fit = fit.div_ceil(2);
            halvings -= 1;
        }
        fit.max(self.least)
    }
}

/// A way to heed a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heed {
    /// It was opened.
    Opened,
    /// A link in it was clicked; whoever clicks has opened it as well.
    Clicked,
    /// It was answered, and not by a word that asks for an end.
    Replied,
    /// The goal of the run that sent it was reached.
    Goal,
}

impl Heed {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Clicked, Self::Replied, Self::Goal];

    /// As authors write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Replied => "replied",
            Self::Goal => "goal",
        }
    }
}

/// How many messages a customer gets at the most, and why so few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pace {
    /// So many.
    pub max: u32,
    /// So many get those who heed them.
    pub full: u32,
    /// In what time.
    pub per: SignedDuration,
    /// How many of the latest messages in a row were not heeded within a day.
    #[serde(default)]
    pub unheeded: u32,
    /// The complaint or withdrawal since which the customer is left in peace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

impl Pace {
    /// Whether it is below the full one.
    pub fn is_slow(&self) -> bool {
        self.max < self.full
    }
}

/// A time in which a customer is left in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rest {
    /// What they said.
    pub because: Upset,
    /// When they said it.
    pub since: Timestamp,
    /// When it is over.
    pub until: Timestamp,
}

/// What a customer said against what they are sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Upset {
    /// They took a consent back.
    Withdrew,
    /// They reported a message as unwanted.
    Complained,
}
