//! What is counted of runs: who entered, who came to each step and took each of its ways, who reached the goal, who
//! left and why. By version, and by the day (UTC) on which a run entered, so that what belongs together stands
//! together: of those who entered in a week, so many came to a step, and so many of these went on.
//!
//! Pure: a turn is counted as it is written, from what it walked. What is counted names no customer.

mod ways;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub(crate) use self::ways::Hints;
pub use crate::testing::branches;
use crate::{
    advance::{Moved, Turn, Visit},
    customer::Run,
    ids::{MachineId, RunId},
    machine::{Machine, NodeId},
    trace::Fact,
    world::World,
};

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A run began. One that moves to another version is taken off the one and added to the other.
    Entered,
    /// A run came to a step.
    Came,
    /// A run went on from a step by one of its ways; empty where there is only one.
    Took,
    /// A run reached its goal.
    Goal,
    /// A run reached its goal that had taken this arm of a split.
    GoalOfArm,
    /// A run left, by its reason.
    Left,
    /// A run reached its goal on that day, whenever it entered.
    GoalOn,
    /// A run left on that day, whenever it entered.
    LeftOn,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Entered,
        Self::Came,
        Self::Took,
        Self::Goal,
        Self::GoalOfArm,
        Self::Left,
        Self::GoalOn,
        Self::LeftOn,
    ];

    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Came => "came",
            Self::Took => "took",
            Self::Goal => "goal",
            Self::GoalOfArm => "goal_of_arm",
            Self::Left => "left",
            Self::GoalOn => "goal_on",
            Self::LeftOn => "left_on",
        }
    }

    /// From that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == word)
    }
}

/// One thing that is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// What.
    pub what: What,
    /// At which step, by its id; empty where it is about the whole run.
    pub step: Arc<str>,
    /// By which way, arm or reason; may be empty.
    pub way: Arc<str>,
}

/// A journey's version, and a day (UTC).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its version.
    pub machine: MachineId,
    /// On which day the run entered, or it happened: [`What`] says which.
    pub day: Date,
}

/// What a batch of turns counts. A number below zero takes off what was counted elsewhere before.
pub type Counts = BTreeMap<Place, BTreeMap<Counted, i64>>;

/// Adds what became of one customer.
pub fn count(world: &World, turn: &Turn, counts: &mut Counts) {
    let effects = &turn.effects;
    if effects.touched.is_empty() && effects.ended.is_empty() {
        return;
    }
    let mut counting = Counting {
        world,
        turn,
        counts,
        moved: effects.moved.clone(),
    };
    counting.facts();
    let mut hints = Hints::of(effects);
    for visit in effects.path.iter().filter(|v| v.to.is_some()) {
        counting.visit(visit, &mut hints);
    }
    for moved in &effects.moved {
        counting.moved(moved);
    }
}

struct Counting<'a> {
    world: &'a World,
    turn: &'a Turn,
    counts: &'a mut Counts,
    /// Moves that the facts have not come to yet.
    moved: Vec<Moved>,
}

/// The day in UTC.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Counting<'_> {
    fn run(&self, id: RunId) -> Option<&Run> {
        let mut runs = self
            .turn
            .customer
            .runs
            .iter()
            .chain(&self.turn.effects.ended);
        runs.find(|run| run.id == id)
    }

    fn add(&mut self, run: RunId, machine: MachineId, on: Option<Date>, counted: Counted, n: i64) {
        let Some(run) = self.run(run) else { return };
        let place = Place {
            journey: run.journey.clone(),
            machine,
            day: on.unwrap_or_else(|| day(run.entered_at)),
        };
        *self
            .counts
            .entry(place)
            .or_default()
            .entry(counted)
            .or_default() += n;
    }

    /// The machine that a run is on where the facts stand.
    fn machine(&self, id: RunId) -> Option<MachineId> {
        let before = self.moved.iter().find(|m| m.run == id).map(|m| m.from);
        before.or_else(|| Some(self.run(id)?.machine))
    }

    fn facts(&mut self) {
        let turn = self.turn;
        for (input, lines) in &turn.effects.inputs {
            let on = Some(day(input.now));
            for line in lines {
                let Some(run) = line.run else { continue };
                match &line.fact {
                    Fact::Moved { .. } => {
                        let at = self.moved.iter().position(|m| m.run == run);
                        at.map(|at| self.moved.remove(at));
                    }
                    Fact::Entered { .. } => self.entered(run),
                    Fact::Left { reason } => {
                        self.whole(run, None, What::Left, reason);
                        self.whole(run, on, What::LeftOn, reason);
                    }
                    Fact::Goal => {
                        let none = Arc::from("");
                        self.whole(run, None, What::Goal, &none);
                        self.whole(run, on, What::GoalOn, &none);
                        self.goal_of_arms(run);
                    }
                    _ => {}
                }
            }
        }
    }

    fn whole(&mut self, run: RunId, on: Option<Date>, what: What, way: &Arc<str>) {
        let Some(machine) = self.machine(run) else {
            return;
        };
        let (step, way) = (Arc::from(""), way.clone());
        self.add(run, machine, on, Counted { what, step, way }, 1);
    }

    /// It stands at the first step.
    fn entered(&mut self, run: RunId) {
        self.whole(run, None, What::Entered, &Arc::from(""));
        if let Some(machine) = self.machine(run) {
            self.came(run, machine, NodeId(0));
        }
    }

    fn came(&mut self, run: RunId, machine: MachineId, node: NodeId) {
        let node = self.world.machine(machine).and_then(|m| m.node(node));
        if let Some(step) = node.map(|node| node.id.clone()) {
            let (what, way) = (What::Came, Arc::from(""));
            self.add(run, machine, None, Counted { what, step, way }, 1);
        }
    }

    /// The arms that a run has taken by the time its goal is reached, of splits that have a name.
    fn goal_of_arms(&mut self, id: RunId) {
        let Some((run, machine)) = self.run(id).zip(self.machine(id)) else {
            return;
        };
        let steps = run.state.steps.iter();
        let taken = steps.filter_map(|(step, state)| Some((step.clone(), state.arm.clone()?)));
        for (step, way) in taken.collect::<Vec<_>>() {
            let what = What::GoalOfArm;
            self.add(id, machine, None, Counted { what, step, way }, 1);
        }
    }

    fn visit(&mut self, visit: &Visit, hints: &mut Hints) {
        let world = self.world;
        let machine: Option<&Arc<Machine>> = world.machine(visit.machine);
        let Some((node, to)) = machine.and_then(|m| m.node(visit.node)).zip(visit.to) else {
            return;
        };
        let way = hints.branch(visit, node).unwrap_or_default();
        let (what, step) = (What::Took, node.id.clone());
        self.add(
            visit.run,
            visit.machine,
            None,
            Counted { what, step, way },
            1,
        );
        self.came(visit.run, visit.machine, to);
    }

    /// Counts the run where it is, and the step at which it stands there.
    fn moved(&mut self, moved: &Moved) {
        let about = |what| Counted {
            what,
            step: Arc::from(""),
            way: Arc::from(""),
        };
        let both = [Some(What::Entered), moved.goal.then_some(What::Goal)];
        for what in both.into_iter().flatten() {
            self.add(moved.run, moved.from, None, about(what), -1);
            self.add(moved.run, moved.to, None, about(what), 1);
        }
    }
}

#[cfg(test)]
mod tests;
