//! What turns state of their work: how long they took, how late timers were, and their steps of traces.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use journey::{
    advance::{self, Turn},
    trace::Fact,
    world::World,
};
use store::{OpenTurn, Work};

use crate::{
    Engine,
    metrics::TurnOf,
    traces::{SpanKind, Step, Traced},
};

/// What the step of a turn is called in traces.
const TURN: &str = "parcours turn";

/// What a turn is about, beside its inputs.
pub(super) struct About<'a> {
    pub(super) of: TurnOf,
    pub(super) begun: Instant,
    /// The same by the wall clock, for traces.
    at: SystemTime,
    traced: &'a Traced,
}

impl<'a> About<'a> {
    pub(super) fn new(of: TurnOf, traced: &'a Traced) -> Self {
        Self {
            of,
            begun: Instant::now(),
            at: SystemTime::now(),
            traced,
        }
    }
}

impl Engine {
    /// One step for each input that belongs to a trace; messages that it has decided go on with it.
    pub(super) fn steps(
        &self,
        about: &About<'_>,
        turns: &[Turn],
        open: &mut OpenTurn,
    ) -> Vec<Step> {
        if about.traced.is_empty() {
            return Vec::new();
        }
        let mut steps = Vec::new();
        for turn in turns {
            for (input, lines) in &turn.effects.inputs {
                let Some(parent) = about.traced.get(&(turn.customer.id, input.id)) else {
                    continue;
                };
                let (parent, traces) = (parent.traceparent(), &self.settings.traces);
                let step = traces.begin_at(TURN, SpanKind::Internal, Some(&parent), about.at);
                let Some(mut step) = step else { continue };
                step.note("parcours.lines", lines.len());
                let sends = lines.iter().filter_map(|line| match &line.fact {
                    Fact::Sends { message, .. } => Some(*message),
                    _ => None,
                });
                open.traceparents
                    .extend(sends.map(|message| (message, step.traceparent())));
                steps.push(step);
            }
        }
        steps
    }
}

/// How long each of these customers' first timer has been due.
pub(super) fn lateness(world: &World, open: &OpenTurn, now: Timestamp) -> Vec<Duration> {
    let due = |work: &Work| advance::next_due(world, &work.customer).map(|(_, at)| at);
    let due = open.work.iter().filter_map(due);
    due.filter_map(|at| Duration::try_from(now.duration_since(at)).ok())
        .collect()
}
