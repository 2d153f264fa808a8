//! Calls and their answers (rule 30), and hand-overs.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;

use super::{Stepper, steps::Flow};
use crate::{
    call::{Answer, Call, Outcome},
    customer::Pending,
    expr::Operand,
    failure::Failure,
    ids::{CallId, RunId},
    machine::{self, HandOver, Node, NodeId, Op, Target},
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
    due: Option<SignedDuration>,
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
            due: call.due,
            otherwise: call.otherwise,
            hand_over: false,
        }
    }

    pub(super) fn of_hand_over(call: &'m HandOver) -> Self {
        Self {
            endpoint: &call.endpoint,
            with: call.with.as_ref(),
            save: call.save.as_ref(),
            within: call.within,
            due: call.due,
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
    /// Calls an endpoint and waits.
    pub(super) fn call(&mut self, id: RunId, node: &Node, calling: Calling<'_>) -> Flow {
        let Some(run) = self.run(id) else {
            return Flow::Left;
        };
        if run.state.pending.as_ref().is_some_and(|p| p.call.is_some()) {
            return Flow::Stay;
        }
        if self.customer.ledger.restricted.is_some() {
            return self.call_refused(id, node, calling);
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
            wanted_at: calling.due.map(|due| time::plus(at, due)),
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

    /// Nothing of a customer whose processing is restricted is passed on: the way that a failure takes.
    fn call_refused(&mut self, id: RunId, node: &Node, calling: Calling<'_>) -> Flow {
        let Some(run) = self.touch(id) else {
            return Flow::Left;
        };
        let (revision, ordinal) = (run.revision, self.ordinal);
        self.ordinal += 1;
        let call = CallId::of(id, revision, ordinal);
        let why = Failure::Restricted;
        let step = Some(node.id.clone());
        self.note(Some(id), step, Fact::CallFailed { call, why });
        self.step_state(id, &node.id, |s| {
            (s.answer, s.failed) = (Value::Null, true);
        });
        Flow::To(calling.otherwise)
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
                self.call_answered(id, node, calling, call, value.storable());
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

    pub(super) fn call_answered(
        &mut self,
        id: RunId,
        node: &Node,
        calling: Calling<'_>,
        call: CallId,
        answer: Value,
    ) {
        let step = Some(node.id.clone());
        self.note(Some(id), step, Fact::CallAnswered { call });
        self.step_state(id, &node.id, |s| {
            (s.answer, s.failed) = (answer.clone(), false);
        });
        if let Some(target) = calling.save {
            self.put(id, &node.id, target, answer);
        }
        self.move_on(id, node.next);
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
}
