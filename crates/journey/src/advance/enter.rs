//! Entries: who begins a run, and who does not, with why.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Chained, MAX_RUNS, Stepper, View};
use crate::{
    customer::{Run, RunState},
    ids::RunId,
    input::Event,
    machine::{Again, By, Entry, Inside, Machine, NodeId},
    trace::{Fact, Line, NotEntered},
    value::Map,
};

/// The longest run key, in bytes.
pub const MAX_KEY: usize = 256;
/// The most that a trace tells of a condition, in characters.
const MAX_WHAT: usize = 200;
/// How many keys `again` remembers for one customer and journey.
pub const MAX_KEYS: usize = 10_000;

/// Why an entry does not take the customer.
pub(super) struct KeptOut {
    why: NotEntered,
    /// What of it, as it is written.
    what: Option<Arc<str>>,
    /// Until when, if time alone lets them in.
    until: Option<Timestamp>,
}

impl From<NotEntered> for KeptOut {
    fn from(why: NotEntered) -> Self {
        let (what, until) = (None, None);
        Self { why, what, until }
    }
}

impl NotEntered {
    /// With what is to blame; what is long is cut.
    pub(super) fn by(self, what: &str) -> KeptOut {
        let what = match what.char_indices().nth(MAX_WHAT) {
            Some((cut, _)) => format!("{}…", &what[..cut]).into(),
            None => Arc::from(what),
        };
        let kept_out = KeptOut::from(self);
        KeptOut {
            what: Some(what),
            ..kept_out
        }
    }
}

