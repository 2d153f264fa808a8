//! One customer on a recorded clock: the code of production, fed with what a test or a simulation
//! says that happens. Providers accept at once, unless the test says that they refuse.

mod act;
mod calls;
mod clock;
mod played;
mod post;
mod visits;

use std::{collections::VecDeque, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::clock::Until;
use self::played::Trouble;
pub use self::played::{Delivery, Moment, Played, Refusal, Said, Standing, Visit};
use super::written::{Answers, Fails, Test};
use crate::{
    advance::{self, Clock, Effects, Turn},
    customer::Customer,
    input::{Input, InputKind, SweepKind},
    render::Templates,
    schema::Schemas,
    sources::Sources,
    time,
    trace::{Fact, Line},
    world::World,
};

/// How many timers, answers and ticks may follow one another while nothing else happens; a journey
/// with an end needs far fewer.
pub const MAX_ROUNDS: usize = 10_000;
/// How long a play runs on behind its last event where nothing says how long.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3_653);

/// What a play needs of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'s> {
    /// The journeys that run, and the policies.
    pub world: &'s World,
    /// What messages look like.
    pub templates: &'s Templates,
    /// What intake refuses.
    pub schemas: &'s Schemas,
    /// What messages are filled in from.
    pub sources: &'s Sources,
}

/// A play under way.
pub struct Player<'s> {
    stage: Stage<'s>,
    customer: Customer,
    fails: &'s [Fails],
    calls: &'s [(Arc<str>, Answers)],
    /// The journey under test.
    journey: Arc<str>,
    /// The last tick of a schedule.
    ticked: Timestamp,
    played: Played,
    /// Answers of providers and endpoints that are still to be taken.
    answers: VecDeque<Input>,
    /// Turns since something happened from outside, for their bound.
    rounds: usize,
    /// What the next input is called in the timeline.
    label: Option<String>,
    /// Inputs so far, for their ids.
    count: u32,
}

impl<'s> Player<'s> {
    /// Nothing played yet; the clock stands at `start`.
    pub fn new(stage: Stage<'s>, customer: Customer, start: Timestamp) -> Self {
        let zone = time::of_customer(&customer, &stage.world.policies.defaults);
        Self {
            played: Played::new(&customer, zone, start),
            stage,
            customer,
            fails: &[],
            calls: &[],
            journey: Arc::from(""),
            // A tick at the very start counts.
            ticked: time::plus(start, SignedDuration::from_micros(-1)),
            answers: VecDeque::new(),
            rounds: 0,
            label: None,
            count: 0,
        }
    }

    /// What a test says of providers and endpoints.
    pub(super) fn testing(mut self, journey: &Arc<str>, test: &'s Test) -> Self {
        self.journey = journey.clone();
        (self.fails, self.calls) = (&test.fails, &test.calls);
        self
    }

    /// The journeys are published, and the clock starts.
    #[must_use]
    pub fn begin(mut self) -> Self {
        self.publish();
        self
    }

    /// Takes an input, after the timers that are due before it. `label` names it in the timeline.
    pub fn take(&mut self, input: Input, label: Option<String>) {
        self.fire(Until::Before(input.now));
        self.played.until = self.played.until.max(input.now);
        self.label = label;
        self.rounds = 0;
        self.decide(input);
        self.label = None;
    }

    /// One input, and all answers to what it decided.
    fn decide(&mut self, input: Input) {
        self.turn(input);
        self.settle();
    }

    fn turn(&mut self, input: Input) {
        let customer = self.lend();
        let turn = advance::take(self.stage.world, customer, vec![input], Clock::Recorded);
        self.keep(turn);
    }

    /// Providers and endpoints answer before anything else happens.
    fn settle(&mut self) {
        while let Some(answer) = self.answers.pop_front() {
            if self.is_endless() {
                self.answers.clear();
            } else {
                self.turn(answer);
            }
        }
    }

    /// Counts a turn, and whether there are too many of them.
    fn is_endless(&mut self) -> bool {
        self.rounds += 1;
        self.played.endless |= self.rounds > MAX_ROUNDS;
        self.played.endless
    }

    /// Lets the clock run until `end`, or until the customer is inside no journey
    /// where there is no end.
    pub fn run(&mut self, end: Option<Timestamp>) {
        match end {
            Some(end) => {
                self.fire(Until::At(end));
                self.played.until = self.played.until.max(end);
            }
            None => self.fire(Until::Rest),
        }
    }

    /// What was played.
    pub fn finish(mut self) -> Played {
        self.played.close(self.stage.world, self.customer);
        self.played
    }

    fn lend(&mut self) -> Customer {
        std::mem::replace(&mut self.customer, Customer::new(""))
    }

    fn keep(&mut self, turn: Turn) {
        let Turn { customer, effects } = turn;
        self.customer = customer;
        self.walk(&effects);
        self.tell(&effects);
        for run in effects.ended.iter().chain(&self.customer.runs) {
            self.played.remember(run);
        }
        self.post(effects.messages);
        self.answer(effects.calls);
    }

    /// Writes the timeline on.
    fn tell(&mut self, effects: &Effects) {
        let defaults = &self.stage.world.policies.defaults;
        let zone = time::of_customer(&self.customer, defaults);
        for (input, trace) in &effects.inputs {
            let what = match &input.kind {
                InputKind::Event(event) => {
                    self.label.take().unwrap_or_else(|| event.name.to_string())
                }
                InputKind::Receipt(_) => "the provider refuses".to_owned(),
                InputKind::Date { journey, .. } => format!("a date of {journey}"),
                InputKind::Sweep(sweep) => match sweep.kind {
                    SweepKind::Tick(_) => format!("the schedule of {}", sweep.journey),
                    _ if trace.iter().all(|l| l.journey.is_none()) => continue,
                    _ => format!("{} is published", sweep.journey),
                },
                InputKind::Timer { .. }
                | InputKind::Answer(_)
                | InputKind::Passage { .. }
                | InputKind::TakeOver(_) => String::new(),
            };
            let said = trace.iter().map(|line| self.said(line)).collect();
            self.played.moments.push(Moment {
                at: input.now,
                zone: zone.zone.clone(),
                what,
                said,
            });
        }
    }

    fn said(&mut self, line: &Line) -> Said {
        let journey = line.journey.clone();
        let machine = journey.as_ref().and_then(|j| self.stage.world.current(j));
        let node = machine
            .zip(line.step.as_ref())
            .and_then(|(m, s)| super::outline::find(m, s));
        if let (Fact::Left { reason }, Some(journey)) = (&line.fact, &journey) {
            self.played.ends.push((journey.clone(), reason.clone()));
        }
        Said {
            line: node.map(|n| n.line),
            journey,
            step: line.step.clone(),
            fact: line.fact.clone(),
        }
    }

    /// The zone of the customer's clock now.
    pub(super) fn zone(&self) -> TimeZone {
        time::of_customer(&self.customer, &self.stage.world.policies.defaults).zone
    }

    /// What could not happen, so far.
    pub(super) fn troubles(&self) -> &[Trouble] {
        &self.played.trouble
    }

    fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    fn key(&self) -> Arc<str> {
        self.customer.key.clone()
    }
}
