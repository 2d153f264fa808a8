//! Receipts: a queued message that will not arrive gives its cap back, and may go by another channel.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Settled, Stepper,
    send::{Going, Place},
};
use crate::{
    customer::{Asked, Run},
    ids::{MessageId, RunId},
    input::Receipt,
    machine::{NodeId, Op},
    message::{Channel, Reason},
    policy::Verdict,
    trace::Fact,
};

impl Stepper<'_> {
    /// Settles a message that failed for good or was stopped at dispatch (rules 41 and 47).
    /// Returns the run, if it goes on.
    pub(super) fn settle(&mut self, receipt: &Receipt) -> BTreeSet<RunId> {
        let Receipt {
            message,
            reason,
            detail,
            ..
        } = receipt;
        self.customer.sends.retain(|s| s.message != message.id);
        self.free_key(message.id);
        self.cannot_be_heeded(message.id);
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
        let Some(run) = run else {
            return BTreeSet::new();
        };
        self.mark_failed(run, &message.step, *reason);
        let next = self.try_next_channel(run, receipt);
        self.ask_by(run, message.id, next)
    }

    /// A question that did not arrive is open by its next message, or was never asked.
    fn ask_by(
        &mut self,
        id: RunId,
        failed: MessageId,
        next: Option<(MessageId, Channel)>,
    ) -> BTreeSet<RunId> {
        let Some(asked) = self.question_of(id, failed) else {
            return BTreeSet::new();
        };
        if let Some((message, channel)) = next {
            let pending = self.touch(id).and_then(|r| r.state.pending.as_mut());
            if let Some(pending) = pending {
                pending.asked = Some(Asked {
                    channel,
                    message,
                    ..asked
                });
            }
            return BTreeSet::new();
        }
        let world = self.world;
        let machine = self.run(id).and_then(|r| world.machine(r.machine)).cloned();
        let node = machine.as_deref().and_then(|m| self.waiting_node(id, m));
        if let Some((node, Op::Ask(ask))) = node.map(|n| (n, &n.op)) {
            self.silence(id, node, ask);
            return BTreeSet::from([id]);
        }
        BTreeSet::new()
    }

    fn mark_failed(&mut self, run: RunId, step: &Arc<str>, reason: Reason) {
        let failed = matches!(reason, Reason::Failed | Reason::Unrenderable);
        self.step_state(run, step, |s| {
            (s.sent, s.failed, s.suppressed) = (false, failed, !failed);
            s.reason = Some(Arc::from(reason.as_str()));
        });
    }

    /// The next channel of the list, without moving the run, while it is inside, unexpired and not paused.
    /// Who withdrew consent, wants nothing now, or let it expire, is not followed onto another channel; neither is a message that
    /// a person had sent again: the first has gone on to the next channel.
    fn try_next_channel(&mut self, id: RunId, receipt: &Receipt) -> Option<(MessageId, Channel)> {
        let message = &receipt.message;
        let chosen = [
            Reason::NoConsent,
            Reason::Expired,
            Reason::CustomerPaused,
            Reason::NotPersonalised,
        ];
        if chosen.contains(&receipt.reason)
            || message.decision.repeats.is_some()
            || message.decision.expires_at.is_some_and(|at| at <= self.now)
        {
            return None;
        }
        let world = self.world;
        let machine = world.machine(message.decision.machine)?;
        let place = Place::find(machine, NodeId(message.decision.node))?;
        let goes_on = |r: &Run| r.left.is_none() && r.state.paused.is_none();
        let inside = self.run(id).is_some_and(goes_on);
        let rest = after(&place.send.channels, message.channel);
        if !inside || rest.is_empty() {
            return None;
        }
        let Verdict::Go { channel, refusals } = self.verdict(place, rest) else {
            return None;
        };
        let going = Going {
            channel,
            refusals,
            with: message.decision.with.clone(),
            expires_at: message.decision.expires_at,
            once: message.decision.once.clone(),
        };
        Some((self.go(id, place, going)?, channel))
    }
}

/// The channels behind `channel` in a list.
fn after(channels: &[Channel], channel: Channel) -> &[Channel] {
    channels
        .iter()
        .position(|c| *c == channel)
        .map_or(&[], |i| &channels[i + 1..])
}
