//! Policies: purposes, caps and quiet hours, as compiled from `config/policies.yaml`.

mod fatigue;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, civil};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    localized::Localized,
    machine::{Capped, Quiet, Weekday, Zone},
    message::Channel,
};

pub use fatigue::{Fatigue, Heed, Pace, Rest, Upset};

/// Everything that limits sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policies {
    /// By name.
    pub purposes: BTreeMap<Arc<str>, Purpose>,
    /// As written.
    pub caps: Vec<Cap>,
    /// As written.
    pub quiet_hours: Vec<QuietHours>,
    /// Holidays by country (ISO 3166-1), as `config/holidays.yaml` has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holidays: BTreeMap<Arc<str>, BTreeSet<civil::Date>>,
    /// Who gets none of some purposes, for comparison.
    pub control_group: Option<ControlGroup>,
    /// What data of some kinds may be used for, by the label that traits and fields of events carry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Arc<str>, Label>,
    /// How many messages a customer gets at the most, by how they take them; `None`: whatever they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fatigue: Option<Fatigue>,
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
        let purpose = Purpose::new;
        Self {
            purposes: BTreeMap::from([
                (Arc::from("marketing"), purpose(ConsentRule::OptIn)),
                (Arc::from("service"), purpose(ConsentRule::None)),
            ]),
            caps: Vec::new(),
            quiet_hours: Vec::new(),
            holidays: BTreeMap::new(),
            control_group: None,
            labels: BTreeMap::new(),
            fatigue: None,
            defaults: Defaults::default(),
            retention: Retention::default(),
        }
    }
}

/// Why messages are sent, and what consent that needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// What customers read it is called.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub title: Localized,
    /// What customers read of it, in a sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: Localized,
    /// What makes it lawful.
    pub basis: Basis,
    /// What consent it needs.
    pub consent: ConsentRule,
    /// Where a channel needs another.
    pub channels: BTreeMap<Channel, ConsentRule>,
    /// Whether a step may `send` past caps and quiet hours; by default only without consent.
    pub overrides: Option<bool>,
    /// Whether what customers bought and did decides what they get: those who want nothing of the
    /// kind get none of it. By default so wherever consent is needed.
    pub personal: Option<bool>,
    /// Whether it goes also to customers whose processing is restricted.
    pub while_restricted: bool,
    /// What customers do with its mails that is told, where they have said yes to the purpose themselves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub track: BTreeSet<Track>,
}

/// Something that a customer does with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// Opening it: a picture of one pixel is loaded.
    Opens,
    /// Following a link: it leads past us.
    Clicks,
}

impl Purpose {
    /// One that needs such a consent, and of which nothing else is said.
    pub fn new(consent: ConsentRule) -> Self {
        Self {
            title: Localized::new(),
            about: Localized::new(),
            basis: Basis::of(consent),
            consent,
            channels: BTreeMap::new(),
            overrides: None,
            personal: None,
            while_restricted: false,
            track: BTreeSet::new(),
        }
    }

    /// Whether what customers bought and did decides what they get.
    pub fn is_personal(&self) -> bool {
        self.personal.unwrap_or(true)
    }

    /// What consent `channel` needs.
    pub fn consent_on(&self, channel: Channel) -> ConsentRule {
        self.channels.get(&channel).copied().unwrap_or(self.consent)
    }

    /// Whether a step may `send` past caps and quiet hours (rule 42).
    pub fn permits_override(&self) -> bool {
        self.overrides.unwrap_or(self.consent == ConsentRule::None)
    }
}

/// What makes a purpose lawful (GDPR art. 6(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The customer's consent: point (a).
    Consent,
    /// A contract with the customer: point (b).
    Contract,
    /// A duty by law: point (c).
    LegalObligation,
    /// Interests of the shop's that weigh more, until the customer objects: point (f).
    LegitimateInterest,
}

impl Basis {
    /// The usual one of a purpose with that rule.
    pub fn of(rule: ConsentRule) -> Self {
        match rule {
            ConsentRule::None => Self::Contract,
            ConsentRule::OptOut => Self::LegitimateInterest,
            ConsentRule::OptIn | ConsentRule::DoubleOptIn => Self::Consent,
        }
    }

