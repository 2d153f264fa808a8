//! What steps do.

use std::sync::Arc;

use jiff::{SignedDuration, civil};
use serde::{Deserialize, Serialize};

use super::NodeId;
use crate::{
    expr::{Expr, Operand},
    message::Channel,
};

/// One arm of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name.
    pub name: Arc<str>,
    /// Its share of the sum of weights.
    pub weight: u32,
    /// Its first step.
    pub first: NodeId,
}

/// What `set` sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// `run.NAME`.
    Run(Arc<str>),
    /// `customer.NAME`.
    Customer(Arc<str>),
}

/// A wait for time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// How long first.
    pub span: SignedDuration,
    /// Until which moment; null and past moments take `missed`.
    pub moment: Option<Expr>,
    /// Added to the moment.
    pub offset: SignedDuration,
    /// Then until this time of day or window.
    pub at: Option<Hours>,
    /// Only on these days; all where empty.
    pub days: Vec<Weekday>,
    /// Whose days and hours.
    pub zone: Zone,
    /// What a null or past moment does.
    pub missed: Missed,
}

/// A time of day, or a window between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// The next such time at or after arrival.
    At(civil::Time),
    /// Inside it at once, else its next opening. `to` before or at `from` runs over midnight.
    Between {
        /// Opens, included.
        from: civil::Time,
        /// Closes, excluded.
        to: civil::Time,
    },
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// Whose clock counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The customer's: the trait `timezone`, else the phone's country, else the default.
    #[default]
    Customer,
    /// An IANA name.
    Named(Arc<str>),
}

/// What a null or past moment does (rule 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Go on with the next step.
    GoOn,
    /// Leave as `missed`.
    Exit,
    /// Go there instead.
    Steps(NodeId),
}

/// A wait for an event or a condition, or for the first of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitFor {
    /// What it waits for; of several that match one input, the first as written wins (rule 28).
    pub arms: Vec<Awaited>,
    /// How long; `None`: for ever.
    pub within: Option<SignedDuration>,
    /// Where a time-out leads.
    pub otherwise: NodeId,
}

/// One thing that is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Awaited {
    /// The event, or none where a condition alone decides.
    pub event: Option<Arc<str>>,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// Where a match leads.
    pub then: NodeId,
}

/// A send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// One channel, or several in the order of fallback.
    pub channels: Vec<Channel>,
    /// The consent purpose: the step's, else the journey's.
    pub purpose: Arc<str>,
    /// The template's name.
    pub template: Arc<str>,
    /// What the template may name beside the customer.
    pub with: Option<Operand>,
    /// What a used-up cap does; else the rule's word, else the default's.
    pub capped: Option<Capped>,
    /// What quiet hours do; else the rule's word, else the default's.
    pub quiet: Option<Quiet>,
    /// How long after the first decision it may still go.
    pub expires: Option<SignedDuration>,
    /// Once per customer and value of this, ever (rule 49).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Operand>,
}

/// What a used-up cap does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capped {
    /// Go on without sending.
    Skip,
    /// Wait for room.
    Hold,
    /// Try the next channel of the list; skip without one.
    Fallback,
    /// Send all the same, where the purpose permits.
    Send,
}

/// What quiet hours do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quiet {
    /// Go on without sending.
    Skip,
    /// Wait for their end.
    Hold,
    /// Try the next channel of the list; skip without one.
    Fallback,
    /// Send all the same, where the purpose permits.
    Send,
}
