//! The steps that were walked, and the branches that were taken there.

use std::sync::Arc;

use super::{Player, Visit};
use crate::{
    advance::{self, Effects},
    ids::RunId,
    machine::NodeId,
    testing::outline,
    trace::Fact,
    value::Value,
};

/// What the trace says of a branch: the run, the step, and the branch.
type Hint = (RunId, Arc<str>, Said);

/// A branch as the trace speaks of it.
enum Said {
    /// By its name.
    Named(Arc<str>),
    /// By its place in the list; `None`: the last one.
    Numbered(Option<u32>),
    /// The first: what was waited for came, an answer did, a round begins. Or the last.
    First(bool),
}

impl Player<'_> {
    /// Adds the steps that a turn walked, and the events that they emitted.
    pub(super) fn walk(&mut self, effects: &Effects) {
        let mut hints = hints(effects);
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

    fn visit(&mut self, visit: &advance::Visit, hints: &mut Vec<Hint>) {
        let Some(machine) = self.stage.world.machine(visit.machine) else {
            return;
        };
        let Some(node) = machine.node(visit.node) else {
            return;
        };
        let branches = outline::branches(node);
        let branch = visit.to.and_then(|to| {
            let mut there = branches.iter().filter(|b| b.1 == to);
            let first = there.next()?;
            let hint = there
                .next()
                .and_then(|_| take_hint(hints, visit.run, &node.id, &branches));
            Some(hint.unwrap_or_else(|| first.0.clone()))
        });
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

/// The branch that the trace names of that step, where several lead to the same place.
fn take_hint(
    hints: &mut Vec<Hint>,
    run: RunId,
    step: &Arc<str>,
    branches: &[(Arc<str>, NodeId)],
) -> Option<Arc<str>> {
    let at = hints.iter().position(|h| h.0 == run && h.1 == *step)?;
    let place = match hints.remove(at).2 {
        Said::Named(name) => branches.iter().position(|b| b.0 == name)?,
        Said::Numbered(Some(n)) => usize::try_from(n).ok()?,
        Said::First(true) => 0,
        Said::Numbered(None) | Said::First(false) => branches.len().checked_sub(1)?,
    };
    branches.get(place).map(|b| b.0.clone())
}

fn hints(effects: &Effects) -> Vec<Hint> {
    let lines = effects.inputs.iter().flat_map(|(_, trace)| trace);
    lines
        .filter_map(|line| {
            let said = match &line.fact {
                Fact::Split { arm } => Said::Named(arm.clone()),
                Fact::Chose { arm } => Said::Numbered(*arm),
                Fact::Answered {
                    answer: Value::Text(answer),
                } => Said::Named(answer.clone()),
                Fact::NotUnderstood { repeated: false } => Said::Named(Arc::from("not_understood")),
                Fact::Woke { matched } => Said::First(*matched),
                Fact::CallAnswered { .. } | Fact::HandedBack { .. } | Fact::Round { .. } => {
                    Said::First(true)
                }
                Fact::CallFailed { .. } | Fact::RoundsOver { .. } => Said::First(false),
                _ => return None,
            };
            Some((line.run?, line.step.clone()?, said))
        })
        .collect()
}
