//! Inputs: what happens to a customer.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    call::Answer,
    failure::Failure,
    ids::{InputId, MachineId, RunId},
    machine::Lost,
    merge::TakeOver,
    message::{Message, Reason},
    value::{Map, Value},
};

/// One event, timer, receipt or passage of one customer, with its own recorded clock (rule 8).
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Which; a second input of the same id has no effect.
    pub id: InputId,
    /// What the clock said when it was taken in. Never goes back for one customer.
    pub now: Timestamp,
    /// What happened.
    pub kind: InputKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum InputKind {
    /// A producer's event.
    Event(Event),
    /// The run's `due_at` has come.
    Timer {
        /// Whose.
        run: RunId,
    },
    /// A message has failed for good, or was stopped at dispatch.
    Receipt(Box<Receipt>),
    /// The moment of a date entry has come (rule 20).
    Date {
        /// Of which journey.
        journey: Arc<str>,
        /// Which of its entries.
        entry: u16,
    },
    /// The customer's part in something that concerns many at once.
    Sweep(Sweep),
    /// An endpoint's answer, or that there will be none.
    Answer(Box<Answer>),
    /// A run in flight passes to another version of its journey, or out of it.
    Passage {
        /// Whose.
        run: RunId,
        /// Where to.
        passage: Passage,
    },
    /// Somebody who was merged into this customer hands something over.
    TakeOver(Box<TakeOver>),
}

/// What an apply, or a pause, has in store for a run in flight (rules 51 to 54).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// To the step that is the same in another version.
    Move {
        /// That version's machine.
        to: MachineId,
        /// Its number, for people.
        version: u32,
        /// What becomes of a run whose step is gone.
        lost: Lost,
    },
    /// It leaves as `migrated`.
    Exit {
        /// The version that has taken the place of its own.
        to: MachineId,
        /// Its number, for people.
        version: u32,
    },
    /// It leaves as `stopped`: its journey was removed, and its runs are not to finish.
    Stop,
    /// Its journey is paused (rule 53): it stays where it is.
    Pause {
        /// Since when.
        #[serde(with = "crate::instant")]
        since: Timestamp,
    },
    /// Its journey goes on.
    Resume {
        /// Since when.
        #[serde(with = "crate::instant")]
        at: Timestamp,
        /// Since when it is paused again, if whoever heeds this heeds the next pause at once: no step is
        /// taken in between.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "crate::instant::optional"
        )]
        again: Option<Timestamp>,
    },
}

impl Passage {
    /// The machine that it is about, if it is about one.
    pub fn to(&self) -> Option<MachineId> {
        match self {
            Self::Move { to, .. } | Self::Exit { to, .. } => Some(*to),
            Self::Stop | Self::Pause { .. } | Self::Resume { .. } => None,
        }
    }
}

/// One customer's part in something that concerns many at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The journey.
    pub journey: Arc<str>,
    /// Which of its entries.
    pub entry: u16,
    /// What it is about.
    pub kind: SweepKind,
}

/// What a sweep is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepKind {
    /// A tick of the entry's schedule, at that time.
    Tick(Timestamp),
    /// Those who belong to the entry's segment when the journey is published (rule 21).
    Backfill,
    /// Dates that were there before the journey was published at that time (rule 20).
    Dates(Timestamp),
}

/// An event, as a producer sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The customer's key, 1 to 256 bytes.
    pub customer: Arc<str>,
    /// Its name; `identify` for a profile update.
    pub name: Arc<str>,
    /// When it happened, by the producer's clock.
    pub at: Timestamp,
    /// Its fields: `event.NAME`. A map.
    pub properties: Value,
    /// New traits of the customer; a null trait is forgotten.
    pub traits: Map,
    /// The id that the producer gave it, for support.
    pub message_id: Arc<str>,
    /// Where it says it comes from; empty for Segment's bodies.
    pub source: Arc<str>,
}

/// A queued message that will not arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The message as it was decided.
    pub message: Message,
    /// The attempt that ended it: the fence. A receipt of another attempt has no effect.
    pub attempt: u16,
    /// Why: one of `Failed`, `Unrenderable`, `Restricted`, `NoConsent`, `SuppressionList`, `Unreachable`,
    /// `Expired`.
    pub reason: Reason,
    /// What went wrong.
    pub detail: Failure,
}
