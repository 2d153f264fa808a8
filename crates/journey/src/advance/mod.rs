//! The turn: one customer, one input, and what becomes of them.
//!
//! [`take`] decides a customer's inputs in their order. For each (rule 9): the profile is updated,
//! goals and exits are tested, waits are woken, entries are made, and the woken and new runs are
//! advanced by priority, entry time and id, each to its next wait. Total: no error, no panic; a
//! surprising input leaves an `Ignored` in the trace.

mod act;
mod audience;
mod calls;
mod consent;
mod effects;
mod enter;
mod heed;
mod leave;
mod merge;
mod others;
mod pass;
mod pause;
mod people;
mod preferences;
mod profile;
mod questions;
mod receipt;
mod resend;
mod rounds;
mod scope;
mod send;
mod steps;
mod take_over;
mod timers;
mod wake;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

pub use self::{
    audience::{NextDate, concerns, next_date},
    effects::{Effects, Moved, Settled, Turn, Visit},
    others::OWN,
    timers::{Due, next_due},
};
use self::{profile::Changes, scope::View};
use crate::{
    answer,
    customer::{Customer, Run},
    ids::{CustomerId, InputId, RunId},
    input::{Event, Input, InputKind},
    machine::{Machine, REPLIED, STARTED, SUPPORT_ACTION},
    merge::MERGE,
    trace::{Fact, Line, NOTHING_LISTENED},
    value::{Map, Value},
    world::World,
};

/// The field of a reply that says which word it is.
const KEYWORD: &str = "keyword";

/// How many open runs one customer may have.
pub const MAX_RUNS: usize = 200;
/// How many further inputs one input may cause (rule 12).
pub const MAX_CHAINED: usize = 64;
/// How many timers of one customer one call fires at the most; the rest stay due.
pub const MAX_TIMERS: usize = 1_000;

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Production: a late timer fires at the time it is, and messages queue for dispatch.
    Wall,
    /// Replay, back-test and simulation: every input has the time it was recorded at, a timer
    /// fires at the moment it was due, and messages are handed over at once.
    Recorded,
}

/// Decides a customer's inputs in their order. Timers that were due before an input fire before
/// it (rule 13).
pub fn take(world: &World, customer: Customer, inputs: Vec<Input>, clock: Clock) -> Turn {
    let mut turn = Turn {
        customer,
        effects: Effects::default(),
    };
    hand_over(&mut turn.customer, clock);
    if let Some(now) = inputs.first().map(|i| i.now) {
        pass::all(world, &mut turn, now, clock);
    }
    for input in inputs {
        timers::fire(
            world,
            &mut turn,
            timers::Until::Before(input.now),
            input.now,
            clock,
        );
        step(world, &mut turn, input);
        hand_over(&mut turn.customer, clock);
    }
    turn
}

/// What conditions see of an event as `event`: its fields, and of a reply that is one of the words STOP,
/// START and HELP or their like the `keyword`, in whatever language it was written. A producer's own stays.
pub fn seen(name: &str, fields: &Value) -> Value {
    let keyword = || answer::keyword(fields.field("text").as_text()?);
    let (true, Value::Map(map)) = (name == REPLIED, fields) else {
        return fields.clone();
    };
    let Some(keyword) = keyword().filter(|_| !map.contains_key(KEYWORD)) else {
        return fields.clone();
    };
    let mut map = Map::clone(map);
    map.insert(Arc::from(KEYWORD), Value::text(keyword.as_str()));
    Value::Map(Arc::new(map))
}

/// Fires a customer's timers that are due at or before `now`, at most [`MAX_TIMERS`].
pub fn take_due(world: &World, customer: Customer, now: Timestamp, clock: Clock) -> Turn {
    let mut turn = Turn {
        customer,
        effects: Effects::default(),
    };
    hand_over(&mut turn.customer, clock);
    pass::all(world, &mut turn, now, clock);
    timers::fire(world, &mut turn, timers::Until::At(now), now, clock);
    turn
}

