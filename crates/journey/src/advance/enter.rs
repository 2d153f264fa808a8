//! Entries: who begins a run, and who does not, with why.

use std::{collections::BTreeSet, sync::Arc};

use super::{MAX_RUNS, Stepper, View};
use crate::{
    customer::{Run, RunState},
    ids::{InputId, RunId},
    input::Event,
    machine::{Again, Entry, Inside, Machine, NodeId},
    time,
    trace::{Fact, Line, NotEntered},
    value::Map,
};

/// The longest run key, in bytes.
pub const MAX_KEY: usize = 256;
/// How many keys `again` remembers for one customer and journey.
pub const MAX_KEYS: usize = 10_000;

impl Stepper<'_> {
    /// Tests every entry that listens to the event. Returns the runs that are ready to go on.
    pub(super) fn enter(&mut self, event: &Event, input: InputId) -> BTreeSet<RunId> {
        let world = self.world;
        let mut begun = BTreeSet::new();
        for machine in world.entered_by(&event.name) {
            let mut why = None;
            for entry in machine.entries.iter().filter(|e| e.event == event.name) {
                match self.try_entry(machine, entry, event, input) {
                    Ok(run) => {
                        begun.extend(run);
                        why = None;
                        break;
                    }
                    // Of several entries, the last to be tried speaks.
                    Err(reason) => why = Some(reason),
                }
            }
            if let Some(why) = why {
                self.trace.push(Line {
                    journey: Some(machine.journey.clone()),
                    run: None,
                    step: None,
                    fact: Fact::NotEntered { why },
                });
            }
        }
        begun
    }

    /// The run that is ready to go on; `Ok(None)`: one that was inside took the event as its own
    /// and still waits.
    fn try_entry(
        &mut self,
        machine: &Arc<Machine>,
        entry: &Entry,
        event: &Event,
        input: InputId,
    ) -> Result<Option<RunId>, NotEntered> {
        if self.now.duration_since(event.at) > entry.fresh {
            return Err(NotEntered::Stale);
        }
        let view = self.before_entry();
        if entry
            .condition
            .as_ref()
            .is_some_and(|c| !c.eval(&view).holds())
        {
            return Err(NotEntered::Condition);
        }
        let key: Arc<str> = match &entry.key {
            None => Arc::from(""),
            Some(key) => Arc::from(key.eval(&view).to_key().ok_or(NotEntered::NullKey)?),
        };
        if key.len() > MAX_KEY {
            return Err(NotEntered::KeyTooLong);
        }
        match (self.run_inside(&machine.journey, &key), machine.inside) {
            (Some(_), Inside::Ignore) => Err(NotEntered::Inside),
            (Some(run), Inside::Refresh) => {
                let ready = self.refresh(run, event);
                Ok(ready.then_some(run))
            }
            (Some(run), Inside::Restart) => {
                self.may_stay(machine, event, &key)?;
                self.leave(run, Arc::from("restarted"), true);
                Ok(Some(self.begin(machine, key, event, input)))
            }
            (None, _) => {
                self.may_enter_again(machine, &key)?;
                self.may_stay(machine, event, &key)?;
                if self.customer.runs.len() >= MAX_RUNS {
                    return Err(NotEntered::TooManyRuns);
                }
                Ok(Some(self.begin(machine, key, event, input)))
            }
        }
    }

    fn before_entry(&self) -> View<'_> {
        View {
            policies: &self.world.policies,
            customer: self.customer,
            run: None,
            event: &self.event,
            now: self.now,
        }
    }

    /// The run of that journey, of any version, with that key that is inside.
    fn run_inside(&self, journey: &str, key: &str) -> Option<RunId> {
        self.customer
            .runs
            .iter()
            .find(|r| r.left.is_none() && &*r.journey == journey && &*r.key == key)
            .map(|r| r.id)
    }

    /// `again`, from the ledger of last entries (rule 18).
    fn may_enter_again(&self, machine: &Machine, key: &str) -> Result<(), NotEntered> {
        let Some(ledger_key) = ledger_key(machine.again, key) else {
            return Ok(());
        };
        let Some(entries) = self.customer.ledger.entries.get(&machine.journey) else {
            return Ok(());
        };
        let allowed = match (entries.get(ledger_key), machine.again) {
            (Some(last), Again::After { after, .. }) => time::plus(*last, after) <= self.now,
            (Some(_), _) => false,
            (None, _) if entries.len() >= MAX_KEYS => return Err(NotEntered::TooManyKeys),
            (None, _) => true,
        };
        if allowed {
            Ok(())
        } else {
            Err(NotEntered::Again)
        }
    }

    /// An exit condition that already holds prevents entry (rule 11).
    fn may_stay(&self, machine: &Machine, event: &Event, key: &Arc<str>) -> Result<(), NotEntered> {
        let mut conditions = machine
            .exits
            .iter()
            .filter(|e| e.event.is_none())
            .peekable();
        if conditions.peek().is_none() {
            return Ok(());
        }
        let run = self.new_run(machine, key.clone(), event, RunId(uuid::Uuid::nil()));
        let view = self.view(&run);
        let exits = conditions.any(|e| e.condition.as_ref().is_some_and(|c| c.eval(&view).holds()));
        if exits {
            Err(NotEntered::ExitHolds)
        } else {
            Ok(())
        }
    }

    fn new_run(&self, machine: &Machine, key: Arc<str>, event: &Event, id: RunId) -> Run {
        Run {
            id,
            journey: machine.journey.clone(),
            machine: machine.id,
            key,
            entered_at: self.now,
            revision: 0,
            node: if machine.nodes.is_empty() {
                NodeId::END
            } else {
                NodeId(0)
            },
            due_at: None,
            left: None,
            goal_at: None,
            state: RunState {
                event: event.properties.clone(),
                vars: Map::new(),
                ..RunState::default()
            },
        }
    }

    fn begin(&mut self, machine: &Machine, key: Arc<str>, event: &Event, input: InputId) -> RunId {
        let id = RunId::of(self.customer_id(), &machine.journey, &key, input);
        self.remember_entry(machine, &key);
        let run = self.new_run(machine, key.clone(), event, id);
        // In order of id, as they are loaded: a batch must not see another order than its parts.
        let runs = &mut self.customer.runs;
        runs.insert(runs.partition_point(|r| r.id < run.id), run);
        self.effects.touched.insert(id);
        self.note(Some(id), None, Fact::Entered { key });
        id
    }

    fn remember_entry(&mut self, machine: &Machine, key: &Arc<str>) {
        let Some(ledger_key) = ledger_key(machine.again, key) else {
            return;
        };
        let now = self.now;
        let entries = self
            .customer
            .ledger
            .entries
            .entry(machine.journey.clone())
            .or_default();
        if let Again::After { after, .. } = machine.again {
            entries.retain(|_, last| time::plus(*last, after) > now);
        }
        entries.insert(Arc::from(ledger_key), now);
        self.effects.profile = true;
    }

    /// The new event becomes `run.event`; waits for a moment are computed anew (rule 26).
    /// True if its wait is over by that.
    fn refresh(&mut self, id: RunId, event: &Event) -> bool {
        if let Some(run) = self.touch(id) {
            run.state.event = event.properties.clone();
        }
        self.note(Some(id), None, Fact::Refreshed);
        self.recompute_wait(id)
    }
}

/// Under which key `again` counts; `None` where it does not count at all.
fn ledger_key(again: Again, key: &str) -> Option<&str> {
    match again {
        Again::Always => None,
        Again::After {
            per_customer: true, ..
        } => Some(""),
        Again::Never | Again::After { .. } => Some(key),
    }
}