    /// Whether a purpose on that basis can do with that rule: consent is asked for before, an
    /// objection is heard (art. 21(2)), and a contract or a duty asks nobody.
    pub fn fits(self, rule: ConsentRule) -> bool {
        match self {
            Self::Consent => matches!(rule, ConsentRule::OptIn | ConsentRule::DoubleOptIn),
            Self::LegitimateInterest => rule != ConsentRule::None,
            Self::Contract | Self::LegalObligation => true,
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal_obligation",
            Self::LegitimateInterest => "legitimate_interest",
        }
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

/// Customers who get none of some purposes, drawn once by who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlGroup {
    /// How many of 10,000 customers.
    pub basis_points: u32,
    /// None of these purposes; of all that need consent where empty.
    pub purposes: Vec<Arc<str>>,
    /// Another one draws other customers.
    pub salt: Arc<str>,
}

impl ControlGroup {
    /// Whether the purpose is one that the group gets none of.
    pub fn holds_out(&self, policies: &Policies, purpose: &str, channel: Channel) -> bool {
        let rule = policies
            .purposes
            .get(purpose)
            .map(|p| p.consent_on(channel));
        let needed = rule.is_some_and(|rule| rule != ConsentRule::None);
        match self.purposes.as_slice() {
            [] => needed,
            named => named.iter().any(|p| **p == *purpose),
        }
    }
}

/// What data that carry a label may be used for. Nothing said: for everything; the label is then for the
/// record of processing and the audit alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// What it means, for colleagues.
    pub about: Option<Arc<str>>,
    /// For these purposes and no others.
    pub only_for: Option<Vec<Arc<str>>>,
    /// For none of these purposes.
    pub not_for: Vec<Arc<str>>,
    /// Not told by messages on these channels.
    pub not_in: Vec<Channel>,
    /// Passed on to these endpoints and no others.
    pub only_to: Option<Vec<Arc<str>>>,
}

impl Label {
    /// Whether data with the label may be used for that purpose.
    pub fn serves(&self, purpose: &str) -> bool {
        let among = |names: &[Arc<str>]| names.iter().any(|n| **n == *purpose);
        !among(&self.not_for) && self.only_for.as_deref().is_none_or(among)
    }

    /// Whether data with the label may be passed on to that endpoint.
    pub fn goes_to(&self, endpoint: &str) -> bool {
        let allowed = self.only_to.as_deref();
        allowed.is_none_or(|names| names.iter().any(|n| **n == *endpoint))
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// On these days; on all where empty, but for `holidays`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// What a holiday of the customer's country is.
    #[serde(default, skip_serializing_if = "Holidays::is_any_day")]
    pub holidays: Holidays,
    /// A send window: it is quiet outside these hours, and not inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub window: bool,
}

/// What a holiday is to hours and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    /// A day like any other.
    #[default]
    AnyDay,
    /// One of the days; the only one, where no others are named.
    OneOfThem,
    /// None of the days.
    None,
}

impl Holidays {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde asks for"
    )]
    fn is_any_day(&self) -> bool {
        *self == Self::AnyDay
    }
}

impl QuietHours {
    /// Whether the hours are there on such a day.
    pub fn on(&self, day: Weekday, holiday: bool) -> bool {
        match (self.holidays, holiday) {
            (Holidays::OneOfThem, true) => true,
            (Holidays::None, true) => false,
            (Holidays::OneOfThem, false) => self.days.contains(&day),
            _ => self.days.is_empty() || self.days.contains(&day),
        }
    }
}

/// How long data of each kind are kept; `None`: for ever, but for content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Events and other inputs, with what was decided on them.
    pub inputs: Option<SignedDuration>,
    /// Decided messages.
    pub messages: Option<SignedDuration>,
    /// What messages said; `None`: that is not kept at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<SignedDuration>,
    /// Runs that are over.
    pub runs: Option<SignedDuration>,
    /// Calls of endpoints.
    pub calls: Option<SignedDuration>,
}

impl Retention {
    /// Whether anything is ever removed.
    pub fn any(&self) -> bool {
        let all = [
            self.inputs,
            self.messages,
            self.content,
            self.runs,
            self.calls,
        ];
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
    /// The country of customers whose country is not known: ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Arc<str>>,
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
            country: None,
            capped: Capped::Skip,
            quiet: Quiet::Hold,
        }
    }
}