/// Has a customer's runs pass to another version, or out of their journey, where an apply says so
/// ([`World::pass`]). [`take`] and [`take_due`] do this first, so that nobody who is touched
/// meanwhile is decided by a version that they are to leave.
pub fn take_passages(world: &World, customer: Customer, now: Timestamp, clock: Clock) -> Turn {
    let mut turn = Turn {
        customer,
        effects: Effects::default(),
    };
    hand_over(&mut turn.customer, clock);
    pass::all(world, &mut turn, now, clock);
    turn
}

/// One input, with the clock of that input: the pure contract.
pub fn advance(world: &World, customer: Customer, input: Input) -> Turn {
    let mut turn = Turn {
        customer,
        effects: Effects::default(),
    };
    step(world, &mut turn, input);
    turn
}

/// On a recorded clock, what was decided has been handed over.
fn hand_over(customer: &mut Customer, clock: Clock) {
    if clock == Clock::Recorded {
        for send in &mut customer.sends {
            send.queued = false;
        }
    }
}

fn step(world: &World, turn: &mut Turn, input: Input) {
    let mut stepper = Stepper::new(world, turn, &input);
    stepper.decide(&input);
    stepper.forget_carried();
    let mut trace = std::mem::take(&mut stepper.trace);
    if trace.is_empty() {
        let why = Arc::from(NOTHING_LISTENED);
        trace.push(Line {
            journey: None,
            run: None,
            step: None,
            fact: Fact::Ignored { why },
        });
    }
    turn.effects.inputs.push((input, trace));
}

/// What one input is decided with.
struct Stepper<'a> {
    world: &'a World,
    customer: &'a mut Customer,
    effects: &'a mut Effects,
    trace: Vec<Line>,
    now: Timestamp,
    /// The input at hand, or the further one: new runs derive their ids from it.
    input: InputId,
    /// Whether what is decided follows from something that was decided in this turn.
    chained_now: bool,
    /// `event`, while an event is decided.
    event: Value,
    /// What entered a run otherwise than by `event`: its first steps see that (rule 19).
    occasions: BTreeMap<RunId, Value>,
    /// Who belonged to which segment before traits were changed, in the order of the world's entries.
    members: Option<Vec<bool>>,
    /// Whether a question or hand-over has taken the event for itself.
    answered: bool,
    /// Runs that this input changed: each counts one revision.
    revised: BTreeSet<RunId>,
    /// Messages decided by this input, for their ids.
    ordinal: u32,
    /// Runs that `event` has entered or woken: until they next wait, they see it (rule 19).
    hearing: BTreeSet<RunId>,
    /// Further inputs of this turn, first in first out.
    chained: VecDeque<Chained>,
}

/// A further input of the same turn (rule 12).
#[derive(Clone, PartialEq)]
enum Chained {
    /// `set` changed traits of the customer.
    Traits,
    /// An event replaced a `run.event`.
    Refreshed,
    /// A recall gave room in a cap back.
    Room,
    /// A question is open no more: others may be asked.
    Asks,
    /// An event of our own.
    Event(Box<Event>),
    /// A journey is started, with its `run.event`.
    Start(Arc<str>, Value),
    /// A journey's runs are stopped.
    Stop(Arc<str>),
}

impl Chained {
    fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        match self {
            Self::Traits => changes.traits = true,
            Self::Refreshed => changes.run_event = true,
            Self::Room => changes.room = true,
            Self::Asks => changes.asks = true,
            Self::Event(_) | Self::Start(..) | Self::Stop(_) => {}
        }
        changes
    }

    /// Whether one that waits already does for another of its kind.
    fn is_change(&self) -> bool {
        !matches!(self, Self::Event(_) | Self::Start(..) | Self::Stop(_))
    }
}

impl<'a> Stepper<'a> {
    fn new(world: &'a World, turn: &'a mut Turn, input: &Input) -> Self {
        let event = match &input.kind {
            InputKind::Event(event) => seen(&event.name, &event.properties),
            _ => Value::Null,
        };
        Self {
            world,
            customer: &mut turn.customer,
            effects: &mut turn.effects,
            trace: Vec::new(),
            now: input.now,
            input: input.id,
            chained_now: false,
            event,
            occasions: BTreeMap::new(),
            members: None,
            answered: false,
            revised: BTreeSet::new(),
            ordinal: 0,
            hearing: BTreeSet::new(),
            chained: VecDeque::new(),
        }
    }

