//! Runs in flight that pass to another version of their journey, or out of it (rules 51 to 54).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{Clock, MAX_TIMERS, Moved, Stepper, Turn, hand_over, next_due, profile::Changes, step};
use crate::{
    customer::{Customer, Pending, Round},
    ids::{InputId, MachineId, RunId},
    input::{Input, InputKind, Passage},
    machine::{Lost, Machine, NodeId, Op},
    plan::{self, Matching},
    time,
    trace::Fact,
    world::World,
};

/// Why a run leaves whose version is over.
const MIGRATED: &str = "migrated";
/// Why a run leaves whose journey was stopped.
const STOPPED: &str = "stopped";

/// Passes every run that is to pass, each as an input of its own, in order of id. A run that
/// passes to a version which is over itself passes on.
pub(super) fn all(world: &World, turn: &mut Turn, now: Timestamp, clock: Clock) {
    let now = match clock {
        Clock::Wall => now,
        // Not after a timer that will be recorded at the moment it was due.
        Clock::Recorded => next_due(world, &turn.customer).map_or(now, |(_, due)| due.min(now)),
    };
    let mut passed = BTreeSet::new();
    for _ in 0..MAX_TIMERS {
        let next = next(world, &turn.customer, &passed);
        let Some((run, revision, passage)) = next else {
            return;
        };
        passed.insert((run, passage));
        let id = InputId::of_passage(run, revision, &passage);
        let kind = InputKind::Passage { run, passage };
        step(world, turn, Input { id, now, kind });
        hand_over(&mut turn.customer, clock);
    }
}

fn next(
    world: &World,
    customer: &Customer,
    passed: &BTreeSet<(RunId, Passage)>,
) -> Option<(RunId, u32, Passage)> {
    let inside = customer.runs.iter().filter(|run| run.left.is_none());
    let mut passing = inside.filter_map(|run| {
        let asked = |p: &Passage| p.to().is_some() && run.state.kept_from == p.to();
        let moves = world.passage(run.machine).filter(|p| !asked(p));
        let pausing = world.pausing(run);
        let (pauses, resumes) = match pausing {
            Some(Passage::Pause { .. }) => (pausing, None),
            _ => (None, pausing),
        };
        // Whoever is paused moves without going on, and goes on by the words of the new version.
        let due = [pauses, moves, resumes].into_iter().flatten();
        let mut due = due.filter(|passage| !passed.contains(&(run.id, *passage)));
        due.next().map(|passage| (run.id, run.revision, passage))
    });
    passing.next()
}

