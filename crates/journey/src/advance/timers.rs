//! Timers: which is next, and what it does.

use std::{cmp::Reverse, collections::BTreeSet};

use jiff::Timestamp;

use super::{Clock, MAX_TIMERS, Stepper, Turn, hand_over, step};
use crate::{
    customer::{Customer, Run},
    ids::{InputId, RunId},
    input::{Input, InputKind},
    machine::Op,
    time,
    world::World,
};

/// How far timers fire.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Those due before that moment: at one instant, events come first (rule 13).
    Before(Timestamp),
    /// Those due at that moment too.
    At(Timestamp),
}

/// The run whose timer is next, and when. Timers go by due time, then run id; of held sends due
/// together, by priority and held-since first (rules 13 and 43).
pub fn next_due(world: &World, customer: &Customer) -> Option<(RunId, Timestamp)> {
    customer
        .runs
        .iter()
        .filter_map(|run| Some((order(world, run)?, run)))
        .min_by_key(|(order, _)| *order)
        .and_then(|(_, run)| Some((run.id, run.due_at?)))
}

type Order = (Timestamp, bool, Reverse<u8>, Option<Timestamp>, RunId);

fn order(world: &World, run: &Run) -> Option<Order> {
    let due = run.due_at?;
    let held = run.state.pending.as_ref().filter(|p| p.held.is_some());
    let priority = held
        .and(world.machine(run.machine))
        .map_or(0, |m| m.priority);
    Some((
        due,
        held.is_some(),
        Reverse(priority),
        held.map(|p| p.since),
        run.id,
    ))
}

/// Fires timers, each as an input of its own.
pub(super) fn fire(world: &World, turn: &mut Turn, until: Until, now: Timestamp, clock: Clock) {
    for _ in 0..MAX_TIMERS {
        let Some((run, due)) = next_due(world, &turn.customer) else {
            return;
        };
        let fires = match until {
            Until::Before(moment) => due < moment,
            Until::At(moment) => due <= moment,
        };
        if !fires {
            return;
        }
        let revision = turn
            .customer
            .runs
            .iter()
            .find(|r| r.id == run)
            .map_or(0, |r| r.revision);
        let now = match clock {
            Clock::Wall => now,
            Clock::Recorded => due,
        };
        let id = InputId::of_timer(run, revision);
        step(
            world,
            turn,
            Input {
                id,
                now,
                kind: InputKind::Timer { run },
            },
        );
        hand_over(&mut turn.customer, clock);
    }
}

impl Stepper<'_> {
    /// The run's timer: its goal's window, its longest stay, or its wait is over.
    pub(super) fn timer(&mut self, id: RunId) -> BTreeSet<RunId> {
        let world = self.world;
        let machine = self
            .run(id)
            .and_then(|run| world.machine(run.machine))
            .cloned();
        let Some((run, machine)) = self.run(id).zip(machine) else {
            // Its machine is gone: never due again, and support sees it standing.
            if let Some(run) = self.touch(id) {
                run.due_at = None;
            }
            return BTreeSet::new();
        };
        if run.due_at.is_none_or(|due| due > self.now) {
            return BTreeSet::new();
        }
        if run.left.is_some() {
            self.touch(id);
            self.end(id);
            return BTreeSet::new();
        }
        let stay = machine.stay.as_ref();
        if let Some(stay) = stay.filter(|s| time::plus(run.entered_at, s.after) <= self.now) {
            self.leave(id, stay.reason.clone(), true);
            return BTreeSet::new();
        }
        self.wait_is_over(id, &machine);
        BTreeSet::from([id])
    }

    fn wait_is_over(&mut self, id: RunId, machine: &crate::machine::Machine) {
        let Some(node) = self.waiting_node(id, machine) else {
            return;
        };
        match &node.op {
            Op::WaitFor(wait) => self.finish_wait_for(id, &node.id, wait, false),
            Op::Wait(_) => self.finish_wait(id, node),
            // A held send stays pending: it is decided anew from the top.
            _ => {}
        }
    }
}