    fn decide(&mut self, input: &Input) {
        if self.customer.ledger.merged_into.is_some() {
            self.decide_for_merged(input);
            return;
        }
        match &input.kind {
            InputKind::Event(event) if *event.name == *MERGE => self.merge(event),
            InputKind::Event(event) if *event.name == *SUPPORT_ACTION => self.act(event),
            InputKind::Event(event) => self.happen(event),
            InputKind::Timer { run } => {
                // Exits come before waits (rule 34), so also before the end of one.
                self.test_goals(None);
                self.test_exits(None);
                let mut ready = self.timer(*run);
                ready.extend(self.wake(None, Changes::default()));
                self.advance_all(&ready);
            }
            InputKind::Receipt(receipt) => {
                let ready = self.settle(receipt);
                self.test_conditions(Chained::Room.changes(), ready);
            }
            InputKind::Date { journey, entry } => {
                let ready = self.date(journey, *entry);
                self.test_conditions(Changes::default(), ready);
            }
            InputKind::Sweep(sweep) => {
                let ready = self.sweep(sweep);
                self.test_conditions(Changes::default(), ready);
            }
            InputKind::Answer(answer) => {
                self.test_goals(None);
                self.test_exits(None);
                let ready = self.call_ended(answer);
                self.advance_all(&ready);
            }
            InputKind::Passage { run, passage } => self.pass(*run, passage),
            InputKind::TakeOver(taken) => {
                let ready = self.take_over(taken);
                self.advance_all(&ready);
            }
        }
        self.drain_chained();
    }

    /// An event, of a producer or of our own.
    fn happen(&mut self, event: &Event) {
        let changes = self.update_profile(event);
        if changes.traits {
            self.expect_dates(self.now);
        }
        self.test_goals(Some(&event.name));
        self.test_exits(Some(&event.name));
        let mut ready = self.wake(Some(&event.name), changes);
        ready.extend(self.enter(event));
        if &*event.name == STARTED {
            ready.extend(self.asked_to_start());
        }
        ready.extend(self.enter_by_segment());
        self.advance_all(&ready);
    }

    /// The API starts a journey by an event that names it.
    fn asked_to_start(&mut self) -> BTreeSet<RunId> {
        let journey = self.event.field("journey");
        let Some(journey) = journey.as_text().map(Arc::from) else {
            let why = Arc::from("the event names no `journey` to start");
            self.note(None, None, Fact::Ignored { why });
            return BTreeSet::new();
        };
        self.event = match self.event.field("with") {
            Value::Null => Value::Map(Arc::default()),
            with => with,
        };
        self.start_journey(&journey)
    }

    /// Goals, exits and waits that a condition alone decides, then the runs that are ready.
    /// `ready`: those that are ready already.
    fn test_conditions(&mut self, changes: Changes, mut ready: BTreeSet<RunId>) {
        self.test_goals(None);
        self.test_exits(None);
        ready.extend(self.wake(None, changes));
        self.advance_all(&ready);
    }

    /// Adds a further input to this turn. One that waits already will see this change too.
    fn chain(&mut self, next: Chained) {
        if !(next.is_change() && self.chained.contains(&next)) {
            self.chained.push_back(next);
        }
    }

    fn drain_chained(&mut self) {
        let (cause, mut handled) = (self.input, 0);
        while let Some(next) = self.chained.pop_front() {
            handled += 1;
            if handled as usize > MAX_CHAINED {
                self.note(
                    None,
                    None,
                    Fact::Ignored {
                        why: Arc::from("chain_too_long"),
                    },
                );
                self.chained.clear();
                return;
            }
            self.input = InputId::of_chained(cause, handled);
            self.chained_now = true;
            self.event = Value::Null;
            self.hearing.clear();
            self.answered = false;
            self.follow(&next);
        }
    }

