//! A compiled journey: a flat array of nodes, immutable and named by its content.

mod entries;
mod events;
mod steps;
mod talk;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{
    entries::{Again, By, Change, Entry, Exit, Goal, InFlight, Inside, Lost, Migrate, Stay},
    events::{
        CHAT_OPENED, HANDED_BACK, PERSON_SAID, REGISTERED, REPLIED, STARTED, SUPPORT_ACTION,
        UNREGISTERED, is_of_the_engine,
    },
    steps::{
        Arm, Awaited, Capped, Hours, Missed, Quiet, Send, Target, Wait, WaitFor, Weekday, Zone,
    },
    talk::{Ask, Call, Choice, Expect, HandOver, Repeat},
};
use crate::{
    expr::{Expr, Operand},
    ids::MachineId,
    time,
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
    /// What becomes of runs on older versions when this one is first published. No part of what
    /// the machine does: it is neither kept nor hashed.
    #[serde(skip)]
    pub migrate: Option<Migrate>,
    /// The steps; the first is where a run starts. Empty: a run completes on entry.
    pub nodes: Vec<Node>,
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

    /// Until when the goal of a run that entered then counts, if it counts after leaving.
    pub fn goal_until(&self, entered_at: Timestamp) -> Option<Timestamp> {
        let within = self.goal.as_ref()?.within?;
        Some(time::plus(entered_at, within))
    }

    /// When the longest stay of a run that entered then is over; pauses do not count.
    pub fn stays_until(
        &self,
        entered_at: Timestamp,
        paused_for: SignedDuration,
    ) -> Option<Timestamp> {
        let end = time::plus(entered_at, self.stay.as_ref()?.after);
        Some(time::plus(end, paused_for))
    }

    /// Every event name that this machine listens to, sorted, each once: entries, goal, exits and waits.
    pub fn listens(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self
            .entries
            .iter()
            .filter_map(|e| e.event().cloned())
            .collect();
        names.extend(self.goal.iter().filter_map(|g| g.event.clone()));
        names.extend(self.exits.iter().filter_map(|e| e.event.clone()));
        for node in &self.nodes {
            match &node.op {
                Op::WaitFor(w) => names.extend(w.arms.iter().filter_map(|a| a.event.clone())),
                Op::Ask(_) => names.push(Arc::from(REPLIED)),
                // Who answers a task hands it back.
                Op::Call(_) => names.push(Arc::from(HANDED_BACK)),
                Op::HandOver(_) => names.extend([HANDED_BACK, PERSON_SAID].map(Arc::from)),
                _ => {}
            }
        }
        names.sort();
        names.dedup();
        names
    }
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
    /// Ask a question and wait for the answer.
    Ask(Box<Ask>),
    /// Call an endpoint and wait for its answer.
    Call(Call),
    /// Hand over to a person and wait until they hand back.
    HandOver(HandOver),
    /// Rounds of the same steps.
    Repeat(Repeat),
    /// An event of our own.
    Emit {
        /// Its name.
        event: Arc<str>,
        /// Its fields.
        with: Option<Operand>,
    },
    /// Start another journey for this customer.
    Start {
        /// Which.
        journey: Arc<str>,
        /// Its `run.event`.
        with: Option<Operand>,
    },
    /// End the runs of another journey of this customer.
    Stop {
        /// Which.
        journey: Arc<str>,
    },
    /// The steps of a fragment follow.
    Use {
        /// Its name.
        fragment: Arc<str>,
    },
}

impl Op {
    /// The message that it decides, if it does.
    pub fn send(&self) -> Option<&Send> {
        match self {
            Self::Send(send) => Some(send),
            Self::Ask(ask) => Some(&ask.send),
            _ => None,
        }
    }

    /// The verb, as authors write it; of `if` and `choose`, the latter.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Wait(_) => "wait",
            Self::WaitFor(_) => "wait_for",
            Self::Choose { .. } => "choose",
            Self::Split { .. } => "split",
            Self::Send(_) => "send",
            Self::Set(_) => "set",
            Self::Exit { .. } => "exit",
            Self::Ask(_) => "ask",
            Self::Call(_) => "call",
            Self::HandOver(_) => "hand_over",
            Self::Repeat(_) => "repeat",
            Self::Emit { .. } => "emit",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::Use { .. } => "use",
        }
    }
}

impl Node {
    /// Every node that a run can go to from here, by its own steps; an exit leads nowhere.
    pub fn leads_to(&self) -> Vec<NodeId> {
        match &self.op {
            Op::Choose { arms, otherwise } => {
                arms.iter().map(|a| a.1).chain([*otherwise]).collect()
            }
            Op::Split { arms, .. } => arms.iter().map(|a| a.first).collect(),
            Op::WaitFor(wait) => {
                let timed_out = wait.within.map(|_| wait.otherwise);
                wait.arms.iter().map(|a| a.then).chain(timed_out).collect()
            }
            Op::Wait(wait) => match wait.missed {
                Missed::Steps(first) => vec![first, self.next],
                Missed::GoOn | Missed::Exit => vec![self.next],
            },
            Op::Ask(ask) => ask.leads_to(self.next),
            Op::Call(call) => vec![self.next, call.otherwise],
            Op::HandOver(call) => vec![self.next, call.otherwise],
            Op::Repeat(repeat) => vec![repeat.first, self.next],
            Op::Send(_)
            | Op::Set(_)
            | Op::Emit { .. }
            | Op::Start { .. }
            | Op::Stop { .. }
            | Op::Use { .. } => vec![self.next],
            Op::Exit { .. } => Vec::new(),
        }
    }
}
