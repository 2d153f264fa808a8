//! Which of its ways a run took from a step: told by where it came to, and, where several ways lead to the same place, by
//! what the trace says.

use std::sync::Arc;

use crate::{
    advance::{Effects, Visit},
    ids::RunId,
    machine::{Node, NodeId},
    testing::branches,
    trace::Fact,
    value::Value,
};

/// What the trace says of ways, as far as nobody has asked for it.
pub(crate) struct Hints(Vec<Hint>);

/// What the trace says of a way: the run, the step, and the way.
type Hint = (RunId, Arc<str>, Said);

/// A way as the trace speaks of it.
enum Said {
    /// By its name.
    Named(Arc<str>),
    /// By its place in the list; `None`: the last one.
    Numbered(Option<u32>),
    /// The first: what was waited for came, an answer did, a round begins. Or the last.
    First(bool),
}

impl Hints {
    /// What a turn's trace says.
    pub(crate) fn of(effects: &Effects) -> Self {
        let lines = effects.inputs.iter().flat_map(|(_, trace)| trace);
        let hints = lines.filter_map(|line| {
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
        });
        Self(hints.collect())
    }

    /// The branch that a run took from a step; `None`: it waits there, or there is only one way.
    pub(crate) fn branch(&mut self, visit: &Visit, node: &Node) -> Option<Arc<str>> {
        let to = visit.to?;
        let branches = branches(node);
        let mut there = branches.iter().filter(|b| b.1 == to);
        let first = there.next()?;
        let hint = there
            .next()
            .and_then(|_| self.take(visit.run, &node.id, &branches));
        Some(hint.unwrap_or_else(|| first.0.clone()))
    }

    /// The branch that the trace names of that step.
    fn take(
        &mut self,
        run: RunId,
        step: &Arc<str>,
        branches: &[(Arc<str>, NodeId)],
    ) -> Option<Arc<str>> {
        let at = self.0.iter().position(|h| h.0 == run && h.1 == *step)?;
        let place = match self.0.remove(at).2 {
            Said::Named(name) => branches.iter().position(|b| b.0 == name)?,
            Said::Numbered(Some(n)) => usize::try_from(n).ok()?,
            Said::First(true) => 0,
            Said::Numbered(None) | Said::First(false) => branches.len().checked_sub(1)?,
        };
        branches.get(place).map(|b| b.0.clone())
    }
}
