//! The steps that were walked, and the branches that were taken there.

use super::{Player, Visit};
use crate::{
    advance::{self, Effects},
    counts::Hints,
};

impl Player<'_> {
    /// Adds the steps that a turn walked, and the events that they emitted.
    pub(super) fn walk(&mut self, effects: &Effects) {
        let mut hints = Hints::of(effects);
        for visit in &effects.path {
            self.visit(visit, &mut hints);
        }
        for (run, event) in &effects.emitted {
            let runs = effects.ended.iter().chain(&self.customer.runs);
            let journey = runs.chain(&self.played.runs).find(|r| r.id == *run);
            let journey = journey.map(|r| r.journey.clone()).unwrap_or_default();
            let emitted = (journey, event.name.clone(), event.properties.clone());
            self.played.emitted.push(emitted);
        }
    }

    fn visit(&mut self, visit: &advance::Visit, hints: &mut Hints) {
        let Some(machine) = self.stage.world.machine(visit.machine) else {
            return;
        };
        let Some(node) = machine.node(visit.node) else {
            return;
        };
        let branch = hints.branch(visit, node);
        let (step, left) = (node.id.clone(), visit.to.is_some());
        // A run that waits is seen when it comes to the step, and again when it goes on.
        let waits = self
            .played
            .visits
            .iter_mut()
            .rev()
            .find(|v| v.run == visit.run);
        match waits.filter(|v| v.step == step && !v.left) {
            Some(waits) => (waits.branch, waits.left) = (branch, left),
            None => self.played.visits.push(Visit {
                journey: machine.journey.clone(),
                run: visit.run,
                step,
                branch,
                left,
            }),
        }
    }
}
