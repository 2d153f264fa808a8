//! Pausing (rule 53): durations stop, moments do not. Exits, goals, consent and what a run hears act as
//! ever; only its steps wait until it goes on.

use jiff::{SignedDuration, Timestamp};

use super::{Stepper, leave};
use crate::{
    customer::Run,
    ids::RunId,
    input::Passage,
    machine::{Node, Op},
    time,
    trace::Fact,
    value::Value,
};

impl Stepper<'_> {
    /// The time of a run: it stands still while the run is paused, and from the next pause on, if it is
    /// to heed that too.
    pub(super) fn clock_of(&self, id: RunId) -> Timestamp {
        let Some(run) = self.run(id) else {
            return self.now;
        };
        let next = match self.world.pausing(run) {
            Some(Passage::Pause { since }) => Some(since),
            _ => None,
        };
        run.state.paused.or(next).unwrap_or(self.now)
    }

    /// Whether the run may take its next step: it is not paused, and is not about to be, by a later word
    /// than the one that it heeds at the moment.
    pub(super) fn may_step(&self, run: &Run) -> bool {
        run.state.paused.is_none() && self.world.pausing(run).is_none()
    }

    /// The run stays where it is, since it was paused or, where an engine had not heard of that yet, since
    /// it came there.
    pub(super) fn pause(&mut self, id: RunId, since: Timestamp) {
        let now = self.now;
        let Some(run) = self.touch(id) else { return };
        run.state.heeded = Some(since);
        let began = run.state.pending.as_ref().map(|p| p.since);
        let since = since
            .max(run.entered_at)
            .max(began.unwrap_or(since))
            .min(now);
        run.state.paused = Some(since);
        run.due_at = None;
        self.note(Some(id), None, Fact::Paused { since });
    }

    /// What has ended its wait is kept until it goes on.
    pub(super) fn keep_heard(&mut self, id: RunId) {
        if self.run(id).is_none_or(|run| run.state.paused.is_none()) {
            return;
        }
        let event = self.event.clone();
        if let Some(run) = self.touch(id) {
            run.state.heard = event;
        }
    }

    /// Its next steps see what has ended its wait in the pause, if it takes them now.
    fn hear_kept(&mut self, id: RunId) {
        let kept = |run: &&Run| self.may_step(run) && !run.state.heard.is_null();
        let Some(heard) = self.run(id).filter(kept).map(|run| run.state.heard.clone()) else {
            return;
        };
        if let Some(run) = self.touch(id) {
            run.state.heard = Value::Null;
        }
        self.occasions.insert(id, heard);
    }

    /// The run goes on: what is left of its durations is what was left of them. True if it is ready to
    /// go on, for its wait is over or its send is to be decided anew.
    pub(super) fn resume(&mut self, id: RunId, at: Timestamp) -> bool {
        let world = self.world;
        let Some(run) = self.touch(id) else {
            return false;
        };
        let Some(paused) = run.state.paused.take() else {
            return false;
        };
        run.state.heeded = Some(at);
        let length = at.duration_since(paused).max(SignedDuration::ZERO);
        run.state.paused_for = run.state.paused_for.saturating_add(length);
        for round in run.state.rounds.values_mut() {
            round.since = time::plus(round.since, length);
        }
        self.note(Some(id), None, Fact::Resumed { paused });
        self.hear_kept(id);
        let Some(machine) = self.run(id).and_then(|r| world.machine(r.machine)) else {
            return false;
        };
        let clock = self.clock_of(id);
        // As a timer would: the longest stay comes before a wait that is over too.
        let stayed = |run: &Run| leave::stay_end(machine, run).is_some_and(|end| end <= clock);
        let over = machine
            .stay
            .as_ref()
            .filter(|_| self.run(id).is_some_and(stayed));
        if let Some(stay) = over {
            self.leave(id, stay.reason.clone(), true);
            return false;
        }
        let over = match self.waiting_node(id, machine) {
            // It was over in the pause.
            None => true,
            Some(node) => self.go_on(id, node, paused, length),
        };
        self.schedule(id);
        over
    }

    /// What it waits for, later by the pause if it is a duration. True if it is over.
    fn go_on(&mut self, id: RunId, node: &Node, paused: Timestamp, length: SignedDuration) -> bool {
        let clock = self.clock_of(id);
        let Some(pending) = self.touch(id).and_then(|r| r.state.pending.as_mut()) else {
            return true;
        };
        if let Op::Wait(wait) = &node.op {
            let span_over = time::plus(pending.since, wait.span) <= paused;
            if !span_over {
                pending.since = time::plus(pending.since, length);
            }
            // What was due in the pause fires, however long ago that was.
            let due = pending.until.is_some_and(|until| until <= clock);
            return match (span_over, due) {
                (true, true) => {
                    self.finish_wait(id, node);
                    true
                }
                (true, false) => false,
                (false, _) => self.recompute_wait(id),
            };
        }
        pending.since = time::plus(pending.since, length);
        pending.until = pending.until.map(|until| time::plus(until, length));
        // What is held is decided anew from the top (rule 39); so is when a next round begins.
        let (asked, called) = (pending.asked.is_some(), pending.call.is_some());
        match &node.op {
            Op::WaitFor(_) => {}
            Op::Ask(_) if asked => {}
            Op::Call(_) | Op::HandOver(_) if called => {}
            _ => return true,
        }
        let until = pending.until;
        self.note_wait(id, &node.id, until);
        false
    }
}
