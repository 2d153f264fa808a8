//! Ways into a journey and out of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};

use super::Zone;
use crate::{expr::Expr, time, value::Value};

/// One way in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What lets a customer in.
    pub by: By,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// One run per customer and value of this; without it, one per customer.
    pub key: Option<Expr>,
}

/// What lets a customer in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An event of that name.
    Event {
        /// The event.
        name: Arc<str>,
        /// How old the event may be (rule 14).
        fresh: SignedDuration,
    },
    /// The customer has come to belong to a segment, or belongs to it no longer (rule 21).
    Segment {
        /// The segment's name.
        name: Arc<str>,
        /// What makes a customer belong: a condition over traits alone.
        condition: Expr,
        /// Which change.
        change: Change,
        /// Whether those who belong when the journey is published enter as well.
        backfill: bool,
    },
    /// A schedule for all customers, or for those of a segment.
    Schedule {
        /// A cron expression of five fields.
        cron: Arc<str>,
        /// Whose clock: an IANA name.
        zone: Arc<str>,
        /// Who enters: the segment's name and condition; everybody without one.
        segment: Option<(Arc<str>, Expr)>,
    },
    /// A date among the customer's traits (rule 20).
    Date {
        /// The trait's name.
        of: Arc<str>,
        /// Whether it comes every year.
        yearly: bool,
        /// How long before (negative) or after.
        offset: SignedDuration,
        /// At that local time of the day; at the date's own time without it.
        at: Option<civil::Time>,
        /// Whose clock.
        zone: Zone,
    },
    /// A `start` of another journey, or a call of the API.
    Api,
}

/// A change of membership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Belongs now and did not before.
    #[default]
    Entered,
    /// Belonged before and does no longer.
    Left,
}

impl By {
    /// What `event` is for who enters at that moment otherwise than by an event, as it is kept in a run: a
    /// moment as its text. `None` where a producer says it.
    pub fn occasion(&self, at: Timestamp) -> Option<Value> {
        let moment = |name| Value::map([(name, Value::Moment(at).storable())]);
        match self {
            Self::Event { .. } | Self::Api => None,
            Self::Date { .. } => Some(moment("date")),
            Self::Schedule { .. } => Some(moment("at")),
            Self::Segment { name, change, .. } => {
                let word = match change {
                    Change::Entered => "entered",
                    Change::Left => "left",
                };
                Some(Value::map([
                    ("segment", Value::Text(name.clone())),
                    ("change", Value::text(word)),
                ]))
            }
        }
    }
}

impl Entry {
    /// The event that enters, if it is an entry by event.
    pub fn event(&self) -> Option<&Arc<str>> {
        match &self.by {
            By::Event { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// What becomes of runs on older versions when this one is first published (rules 51 and 52).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrate {
    /// Which versions; all older ones where empty.
    pub from: Vec<u32>,
    /// What becomes of their runs.
    pub in_flight: InFlight,
    /// What becomes of runs that cannot be moved.
    pub lost: Lost,
}

/// What becomes of a run that is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// It finishes on its version.
    #[default]
    Finish,
    /// It goes on at the same step of the new version.
    Move,
    /// It leaves.
    Exit,
}

/// What becomes of a run whose step is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lost {
    /// It finishes on its version.
    #[default]
    Finish,
    /// It leaves.
    Exit,
}

/// What the same key does while a run of it is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inside {
    /// Nothing.
    Ignore,
    /// It replaces `run.event`.
    Refresh,
    /// It ends the run as `restarted` and starts another.
    Restart,
}

/// Whether and when a customer may enter again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Again {
    /// Once and never again, per key.
    Never,
    /// Whenever no run of the key is inside.
    Always,
    /// Not before `after` has passed since the last entry.
    After {
        /// How long.
        after: SignedDuration,
        /// Counted over all keys of the customer; else for each key by itself.
        per_customer: bool,
    },
}

impl Again {
    /// From when on an entry at `last` allows another; `None`: it never does, or always did.
    pub fn from(self, last: Timestamp) -> Option<Timestamp> {
        match self {
            Self::After { after, .. } => Some(time::plus(last, after)),
            Self::Never | Self::Always => None,
        }
    }
}

/// What counts as success, once per run (rule 37).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// The event, or none where a condition alone decides.
    pub event: Option<Arc<str>>,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// How long after entry it still counts, left or not; `None`: while inside.
    pub within: Option<SignedDuration>,
}

/// One way out at any moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// The event, or none where a condition alone decides.
    pub event: Option<Arc<str>>,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// The reason; `goal` also counts one (rule 37).
    pub reason: Arc<str>,
}

/// The longest stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stay {
    /// From entry.
    pub after: SignedDuration,
    /// The reason.
    pub reason: Arc<str>,
}
