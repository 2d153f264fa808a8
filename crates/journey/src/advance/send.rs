//! Sends: the verdict of the policies, put into messages, holds and step states.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Stepper, steps::Flow};
use crate::{
    customer::{PastSend, Pending},
    ids::{MessageId, RunId},
    machine::{Machine, Node, NodeId, Op, Send},
    message::{Channel, Decision, Message, Reason, Refusal},
    policy::{self, Question, Verdict},
    time,
    trace::Fact,
    value::Value,
};

/// What is decided: the send of a node of a machine.
#[derive(Clone, Copy)]
pub(super) struct Place<'m> {
    pub(super) machine: &'m Machine,
    /// The node's number in its machine.
    pub(super) number: NodeId,
    pub(super) node: &'m Node,
    pub(super) send: &'m Send,
}

impl<'m> Place<'m> {
    /// The send at that node, if it is one.
    pub(super) fn find(machine: &'m Machine, number: NodeId) -> Option<Self> {
        let node = machine.node(number)?;
        match &node.op {
            Op::Send(send) => Some(Self {
                machine,
                number,
                node,
                send,
            }),
            _ => None,
        }
    }
}

/// What a message that goes is made of, beside its place.
pub(super) struct Going {
    pub(super) channel: Channel,
    pub(super) refusals: Vec<Refusal>,
    pub(super) with: Value,
    pub(super) expires_at: Option<Timestamp>,
}

impl Stepper<'_> {
    /// Decides a send, for the first time or anew after a hold.
    pub(super) fn send(&mut self, id: RunId, place: Place<'_>) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        let Place { node, send, .. } = place;
        let held = run.state.pending.as_ref().filter(|p| p.held.is_some());
        let since = held.map_or(self.now, |p| p.since);
        let expires_at = send.expires.map(|after| time::plus(since, after));
        if held.is_some() && expires_at.is_some_and(|at| at <= self.now) {
            let refusals = held.and_then(|p| p.held.clone()).into_iter().collect();
            self.refuse(id, place, Reason::Expired, refusals);
            return Flow::To(node.next);
        }
        match self.verdict(place, &send.channels) {
            Verdict::Go { channel, refusals } => {
                let with = send.with.as_ref();
                let going = Going {
                    channel,
                    refusals,
                    with: with.map_or(Value::Null, |w| w.eval(&self.view(run))),
                    expires_at,
                };
                self.go(id, place, going);
                Flow::To(node.next)
            }
            Verdict::Refuse { reason, refusals } => {
                self.refuse(id, place, reason, refusals);
                Flow::To(node.next)
            }
            Verdict::Hold { until, refusals } => {
                self.hold(id, node, since, until, expires_at, refusals)
            }
        }
    }

    pub(super) fn verdict(&self, place: Place<'_>, channels: &[Channel]) -> Verdict {
        let question = Question {
            policies: &self.world.policies,
            customer: self.customer,
            machine: place.machine,
            send: place.send,
            now: self.now,
        };
        policy::decide(question, channels)
    }

    fn hold(
        &mut self,
        id: RunId,
        node: &Node,
        since: Timestamp,
        opens: Timestamp,
        expires_at: Option<Timestamp>,
        refusals: Vec<Refusal>,
    ) -> Flow {
        // What it waits for, though others may have refused before.
        let because = refusals.iter().find(|r| r.until == Some(opens));
        let held = because.or(refusals.first()).cloned();
        let until = expires_at.map_or(opens, |at| at.min(opens));
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

    /// The message goes.
    pub(super) fn go(&mut self, id: RunId, place: Place<'_>, going: Going) {
        let Going {
            channel,
            refusals,
            with,
            expires_at,
        } = going;
        let Some(mut message) = self.message(id, place, channel) else {
            return;
        };
        message.decision.with = with;
        message.decision.expires_at = expires_at;
        message.decision.refusals.clone_from(&refusals);
        self.remember_sent(&message);
        let step = &place.node.id;
        self.step_state(id, step, |s| {
            s.message = Some(message.id);
            (s.sent, s.failed, s.suppressed, s.reason) = (true, false, false, None);
        });
        let fact = Fact::Sends {
            message: message.id,
            channel,
            refusals,
        };
        self.note(Some(id), Some(step.clone()), fact);
        self.effects.messages.push(message);
    }

    /// From now on caps count it.
    fn remember_sent(&mut self, message: &Message) {
        let sends = &mut self.customer.sends;
        // In the order in which they are loaded.
        let place = sends.partition_point(|s| (s.at, s.message) < (message.at, message.id));
        let send = PastSend {
            message: message.id,
            at: message.at,
            channel: message.channel,
            purpose: message.purpose.clone(),
            journey: message.journey.clone(),
            tags: message.decision.tags.clone(),
            run: message.run,
            queued: true,
        };
        sends.insert(place, send);
    }

    fn refuse(&mut self, id: RunId, place: Place<'_>, reason: Reason, refusals: Vec<Refusal>) {
        let channel = place.send.channels.first().copied();
        let Some(mut message) = self.message(id, place, channel.unwrap_or(Channel::Email)) else {
            return;
        };
        message.refused = Some(reason);
        message.decision.refusals.clone_from(&refusals);
        let step = &place.node.id;
        self.step_state(id, step, |s| {
            s.message = Some(message.id);
            (s.sent, s.suppressed) = (false, true);
            s.reason = Some(Arc::from(reason.as_str()));
        });
        let fact = Fact::Suppressed {
            message: message.id,
            reason,
            refusals,
        };
        self.note(Some(id), Some(step.clone()), fact);
        self.effects.messages.push(message);
    }

    /// The next message of this run and revision, with nothing in it but what every one has.
    fn message(&mut self, id: RunId, place: Place<'_>, channel: Channel) -> Option<Message> {
        let (at, ordinal) = (self.now, self.ordinal);
        self.ordinal += 1;
        let run = self.touch(id)?;
        let Place {
            machine,
            number,
            node,
            send,
        } = place;
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
                node: number.0,
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
