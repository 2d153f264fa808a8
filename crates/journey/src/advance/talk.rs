//! Questions and their answers (rule 29), calls and theirs (rule 30), and hand-overs.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;

use super::{
    Chained, Stepper,
    send::{Decided, Place},
    steps::Flow,
};
use crate::{
    answer,
    call::{Answer, Call, Outcome},
    customer::{Asked, Pending},
    expr::Operand,
    ids::{CallId, MessageId, RunId},
    machine::{self, Ask, HandOver, Node, NodeId, Op, REPLIED, Target},
    message::Channel,
    time,
    trace::Fact,
    value::Value,
};

/// What `call` and `hand_over` have in common.
#[derive(Clone, Copy)]
pub(super) struct Calling<'m> {
    endpoint: &'m Arc<str>,
    with: Option<&'m Operand>,
    save: Option<&'m Target>,
    within: Option<SignedDuration>,
    otherwise: NodeId,
    hand_over: bool,
}

impl<'m> Calling<'m> {
    pub(super) fn of_call(call: &'m machine::Call) -> Self {
        Self {
            endpoint: &call.endpoint,
            with: call.with.as_ref(),
            save: call.save.as_ref(),
            within: call.within,
            otherwise: call.otherwise,
            hand_over: false,
        }
    }

    pub(super) fn of_hand_over(call: &'m HandOver) -> Self {
        Self {
            endpoint: &call.endpoint,
            with: call.with.as_ref(),
            save: None,
            within: call.within,
            otherwise: call.otherwise,
            hand_over: true,
        }
    }

    fn of(op: &'m Op) -> Option<Self> {
        match op {
            Op::Call(call) => Some(Self::of_call(call)),
            Op::HandOver(call) => Some(Self::of_hand_over(call)),
            _ => None,
        }
    }
}

