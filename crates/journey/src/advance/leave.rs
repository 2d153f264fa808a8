//! Ways out: goals, exits, the end, and what leaving cancels.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Chained, Stepper};
use crate::{
    customer::{Left, PastSend, Run},
    ids::RunId,
    machine::Machine,
    message::Reason,
    policies::ConsentRule,
    time,
    trace::Fact,
};

/// Until when an open goal counts.
pub(super) fn goal_end(machine: &Machine, run: &Run) -> Option<Timestamp> {
    machine
        .goal_until(run.entered_at)
        .filter(|_| run.goal_at.is_none())
}

/// When its longest stay is over; pauses do not count.
pub(super) fn stay_end(machine: &Machine, run: &Run) -> Option<Timestamp> {
    machine.stays_until(run.entered_at, run.state.paused_for)
}

impl Stepper<'_> {
    /// The run leaves if its longest stay is over. True if it is.
    pub(super) fn has_stayed(&mut self, id: RunId, machine: &Machine) -> bool {
        let clock = self.clock_of(id);
        let end = self.run(id).and_then(|run| stay_end(machine, run));
        let stay = machine.stay.as_ref();
        let Some(stay) = stay.filter(|_| end.is_some_and(|end| end <= clock)) else {
            return false;
        };
        self.leave(id, stay.reason.clone(), true);
        true
    }

    /// Counts goals, once per run, left or not, until their window is over (rule 37).
    pub(super) fn test_goals(&mut self, event: Option<&str>) {
        let ids: Vec<RunId> = self.customer.runs.iter().map(|r| r.id).collect();
        for id in ids {
            if self
                .run(id)
                .is_some_and(|run| self.reaches_goal(run, event))
            {
                self.count_goal(id);
            }
        }
    }

    fn reaches_goal(&self, run: &Run, event: Option<&str>) -> bool {
        let Some(goal) = self
            .world
            .machine(run.machine)
            .and_then(|m| m.goal.as_ref())
        else {
            return false;
        };
        let open = match goal.within {
            Some(within) => self.now <= time::plus(run.entered_at, within),
            None => run.left.is_none(),
        };
        run.goal_at.is_none()
            && open
            && (goal.event.is_none() || goal.event.as_deref() == event)
            && goal
                .condition
                .as_ref()
                .is_none_or(|c| c.eval(&self.view(run)).holds())
    }

    /// Counts a goal that has not been counted. A run that has left is then over.
    fn count_goal(&mut self, id: RunId) {
        let now = self.now;
        let Some(run) = self.touch(id) else { return };
        if run.goal_at.is_some() {
            return;
        }
        run.goal_at = Some(now);
        let left = run.left.is_some();
        self.note(Some(id), None, Fact::Goal);
        self.heed_by_goal(id);
        if left {
            self.end(id);
        }
    }

    /// Tests the exits of every run that is inside (rule 34): of the first that holds, the run leaves.
    pub(super) fn test_exits(&mut self, event: Option<&str>) {
        for (id, machine) in self.inside() {
            let Some(run) = self.run(id) else { continue };
            let view = self.view(run);
            let exit = machine.exits.iter().find(|exit| {
                (exit.event.is_none() || exit.event.as_deref() == event)
                    && exit
                        .condition
                        .as_ref()
                        .is_none_or(|c| c.eval(&view).holds())
            });
            if let Some(exit) = exit {
                let reason = exit.reason.clone();
                self.leave(id, reason, true);
            }
        }
    }

    /// The run leaves. `recall`: marketing of this run that no provider has is taken back
    /// (rule 35); a run that walks out by its own steps keeps what it has sent.
    pub(super) fn leave(&mut self, id: RunId, reason: Arc<str>, recall: bool) {
        let at = self.now;
        let is_goal = &*reason == "goal";
        self.cancel_call(id);
        let Some(run) = self.touch(id) else { return };
        let asked = run.state.pending.take().is_some_and(|p| p.asked.is_some());
        run.left = Some(Left {
            at,
            reason: reason.clone(),
        });
        self.note(Some(id), None, Fact::Left { reason });
        if asked {
            self.chain(Chained::Asks);
        }
        if recall {
            self.recall(id);
        }
        if is_goal {
            self.count_goal(id);
        }
        self.watch_or_end(id);
    }

    /// A run that has left goes on only while its goal is open.
    fn watch_or_end(&mut self, id: RunId) {
        let Some(run) = self.run(id) else { return };
        let end = self
            .world
            .machine(run.machine)
            .and_then(|m| goal_end(m, run));
        match end {
            Some(end) if end > self.now => self.schedule(id),
            _ => self.end(id),
        }
    }

    /// The run is over: it moves from the open runs to the ended.
    pub(super) fn end(&mut self, id: RunId) {
        let Some(index) = self.customer.runs.iter().position(|r| r.id == id) else {
            return;
        };
        let mut run = self.customer.runs.remove(index);
        run.due_at = None;
        self.effects.touched.remove(&id);
        self.effects.ended.push(run);
    }

    /// The step whose message is taken back has not sent it.
    fn forget_sent(&mut self, id: RunId, send: &PastSend) {
        let Some(run) = self.touch(id) else { return };
        let steps = run.state.steps.values_mut();
        for step in steps.filter(|s| s.message == Some(send.message)) {
            (step.sent, step.suppressed) = (false, true);
            step.reason = Some(Arc::from(Reason::Recalled.as_str()));
        }
    }

    fn recall(&mut self, id: RunId) {
        let policies = &self.world.policies;
        let recalled: Vec<_> = self
            .customer
            .sends
            .iter()
            .filter(|s| s.run == id && s.queued)
            .filter(|s| {
                let rule = policies
                    .purposes
                    .get(&s.purpose)
                    .map(|p| p.consent_on(s.channel));
                rule != Some(ConsentRule::None)
            })
            .cloned()
            .collect();
        if !recalled.is_empty() {
            self.chain(Chained::Room);
        }
        for send in recalled {
            self.forget_sent(id, &send);
            self.customer.sends.retain(|s| s.message != send.message);
            self.free_key(send.message);
            self.cannot_be_heeded(send.message);
            self.note(
                Some(id),
                None,
                Fact::Recalled {
                    message: send.message,
                },
            );
            // Decided in this very turn: it was never written as queued.
            match self
                .effects
                .messages
                .iter_mut()
                .find(|m| m.id == send.message)
            {
                Some(message) => message.refused = Some(Reason::Recalled),
                None => self.effects.recalled.push(send),
            }
        }
    }
}