impl Stepper<'_> {
    /// One run passes.
    pub(super) fn pass(&mut self, id: RunId, passage: &Passage) {
        if self.run(id).is_none_or(|run| run.left.is_some()) {
            let why = Arc::from("the run has left before");
            return self.note(None, None, Fact::Ignored { why });
        }
        let mut ready = BTreeSet::new();
        match *passage {
            Passage::Stop => self.leave(id, Arc::from(STOPPED), true),
            Passage::Exit { .. } => self.leave(id, Arc::from(MIGRATED), true),
            Passage::Move { to, version, lost } => self.move_to(id, to, version, lost),
            Passage::Pause { since } => self.pause(id, since),
            Passage::Resume { at, again } => {
                ready.extend(self.resume(id, at, again).then_some(id));
            }
        }
        match passage {
            Passage::Move { to, .. } => ready.extend(self.arrive(id, *to).then_some(id)),
            _ => {
                self.test_goals(None);
                self.test_exits(None);
            }
        }
        ready.extend(self.wake(None, Changes::default()));
        self.advance_all(&ready);
    }

    /// Who moved is tested by the new version's goals, exits and waits at once. True if it is ready to go on.
    pub(super) fn arrive(&mut self, id: RunId, to: MachineId) -> bool {
        self.test_goals(None);
        self.test_exits(None);
        self.is_on(id, to) && self.wait_anew(id)
    }

    fn is_on(&self, id: RunId, machine: MachineId) -> bool {
        self.run(id)
            .is_some_and(|run| run.left.is_none() && run.machine == machine)
    }

    /// To the step that is the same; a run whose step is gone finishes or leaves (rule 52).
    fn move_to(&mut self, id: RunId, to: MachineId, version: u32, lost: Lost) {
        let Some((new, target)) = self.target(id, to) else {
            let why = Arc::from("the version to move to is not known here");
            return self.note(Some(id), None, Fact::Ignored { why });
        };
        let step = self.step_of(id);
        let Some(node) = target else {
            return match lost {
                Lost::Exit => self.leave(id, Arc::from(MIGRATED), true),
                Lost::Finish => {
                    if let Some(run) = self.touch(id) {
                        run.state.kept_from = Some(to);
                    }
                    self.note(Some(id), step, Fact::Kept { version });
                }
            };
        };
        self.moved(id, &new, node, version);
    }

    /// The run goes on at that step of that version.
    pub(super) fn moved(&mut self, id: RunId, new: &Machine, node: NodeId, version: u32) {
        let rounds = self.rounds_there(id, new);
        let moved = self.run(id).map(|run| Moved {
            run: id,
            from: run.machine,
            to: new.id,
            goal: run.goal_at.is_some(),
        });
        self.effects.moved.extend(moved);
        let mut forgotten = Vec::new();
        if let Some(run) = self.touch(id) {
            (run.machine, run.node, run.state.rounds) = (new.id, node, rounds);
            forgotten = plan::forget_changed(&mut run.state.vars, &plan::kinds(new));
        }
        let step = self.step_of(id);
        self.note(Some(id), step, Fact::Moved { version, forgotten });
    }

    /// The machine to move to, and the run's step there.
    pub(super) fn target(
        &self,
        id: RunId,
        to: MachineId,
    ) -> Option<(Arc<Machine>, Option<NodeId>)> {
        let run = self.run(id)?;
        let new = self.world.machine(to)?.clone();
        let old = self.world.machine(run.machine)?;
        Some((new.clone(), Matching::of(old, &new).new_of(run.node)))
    }

    /// The run's rounds under the ids that their `repeat` has in the new version.
    fn rounds_there(&self, id: RunId, new: &Machine) -> BTreeMap<Arc<str>, Round> {
        let Some(run) = self.run(id) else {
            return BTreeMap::new();
        };
        let rounds = &run.state.rounds;
        let old = self.world.machine(run.machine);
        let Some(old) = old.filter(|_| !rounds.is_empty()) else {
            return BTreeMap::new();
        };
        let matching = Matching::of(old, new);
        let nodes = (0..).map(NodeId).zip(&old.nodes);
        let kept = nodes.filter_map(|(number, node)| {
            let round = rounds.get(&node.id)?;
            let there = new.node(matching.new_of(number)?)?;
            Some((there.id.clone(), *round))
        });
        kept.collect()
    }

    fn step_of(&self, id: RunId) -> Option<Arc<str>> {
        let run = self.run(id)?;
        let node = self.world.machine(run.machine)?.node(run.node)?;
        Some(node.id.clone())
    }

    /// What a moved run waits for is computed anew from when it began to wait, by the words of
    /// the new version. True if the wait is over, and the run ready to go on.
    fn wait_anew(&mut self, id: RunId) -> bool {
        let world = self.world;
        let Some(machine) = self.run(id).and_then(|r| world.machine(r.machine)).cloned() else {
            return false;
        };
        let Some(node) = self.waiting_node(id, &machine) else {
            return false;
        };
        let over = match &node.op {
            Op::Wait(_) => self.recompute_wait(id),
            Op::WaitFor(wait) => self.still_waits(id, &machine, wait.within),
            Op::Ask(ask) if self.is_asked(id) => self.still_waits(id, &machine, ask.within),
            Op::Call(call) => self.still_waits(id, &machine, call.within),
            Op::HandOver(call) => self.still_waits(id, &machine, call.within),
            // What is held is decided anew from the top (rule 39); so is when a next round begins.
            _ => true,
        };
        if !over && self.run(id).is_some_and(|r| r.left.is_none()) {
            // The longest stay may be another too.
            self.schedule(id);
        }
        over
    }

    /// The same wait, with the new version's words and its longest time. True if that is over.
    fn still_waits(
        &mut self,
        id: RunId,
        machine: &Machine,
        within: Option<SignedDuration>,
    ) -> bool {
        let Some(pending) = self.run(id).and_then(|r| r.state.pending.clone()) else {
            return false;
        };
        let until = within.map(|within| time::plus(pending.since, within));
        // The time of a run that is paused stands still.
        let clock = self.clock_of(id);
        if until.is_some_and(|until| until <= clock) {
            self.wait_is_over(id, machine);
            return true;
        }
        if until != pending.until {
            if let Some(run) = self.touch(id) {
                run.state.pending = Some(Pending { until, ..pending });
            }
            if let Some(step) = self.step_of(id) {
                self.note_wait(id, &step, until);
            }
        }
        false
    }
}
