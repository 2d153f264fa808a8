//! Sends: the verdict of the policies, put into messages, holds and step states.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Stepper, steps::Flow};
use crate::{
    customer::{PastSend, Pending},
    ids::{MessageId, RunId},
    machine::{Machine, Node, Send},
    message::{Channel, Decision, Message, Reason, Refusal},
    policy::{self, Question, Verdict},
    time,
    trace::Fact,
    value::Value,
};

impl Stepper<'_> {
    /// Decides a send, for the first time or anew after a hold.
    pub(super) fn send(&mut self, id: RunId, machine: &Machine, node: &Node, send: &Send) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let held = run.state.pending.as_ref().filter(|p| p.held.is_some());
        let since = held.map_or(self.now, |p| p.since);
        let expires_at = send.expires.map(|after| time::plus(since, after));
        if held.is_some() && expires_at.is_some_and(|at| at <= self.now) {
            let refusals = held.and_then(|p| p.held.clone()).into_iter().collect();
            self.refuse(id, machine, node, send, Reason::Expired, refusals);
            return Flow::To(node.next);
        }
        match self.verdict(machine, send, &send.channels) {
            Verdict::Go { channel, refusals } => {
                self.go(id, machine, node, send, channel, refusals, expires_at);
                Flow::To(node.next)
            }
            Verdict::Refuse { reason, refusals } => {
                self.refuse(id, machine, node, send, reason, refusals);
                Flow::To(node.next)
            }
            Verdict::Hold { until, refusals } => {
                let until = expires_at.map_or(until, |at| at.min(until));
                self.hold(id, node, since, until, refusals)
            }
        }
    }

    pub(super) fn verdict(&self, machine: &Machine, send: &Send, channels: &[Channel]) -> Verdict {
        let question = Question {
            policies: &self.world.policies,
            customer: self.customer,
            machine,
            send,
            now: self.now,
        };
        policy::decide(question, channels)
    }

    fn hold(
        &mut self,
        id: RunId,
        node: &Node,
        since: Timestamp,
        until: Timestamp,
        refusals: Vec<Refusal>,
    ) -> Flow {
        let held = refusals.first().cloned();
        let pending = Pending {
            since,
            until: Some(until),
            held,
        };
        if self.run(id).and_then(|r| r.state.pending.as_ref()) == Some(&pending) {
            return Flow::Stay;
        }
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(pending);
        }
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Held { until, refusals },
        );
        Flow::Stay
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one decision")]
    pub(super) fn go(
        &mut self,
        id: RunId,
        machine: &Machine,
        node: &Node,
        send: &Send,
        channel: Channel,
        refusals: Vec<Refusal>,
        expires_at: Option<Timestamp>,
    ) {
        let Some(run) = self.run(id) else { return };
        let with = send
            .with
            .as_ref()
            .map_or(Value::Null, |w| w.eval(&self.view(run)));
        let Some(mut message) = self.message(id, machine, node, send, channel) else {
            return;
        };
        message.decision.with = with;
        message.decision.expires_at = expires_at;
        message.decision.refusals.clone_from(&refusals);
        let sent = PastSend {
            message: message.id,
            at: message.at,
            channel,
            purpose: message.purpose.clone(),
            journey: message.journey.clone(),
            tags: machine.tags.clone(),
            run: id,
            queued: true,
        };
        // In the order in which they are loaded.
        let sends = &mut self.customer.sends;
        let place = sends.partition_point(|s| (s.at, s.message) < (sent.at, sent.message));
        sends.insert(place, sent);
        self.step_state(id, &node.id, |s| {
            s.message = Some(message.id);
            (s.sent, s.failed, s.suppressed, s.reason) = (true, false, false, None);
        });
        let fact = Fact::Sends {
            message: message.id,
            channel,
            refusals,
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        self.effects.messages.push(message);
    }

    fn refuse(
        &mut self,
        id: RunId,
        machine: &Machine,
        node: &Node,
        send: &Send,
        reason: Reason,
        refusals: Vec<Refusal>,
    ) {
        let channel = send.channels.first().copied().unwrap_or(Channel::Email);
        let Some(mut message) = self.message(id, machine, node, send, channel) else {
            return;
        };
        message.refused = Some(reason);
        message.decision.refusals.clone_from(&refusals);
        self.step_state(id, &node.id, |s| {
            s.message = Some(message.id);
            (s.sent, s.suppressed) = (false, true);
            s.reason = Some(Arc::from(reason.as_str()));
        });
        let fact = Fact::Suppressed {
            message: message.id,
            reason,
            refusals,
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        self.effects.messages.push(message);
    }

    /// The next message of this run and revision, with nothing in it but what every one has.
    fn message(
        &mut self,
        id: RunId,
        machine: &Machine,
        node: &Node,
        send: &Send,
        channel: Channel,
    ) -> Option<Message> {
        let (at, ordinal) = (self.now, self.ordinal);
        self.ordinal += 1;
        let run = self.touch(id)?;
        Some(Message {
            id: MessageId::of(id, run.revision, ordinal),
            at,
            run: id,
            journey: run.journey.clone(),
            step: node.id.clone(),
            channel,
            purpose: send.purpose.clone(),
            refused: None,
            decision: Decision {
                machine: machine.id,
                node: run.node.0,
                key: run.key.clone(),
                template: send.template.clone(),
                with: Value::Null,
                expires_at: None,
                priority: machine.priority,
                tags: machine.tags.clone(),
                refusals: Vec::new(),
            },
        })
    }
}
