//! The plan, put together from what runs and what would.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Draft, Flight, JourneyPlan, JourneyState, Plan, Published, Redrawn, Running, StepFlight,
    VersionFlight,
    diff::{Diff, StepRef},
    edges,
    fate::{Fate, acts_on, ordered},
    limits,
    matching::Matching,
    shares,
};
use crate::{
    ids::{CustomerId, MachineId},
    machine::{Machine, NodeId, Op},
    workspace::{self, Options},
};

/// What publishing `draft` over `running` would do.
pub fn plan(running: &Running, draft: Draft<'_>) -> Plan {
    let machines = draft.workspace.machines.iter();
    let machines: Vec<_> = machines.map(|c| &*c.machine).collect();
    let mut plan = Plan {
        journeys: names(running, draft)
            .into_iter()
            .map(|name| Journey::of(&name, running, draft).plan())
            .collect(),
        policies: policies(running, draft),
        templates: limits::templates(&running.files, draft.files, &machines),
        files: other_files(running, draft),
        in_flight: BTreeMap::new(),
    };
    for flight in plan
        .journeys
        .iter()
        .flat_map(|j| &j.flights)
        .flat_map(|v| &v.steps)
    {
        let fate = Arc::from(flight.fate.as_str());
        *plan.in_flight.entry(fate).or_default() += flight.runs;
    }
    plan
}

/// The journeys of the draft, those that can be entered now, and those that runs are still on.
fn names(running: &Running, draft: Draft<'_>) -> BTreeSet<Arc<str>> {
    let flown: BTreeSet<_> = running.flights.iter().map(|f| f.machine).collect();
    let old = running.published.iter();
    let old = old.filter(|p| p.current || flown.contains(&p.id));
    let new = draft.workspace.machines.iter();
    old.map(|p| p.journey.clone())
        .chain(new.map(|c| c.machine.journey.clone()))
        .collect()
}

fn policies(running: &Running, draft: Draft<'_>) -> Vec<super::Change> {
    if running.files.is_empty() {
        return Vec::new();
    }
    let declared = running.files.iter();
    let declared: Vec<_> = declared
        .filter(|f| f.path.starts_with("config/"))
        .cloned()
        .collect();
    let alone = Options {
        alone: true,
        ..Options::default()
    };
    // What was applied was without errors; if this version finds one, it has nothing to compare.
    match workspace::compile(&declared, &alone).0 {
        Some(old) => limits::policies(&old.policies, &draft.workspace.policies),
        None => Vec::new(),
    }
}

/// What else changes below `config/`: declarations of events, traits and segments.
fn other_files(running: &Running, draft: Draft<'_>) -> BTreeMap<Arc<str>, super::FileState> {
    let changed = limits::files(&running.files, draft.files, "config/");
    changed
        .into_iter()
        .filter(|(path, _)| *path != "config/policies.yaml")
        .map(|(path, state)| (Arc::from(path), state))
        .collect()
}

/// One journey, before and after.
pub(super) struct Journey<'a> {
    pub(super) name: &'a str,
    /// Its versions, the oldest first.
    pub(super) versions: Vec<&'a Published>,
    /// What new runs would enter.
    pub(super) new: Option<&'a Arc<Machine>>,
    flights: Vec<&'a Flight>,
    customers: &'a BTreeMap<(MachineId, NodeId), Vec<CustomerId>>,
    stopped: bool,
}

impl<'a> Journey<'a> {
    pub(super) fn of(name: &'a str, running: &'a Running, draft: Draft<'a>) -> Self {
        let versions: Vec<_> = running
            .published
            .iter()
            .filter(|p| &*p.journey == name)
            .collect();
        let own = |f: &&Flight| versions.iter().any(|p| p.id == f.machine);
        let compiled = draft.workspace.machines.iter();
        Self {
            name,
            flights: running.flights.iter().filter(own).collect(),
            new: compiled.map(|c| &c.machine).find(|m| &*m.journey == name),
            customers: &running.customers,
            stopped: draft.stop.iter().any(|s| &**s == name),
            versions,
        }
    }

