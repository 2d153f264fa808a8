//! `repeat`: rounds of the same steps (rule 32).

use super::{Stepper, steps::Flow};
use crate::{
    customer::{Pending, Round},
    ids::RunId,
    machine::{Node, Repeat},
    time,
    trace::Fact,
};

impl Stepper<'_> {
    /// The first round begins at once; a later one when `every` has passed since the start of the
    /// one before, unless `until` holds then.
    pub(super) fn repeat(&mut self, id: RunId, node: &Node, repeat: &Repeat) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let Some(round) = run.state.rounds.get(&node.id).copied() else {
            return self.begin_round(id, node, repeat, 1, self.now);
        };
        if round.number >= repeat.times {
            return self.end_rounds(id, node, false);
        }
        let next = time::plus(round.since, repeat.every);
        if next > self.now {
            return self.stay_for_round(id, node, next);
        }
        let stops = repeat.until.as_ref();
        if stops.is_some_and(|until| until.eval(&self.view(run)).holds()) {
            return self.end_rounds(id, node, true);
        }
        // A round that is late by a whole one does not make the next ones follow at once.
        let late = time::plus(next, repeat.every) <= self.now;
        let since = if late { self.now } else { next };
        self.begin_round(id, node, repeat, round.number + 1, since)
    }

    fn begin_round(
        &mut self,
        id: RunId,
        node: &Node,
        repeat: &Repeat,
        number: u32,
        since: jiff::Timestamp,
    ) -> Flow {
        if let Some(run) = self.touch(id) {
            let rounds = &mut run.state.rounds;
            rounds.insert(node.id.clone(), Round { number, since });
        }
        self.step_state(id, &node.id, |s| s.round = number);
        self.note(Some(id), Some(node.id.clone()), Fact::Round { number });
        Flow::To(repeat.first)
    }

    fn end_rounds(&mut self, id: RunId, node: &Node, until: bool) -> Flow {
        if let Some(run) = self.touch(id) {
            run.state.rounds.remove(&node.id);
        }
        self.note(Some(id), Some(node.id.clone()), Fact::RoundsOver { until });
        Flow::To(node.next)
    }

    fn stay_for_round(&mut self, id: RunId, node: &Node, next: jiff::Timestamp) -> Flow {
        let waits = Pending::until(self.now, Some(next));
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(waits);
        }
        self.note_wait(id, &node.id, Some(next));
        Flow::Stay
    }
}