impl Stepper<'_> {
    /// Asks, unless another question is open on that channel; then waits for the answer.
    pub(super) fn ask(&mut self, id: RunId, place: Place<'_>, ask: &Ask) -> Flow {
        if self.is_asked(id) {
            return Flow::Stay;
        }
        if self.is_busy(id, place) {
            return self.queue(id, place.node);
        }
        match self.decide_send(id, place) {
            Decided::Went(message, channel) => self.asked(id, place.node, ask, channel, message, 0),
            Decided::Refused => Flow::To(ask.otherwise),
            Decided::Held => Flow::Stay,
        }
    }

    pub(super) fn is_asked(&self, id: RunId) -> bool {
        self.run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.asked.is_some())
    }

    /// Whether the run waits for its turn to ask.
    pub(super) fn is_queued(&self, id: RunId) -> bool {
        self.run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.asked.is_none() && p.held.is_none())
    }

    /// Whether another run has a question open on the channel by which this one would go.
    fn is_busy(&self, id: RunId, place: Place<'_>) -> bool {
        let open: BTreeSet<Channel> = self
            .customer
            .runs
            .iter()
            .filter(|r| r.id != id)
            .filter_map(|r| Some(r.state.pending.as_ref()?.asked?.channel))
            .collect();
        !open.is_empty()
            && match self.verdict(place, &place.send.channels) {
                crate::policy::Verdict::Go { channel, .. } => open.contains(&channel),
                _ => false,
            }
    }

    fn queue(&mut self, id: RunId, node: &Node) -> Flow {
        let waits = self.run(id).and_then(|r| r.state.pending.as_ref());
        if waits.is_some_and(|p| p.held.is_none()) {
            return Flow::Stay;
        }
        let waits = Pending::until(self.now, None);
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(waits);
        }
        self.note(Some(id), Some(node.id.clone()), Fact::Queued);
        Flow::Stay
    }

    fn asked(
        &mut self,
        id: RunId,
        node: &Node,
        ask: &Ask,
        channel: Channel,
        message: MessageId,
        repeats: u32,
    ) -> Flow {
        let until = ask.within.map(|within| time::plus(self.now, within));
        let mut waits = Pending::until(self.now, until);
        waits.asked = Some(Asked {
            channel,
            message,
            repeats,
        });
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(waits);
        }
        let fact = Fact::Waits {
            until,
            event: Some(Arc::from(REPLIED)),
            zone: None,
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        Flow::Stay
    }

    /// Whether the event is an answer to this run's question; then the run goes on, or asks again.
    pub(super) fn wake_ask(
        &mut self,
        id: RunId,
        node: &Node,
        ask: &Ask,
        event: Option<&str>,
    ) -> bool {
        if event != Some(REPLIED) || self.reply_is_for() != Some(id) {
            return false;
        }
        let text = self.event.field("text");
        let text: String = text
            .as_text()
            .map_or_else(|| text.to_string(), str::to_owned);
        if answer::stops(&text) {
            return false;
        }
        self.step_state(id, &node.id, |s| s.replied = true);
        // One reply answers one question.
        self.answered = true;
        match answer::understand(&ask.expect, &text) {
            Some(understood) => {
                self.understood(id, node, ask, understood);
                true
            }
            None => self.not_understood(id, node, ask),
        }
    }

    /// The run whose question a reply is about: the message that it names, else the oldest question
    /// that is open on its channel.
    fn reply_is_for(&self) -> Option<RunId> {
        if self.answered {
            return None;
        }
        let named = self.event.field("message_id");
        let named = named.as_text().and_then(|t| t.parse().ok()).map(MessageId);
        let channel = self.event.field("channel");
        let channel: Option<Channel> = channel.as_text().and_then(|c| c.parse().ok());
        self.customer
            .runs
            .iter()
            .filter(|r| r.left.is_none())
            .filter_map(|r| {
                let pending = r.state.pending.as_ref()?;
                Some((pending.since, r.id, pending.asked?))
            })
            .filter(|(.., asked)| match (named, channel) {
                (Some(message), _) => asked.message == message,
                (None, Some(channel)) => asked.channel == channel,
                (None, None) => true,
            })
            .min_by_key(|(since, id, _)| (*since, *id))
            .map(|(_, id, _)| id)
    }

    fn understood(&mut self, id: RunId, node: &Node, ask: &Ask, found: answer::Understood) {
        let to = match (&ask.expect, found.option) {
            (machine::Expect::Options(choices), Some(option)) => {
                choices.get(option).map_or(node.next, |c| c.then)
            }
            _ => node.next,
        };
        let value = found.value;
        self.step_state(id, &node.id, |s| s.answer = value.clone());
        let answer = value.clone();
        self.note(Some(id), Some(node.id.clone()), Fact::Answered { answer });
        if let Some(target) = &ask.save {
            self.put(id, &node.id, target, value);
        }
        self.close_question(id, to);
    }

    /// Repeats the question, or gives up. True if the run goes on. In a pause it does neither: the
    /// question stays open.
    fn not_understood(&mut self, id: RunId, node: &Node, ask: &Ask) -> bool {
        let paused = self.run(id).is_some_and(|r| r.state.paused.is_some());
        if paused {
            let fact = Fact::NotUnderstood { repeated: false };
            self.note(Some(id), Some(node.id.clone()), fact);
            return false;
        }
        let asked = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .and_then(|p| p.asked);
        let repeats = asked.map_or(u32::MAX, |a| a.repeats);
        let repeated = repeats < ask.retry && self.repeat_question(id, ask, repeats);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::NotUnderstood { repeated },
        );
        if !repeated {
            self.close_question(id, ask.not_understood);
        }
        !repeated
    }

    /// False if the question cannot go now: it is then not asked again.
    fn repeat_question(&mut self, id: RunId, ask: &Ask, repeats: u32) -> bool {
        let world = self.world;
        let Some(run) = self.run(id) else {
            return false;
        };
        let number = run.node;
        let Some(machine) = world.machine(run.machine) else {
            return false;
        };
        let Some(place) = Place::find(machine, number) else {
            return false;
        };
        match self.go_at_once(id, place) {
            Some((message, channel)) => {
                self.asked(id, place.node, ask, channel, message, repeats + 1);
                self.schedule(id);
                true
            }
            None => false,
        }
    }

    fn close_question(&mut self, id: RunId, to: NodeId) {
        self.move_on(id, to);
        self.chain(Chained::Asks);
    }

    /// Nobody has answered in time, or the question never arrived.
    pub(super) fn silence(&mut self, id: RunId, node: &Node, ask: &Ask) {
        self.close_question(id, ask.otherwise);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Woke { matched: false },
        );
    }

    /// Calls an endpoint and waits.
    pub(super) fn call(&mut self, id: RunId, node: &Node, calling: Calling<'_>) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        if run.state.pending.as_ref().is_some_and(|p| p.call.is_some()) {
            return Flow::Stay;
        }
        let (at, journey) = (self.now, run.journey.clone());
        let with = calling
            .with
            .map_or(Value::Null, |w| w.eval(&self.view(run)));
        let until = calling.within.map(|within| time::plus(at, within));
        let ordinal = self.ordinal;
        self.ordinal += 1;
        let Some(run) = self.touch(id) else {
            return Flow::Left;
        };
        let call = CallId::of(id, run.revision, ordinal);
        let mut waits = Pending::until(at, until);
        waits.call = Some(call);
        run.state.pending = Some(waits);
        self.effects.calls.push(Call {
            id: call,
            at,
            run: id,
            journey,
            step: node.id.clone(),
            endpoint: calling.endpoint.clone(),
            hand_over: calling.hand_over,
            with,
            expires_at: until,
        });
        let fact = Fact::Calls {
            call,
            endpoint: calling.endpoint.clone(),
            until,
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        Flow::Stay
    }

    /// An endpoint has answered, or never will. Returns the run, if it goes on.
    pub(super) fn call_ended(&mut self, answer: &Answer) -> BTreeSet<RunId> {
        let world = self.world;
        let id = answer.run;
        let machine = self.run(id).and_then(|r| world.machine(r.machine)).cloned();
        let waits = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.call == Some(answer.call));
        let found = machine
            .as_deref()
            .filter(|_| waits)
            .and_then(|m| self.waiting_node(id, m))
            .and_then(|node| Some((node, Calling::of(&node.op)?)));
        let Some((node, calling)) = found else {
            let why = Arc::from("nobody waits for this answer any more");
            self.note(None, None, Fact::Ignored { why });
            return BTreeSet::new();
        };
        let call = answer.call;
        let step = Some(node.id.clone());
        match &answer.outcome {
            Outcome::Answered(_) if calling.hand_over => {
                self.touch(id);
                self.note(Some(id), step, Fact::HandedOver { call });
                BTreeSet::new()
            }
            Outcome::Answered(value) => {
                self.note(Some(id), step, Fact::CallAnswered { call });
                let value = value.storable();
                self.step_state(id, &node.id, |s| {
                    (s.answer, s.failed) = (value.clone(), false);
                });
                if let Some(target) = calling.save {
                    self.put(id, &node.id, target, value);
                }
                self.move_on(id, node.next);
                BTreeSet::from([id])
            }
            Outcome::Failed(why) => {
                let why = why.clone();
                self.note(Some(id), step, Fact::CallFailed { call, why });
                self.call_failed(id, node, calling);
                BTreeSet::from([id])
            }
        }
    }

    fn call_failed(&mut self, id: RunId, node: &Node, calling: Calling<'_>) {
        self.step_state(id, &node.id, |s| {
            (s.answer, s.failed) = (Value::Null, true);
        });
        self.move_on(id, calling.otherwise);
    }

    /// The time of a call or a hand-over is over.
    pub(super) fn call_timed_out(&mut self, id: RunId, node: &Node) {
        let Some(calling) = Calling::of(&node.op) else {
            return;
        };
        self.cancel_call(id);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Woke { matched: false },
        );
        self.call_failed(id, node, calling);
    }

    /// A call that nobody waits for any more.
    pub(super) fn cancel_call(&mut self, id: RunId) {
        let call = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .and_then(|p| p.call);
        let Some(call) = call else { return };
        // Decided in this very turn: it was never written.
        let calls = &mut self.effects.calls;
        match calls.iter().position(|c| c.id == call) {
            Some(index) => drop(calls.remove(index)),
            None => self.effects.cancelled.push(call),
        }
    }

    /// Whether a hand-over that an event ends is this run's; then the run goes on.
    pub(super) fn handed_back(&mut self, id: RunId, node: &Node) -> bool {
        if self.answered || self.hand_over_of() != Some(id) {
            return false;
        }
        self.answered = true;
        let call = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .and_then(|p| p.call);
        let answer = self.event.field("answer").storable();
        self.step_state(id, &node.id, |s| {
            (s.matched, s.answer) = (true, answer);
        });
        if let Some(call) = call {
            self.note(Some(id), Some(node.id.clone()), Fact::HandedBack { call });
        }
        self.move_on(id, node.next);
        true
    }

    /// The run whose hand-over the event names by `call`, else the one that waits longest.
    fn hand_over_of(&self) -> Option<RunId> {
        let named = self.event.field("call");
        let named = named.as_text().and_then(|t| t.parse().ok()).map(CallId);
        let handed_over = |run: &crate::customer::Run| {
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

    /// The run's open question, if that message asked it.
    pub(super) fn question_of(&self, id: RunId, message: MessageId) -> Option<Asked> {
        let pending = self.run(id)?.state.pending.as_ref()?;
        pending.asked.filter(|a| a.message == message)
    }
}