    pub(super) fn current(&self) -> Option<&'a Published> {
        self.versions.iter().find(|p| p.current).copied()
    }

    /// The version that the new machine has already, if it was published before.
    pub(super) fn before(&self) -> Option<&'a Published> {
        let new = self.new?;
        self.versions.iter().find(|p| p.id == new.id).copied()
    }

    fn to(&self) -> Option<u32> {
        self.new?;
        let next = self.versions.iter().map(|p| p.version).max().unwrap_or(0) + 1;
        Some(self.before().map_or(next, |p| p.version))
    }

    fn state(&self) -> JourneyState {
        match (self.current(), self.new) {
            (_, None) => JourneyState::Removed,
            (None, Some(_)) => JourneyState::New,
            (Some(old), Some(new)) if old.id == new.id => JourneyState::Unchanged,
            (Some(_), Some(_)) => JourneyState::Changed,
        }
    }

    fn plan(&self) -> JourneyPlan {
        let state = self.state();
        let changed = (state == JourneyState::Changed).then(|| self.current()?.machine.clone());
        let diff = changed
            .flatten()
            .zip(self.new)
            .map(|(old, new)| Diff::between(&old, new));
        JourneyPlan {
            journey: Arc::from(self.name),
            state,
            from: self.current().map(|p| p.version),
            to: self.to(),
            back: state != JourneyState::Unchanged && self.before().is_some(),
            diff,
            flights: self
                .versions
                .iter()
                .filter_map(|p| self.flight(p))
                .collect(),
        }
    }

    /// Runs of that version, if there are any.
    pub(super) fn at(&self, version: &Published) -> impl Iterator<Item = &'a Flight> {
        let id = version.id;
        self.flights
            .iter()
            .copied()
            .filter(move |f| f.machine == id)
    }

    fn flight(&self, version: &Published) -> Option<VersionFlight> {
        let passage = Passage::of(self, version);
        let mut flights: Vec<_> = self.at(version).collect();
        flights.sort_by_key(|f| f.node);
        let steps: Vec<_> = flights.into_iter().map(|f| passage.step(f)).collect();
        (!steps.is_empty()).then_some(VersionFlight {
            version: version.version,
            steps,
        })
    }
}

/// How runs of one version pass to what will be.
pub(super) struct Passage<'a> {
    journey: &'a Journey<'a>,
    version: &'a Published,
    /// The order that moves or ends them, and the steps of both versions.
    order: Option<(&'a Machine, &'a Machine, Matching)>,
}

impl<'a> Passage<'a> {
    pub(super) fn of(journey: &'a Journey<'a>, version: &'a Published) -> Self {
        // It acts only on the apply that first publishes the machine (rule 51).
        let new = journey.new.filter(|_| journey.before().is_none());
        let acting = new.filter(|m| {
            let migrate = m.migrate.as_ref();
            migrate.is_some_and(|order| acts_on(order, version.version))
        });
        let order = acting.zip(version.machine.as_ref());
        Self {
            journey,
            version,
            order: order.map(|(new, old)| (&**old, &**new, Matching::of(old, new))),
        }
    }

    pub(super) fn fate(&self, node: NodeId) -> Fate {
        if self.journey.stopped && self.journey.new.is_none() {
            return Fate::Stopped;
        }
        if let Some((old, new, matching)) = &self.order
            && let Some(migrate) = &new.migrate
        {
            return ordered(migrate, old, new, matching, node);
        }
        let stays = self.journey.new.is_some_and(|m| m.id == self.version.id);
        match stays {
            true => Fate::Stays,
            false => Fate::Finishes,
        }
    }

    fn step(&self, flight: &Flight) -> StepFlight {
        let node = self.version.machine.as_ref();
        let node = node.and_then(|m| m.node(flight.node));
        let fate = self.fate(flight.node);
        StepFlight {
            step: node.map(StepRef::of),
            runs: flight.runs,
            held: node.is_some_and(|n| matches!(n.op, Op::Send(_))),
            redrawn: match fate {
                Fate::Moves { .. } => self.redrawn(flight.node),
                _ => Vec::new(),
            },
            fate,
        }
    }

    /// The splits that a run at `node` can still come to, where the new version draws another arm
    /// for some.
    fn redrawn(&self, node: NodeId) -> Vec<Redrawn> {
        let Some((old, new, matching)) = &self.order else {
            return Vec::new();
        };
        let customers = self.journey.customers.get(&(self.version.id, node));
        let ahead = ahead(old, node).into_iter();
        let splits = ahead.filter_map(|id| {
            let (was, is) = (old.node(id)?, new.node(matching.new_of(id)?)?);
            let share = shares::moved(&was.op, &is.op).filter(|s| s.of > 0)?;
            let count = |customers: &Vec<_>| {
                shares::count(customers, &new.journey, &is.id, &was.op, &is.op)
            };
            Some(Redrawn {
                split: is.id.clone(),
                share,
                runs: customers.map(count),
            })
        });
        splits.collect()
    }
}

/// The places whose customers tell how many runs a changed split draws anew, with how many runs
/// stand there.
pub fn wanted(running: &Running, draft: Draft<'_>) -> Vec<Flight> {
    let mut wanted = Vec::new();
    for name in names(running, draft) {
        let journey = Journey::of(&name, running, draft);
        for version in &journey.versions {
            let passage = Passage::of(&journey, version);
            let at = journey.at(version).filter(|f| {
                let moves = matches!(passage.fate(f.node), Fate::Moves { .. });
                moves && !passage.redrawn(f.node).is_empty()
            });
            wanted.extend(at.copied());
        }
    }
    wanted
}

/// The nodes that a run at `node` may still come to.
fn ahead(machine: &Machine, node: NodeId) -> BTreeSet<NodeId> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![node]);
    while let Some(at) = open.pop() {
        let ways = machine.node(at).map(edges::of).unwrap_or_default();
        let new = ways.into_iter().map(|(_, to)| to);
        open.extend(new.filter(|to| machine.node(*to).is_some() && seen.insert(*to)));
    }
    seen
}
