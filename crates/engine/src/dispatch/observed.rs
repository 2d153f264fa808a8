//! What dispatch states of its work: metrics, and its steps of traces.

use std::time::Duration;

use channels::Outcome;
use journey::{input::InputKind, message::Channel};
use store::Leased;

use super::Done;
use crate::{
    Engine,
    traces::{SpanKind, Step},
};

impl Engine {
    /// The step of one message, below the turn that decided it.
    pub(super) fn step(&self, leased: &Leased) -> Option<Step> {
        let (traces, parent) = (&self.settings.traces, leased.traceparent.as_deref());
        let mut step = traces.begin("parcours dispatch", SpanKind::Internal, parent)?;
        step.note("parcours.message", leased.message.id);
        step.note("parcours.journey", &leased.message.journey);
        step.note("parcours.attempt", leased.attempt);
        Some(step)
    }

    /// The step of one request to a provider, which is told it.
    pub(super) fn step_of_call(
        &self,
        step: Option<&Step>,
        channel: Channel,
        provider: &str,
    ) -> Option<Step> {
        let (traces, parent) = (&self.settings.traces, step?.traceparent());
        let mut call = traces.begin("parcours send", SpanKind::Client, Some(&parent))?;
        call.note("parcours.channel", channel);
        call.note("parcours.provider", provider);
        Some(call)
    }

    /// A message is handed over: for the first time?
    pub(super) fn first_attempt(&self, leased: &Leased) {
        if leased.attempt > 1 {
            return;
        }
        let waited = self.wall().duration_since(leased.message.at);
        let lag = Duration::try_from(waited).unwrap_or_default();
        self.metrics.handed_over(leased.message.channel, lag);
    }

    /// What became of one message.
    pub(super) fn count(&self, channel: Channel, done: &Done) {
        match done {
            Done::Sent(accepted, _) => self.metrics.sent(channel, &accepted.provider),
            Done::Later(_, Some(provider)) => self.metrics.retried(channel, provider),
            // What it waits for is counted by its own name.
            Done::Later(_, None) => {}
            Done::Ended(arrival, asked, _) => {
                let first = self.channels.serves(channel).unwrap_or_default();
                let provider = asked.as_deref().unwrap_or(first);
                if let InputKind::Receipt(receipt) = &arrival.input.kind {
                    self.metrics.failed(channel, provider, receipt.reason);
                }
            }
            Done::PutOff(_) => self.metrics.put_off(channel),
            Done::Released(_) => {}
        }
    }
}

/// Ends the step of a request.
pub(super) fn ends(call: Option<Step>, outcome: &Outcome) {
    let Some(mut call) = call else {
        return;
    };
    match outcome {
        Outcome::Accepted { .. } => {}
        Outcome::RefusedForNow { .. } => call.failed("refused for now"),
        Outcome::RefusedForGood { .. } => call.failed("refused for good"),
    }
}
