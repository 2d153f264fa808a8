//! One customer on a recorded clock: the code of production, fed with what a test or a simulation
//! says that happens. Providers accept at once, unless the test says that they refuse.

mod act;
mod played;
mod post;
mod visits;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::played::Trouble;
pub use self::played::{Delivery, Moment, Played, Refusal, Said, Standing, Visit};
use super::written::Fails;
use crate::{
    advance::{self, Clock, Effects, Turn},
    customer::Customer,
    input::{Input, InputKind},
    render::Templates,
    schema::Schemas,
    time,
    trace::{Fact, Line},
    world::World,
};

/// How many times a play looks for timers that are due; a journey that is accepted needs far fewer.
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
}

/// A play under way.
pub struct Player<'s> {
    stage: Stage<'s>,
    customer: Customer,
    fails: &'s [Fails],
    played: Played,
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
            label: None,
            count: 0,
        }
    }

    /// Messages that the provider refuses for good.
    pub(super) fn failing(mut self, fails: &'s [Fails]) -> Self {
        self.fails = fails;
        self
    }

    /// Takes an input, after the timers that are due before it. `label` names it in the timeline.
    pub fn take(&mut self, input: Input, label: Option<String>) {
        self.fire(input.now, false);
        self.played.until = self.played.until.max(input.now);
        self.label = label;
        let customer = self.lend();
        let turn = advance::take(self.stage.world, customer, vec![input], Clock::Recorded);
        self.keep(turn);
        self.label = None;
    }

    /// Lets the clock run until `end`, or until nothing is pending where there is no end.
    pub fn run(&mut self, end: Option<Timestamp>) {
        let last = end.unwrap_or_else(|| time::plus(self.played.until, LONGEST));
        self.fire(last, true);
        self.played.until = match end {
            Some(end) => self.played.until.max(end),
            None => self
                .played
                .moments
                .last()
                .map_or(self.played.until, |m| m.at),
        };
    }

    /// What was played.
    pub fn finish(mut self) -> Played {
        self.played.close(self.stage.world, self.customer);
        self.played
    }

    /// Fires what is due before `until`, or also at it, each when it is due.
    fn fire(&mut self, until: Timestamp, included: bool) {
        for _ in 0..MAX_ROUNDS {
            let Some((_, due)) = advance::next_due(self.stage.world, &self.customer) else {
                return;
            };
            if due > until || (due == until && !included) {
                return;
            }
            let customer = self.lend();
            let turn = advance::take_due(self.stage.world, customer, due, Clock::Recorded);
            self.keep(turn);
        }
        self.played.endless = true;
    }

    fn lend(&mut self) -> Customer {
        std::mem::replace(&mut self.customer, Customer::new(""))
    }

    fn keep(&mut self, turn: Turn) {
        let Turn { customer, effects } = turn;
        self.customer = customer;
        self.tell(&effects);
        for run in effects.ended.iter().chain(&self.customer.runs) {
            self.played.remember(run);
        }
        self.post(effects.messages);
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
                InputKind::Timer { .. } => String::new(),
                InputKind::Receipt(_) => "the provider refuses".to_owned(),
            };
            trace.iter().for_each(|line| self.walk(line));
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
