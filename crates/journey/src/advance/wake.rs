//! Waits: what wakes them before their time.

use std::{collections::BTreeSet, sync::Arc};

use super::{Stepper, profile::Changes};
use crate::{
    ids::RunId,
    machine::{Machine, Node, Op, WaitFor},
    trace::Fact,
};

impl Stepper<'_> {
    /// Wakes the runs that the input is waited for by, and those whose wait it changes.
    /// Returns the runs that are ready to go on, their node already moved.
    pub(super) fn wake(&mut self, event: Option<&str>, changes: Changes) -> BTreeSet<RunId> {
        let mut ready = BTreeSet::new();
        for (id, machine) in self.inside() {
            let Some(node) = self.waiting_node(id, &machine) else {
                continue;
            };
            let woken = match &node.op {
                Op::WaitFor(wait) => self.wake_wait_for(id, node, wait, event),
                Op::Wait(_) => changes.moves_moments() && self.recompute_wait(id),
                // A held send is decided anew when consent, address or room may have changed.
                Op::Send(_) => changes.moves_holds(),
                _ => false,
            };
            if woken {
                ready.insert(id);
            }
        }
        ready
    }

    /// The node at which the run waits, if it waits.
    pub(super) fn waiting_node<'m>(&self, id: RunId, machine: &'m Machine) -> Option<&'m Node> {
        let run = self.run(id)?;
        run.state.pending.as_ref()?;
        machine.node(run.node)
    }

    fn wake_wait_for(
        &mut self,
        id: RunId,
        node: &Node,
        wait: &WaitFor,
        event: Option<&str>,
    ) -> bool {
        let Some(run) = self.run(id) else {
            return false;
        };
        let matches = (wait.event.is_none() || wait.event.as_deref() == event)
            && wait
                .condition
                .as_ref()
                .is_none_or(|c| c.eval(&self.view(run)).holds());
        if matches {
            if wait.event.is_some() {
                self.hearing.insert(id);
            }
            self.finish_wait_for(id, &node.id, wait, true);
        }
        matches
    }

    /// The wait is over: the run moves behind it.
    pub(super) fn finish_wait_for(
        &mut self,
        id: RunId,
        step: &Arc<str>,
        wait: &WaitFor,
        matched: bool,
    ) {
        if let Some(run) = self.touch(id) {
            run.state.pending = None;
            run.node = if matched { wait.then } else { wait.otherwise };
        }
        self.step_state(id, step, |s| s.matched = matched);
        self.note(Some(id), Some(step.clone()), Fact::Woke { matched });
    }
}
