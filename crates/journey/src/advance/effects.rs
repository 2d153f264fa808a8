//! The turn: one customer, one input, and what becomes of them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    call::Call,
    consent::ConsentRecord,
    customer::{Customer, PastSend, Run},
    failure::Failure,
    ids::{CallId, MachineId, MessageId, RunId},
    input::{Event, Input},
    machine::NodeId,
    merge::Forward,
    message::{Message, Reason},
    trace::Line,
};

/// What became of one customer over one or more inputs.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The customer afterwards: `runs` holds those that are still open.
    pub customer: Customer,
    /// What is to be written, in no particular order but for `inputs`.
    pub effects: Effects,
}

/// What a turn writes.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The inputs that were decided, in their order, each with its trace. An input that no open
    /// run and no entry listened to is among them too, with `Ignored`.
    pub inputs: Vec<(Input, Vec<Line>)>,
    /// Decided messages, to go or not.
    pub messages: Vec<Message>,
    /// Queued messages to take back; the turn is void if one of them is no longer queued.
    pub recalled: Vec<PastSend>,
    /// Messages that receipts have ended: no longer counted by caps.
    pub settled: Vec<Settled>,
    /// Traits or ledger changed.
    pub profile: bool,
    /// Open runs that are new or changed (find them in `customer.runs`).
    pub touched: BTreeSet<RunId>,
    /// Runs that are over: out of their journey, with no goal to wait for.
    pub ended: Vec<Run>,
    /// What customers said of consents, to be kept as it was said.
    pub consents: Vec<ConsentRecord>,
    /// Calls to be made.
    pub calls: Vec<Call>,
    /// Calls that nobody waits for any more. Those that were not made need not be.
    pub cancelled: Vec<CallId>,
    /// Calls that people have answered: they are done.
    pub answered: Vec<CallId>,
    /// What is to be delivered to the one whom the customer was merged into.
    pub forwards: Vec<Forward>,
    /// The steps that were walked, in their order: what coverage counts. Not written.
    pub path: Vec<Visit>,
    /// Runs that moved to another version, in their order: what is counted. Not written.
    pub moved: Vec<Moved>,
    /// Events that steps emitted, with the run of each: what tests look at. Not written.
    pub emitted: Vec<(RunId, Event)>,
}

/// One step that a run went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The run.
    pub run: RunId,
    /// Its machine.
    pub machine: MachineId,
    /// The step.
    pub node: NodeId,
    /// Where it led; `None`: the run waits there, or left.
    pub to: Option<NodeId>,
}

/// A run that moved to another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub run: RunId,
    /// The machine it was on.
    pub from: MachineId,
    /// The machine it is on.
    pub to: MachineId,
    /// Whether its goal was reached before.
    pub goal: bool,
}

/// A queued message that will not arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Which.
    pub message: MessageId,
    /// When it was decided: part of its key.
    pub at: Timestamp,
    /// `Failed` and `Unrenderable` make it `failed`, all others `suppressed`.
    pub reason: Reason,
    /// What went wrong.
    pub detail: Failure,
}
