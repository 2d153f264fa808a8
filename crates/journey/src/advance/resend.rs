//! A message that failed is sent again, because a person asks for it: a decision of its own.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Stepper, send::Place};
use crate::{
    action::{Kept, Undone},
    explain::Status,
    ids::MessageId,
    machine::{NodeId, Op},
    message::{Decision, Message, Reason, Refusal},
    policy::Verdict,
    time,
    trace::{Fact, Line},
};

/// For how long one that was sent again is not sent once more. No longer than sends are loaded for
/// ([`World::horizon`](crate::world::World::horizon)).
const ONCE_IN: SignedDuration = SignedDuration::from_hours(24);

impl Stepper<'_> {
    /// Decides the message anew, by its channel, under the rules of now; whether its run is over does not matter. Nothing
    /// holds it: what may not go now is refused, and a person may ask again.
    pub(super) fn resend(&mut self, of: MessageId, kept: Option<&Kept>) -> Result<(), Undone> {
        let kept = kept.ok_or(Undone::NO_MESSAGE)?;
        let place = self.may_repeat(of, kept)?;
        let first = kept.decision.repeats.unwrap_or(of);
        let decision = Decision {
            repeats: Some(first),
            expires_at: place.send.expires.map(|after| time::plus(self.now, after)),
            refusals: Vec::new(),
            ..kept.decision.clone()
        };
        let mut message = Message {
            id: MessageId::of_repeat(self.input),
            at: self.now,
            run: kept.run,
            journey: kept.journey.clone(),
            step: kept.step.clone(),
            channel: kept.channel,
            purpose: kept.purpose.clone(),
            refused: None,
            decision,
        };
        let (refused, refusals) = self.judged(place, kept);
        (message.refused, message.decision.refusals) = (refused, refusals);
        match refused {
            None => self.goes_again(of, kept, &message),
            Some(reason) => {
                let fact = Fact::Suppressed {
                    message: message.id,
                    reason,
                    refusals: message.decision.refusals.clone(),
                };
                self.note_of_message(Some(kept), fact);
            }
        }
        self.effects.messages.push(message);
        Ok(())
    }

    /// The step that decided it, if it is a message that can be sent again.
    fn may_repeat(&self, of: MessageId, kept: &Kept) -> Result<Place<'_>, Undone> {
        let decision = &kept.decision;
        if kept.status != Status::Failed {
            return Err(Undone::NOT_FAILED);
        }
        if decision.words().is_some() {
            return Err(Undone::WRITTEN);
        }
        let machine = self.world.machine(decision.machine);
        let place = machine.and_then(|m| Place::find(m, NodeId(decision.node)));
        let place = place.ok_or(Undone::NO_SEND)?;
        if matches!(place.node.op, Op::Ask(_)) {
            return Err(Undone::QUESTION);
        }
        let first = decision.repeats.unwrap_or(of);
        let since = time::plus(self.now, -ONCE_IN);
        let mut lately = self.customer.sends.iter().filter(|s| s.at > since);
        match lately.any(|s| s.repeats == Some(first)) {
            true => Err(Undone::AGAIN),
            false => Ok(place),
        }
    }

    /// Why it does not go, if it does not, and every rule that refused.
    fn judged(&self, place: Place<'_>, kept: &Kept) -> (Option<Reason>, Vec<Refusal>) {
        let key = kept.decision.once.as_ref();
        if let Some(key) = key.filter(|key| self.is_used(key)) {
            let refusal = self.used_key(place, key);
            return (Some(Reason::AlreadySent), vec![refusal]);
        }
        match self.verdict(place, &[kept.channel]) {
            Verdict::Go { refusals, .. } => (None, refusals),
            Verdict::Refuse { reason, refusals } => (Some(reason), refusals),
            Verdict::Hold { refusals, .. } => {
                let held = refusals.iter().find(|r| r.until.is_some());
                (held.or(refusals.first()).map(|r| r.reason), refusals)
            }
        }
    }

    fn goes_again(&mut self, of: MessageId, kept: &Kept, message: &Message) {
        self.use_key(kept.decision.once.clone(), message.id);
        self.remember_sent(message);
        let fact = Fact::Sends {
            message: message.id,
            channel: message.channel,
            refusals: message.decision.refusals.clone(),
        };
        self.note_of_message(Some(kept), fact);
        // Where it is still the last that its step has decided, the step has sent it now.
        let run = self.run(kept.run);
        let step = run.and_then(|run| run.state.steps.get(&kept.step));
        if step.is_some_and(|step| step.message == Some(of)) {
            self.step_state(kept.run, &kept.step, |s| {
                s.message = Some(message.id);
                (s.sent, s.failed, s.suppressed, s.reason) = (true, false, false, None);
            });
        }
    }

    /// A line about a message whose run may be over.
    pub(super) fn note_of_message(&mut self, kept: Option<&Kept>, fact: Fact) {
        self.trace.push(Line {
            journey: kept.map(|kept| kept.journey.clone()),
            run: kept.map(|kept| kept.run),
            step: kept.map(|kept| Arc::clone(&kept.step)),
            fact,
        });
    }
}
