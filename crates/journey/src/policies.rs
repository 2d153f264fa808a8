//! Policies: purposes, caps and quiet hours, as compiled from `config/policies.yaml`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, civil};
use serde::{Deserialize, Serialize};

use crate::{
    machine::{Capped, Quiet, Zone},
    message::Channel,
};

/// Everything that limits sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policies {
    /// By name.
    pub purposes: BTreeMap<Arc<str>, Purpose>,
    /// As written.
    pub caps: Vec<Cap>,
    /// As written.
    pub quiet_hours: Vec<QuietHours>,
    /// What holds where nothing else is said.
    pub defaults: Defaults,
    /// How long what happened is kept.
    #[serde(default)]
    pub retention: Retention,
}

/// The policies of a workspace without `config/policies.yaml`: marketing by opt-in, service
/// without consent, no caps, no quiet hours, Paris time, French.
impl Default for Policies {
    fn default() -> Self {
        let purpose = |consent| Purpose {
            consent,
            channels: BTreeMap::new(),
            overrides: None,
            while_restricted: false,
        };
        Self {
            purposes: BTreeMap::from([
                (Arc::from("marketing"), purpose(ConsentRule::OptIn)),
                (Arc::from("service"), purpose(ConsentRule::None)),
            ]),
            caps: Vec::new(),
            quiet_hours: Vec::new(),
            defaults: Defaults::default(),
            retention: Retention::default(),
        }
    }
}

/// Why messages are sent, and what consent that needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// What consent it needs.
    pub consent: ConsentRule,
    /// Where a channel needs another.
    pub channels: BTreeMap<Channel, ConsentRule>,
    /// Whether a step may `send` past caps and quiet hours; by default only without consent.
    pub overrides: Option<bool>,
    /// Whether it goes also to customers whose processing is restricted.
    pub while_restricted: bool,
}

impl Purpose {
    /// What consent `channel` needs.
    pub fn consent_on(&self, channel: Channel) -> ConsentRule {
        self.channels.get(&channel).copied().unwrap_or(self.consent)
    }

    /// Whether a step may `send` past caps and quiet hours (rule 42).
    pub fn permits_override(&self) -> bool {
        self.overrides.unwrap_or(self.consent == ConsentRule::None)
    }
}

/// What consent is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// None: the message is part of a contract or a duty.
    None,
    /// Allowed until withdrawn.
    OptOut,
    /// Allowed once given.
    OptIn,
    /// Allowed once given and confirmed.
    DoubleOptIn,
}

/// A frequency cap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    /// Its name, unique.
    pub name: Arc<str>,
    /// Counts sends of this purpose; without any filter, of all purposes that need consent (rule 44).
    pub purpose: Option<Arc<str>>,
    /// Counts sends by this channel.
    pub channel: Option<Channel>,
    /// Counts sends of this journey.
    pub journey: Option<Arc<str>>,
    /// Counts sends of journeys with this tag.
    pub tag: Option<Arc<str>>,
    /// How many sends fit.
    pub max: u32,
    /// In what time.
    pub window: Window,
    /// What it does to a send too many; else the default's word.
    pub capped: Option<Capped>,
}

/// In what time a cap counts (rule 45).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last so much time: a send leaves it exactly `per` after it was decided.
    Rolling {
        /// How long.
        per: SignedDuration,
    },
    /// The current day, week or month.
    Calendar {
        /// Which.
        per: Period,
        /// Whose.
        zone: Zone,
    },
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Between local midnights.
    Day,
    /// From Monday.
    Week,
    /// From the first.
    Month,
}

/// Quiet hours: no sends by these channels between these times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Their name, unique.
    pub name: Arc<str>,
    /// For these channels; all where empty.
    pub channels: Vec<Channel>,
    /// From this local time, included.
    pub from: civil::Time,
    /// To this local time, excluded; before or at `from` it is over midnight.
    pub to: civil::Time,
    /// Whose time.
    pub zone: Zone,
    /// What they do to a send; else the default's word.
    pub quiet: Option<Quiet>,
    /// Purposes that they do not touch.
    pub except: Vec<Arc<str>>,
}

/// How long data of each kind are kept; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Events and other inputs, with what was decided on them.
    pub inputs: Option<SignedDuration>,
    /// Decided messages.
    pub messages: Option<SignedDuration>,
    /// Runs that are over.
    pub runs: Option<SignedDuration>,
    /// Calls of endpoints.
    pub calls: Option<SignedDuration>,
}

impl Retention {
    /// Whether anything is ever removed.
    pub fn any(&self) -> bool {
        let all = [self.inputs, self.messages, self.runs, self.calls];
        all.iter().any(Option::is_some)
    }
}

/// What holds where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    /// The zone of customers whose zone is not known: an IANA name.
    pub zone: Arc<str>,
    /// The locale of customers whose locale is not known, and the last one that templates fall back to.
    pub locale: Arc<str>,
    /// What a used-up cap does.
    pub capped: Capped,
    /// What quiet hours do.
    pub quiet: Quiet,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            zone: Arc::from("Europe/Paris"),
            locale: Arc::from("fr"),
            capped: Capped::Skip,
            quiet: Quiet::Hold,
        }
    }
}
