//! Receipts: a queued message that will not arrive gives its cap back, and may go by another channel.

use std::sync::Arc;

use super::{
    Settled, Stepper,
    send::{Going, Place},
};
use crate::{
    ids::RunId,
    input::Receipt,
    machine::NodeId,
    message::{Channel, Reason},
    policy::Verdict,
    trace::Fact,
};

impl Stepper<'_> {
    /// Settles a message that failed for good or was stopped at dispatch (rules 41 and 47).
    pub(super) fn settle(&mut self, receipt: &Receipt) {
        let Receipt {
            message,
            reason,
            detail,
            ..
        } = receipt;
        self.customer.sends.retain(|s| s.message != message.id);
        self.effects.settled.push(Settled {
            message: message.id,
            at: message.at,
            reason: *reason,
            detail: detail.clone(),
        });
        let run = Some(message.run).filter(|id| self.run(*id).is_some());
        let step = Some(message.step.clone());
        self.note(
            run,
            step,
            Fact::Failed {
                message: message.id,
                reason: *reason,
                detail: detail.clone(),
            },
        );
        if let Some(run) = run {
            self.mark_failed(run, &message.step, *reason);
            self.try_next_channel(run, receipt);
        }
    }

    fn mark_failed(&mut self, run: RunId, step: &Arc<str>, reason: Reason) {
        let failed = matches!(reason, Reason::Failed | Reason::Unrenderable);
        self.step_state(run, step, |s| {
            (s.sent, s.failed, s.suppressed) = (false, failed, !failed);
            s.reason = Some(Arc::from(reason.as_str()));
        });
    }

    /// The next channel of the list, without moving the run, while it is inside and unexpired.
    /// Who withdrew consent, or let it expire, is not followed onto another channel.
    fn try_next_channel(&mut self, id: RunId, receipt: &Receipt) {
        let message = &receipt.message;
        if matches!(receipt.reason, Reason::NoConsent | Reason::Expired)
            || message.decision.expires_at.is_some_and(|at| at <= self.now)
        {
            return;
        }
        let world = self.world;
        let Some(machine) = world.machine(message.decision.machine) else {
            return;
        };
        let Some(place) = Place::find(machine, NodeId(message.decision.node)) else {
            return;
        };
        let inside = self.run(id).is_some_and(|r| r.left.is_none());
        let rest = after(&place.send.channels, message.channel);
        if !inside || rest.is_empty() {
            return;
        }
        if let Verdict::Go { channel, refusals } = self.verdict(place, rest) {
            let going = Going {
                channel,
                refusals,
                with: message.decision.with.clone(),
                expires_at: message.decision.expires_at,
            };
            self.go(id, place, going);
        }
    }
}

/// The channels behind `channel` in a list.
fn after(channels: &[Channel], channel: Channel) -> &[Channel] {
    channels
        .iter()
        .position(|c| *c == channel)
        .map_or(&[], |i| &channels[i + 1..])
}
