//! Timers: which is next, and what it does.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{Clock, MAX_TIMERS, Stepper, Turn, hand_over, step};
use crate::{
    customer::{Customer, Run},
    ids::{InputId, RunId},
    input::{Input, InputKind},
    machine::Op,
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

/// Whose timer is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A run's wait, its longest stay, or the window of its goal.
    Run(RunId),
    /// A date entry of a journey.
    Date(Arc<str>, u16),
}

/// What is due next, and when. At one instant dates come before runs. Timers go by due time, then run id; of held sends due
/// together, by priority and held-since first (rules 13 and 43).
pub fn next_due(world: &World, customer: &Customer) -> Option<(Due, Timestamp)> {
    let run = customer
        .runs
        .iter()
        .filter_map(|run| Some((order(world, run)?, run)))
        .min_by_key(|(order, _)| *order)
        .and_then(|(_, run)| Some((Due::Run(run.id), run.due_at?)));
    let dates = &customer.ledger.dates;
    let date = dates
        .iter()
        .flat_map(|(journey, all)| {
            all.iter()
                .filter_map(move |(entry, expected)| Some((expected.at?, journey, *entry)))
        })
        .min()
        .map(|(at, journey, entry)| (Due::Date(journey.clone(), entry), at));
    match (run, date) {
        (Some(run), Some(date)) if run.1 < date.1 => Some(run),
        (run, date) => date.or(run),
    }
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
        let Some((whose, due)) = next_due(world, &turn.customer) else {
            return;
        };
        let fires = match until {
            Until::Before(moment) => due < moment,
            Until::At(moment) => due <= moment,
        };
        if !fires {
            return;
        }
        let now = match clock {
            Clock::Wall => now,
            Clock::Recorded => due,
        };
        let (id, kind) = input(&turn.customer, whose, due);
        step(world, turn, Input { id, now, kind });
        hand_over(&mut turn.customer, clock);
    }
}

/// The input that a timer becomes.
fn input(customer: &Customer, whose: Due, due: Timestamp) -> (InputId, InputKind) {
    match whose {
        Due::Run(run) => {
            let found = customer.runs.iter().find(|r| r.id == run);
            let revision = found.map_or(0, |r| r.revision);
            (InputId::of_timer(run, revision), InputKind::Timer { run })
        }
        Due::Date(journey, entry) => (
            InputId::of_date(customer.id, &journey, entry, due),
            InputKind::Date { journey, entry },
        ),
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
        if self.has_stayed(id, &machine) {
            return BTreeSet::new();
        }
        self.wait_is_over(id, &machine);
        BTreeSet::from([id])
    }

    pub(super) fn wait_is_over(&mut self, id: RunId, machine: &crate::machine::Machine) {
        let Some(node) = self.waiting_node(id, machine) else {
            return;
        };
        let asked = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.asked.is_some());
        match &node.op {
            Op::WaitFor(wait) => self.finish_wait_for(id, node, wait.otherwise, false),
            Op::Wait(_) => self.finish_wait(id, node),
            Op::Ask(ask) if asked => self.silence(id, node, ask),
            Op::Call(_) | Op::HandOver(_) => self.call_timed_out(id, node),
            // A held send stays pending: it is decided anew from the top. So does a round.
            _ => {}
        }
    }
}
