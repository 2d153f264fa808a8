//! What publishing a workspace would change: the difference between its files and what runs, in
//! the author's words, and what becomes of the customers in flight (promise 7).
//!
//! Pure: what runs is an argument ([`Running`]), read by the store in one snapshot. A moving run
//! goes by the same [`Matching`] that the plan shows.

mod assemble;
mod check;
mod diff;
mod edges;
mod facets;
mod fate;
mod head;
mod limits;
mod matching;
mod needed;
mod shares;
mod text;
mod variables;

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::{
    diagnostic::SourceFile,
    ids::{CustomerId, MachineId},
    machine::{Machine, NodeId},
    workspace::Workspace,
};

pub(crate) use self::variables::{forget_changed, kinds};
pub use self::{
    assemble::{plan, wanted},
    check::{check, may_stop, unpublished},
    diff::{Change, Diff, StepDiff, StepRef},
    facets::{Facet, duration},
    fate::{Fate, acts_on},
    limits::{FileState, TemplateChange, files, policies},
    matching::Matching,
    shares::{Share, drawn, moved as redrawn},
    text::{number, text},
};

/// What runs, as one snapshot of the database.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// The files that were applied last; empty before the first apply.
    pub files: Vec<SourceFile>,
    /// Every machine that was ever published, in order of journey and version.
    pub published: Vec<Published>,
    /// How many runs are inside, by machine and node.
    pub flights: Vec<Flight>,
    /// The customers of runs at the places that [`wanted`] names, if somebody looked: one for each
    /// run. Without them, a changed split tells a share and not a count.
    pub customers: BTreeMap<(MachineId, NodeId), Vec<CustomerId>>,
}

/// A machine that was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// Which.
    pub id: MachineId,
    /// Its journey.
    pub journey: Arc<str>,
    /// Counts the journey's machines from 1.
    pub version: u32,
    /// Whether new runs enter it.
    pub current: bool,
    /// The machine, if it is current or somebody is on it; `None` also where this version of
    /// Parcours cannot read it.
    pub machine: Option<Arc<Machine>>,
}

/// Runs that stand at one step of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The version.
    pub machine: MachineId,
    /// The step.
    pub node: NodeId,
    /// How many; more than none.
    pub runs: u64,
}

/// The workspace that would be published.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Its files.
    pub files: &'a [SourceFile],
    /// The same, compiled.
    pub workspace: &'a Workspace,
    /// Removed journeys whose runs are to end (rule 54).
    pub stop: &'a [Arc<str>],
}

/// What an apply would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Journeys in order of name: those of the workspace, and those that still run.
    pub journeys: Vec<JourneyPlan>,
    /// What is another in `config/policies.yaml`; it holds for everybody in flight at once.
    pub policies: Vec<Change>,
    /// Templates that change; so do messages of runs in flight that are not yet handed over.
    pub templates: Vec<TemplateChange>,
    /// Other files that change: path and how.
    pub files: BTreeMap<Arc<str>, FileState>,
    /// What becomes of all runs in flight, by [`Fate::as_str`].
    pub in_flight: BTreeMap<Arc<str>, u64>,
}

/// What becomes of one journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JourneyPlan {
    /// Its name.
    pub journey: Arc<str>,
    /// New, changed, unchanged or removed.
    pub state: JourneyState,
    /// The version that new runs enter now, if they do.
    pub from: Option<u32>,
    /// The version that new runs will enter; `None`: none, it is removed.
    pub to: Option<u32>,
    /// Whether that version was published before: a step back.
    pub back: bool,
    /// What is another; `None` where there is nothing to compare.
    pub diff: Option<Diff>,
    /// Runs in flight by version, the oldest first.
    pub flights: Vec<VersionFlight>,
}

/// See [`JourneyPlan::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JourneyState {
    /// New runs will enter it that cannot now.
    New,
    /// It gets another version.
    Changed,
    /// It goes on as it is.
    Unchanged,
    /// No new run will enter it.
    Removed,
}

/// Runs in flight on one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionFlight {
    /// The version.
    pub version: u32,
    /// By step, in the order of the text.
    pub steps: Vec<StepFlight>,
}

/// Runs in flight at one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepFlight {
    /// The step; `None` where the version cannot be read.
    pub step: Option<StepRef>,
    /// How many runs stand there.
    pub runs: u64,
    /// Whether they are held there: a send that waits for a cap or for the end of quiet hours.
    pub held: bool,
    /// What becomes of them.
    #[serde(flatten)]
    pub fate: Fate,
    /// Splits ahead of these runs whose arms change for some of them: only for runs that move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redrawn: Vec<Redrawn>,
}

/// A split ahead of moving runs that draws some of them anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redrawn {
    /// The split's id.
    pub split: Arc<str>,
    /// The share of all customers who get another arm.
    pub share: Share,
    /// How many of these runs do, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<u64>,
}

impl Plan {
    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        let changes = |j: &JourneyPlan| j.state != JourneyState::Unchanged;
        let idle = !self.journeys.iter().any(changes) && self.touched() == 0;
        idle && self.policies.is_empty() && self.templates.is_empty() && self.files.is_empty()
    }

    /// How many runs in flight it would move or end: what somebody should say yes to.
    pub fn touched(&self) -> u64 {
        let touched = ["moves", "leaves", "lost", "stopped"];
        let counts = touched.iter().filter_map(|fate| self.in_flight.get(*fate));
        counts.sum()
    }
}
