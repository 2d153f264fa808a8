//! What people do for a customer: they take over a conversation, write in it, hand back, and do tasks (rule 30).

use std::sync::Arc;

use super::{
    Stepper,
    calls::Calling,
    send::{Going, Place},
};
use crate::{
    customer::Run,
    ids::{CallId, RunId},
    machine::{Capped, HandOver, Machine, Node, Op, Quiet, Send},
    message::Channel,
    policies::ConsentRule,
    policy::Verdict,
    trace::Fact,
    value::{Map, Value},
};

/// The longest that a person writes at once, in bytes.
const LONGEST: usize = 8_000;

impl Stepper<'_> {
    /// Whether a hand-over that an event ends is this run's; then the run goes on.
    pub(super) fn handed_back(&mut self, id: RunId, node: &Node) -> bool {
        let Op::HandOver(step) = &node.op else {
            return false;
        };
        if self.answered || self.hand_over_of() != Some(id) {
            return false;
        }
        self.answered = true;
        let call = self.pending_call(id);
        let answer = self.event.field("answer").storable();
        self.step_state(id, &node.id, |s| {
            (s.matched, s.answer) = (true, answer.clone());
        });
        if let Some(call) = call {
            self.note(Some(id), Some(node.id.clone()), Fact::HandedBack { call });
            self.effects.answered.push(call);
        }
        if let Some(target) = &step.save {
            self.put(id, &node.id, target, answer);
        }
        self.move_on(id, node.next);
        true
    }

    /// Whether a task that an event says is done is this run's: the call that the event names. Then the run goes on.
    pub(super) fn task_done(&mut self, id: RunId, node: &Node) -> bool {
        let (Op::Call(step), Some(call)) = (&node.op, self.pending_call(id)) else {
            return false;
        };
        if self.answered || self.named_call() != Some(call) {
            return false;
        }
        self.answered = true;
        let answer = self.event.field("answer").storable();
        self.call_answered(id, node, Calling::of_call(step), call, answer);
        self.effects.answered.push(call);
        true
    }

    /// A person writes to the customer who was handed over: by the channel that the event names, past caps and quiet
    /// hours, for a conversation is under way; with consent and an address as any message.
    pub(super) fn person_says(&mut self, id: RunId, machine: &Machine, node: &Node) {
        let Op::HandOver(step) = &node.op else {
            return;
        };
        if self.answered || self.hand_over_of() != Some(id) {
            return;
        }
        self.answered = true;
        let text = self.event.field("text");
        let Some(text) = text.as_text().filter(|t| !t.trim().is_empty()) else {
            return;
        };
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = Value::text(&text[..end]);
        let channel = self.event.field("channel");
        let channel = channel.as_text().and_then(|c| c.parse().ok());
        let send = self.of_a_person(step, channel.unwrap_or(Channel::Chat));
        let Some(number) = self.run(id).map(|run| run.node) else {
            return;
        };
        let place = Place {
            machine,
            number,
            node,
            send: &send,
        };
        match self.verdict(place, &send.channels) {
            Verdict::Go { channel, refusals } => {
                let with = Map::from([(Arc::from("text"), text)]);
                let going = Going {
                    channel,
                    refusals,
                    with: Value::Map(Arc::new(with)),
                    expires_at: None,
                    once: None,
                };
                self.go(id, place, going);
            }
            Verdict::Refuse { reason, refusals } => self.refuse(id, place, reason, refusals),
            // Nothing holds what goes past caps and quiet hours; a pause of the customer's own does.
            Verdict::Hold { refusals, .. } => {
                let reason = refusals.first().map(|refusal| refusal.reason);
                if let Some(reason) = reason {
                    self.refuse(id, place, reason, refusals);
                }
            }
        }
    }

    /// A send without a template: its words are a person's ([`Decision::words`](crate::message::Decision::words)).
    fn of_a_person(&self, step: &HandOver, channel: Channel) -> Send {
        let purposes = &self.world.policies.purposes;
        let free = purposes
            .iter()
            .find(|(_, purpose)| purpose.consent_on(channel) == ConsentRule::None);
        let any = free.or_else(|| purposes.iter().next());
        let purpose = step.purpose.clone().or(any.map(|(name, _)| name.clone()));
        Send {
            channels: vec![channel],
            purpose: purpose.unwrap_or_else(|| Arc::from("")),
            template: Arc::from(""),
            with: None,
            capped: Some(Capped::Send),
            quiet: Some(Quiet::Send),
            expires: None,
            key: None,
        }
    }

    /// The run whose hand-over the event names by `call`, else the one that waits longest.
    fn hand_over_of(&self) -> Option<RunId> {
        let named = self.named_call();
        let handed_over = |run: &Run| {
            let machine = self.world.machine(run.machine);
            let node = machine.and_then(|m| m.node(run.node));
            node.is_some_and(|n| matches!(n.op, Op::HandOver(_)))
        };
        self.customer
            .runs
            .iter()
            .filter(|r| r.left.is_none() && handed_over(r))
            .filter_map(|r| {
                let pending = r.state.pending.as_ref()?;
                Some((pending.since, r.id, pending.call?))
            })
            .filter(|(.., call)| named.is_none_or(|named| named == *call))
            .min_by_key(|(since, id, _)| (*since, *id))
            .map(|(_, id, _)| id)
    }

    /// The call that the event is about.
    fn named_call(&self) -> Option<CallId> {
        let named = self.event.field("call");
        named.as_text().and_then(|t| t.parse().ok()).map(CallId)
    }

    fn pending_call(&self, id: RunId) -> Option<CallId> {
        self.run(id)?.state.pending.as_ref()?.call
    }
}