impl Stepper<'_> {
    /// Tests every entry that listens to the event. Returns the runs that are ready to go on.
    pub(super) fn enter(&mut self, event: &Event) -> BTreeSet<RunId> {
        let world = self.world;
        let mut begun = BTreeSet::new();
        for machine in world.entered_by(&event.name) {
            let listens = |e: &&Entry| e.event().is_some_and(|name| *name == event.name);
            let entries: Vec<&Entry> = machine.entries.iter().filter(listens).collect();
            begun.extend(self.first_entry(machine, &entries, Some(event.at)));
        }
        begun
    }

    /// Tries several entries of one journey in their order; the first that takes the customer
    /// counts. `at`: when the event happened, for those that must be fresh. What enters is
    /// `self.event`.
    pub(super) fn first_entry(
        &mut self,
        machine: &Arc<Machine>,
        entries: &[&Entry],
        at: Option<Timestamp>,
    ) -> Option<RunId> {
        let mut why = None;
        for entry in entries {
            match self.try_entry(machine, entry, at) {
                Ok(run) => return run,
                // Of several entries, the last to be tried speaks.
                Err(reason) => why = Some(reason),
            }
        }
        if let Some(why) = why {
            self.not_entered(&machine.journey, why);
        }
        None
    }

    pub(super) fn not_entered(&mut self, journey: &Arc<str>, why: impl Into<KeptOut>) {
        let KeptOut { why, what, until } = why.into();
        self.trace.push(Line {
            journey: Some(journey.clone()),
            run: None,
            step: None,
            fact: Fact::NotEntered { why, what, until },
        });
    }

    /// The run that is ready to go on; `Ok(None)`: one that was inside took the event as its own
    /// and still waits.
    fn try_entry(
        &mut self,
        machine: &Arc<Machine>,
        entry: &Entry,
        at: Option<Timestamp>,
    ) -> Result<Option<RunId>, KeptOut> {
        if let (Some(at), By::Event { fresh, .. }) = (at, &entry.by)
            && self.now.duration_since(at) > *fresh
        {
            return Err(NotEntered::Stale.into());
        }
        let view = self.before_entry();
        let condition = entry.condition.as_ref();
        if let Some(condition) = condition.filter(|c| !c.eval(&view).holds()) {
            return Err(NotEntered::Condition.by(condition.refuting(&view)));
        }
        let key: Arc<str> = match &entry.key {
            None => Arc::from(""),
            Some(key) => {
                let value = key.eval(&view).to_key();
                Arc::from(value.ok_or_else(|| NotEntered::NullKey.by(key.source()))?)
            }
        };
        if key.len() > MAX_KEY {
            return Err(NotEntered::KeyTooLong.into());
        }
        let paused = self.world.was_paused(&machine.journey, self.now);
        match (self.run_inside(&machine.journey, &key), machine.inside) {
            (Some(_), Inside::Ignore) => Err(NotEntered::Inside.into()),
            (Some(run), Inside::Refresh) => {
                self.refresh(run);
                Ok(None)
            }
            _ if paused => Err(NotEntered::Paused.into()),
            (Some(run), Inside::Restart) => {
                self.may_stay(machine, &key)?;
                self.leave(run, Arc::from("restarted"), true);
                if self.customer.runs.len() >= MAX_RUNS {
                    // It would only watch for its goal; the run that goes on is worth more.
                    self.end(run);
                }
                Ok(Some(self.begin(machine, key)))
            }
            (None, _) => {
                self.may_enter_again(machine, &key)?;
                self.may_stay(machine, &key)?;
                if self.customer.runs.len() >= MAX_RUNS {
                    return Err(NotEntered::TooManyRuns.into());
                }
                Ok(Some(self.begin(machine, key)))
            }
        }
    }

    pub(super) fn before_entry(&self) -> View<'_> {
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
    fn may_enter_again(&self, machine: &Machine, key: &str) -> Result<(), KeptOut> {
        let Some(ledger_key) = ledger_key(machine.again, key) else {
            return Ok(());
        };
        let Some(entries) = self.customer.ledger.entries.get(&machine.journey) else {
            return Ok(());
        };
        let last = entries.get(ledger_key);
        let allowed = match (last, machine.again) {
            (Some(last), again) => !still_counts(again, *last, self.now),
            (None, again) if counted(entries, again, self.now) >= MAX_KEYS => {
                return Err(NotEntered::TooManyKeys.into());
            }
            (None, _) => true,
        };
        if allowed {
            Ok(())
        } else {
            let until = last.and_then(|last| machine.again.from(*last));
            let why = NotEntered::Again.into();
            Err(KeptOut { until, ..why })
        }
    }

    /// An exit condition that already holds prevents entry (rule 11).
    fn may_stay(&self, machine: &Machine, key: &Arc<str>) -> Result<(), KeptOut> {
        let mut conditions = machine
            .exits
            .iter()
            .filter(|e| e.event.is_none())
            .peekable();
        if conditions.peek().is_none() {
            return Ok(());
        }
        let run = self.new_run(machine, key.clone(), RunId(uuid::Uuid::nil()));
        let view = self.view(&run);
        let exit = conditions.find(|e| e.condition.as_ref().is_some_and(|c| c.eval(&view).holds()));
        exit.map_or(Ok(()), |exit| Err(NotEntered::ExitHolds.by(&exit.reason)))
    }

    fn new_run(&self, machine: &Machine, key: Arc<str>, id: RunId) -> Run {
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
                event: self.event.clone(),
                vars: Map::new(),
                ..RunState::default()
            },
        }
    }

    fn begin(&mut self, machine: &Machine, key: Arc<str>) -> RunId {
        let id = RunId::of(self.customer_id(), &machine.journey, &key, self.input);
        self.remember_entry(machine, &key);
        let run = self.new_run(machine, key.clone(), id);
        // In order of id, as they are loaded: what is decided must not depend on a reload.
        let place = self.customer.runs.partition_point(|r| r.id < id);
        self.customer.runs.insert(place, run);
        self.effects.touched.insert(id);
        self.hearing.insert(id);
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
        // What allows an entry again is worth no memory.
        entries.retain(|_, last| still_counts(machine.again, *last, now));
        entries.insert(Arc::from(ledger_key), now);
        self.effects.profile = true;
    }

    /// The new event becomes `run.event`; what depends on it is tested as a further input of
    /// this turn: moments (rule 26), and conditions of goals, exits and waits (rule 27).
    fn refresh(&mut self, id: RunId) {
        let event = self.event.clone();
        if let Some(run) = self.touch(id) {
            run.state.event = event;
        }
        self.note(Some(id), None, Fact::Refreshed);
        self.chain(Chained::Refreshed);
    }
}

/// Whether an entry at `last` still keeps its key out.
fn still_counts(again: Again, last: Timestamp, now: Timestamp) -> bool {
    again.from(last).is_none_or(|from| from > now)
}

fn counted(entries: &BTreeMap<Arc<str>, Timestamp>, again: Again, now: Timestamp) -> usize {
    entries
        .values()
        .filter(|last| still_counts(again, **last, now))
        .count()
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
