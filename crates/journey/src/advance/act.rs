//! What people do by hand: to a run, to a message that failed, to a consent.

use std::{collections::BTreeSet, sync::Arc};

use super::{Stepper, profile::Changes};
use crate::{
    action::{Act, Action, Undone},
    consent::Said,
    customer::ConsentState,
    ids::{MachineId, RunId},
    input::{Event, Passage},
    machine::{Op, Repeat},
    message::Channel,
    time,
    trace::Fact,
    value::Value,
};

/// Why a run leaves that a person takes out.
const BY_HAND: &str = "by_hand";
/// How a consent was taken back on the customer's word to a person.
const SUPPORT: &str = "support";

/// What follows from an action: runs that are ready to go on, and what waits and holds may depend on.
#[derive(Default)]
struct Done {
    ready: BTreeSet<RunId>,
    changes: Changes,
}

impl Done {
    fn ready(id: RunId, is: bool) -> Self {
        Self {
            ready: is.then_some(id).into_iter().collect(),
            ..Self::default()
        }
    }
}

impl Stepper<'_> {
    /// Does what a person asks for, or says why not. Exits come first, as before the end of a wait (rule 34).
    pub(super) fn act(&mut self, event: &Event) {
        // No condition of a journey sees it.
        self.event = Value::Null;
        let action = match Action::of(event) {
            Some(Ok(action)) => action,
            Some(Err(why)) => {
                let why = Arc::from(format!("the action cannot be read: {why}"));
                return self.note(None, None, Fact::Ignored { why });
            }
            None => return,
        };
        self.note_action(&action);
        self.test_goals(None);
        self.test_exits(None);
        let run = action.act.run().filter(|id| self.run(*id).is_some());
        let done = self.done(&action).unwrap_or_else(|undone| {
            let why = Arc::from(undone.as_str());
            self.note(run, None, Fact::Ignored { why });
            Done::default()
        });
        let mut ready = done.ready;
        ready.extend(self.wake(None, done.changes));
        self.advance_all(&ready);
    }

    fn note_action(&mut self, action: &Action) {
        let run = action.act.run().filter(|id| self.run(*id).is_some());
        let fact = Fact::Acted {
            asked: action.act.asked(),
            by: action.by.clone(),
            reason: action.reason.clone(),
        };
        match &action.act {
            Act::Resend { kept, .. } => self.note_of_message(kept.as_deref(), fact),
            _ => self.note(run, None, fact),
        }
    }

    fn done(&mut self, action: &Action) -> Result<Done, Undone> {
        if let Some(run) = action.act.run() {
            self.is_inside(run)?;
        }
        match &action.act {
            Act::Pause { run } => self.pause_by_hand(*run).map(|()| Done::default()),
            Act::Resume { run } => Ok(Done::ready(*run, self.resume_by_hand(*run)?)),
            Act::Exit { run } => {
                self.leave(*run, Arc::from(BY_HAND), true);
                Ok(Done::default())
            }
            Act::Advance { run } => self.end_wait(*run).map(|()| Done::ready(*run, true)),
            Act::Move { run, version, to } => {
                self.move_by_hand(*run, *to, *version)?;
                Ok(Done::ready(*run, self.arrive(*run, *to)))
            }
            Act::Resend { message, kept } => {
                self.resend(*message, kept.as_deref())?;
                Ok(Done::default())
            }
            Act::OptOut { purpose, channel } => self.opt_out(action, purpose, *channel),
        }
    }

    fn is_inside(&self, id: RunId) -> Result<(), Undone> {
        match self.run(id) {
            None => Err(Undone::OVER),
            Some(run) if run.left.is_some() => Err(Undone::LEFT),
            Some(_) => Ok(()),
        }
    }

    /// Its wait ends as if its time had come. What a rule holds back stays held, and no question jumps its queue.
    fn end_wait(&mut self, id: RunId) -> Result<(), Undone> {
        let world = self.world;
        let run = self.run(id).ok_or(Undone::OVER)?;
        if run.state.paused.is_some() {
            return Err(Undone::PAUSED);
        }
        let machine = world.machine(run.machine).ok_or(Undone::NO_WAIT)?;
        let pending = run.state.pending.as_ref().ok_or(Undone::NO_WAIT)?;
        let node = machine.node(run.node).ok_or(Undone::NO_WAIT)?;
        match &node.op {
            _ if pending.held.is_some() => return Err(Undone::HELD),
            Op::Ask(_) if pending.asked.is_none() => return Err(Undone::QUEUED),
            Op::Repeat(repeat) => self.hurry_round(id, &node.id, repeat),
            _ => self.wait_is_over(id, machine),
        }
        Ok(())
    }

    /// The next round is due now.
    fn hurry_round(&mut self, id: RunId, step: &Arc<str>, repeat: &Repeat) {
        let since = time::plus(self.now, -repeat.every);
        let round = self.touch(id).and_then(|r| r.state.rounds.get_mut(step));
        if let Some(round) = round {
            round.since = since;
        }
    }

    /// To the same step of another version. Where an apply has its runs pass on, this one was not meant.
    fn move_by_hand(&mut self, id: RunId, to: MachineId, version: u32) -> Result<(), Undone> {
        let run = self.run(id).ok_or(Undone::OVER)?;
        if run.machine == to {
            return Err(Undone::SAME_VERSION);
        }
        let journey = run.journey.clone();
        let (new, node) = self.target(id, to).ok_or(Undone::NO_VERSION)?;
        if new.journey != journey {
            return Err(Undone::NO_VERSION);
        }
        let passage = self.world.passage(to);
        if passage == Some(Passage::Stop) {
            return Err(Undone::VERSION_ENDS);
        }
        self.moved(id, &new, node.ok_or(Undone::NO_STEP)?, version);
        if let (Some(passage), Some(run)) = (passage, self.touch(id)) {
            run.state.kept_from = passage.to();
        }
        Ok(())
    }

    /// As the customer's own word: `consent.withdrawn` with `how: support`.
    fn opt_out(
        &mut self,
        action: &Action,
        purpose: &Arc<str>,
        channel: Option<Channel>,
    ) -> Result<Done, Undone> {
        if !self.world.policies.purposes.contains_key(purpose) {
            return Err(Undone::NO_PURPOSE);
        }
        let proof = [("by", &action.by), ("reason", &action.reason)];
        let said = Said {
            how: Some(Arc::from(SUPPORT)),
            proof: Value::map(proof.map(|(name, text)| (name, Value::Text(text.clone())))),
            ..Said::default()
        };
        let channels = channel.map_or_else(|| Channel::ALL.to_vec(), |channel| vec![channel]);
        self.state_consents(purpose.clone(), channels, ConsentState::Withdrawn, &said);
        let changes = Changes {
            consent: true,
            ..Changes::default()
        };
        Ok(Done {
            changes,
            ..Done::default()
        })
    }
}
