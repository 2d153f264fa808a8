//! Pausing (rule 53): durations stop, moments do not. Exits, goals, consent and what a run hears act as
//! ever; only its steps wait until it goes on.

use jiff::{SignedDuration, Timestamp};

use super::Stepper;
use crate::{
    ids::RunId,
    machine::{Node, Op},
    time,
    trace::Fact,
};

impl Stepper<'_> {
    /// The time of a run: it stands still while the run is paused.
    pub(super) fn clock_of(&self, id: RunId) -> Timestamp {
        let paused = self.run(id).and_then(|run| run.state.paused);
        paused.unwrap_or(self.now)
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

    /// The run goes on: what is left of its durations is what was left of them. True if it is ready to
    /// go on, for its wait is over or its send is to be decided anew. `again`: it is paused again since
    /// then, and takes no step.
    pub(super) fn resume(&mut self, id: RunId, at: Timestamp, again: Option<Timestamp>) -> bool {
        let world = self.world;
        let Some(run) = self.touch(id) else {
            return false;
        };
        let Some(paused) = run.state.paused.take() else {
            return false;
        };
        run.state.heeded = Some(again.unwrap_or(at));
        // From here on its time stands still where the next pause began.
        run.state.paused = again;
        let length = at.duration_since(paused).max(SignedDuration::ZERO);
        run.state.paused_for = run.state.paused_for.saturating_add(length);
        for round in run.state.rounds.values_mut() {
            round.since = time::plus(round.since, length);
        }
        if again.is_none() && !run.state.heard.is_null() {
            // Its next steps see what has ended its wait in the pause.
            let heard = std::mem::take(&mut run.state.heard);
            self.occasions.insert(id, heard);
        }
        self.note(Some(id), None, Fact::Resumed { paused });
        let Some(machine) = self.run(id).and_then(|r| world.machine(r.machine)) else {
            return false;
        };
        // As a timer would: the longest stay comes before a wait that is over too.
        if self.has_stayed(id, machine) {
            return false;
        }
        let over = match self.waiting_node(id, machine) {
            // It was over in the pause.
            None => true,
            Some(node) => self.go_on(id, node, paused, length),
        };
        self.schedule(id);
        if let Some(since) = again {
            self.note(Some(id), None, Fact::Paused { since });
        }
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
