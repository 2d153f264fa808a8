//! Sends: the verdict of the policies, put into messages, holds and step states.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Stepper, enter::MAX_KEY, steps::Flow};
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

/// How many keys of sends are remembered for one customer; with more, none is sent any more.
pub const MAX_KEYS: usize = 1_000;

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
    /// The send or the question at that node, if it is one.
    pub(super) fn find(machine: &'m Machine, number: NodeId) -> Option<Self> {
        let node = machine.node(number)?;
        let send = match &node.op {
            Op::Send(send) => send,
            Op::Ask(ask) => &ask.send,
            _ => return None,
        };
        Some(Self {
            machine,
            number,
            node,
            send,
        })
    }
}

/// What became of a send.
pub(super) enum Decided {
    /// It goes, by that channel.
    Went(MessageId, Channel),
    /// It does not.
    Refused,
    /// It waits for its time, and holds the run.
    Held,
}

/// What a message that goes is made of, beside its place.
pub(super) struct Going {
    pub(super) channel: Channel,
    pub(super) refusals: Vec<Refusal>,
    pub(super) with: Value,
    pub(super) expires_at: Option<Timestamp>,
    /// The key that it goes with (rule 49).
    pub(super) once: Option<Arc<str>>,
}

impl Stepper<'_> {
    /// Decides a send, for the first time or anew after a hold.
    pub(super) fn send(&mut self, id: RunId, place: Place<'_>) -> Flow {
        match self.decide_send(id, place) {
            Decided::Went(..) | Decided::Refused => Flow::To(place.node.next),
            Decided::Held => Flow::Stay,
        }
    }

    /// The same for a send that other things hang on.
    pub(super) fn decide_send(&mut self, id: RunId, place: Place<'_>) -> Decided {
        let Some(run) = self.run(id) else {
            return Decided::Refused;
        };
        let Place { node, send, .. } = place;
        let held = run.state.pending.as_ref().filter(|p| p.held.is_some());
        let since = held.map_or(self.now, |p| p.since);
        let expires_at = send.expires.map(|after| time::plus(since, after));
        if held.is_some() && expires_at.is_some_and(|at| at <= self.now) {
            let refusals = held.and_then(|p| p.held.clone()).into_iter().collect();
            self.refuse(id, place, Reason::Expired, refusals);
            return Decided::Refused;
        }
        let key = self.send_key(id, send);
        if let Some(key) = key.as_ref().filter(|k| self.is_used(k)) {
            let refusal = self.used_key(place, key);
            self.refuse(id, place, Reason::AlreadySent, vec![refusal]);
            return Decided::Refused;
        }
        match self.verdict(place, &send.channels) {
            Verdict::Go { channel, refusals } => {
                let with = send.with.as_ref();
                let going = Going {
                    channel,
                    refusals,
                    with: with.map_or(Value::Null, |w| w.eval(&self.view(run))),
                    expires_at,
                    once: key.clone(),
                };
                match self.go(id, place, going) {
                    Some(message) => {
                        self.use_key(key, message);
                        Decided::Went(message, channel)
                    }
                    None => Decided::Refused,
                }
            }
            Verdict::Refuse { reason, refusals } => {
                self.refuse(id, place, reason, refusals);
                Decided::Refused
            }
            Verdict::Hold { until, refusals } => {
                self.hold(id, node, since, until, expires_at, refusals);
                Decided::Held
            }
        }
    }

    /// Sends if it can go now, and does nothing else: a question that is repeated.
    pub(super) fn go_at_once(
        &mut self,
        id: RunId,
        place: Place<'_>,
    ) -> Option<(MessageId, Channel)> {
        let Verdict::Go { channel, refusals } = self.verdict(place, &place.send.channels) else {
            return None;
        };
        let run = self.run(id)?;
        let with = place.send.with.as_ref();
        let going = Going {
            channel,
            refusals,
            with: with.map_or(Value::Null, |w| w.eval(&self.view(run))),
            expires_at: place.send.expires.map(|after| time::plus(self.now, after)),
            once: None,
        };
        Some((self.go(id, place, going)?, channel))
    }

    /// The key of a send; `None`: it has none, or one without a value.
    fn send_key(&self, id: RunId, send: &Send) -> Option<Arc<str>> {
        let key = send
            .key
            .as_ref()?
            .eval(&self.view(self.run(id)?))
            .to_key()?;
        Some(Arc::from(key))
    }

    /// Whether a key was sent before, or can be remembered no more (rule 49).
    pub(super) fn is_used(&self, key: &Arc<str>) -> bool {
        let keys = &self.customer.ledger.keys;
        keys.contains_key(key) || keys.len() >= MAX_KEYS || key.len() > MAX_KEY
    }

    pub(super) fn used_key(&self, place: Place<'_>, key: &Arc<str>) -> Refusal {
        let first = self.customer.ledger.keys.get(key);
        Refusal {
            channel: place
                .send
                .channels
                .first()
                .copied()
                .unwrap_or(Channel::Email),
            reason: Reason::AlreadySent,
            rule: Arc::from(if first.is_some() { "key" } else { "key_limit" }),
            until: None,
            zone: None,
            used_by: first.copied().into_iter().collect(),
            pace: None,
        }
    }

    pub(super) fn use_key(&mut self, key: Option<Arc<str>>, message: MessageId) {
        if let Some(key) = key {
            self.customer.ledger.keys.insert(key, message);
            self.effects.profile = true;
        }
    }

    /// A message that did not go gives its key back, as it does its cap.
    pub(super) fn free_key(&mut self, message: MessageId) {
        let keys = &mut self.customer.ledger.keys;
        let before = keys.len();
        keys.retain(|_, used_by| *used_by != message);
        self.effects.profile |= keys.len() != before;
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
    ) {
        // What it waits for, though others may have refused before.
        let because = refusals.iter().find(|r| r.until == Some(opens));
        let held = because.or(refusals.first()).cloned();
        let until = expires_at.map_or(opens, |at| at.min(opens));
        let mut pending = Pending::until(since, Some(until));
        pending.held = held;
        if self.run(id).and_then(|r| r.state.pending.as_ref()) == Some(&pending) {
            return;
        }
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(pending);
        }
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Held { until, refusals },
        );
    }

    /// The message goes.
    pub(super) fn go(&mut self, id: RunId, place: Place<'_>, going: Going) -> Option<MessageId> {
        let Going {
            channel,
            refusals,
            with,
            expires_at,
            once,
        } = going;
        let mut message = self.message(id, place, channel)?;
        message.decision.with = with;
        message.decision.expires_at = expires_at;
        message.decision.once = once;
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
        let decided = message.id;
        self.effects.messages.push(message);
        Some(decided)
    }

    /// From now on caps count it, and the customer may heed it.
    pub(super) fn remember_sent(&mut self, message: &Message) {
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
            repeats: message.decision.repeats,
        };
        sends.insert(place, send);
        self.may_be_heeded(message);
    }

    pub(super) fn refuse(
        &mut self,
        id: RunId,
        place: Place<'_>,
        reason: Reason,
        refusals: Vec<Refusal>,
    ) {
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
                once: None,
                repeats: None,
                expires_at: None,
                priority: machine.priority,
                tags: machine.tags.clone(),
                refusals: Vec::new(),
            },
        })
    }
}
