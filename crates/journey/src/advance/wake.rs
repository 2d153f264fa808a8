//! Waits: what wakes them before their time.

use std::collections::BTreeSet;

use super::{Stepper, profile::Changes};
use crate::{
    ids::RunId,
    machine::{HANDED_BACK, Machine, Node, NodeId, Op, PERSON_SAID, WaitFor},
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
                Op::Ask(ask) => {
                    self.wake_ask(id, node, ask, event)
                        || (changes.moves_holds() && self.is_held(id))
                        || (changes.asks && self.is_queued(id))
                }
                Op::Call(_) => event == Some(HANDED_BACK) && self.task_done(id, node),
                Op::HandOver(_) if event == Some(PERSON_SAID) => {
                    self.person_says(id, &machine, node);
                    false
                }
                Op::HandOver(_) => event == Some(HANDED_BACK) && self.handed_back(id, node),
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
        let view = self.view(run);
        // Of several the first as written wins (rule 28).
        let matched = wait.arms.iter().find(|arm| {
            (arm.event.is_none() || arm.event.as_deref() == event)
                && arm.condition.as_ref().is_none_or(|c| c.eval(&view).holds())
        });
        let Some(arm) = matched else {
            return false;
        };
        if arm.event.is_some() {
            self.hearing.insert(id);
            self.keep_heard(id);
        }
        self.finish_wait_for(id, node, arm.then, true);
        true
    }

    fn is_held(&self, id: RunId) -> bool {
        self.run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.held.is_some())
    }

    /// The wait is over: the run moves behind it.
    pub(super) fn finish_wait_for(&mut self, id: RunId, node: &Node, to: NodeId, matched: bool) {
        self.move_on(id, to);
        self.step_state(id, &node.id, |s| s.matched = matched);
        self.note(Some(id), Some(node.id.clone()), Fact::Woke { matched });
    }

    /// Ends whatever the run waits for: it goes on there.
    pub(super) fn move_on(&mut self, id: RunId, to: NodeId) {
        if let Some(from) = self.run(id).map(|r| r.node) {
            self.visit(id, from, Some(to));
        }
        if let Some(run) = self.touch(id) {
            run.state.pending = None;
            run.node = to;
        }
    }
}
