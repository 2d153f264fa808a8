//! The steps that were walked, as far as the trace tells.

use super::{Player, Visit};
use crate::{
    ids::RunId,
    machine::Op,
    trace::{Fact, Line},
};

impl Player<'_> {
    pub(super) fn walk(&mut self, line: &Line) {
        let (Some(journey), Some(run)) = (&line.journey, line.run) else {
            return;
        };
        if let (Fact::Left { reason }, None) = (&line.fact, &line.step) {
            return self.walk_out(journey, run, reason);
        }
        let Some(step) = &line.step else { return };
        let branch = self.branch(journey, step, &line.fact);
        let last = self.played.visits.iter_mut().rev().find(|v| v.run == run);
        match last {
            Some(last) if last.step == *step => last.branch = branch.or(last.branch.take()),
            _ => self.played.visits.push(Visit {
                journey: journey.clone(),
                run,
                step: step.clone(),
                branch,
            }),
        }
    }

    fn branch(&self, journey: &str, step: &str, fact: &Fact) -> Option<std::sync::Arc<str>> {
        let node = super::super::outline::find(self.stage.world.current(journey)?, step)?;
        let branches = super::super::outline::branches(node);
        let at = match (fact, &node.op) {
            (Fact::Chose { arm: Some(n) }, _) => usize::try_from(*n).ok()?,
            (Fact::Chose { arm: None }, _) => branches.len().checked_sub(1)?,
            (Fact::Split { arm }, _) => branches.iter().position(|b| b.0 == *arm)?,
            (Fact::Woke { matched }, Op::WaitFor(_)) => usize::from(!matched),
            (Fact::Woke { .. }, Op::Wait(_)) => 0,
            _ => return None,
        };
        branches.get(at).map(|b| b.0.clone())
    }

    fn walk_out(&mut self, journey: &std::sync::Arc<str>, run: RunId, reason: &str) {
        let Some(machine) = self.stage.world.current(journey) else {
            return;
        };
        let last = self.played.visits.iter().rev().find(|v| v.run == run);
        let next = last.and_then(|v| {
            let node = super::super::outline::find(machine, &v.step)?;
            let branches = super::super::outline::branches(node);
            let to = branches
                .iter()
                .find(|b| Some(&b.0) == v.branch.as_ref())
                .map_or(node.next, |b| b.1);
            machine.node(to)
        });
        let first = machine.nodes.first();
        if let Some(node) = next
            .or(first)
            .filter(|n| matches!(&n.op, Op::Exit { reason: r } if **r == *reason))
        {
            self.played.visits.push(Visit {
                journey: journey.clone(),
                run,
                step: node.id.clone(),
                branch: None,
            });
        }
    }
}
