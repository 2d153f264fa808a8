//! Pausing (rule 53): durations stop, moments do not. Exits, goals, consent and what a run hears act as
//! ever; only its steps wait until it goes on. A person pauses one run, and a journey's pause all of them: a run that both have
//! paused goes on when both say so, and its time stands still once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Stepper;
use crate::{
    action::Undone,
    customer::ByPerson,
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
        // A person may have paused it before.
        let since = run.state.paused.map_or(since, |paused| paused.min(since));
        if let Some(person) = &mut run.state.by_person {
            person.journey = true;
        }
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
    /// then, and takes no step. What a person has paused stays so.
    pub(super) fn resume(&mut self, id: RunId, at: Timestamp, again: Option<Timestamp>) -> bool {
        let Some(run) = self.touch(id).filter(|r| r.state.paused.is_some()) else {
            return false;
        };
        run.state.heeded = Some(again.unwrap_or(at));
        if let Some(person) = &mut run.state.by_person {
            person.journey = again.is_some();
            let why = Arc::from(Undone::STAYS.as_str());
            self.note(Some(id), None, Fact::Ignored { why });
            return false;
        }
        self.end_pause(id, at, again)
    }

    /// A person pauses it: alone, or beside its journey's pause, in which its time stands still already.
    pub(super) fn pause_by_hand(&mut self, id: RunId) -> Result<(), Undone> {
        let now = self.now;
        let state = &self.run(id).ok_or(Undone::OVER)?.state;
        if state.by_person.is_some() {
            return Err(Undone::PAUSED_BEFORE);
        }
        let journey = state.paused.is_some();
        if let Some(run) = self.touch(id) {
            run.state.by_person = Some(ByPerson {
                since: now,
                journey,
            });
            run.state.paused = run.state.paused.or(Some(now));
            run.due_at = None;
        }
        self.note(Some(id), None, Fact::Paused { since: now });
        Ok(())
    }

    /// A person lets it go on: now, or with its journey, if that is paused too. True if it is ready to go on.
    pub(super) fn resume_by_hand(&mut self, id: RunId) -> Result<bool, Undone> {
        let now = self.now;
        let state = &self.run(id).ok_or(Undone::OVER)?.state;
        let since = state.paused.ok_or(Undone::NOT_PAUSED)?;
        let person = state.by_person.ok_or(Undone::JOURNEY_PAUSED)?;
        if let Some(run) = self.touch(id) {
            run.state.by_person = None;
        }
        if person.journey {
            self.note(Some(id), None, Fact::Paused { since });
            return Ok(false);
        }
        Ok(self.end_pause(id, now, None))
    }

    fn end_pause(&mut self, id: RunId, at: Timestamp, again: Option<Timestamp>) -> bool {
        let world = self.world;
        let Some(run) = self.touch(id) else {
            return false;
        };
        let Some(paused) = run.state.paused.take() else {
            return false;
        };
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
