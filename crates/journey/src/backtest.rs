//! Back-test: past events through the same code as production, in simulated time.
//!
//! Every event is an input with its own time as its clock; timers fire in between at the moment
//! they are due; messages are handed over as soon as they are decided and accepted at once. After
//! the last event the clock runs on until nothing is pending.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    advance::{self, Clock, Effects, Turn},
    customer::Customer,
    ids::CustomerId,
    input::Input,
    merge::{Forward, MAX_WAY},
    policies::Period,
    policy,
    trace::Fact,
    world::World,
};

/// What a back-test counted. Serialises as the report of `parcours backtest --format json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Events that were played.
    pub events: u64,
    /// Customers who had at least one.
    pub customers: u64,
    /// Runs that began, restarts among them.
    pub entered: u64,
    /// Runs that reached their goal.
    pub goals: u64,
    /// Runs that left, by reason; `completed` among them.
    pub left: BTreeMap<Arc<str>, u64>,
    /// Runs that are still inside though nothing is pending: they wait for an event for ever.
    pub inside: u64,
    /// Messages decided to go, by step.
    pub sent: BTreeMap<Arc<str>, u64>,
    /// Messages decided not to go, by step and reason.
    pub suppressed: BTreeMap<Arc<str>, BTreeMap<Arc<str>, u64>>,
}

impl Report {
    /// Adds what a turn decided.
    pub fn count(&mut self, effects: &Effects) {
        for line in effects.inputs.iter().flat_map(|(_, trace)| trace) {
            match &line.fact {
                Fact::Entered { .. } => self.entered += 1,
                Fact::Goal => self.goals += 1,
                Fact::Left { reason } => *self.left.entry(reason.clone()).or_default() += 1,
                _ => {}
            }
        }
        for message in &effects.messages {
            match message.refused {
                None => *self.sent.entry(message.step.clone()).or_default() += 1,
                Some(reason) => {
                    let step = self.suppressed.entry(message.step.clone()).or_default();
                    *step.entry(Arc::from(reason.as_str())).or_default() += 1;
                }
            }
        }
    }
}

/// A back-test under way.
pub struct Backtest<'w> {
    world: &'w World,
    customers: BTreeMap<CustomerId, Customer>,
    report: Report,
}

impl<'w> Backtest<'w> {
    /// Nothing played yet.
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            customers: BTreeMap::new(),
            report: Report::default(),
        }
    }

    /// Plays one event of one customer; `arrive` makes the customer at their first. Events must
    /// come in order of their `now`. Returns what it decided, for those who compare.
    pub fn play(
        &mut self,
        input: Input,
        key: &str,
        arrive: impl FnOnce(&str) -> Customer,
    ) -> Effects {
        self.report.events += 1;
        let id = CustomerId::of(key);
        let customer = self.customers.remove(&id).unwrap_or_else(|| {
            self.report.customers += 1;
            arrive(key)
        });
        let customer = self.forget_old_sends(customer, input.now);
        let turn = advance::take(self.world, customer, vec![input], Clock::Recorded);
        let effects = self.keep(turn);
        self.hand_over(&effects.forwards, 0);
        effects
    }

    /// Delivers what customers who were merged hand over and pass on, at the moment at which they do.
    fn hand_over(&mut self, forwards: &[Forward], deep: usize) {
        if deep > MAX_WAY {
            return;
        }
        for Forward { id, to, at, kind } in forwards {
            let customer = self.customers.remove(&CustomerId::of(to));
            let customer = customer.unwrap_or_else(|| Customer::new(to));
            let customer = self.forget_old_sends(customer, *at);
            let input = Input {
                id: *id,
                now: *at,
                kind: kind.clone(),
            };
            let turn = advance::take(self.world, customer, vec![input], Clock::Recorded);
            let effects = self.keep(turn);
            self.hand_over(&effects.forwards, deep + 1);
        }
    }

    /// Lets the clock run on until nothing is pending, and gives the report.
    pub fn finish(mut self) -> Report {
        let ids: Vec<CustomerId> = self.customers.keys().copied().collect();
        for id in ids {
            while self.next_timer(id).is_some() {}
        }
        let runs = self.customers.values().flat_map(|c| &c.runs);
        self.report.inside = runs.filter(|r| r.left.is_none()).count() as u64;
        self.report
    }

    /// Fires the timers of one customer that are due next; `None` when nothing is pending.
    pub fn next_timer(&mut self, id: CustomerId) -> Option<Effects> {
        let (_, due) = advance::next_due(self.world, self.customers.get(&id)?)?;
        let customer = self.customers.remove(&id)?;
        let customer = self.forget_old_sends(customer, due);
        Some(self.keep(advance::take_due(
            self.world,
            customer,
            due,
            Clock::Recorded,
        )))
    }

    fn keep(&mut self, turn: Turn) -> Effects {
        let Turn { customer, effects } = turn;
        self.report.count(&effects);
        self.customers.insert(customer.id, customer);
        effects
    }

    /// Sends that no cap window reaches any more. Timers due before `now` fire with their own
    /// clock, so the window is counted back from the earliest of them.
    fn forget_old_sends(&self, mut customer: Customer, now: Timestamp) -> Customer {
        let first = advance::next_due(self.world, &customer).map_or(now, |(_, due)| due.min(now));
        // The longest limit that a customer may choose.
        let own = policy::rolling(Period::Month);
        let since = crate::time::plus(first, -self.world.horizon().max(own));
        customer.sends.retain(|s| s.at > since);
        customer
    }
}