    fn follow(&mut self, next: &Chained) {
        match next {
            Chained::Event(event) => {
                self.event = event.properties.clone();
                self.happen(event);
            }
            Chained::Start(journey, event) => {
                self.event = event.clone();
                let ready = self.start_journey(journey);
                self.advance_all(&ready);
            }
            Chained::Stop(journey) => self.stop_journey(journey),
            Chained::Traits => {
                self.expect_dates(self.now);
                let ready = self.enter_by_segment();
                self.test_conditions(next.changes(), ready);
            }
            Chained::Refreshed | Chained::Room | Chained::Asks => {
                self.test_conditions(next.changes(), BTreeSet::new());
            }
        }
    }

    /// Advances runs by priority, entry time and id, each to its next wait (rule 9). Held sends
    /// go by priority, held-since and id (rule 43). One that is paused goes on when it is resumed.
    fn advance_all(&mut self, ready: &BTreeSet<RunId>) {
        let mut order: Vec<(std::cmp::Reverse<u8>, Timestamp, RunId)> = ready
            .iter()
            .filter_map(|id| {
                let run = self.run(*id).filter(|run| run.state.paused.is_none())?;
                let machine = self.world.machine(run.machine)?;
                let held = run.state.pending.as_ref().filter(|p| p.held.is_some());
                let since = held.map_or(run.entered_at, |p| p.since);
                Some((std::cmp::Reverse(machine.priority), since, *id))
            })
            .collect();
        order.sort_unstable();
        for (.., id) in order {
            let heard = match self.occasions.remove(&id) {
                Some(occasion) => Some(occasion),
                None if self.hearing.contains(&id) => None,
                None => Some(Value::Null),
            };
            let event = heard.map(|heard| std::mem::replace(&mut self.event, heard));
            self.walk(id);
            if let Some(event) = event {
                self.event = event;
            }
        }
    }

    fn customer_id(&self) -> CustomerId {
        self.customer.id
    }

    fn run(&self, id: RunId) -> Option<&Run> {
        self.customer.runs.iter().find(|r| r.id == id)
    }

    /// The run, to be changed: it counts as touched, and one revision further for this input.
    fn touch(&mut self, id: RunId) -> Option<&mut Run> {
        let run = self.customer.runs.iter_mut().find(|r| r.id == id)?;
        self.effects.touched.insert(id);
        if self.revised.insert(id) {
            run.revision = run.revision.saturating_add(1);
        }
        Some(run)
    }

    /// Runs inside their journey, with their machines.
    fn inside(&self) -> Vec<(RunId, Arc<Machine>)> {
        self.customer
            .runs
            .iter()
            .filter(|r| r.left.is_none())
            .filter_map(|r| Some((r.id, self.world.machine(r.machine)?.clone())))
            .collect()
    }

    /// The names that an expression of that run may use.
    fn view<'s>(&'s self, run: &'s Run) -> View<'s> {
        View {
            policies: &self.world.policies,
            customer: self.customer,
            run: Some(run),
            event: &self.event,
            now: self.now,
        }
    }

    /// Adds a line to the trace.
    fn note(&mut self, run: Option<RunId>, step: Option<Arc<str>>, fact: Fact) {
        let journey = run.and_then(|id| self.run(id)).map(|r| r.journey.clone());
        self.trace.push(Line {
            journey,
            run,
            step,
            fact,
        });
    }

    /// When the run's next timer is due, written into the run.
    fn schedule(&mut self, id: RunId) {
        let Some(run) = self.run(id) else { return };
        let due_at = self.due_of(run);
        if run.due_at != due_at
            && let Some(run) = self.touch(id)
        {
            run.due_at = due_at;
        }
    }

    fn due_of(&self, run: &Run) -> Option<Timestamp> {
        let machine = self.world.machine(run.machine)?;
        if run.left.is_some() {
            return leave::goal_end(machine, run);
        }
        if run.state.paused.is_some() {
            return None;
        }
        let waits = run.state.pending.as_ref().and_then(|p| p.until);
        let stays = leave::stay_end(machine, run);
        [waits, stays].into_iter().flatten().min()
    }
}
