//! What a play has shown.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    content::Content,
    customer::{Customer, Run},
    ids::RunId,
    machine::NodeId,
    message::{Message, Reason},
    source::Span,
    time::{self, Zoned},
    trace::Fact,
    world::World,
};

/// Everything that happened to one customer.
#[derive(Clone, Debug)]
pub struct Played {
    /// What the customer is called.
    pub key: Arc<str>,
    /// The zone of the customer's clock, as it is at the end.
    pub zone: Zoned,
    /// When the clock started.
    pub start: Timestamp,
    /// How far the clock ran.
    pub until: Timestamp,
    /// One entry for each input, in order.
    pub moments: Vec<Moment>,
    /// Messages that were decided to go and that a provider took.
    pub sends: Vec<Delivery>,
    /// Messages that did not leave.
    pub refused: Vec<Refusal>,
    /// Every run, as it was last seen, in the order of their entries.
    pub runs: Vec<Run>,
    /// How runs ended: journey and reason, in order.
    pub ends: Vec<(Arc<str>, Arc<str>)>,
    /// The steps that were walked, in order.
    pub visits: Vec<Visit>,
    /// Events that journeys emitted: journey, name and fields.
    pub emitted: Vec<(Arc<str>, Arc<str>, crate::value::Value)>,
    /// The customer at the end.
    pub customer: Customer,
    /// Where the customer stands, in each journey that they are inside.
    pub standing: Vec<Standing>,
    /// What could not happen as the test says.
    pub(crate) trouble: Vec<Trouble>,
    /// Whether the play was cut off because there was no end to it.
    pub endless: bool,
}

/// One input and what was decided.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The zone of the customer's clock then.
    pub zone: TimeZone,
    /// What happened; empty where it was only time that went by.
    pub what: String,
    /// What was decided and why.
    pub said: Vec<Said>,
}

/// One fact of a timeline.
#[derive(Clone, Debug)]
pub struct Said {
    /// The journey, if it is about one.
    pub journey: Option<Arc<str>>,
    /// The step, if it is about one.
    pub step: Option<Arc<str>>,
    /// The step's line in its `journey.yaml`.
    pub line: Option<u32>,
    /// What.
    pub fact: Fact,
}

/// A message that left.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message as it was decided.
    pub message: Message,
    /// What the customer reads.
    pub content: Content,
    /// The zone of the customer's clock then.
    pub zone: TimeZone,
}

/// A message that did not leave.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The message as it was decided.
    pub message: Message,
    /// Why.
    pub reason: Reason,
    /// In a sentence.
    pub why: String,
}

/// A step that was walked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// The journey.
    pub journey: Arc<str>,
    /// Its run.
    pub run: RunId,
    /// The step's id, declared or generated.
    pub step: Arc<str>,
    /// The branch that was taken there, if the step has branches and has been left.
    pub branch: Option<Arc<str>>,
    /// Whether the run has gone on from there.
    pub left: bool,
}

/// Where the customer stands in one journey.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The journey.
    pub journey: Arc<str>,
    /// The run's key; empty without one.
    pub key: Arc<str>,
    /// The step.
    pub step: Arc<str>,
    /// The step's line in its `journey.yaml`.
    pub line: u32,
    /// When it goes on by itself; `None`: only something that happens moves it.
    pub due: Option<Timestamp>,
    /// What a held message waits for.
    pub held: Option<String>,
}

/// Something that could not happen as the test says.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) span: Span,
    pub(crate) says: String,
    pub(crate) note: String,
}

impl Played {
    pub(super) fn new(customer: &Customer, zone: Zoned, start: Timestamp) -> Self {
        Self {
            key: customer.key.clone(),
            zone,
            start,
            until: start,
            moments: Vec::new(),
            sends: Vec::new(),
            refused: Vec::new(),
            runs: Vec::new(),
            ends: Vec::new(),
            visits: Vec::new(),
            emitted: Vec::new(),
            customer: Customer::new(&customer.key),
            standing: Vec::new(),
            trouble: Vec::new(),
            endless: false,
        }
    }

    /// Keeps a run as it is now.
    pub(super) fn remember(&mut self, run: &Run) {
        match self.runs.iter_mut().find(|r| r.id == run.id) {
            Some(known) => known.clone_from(run),
            None => self.runs.push(run.clone()),
        }
    }

    pub(super) fn close(&mut self, world: &World, customer: Customer) {
        self.standing = customer
            .runs
            .iter()
            .filter_map(|run| standing(world, run))
            .collect();
        self.zone = time::of_customer(&customer, &world.policies.defaults);
        self.customer = customer;
    }

    /// The runs of one journey, in the order of their entries.
    pub fn runs_of<'p>(&'p self, journey: &'p str) -> impl Iterator<Item = &'p Run> {
        self.runs.iter().filter(move |r| &*r.journey == journey)
    }

    /// Whether a journey had anything to do with the customer.
    pub fn is_concerned(&self) -> bool {
        let mut said = self.moments.iter().flat_map(|m| &m.said);
        said.any(|s| s.journey.is_some())
    }

    /// Where the customer moves next if nothing happens; `None` where nothing is pending.
    pub fn next(&self) -> Option<&Standing> {
        let waiting = self.standing.iter().filter(|s| s.due.is_some());
        waiting.min_by_key(|s| s.due)
    }
}

fn standing(world: &World, run: &Run) -> Option<Standing> {
    if run.left.is_some() || run.node == NodeId::END {
        return None;
    }
    let node = world.machine(run.machine)?.node(run.node)?;
    let pending = run.state.pending.as_ref();
    Some(Standing {
        journey: run.journey.clone(),
        key: run.key.clone(),
        step: node.id.clone(),
        line: node.line,
        due: run.due_at,
        held: pending
            .and_then(|p| p.held.as_ref())
            .map(crate::message::Refusal::sentence),
    })
}
