//! A compiled journey: a flat array of nodes, immutable and named by its content.

use std::sync::Arc;

use jiff::{SignedDuration, civil};
use serde::{Deserialize, Serialize};

use crate::{
    expr::{Expr, Operand},
    ids::MachineId,
    message::Channel,
};

/// Index of a node in its machine; [`NodeId::END`] is the end of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Behind the last step: the run is `completed`.
    pub const END: Self = Self(u32::MAX);
}

/// A compiled journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The hash of everything else; not serialised.
    #[serde(skip, default = "no_id")]
    pub id: MachineId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title, for people; the name where none was given.
    pub title: Arc<str>,
    /// Who goes first where sends contend: 0 to 100.
    pub priority: u8,
    /// Names that caps can count by.
    pub tags: Vec<Arc<str>>,
    /// Ways in, as written.
    pub entries: Vec<Entry>,
    /// The same key again while inside.
    pub inside: Inside,
    /// Whether and when a customer may enter again.
    pub again: Again,
    /// What counts as success.
    pub goal: Option<Goal>,
    /// Ways out at any moment, as written.
    pub exits: Vec<Exit>,
    /// The longest stay.
    pub stay: Option<Stay>,
    /// The steps; the first is where a run starts. Empty: a run completes on entry.
    pub nodes: Vec<Node>,
    /// What the apply that first publishes this machine does to runs in flight. Not part of what
    /// the machine is: it stays the same machine when the order is taken out of the file.
    #[serde(skip)]
    pub migrate: Option<Migrate>,
}

/// What becomes of runs in flight on older versions (rules 51 and 52).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrate {
    /// The versions that it is about; `None`: all older ones.
    pub from: Option<Vec<u32>>,
    /// What their runs do.
    pub in_flight: InFlight,
    /// What runs do that stand at a step that is gone.
    pub lost: Lost,
}

/// See [`Migrate::in_flight`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// They finish on the version that they are on.
    #[default]
    Finish,
    /// They move to the new version.
    Move,
    /// They leave as `migrated`.
    Exit,
}

/// See [`Migrate::lost`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lost {
    /// They finish on the version that they are on.
    #[default]
    Finish,
    /// They leave as `migrated`.
    Exit,
}

fn no_id() -> MachineId {
    MachineId(uuid::Uuid::nil())
}

impl Machine {
    /// The machine with its id set from its content.
    pub fn sealed(mut self) -> Self {
        self.id = MachineId::of(&self.content());
        self
    }

    /// The machine as bytes: JSON, the same for the same machine.
    pub fn content(&self) -> Vec<u8> {
        // Serialising into memory fails only for map keys that are no text; there are none.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// A machine from [`Machine::content`], its id checked anew.
    ///
    /// # Errors
    /// If the bytes are no machine of this version of Parcours.
    pub fn from_content(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Self>(bytes).map(Self::sealed)
    }

    /// The node of that id, or `None` at the end.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// Every event name that this machine listens to, sorted, each once: entries, goal, exits and waits.
    pub fn listens(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.entries.iter().map(|e| e.event.clone()).collect();
        names.extend(self.goal.iter().filter_map(|g| g.event.clone()));
        names.extend(self.exits.iter().filter_map(|e| e.event.clone()));
        names.extend(self.nodes.iter().filter_map(|n| match &n.op {
            Op::WaitFor(w) => w.event.clone(),
            _ => None,
        }));
        names.sort();
        names.dedup();
        names
    }
}

/// One way in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The event that enters.
    pub event: Arc<str>,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// One run per customer and value of this; without it, one per customer.
    pub key: Option<Expr>,
    /// How old the event may be (rule 14).
    pub fresh: SignedDuration,
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

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its id: as declared, or `VERB#N` (the N-th of its verb, from 1), which no author can write.
    pub id: Arc<str>,
    /// What it does.
    pub op: Op,
    /// Where it goes on; branching steps say so themselves.
    pub next: NodeId,
    /// The line in `journey.yaml`, from 1.
    pub line: u32,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Wait for time.
    Wait(Wait),
    /// Wait for an event or a condition.
    WaitFor(WaitFor),
    /// Many-way: the first arm whose condition holds, else `otherwise`. `if` has one arm.
    Choose {
        /// Conditions and where each leads.
        arms: Vec<(Expr, NodeId)>,
        /// Where else.
        otherwise: NodeId,
    },
    /// Sticky random arms.
    Split {
        /// Stirs the hash; empty unless given.
        salt: Arc<str>,
        /// At least one, weights above zero in sum.
        arms: Vec<Arm>,
    },
    /// Decide a message.
    Send(Send),
    /// Set variables and traits, in order.
    Set(Vec<(Target, Operand)>),
    /// Leave.
    Exit {
        /// The reason.
        reason: Arc<str>,
    },
}

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

/// A wait for an event or a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitFor {
    /// The event, or none where a condition alone decides.
    pub event: Option<Arc<str>>,
    /// Only if this holds.
    pub condition: Option<Expr>,
    /// How long; `None`: for ever.
    pub within: Option<SignedDuration>,
    /// Where a match leads.
    pub then: NodeId,
    /// Where a time-out leads.
    pub otherwise: NodeId,
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
