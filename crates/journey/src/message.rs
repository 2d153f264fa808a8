//! Decided messages, and decisions not to send.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{MachineId, MessageId, RunId},
    policies::Pace,
    value::Value,
};

/// A way to reach a customer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// Push notification.
    Push,
    /// Chatbot.
    Chat,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::Push, Self::Chat];

    /// As authors write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Chat => "chat",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == s).ok_or(())
    }
}

/// One rule that refused a send, with its evidence (rule 38).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The channel that was tried.
    pub channel: Channel,
    /// The word authors see in `steps.ID.reason`.
    pub reason: Reason,
    /// The name of the cap or of the quiet hours; the purpose for consent.
    pub rule: Arc<str>,
    /// When the rule lets it through, if time alone can.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    #[schemars(with = "Option<Timestamp>")]
    pub until: Option<Timestamp>,
    /// Of quiet hours, the zone in which they were looked at, and where it comes from: `Europe/Paris, from
    /// the phone's country`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Arc<str>>,
    /// The sends that used up the cap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<MessageId>,
    /// Of fatigue, how many messages fitted then, and why so few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
}

/// Why a message was not sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer's processing is restricted.
    Restricted,
    /// The purpose's consent is missing or withdrawn on this channel.
    NoConsent,
    /// No address for this channel.
    Unreachable,
    /// The address bounced or complained.
    SuppressionList,
    /// A frequency cap is used up.
    Capped,
    /// Quiet hours.
    Quiet,
    /// It could not go before its `expires`.
    Expired,
    /// The run left before it was handed over (rule 35).
    Recalled,
    /// The provider refused for good, or every try failed.
    Failed,
    /// The template could not be rendered.
    Unrenderable,
    /// The send's `key` was sent before (rule 49).
    AlreadySent,
    /// The customer wants nothing for a while.
    CustomerPaused,
    /// The customer wants nothing that is chosen by what they did.
    NotPersonalised,
    /// The customer is one of those who get none, for comparison.
    ControlGroup,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::Restricted,
        Self::NoConsent,
        Self::Unreachable,
        Self::SuppressionList,
        Self::Capped,
        Self::Quiet,
        Self::Expired,
        Self::Recalled,
        Self::Failed,
        Self::Unrenderable,
        Self::AlreadySent,
        Self::CustomerPaused,
        Self::NotPersonalised,
        Self::ControlGroup,
    ];

    /// As authors and support read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::NoConsent => "no_consent",
            Self::Unreachable => "unreachable",
            Self::SuppressionList => "suppression_list",
            Self::Capped => "capped",
            Self::Quiet => "quiet",
            Self::Expired => "expired",
            Self::Recalled => "recalled",
            Self::Failed => "failed",
            Self::Unrenderable => "unrenderable",
            Self::AlreadySent => "already_sent",
            Self::CustomerPaused => "customer_paused",
            Self::NotPersonalised => "not_personalised",
            Self::ControlGroup => "control_group",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or(())
    }
}

/// A decision about one send: to go (and then it is queued), or not to.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Which; the idempotency key towards the provider.
    pub id: MessageId,
    /// When it was decided; caps count from here.
    pub at: Timestamp,
    /// The run that decided it.
    pub run: RunId,
    /// Its journey.
    pub journey: Arc<str>,
    /// The step's id, declared or generated.
    pub step: Arc<str>,
    /// The channel; of a refused list, the first.
    pub channel: Channel,
    /// The purpose.
    pub purpose: Arc<str>,
    /// `None`: to be sent. Else why not.
    pub refused: Option<Reason>,
    /// The rest, kept as one piece.
    pub decision: Decision,
}

/// What dispatch and support need to know of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The machine that decided.
    pub machine: MachineId,
    /// Index of the deciding node in that machine.
    pub node: u32,
    /// The run's key.
    #[serde(default)]
    pub key: Arc<str>,
    /// The template's name; empty where a person wrote the message.
    pub template: Arc<str>,
    /// The `with` of the step, as decided (rule 48).
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub with: Value,
    /// The `key` of the send, as decided: no two messages go with the same (rule 49).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Arc<str>>,
    /// The message that this one repeats, for a person had it sent again: the first, where one is repeated again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<MessageId>,
    /// Not to be sent at or after this.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    #[schemars(with = "Option<Timestamp>")]
    pub expires_at: Option<Timestamp>,
    /// 0 to 100, the highest first.
    pub priority: u8,
    /// The journey's tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Arc<str>>,
    /// Every rule that refused, in the order of rule 38, also for channels tried before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
}

impl Decision {
    /// What a person wrote, whose message it is: it has no template.
    pub fn words(&self) -> Option<&str> {
        let written = self.template.is_empty().then_some(&self.with)?;
        written.as_map()?.get("text")?.as_text()
    }
}
