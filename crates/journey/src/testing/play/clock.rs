//! What the passing of time brings: timers, dates, and the ticks of schedules.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{LONGEST, Player};
use crate::{
    advance::{self, Clock},
    ids::InputId,
    input::{Input, InputKind, Sweep, SweepKind},
    machine::By,
    time,
};

/// How long a play waits for a customer to enter by date or schedule, where nothing says how long
/// it runs: more than a year.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 400);

/// How far the clock runs.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Up to that moment, without what is due then.
    Before(Timestamp),
    /// Up to that moment, with what is due then.
    At(Timestamp),
    /// Until the customer is inside no journey.
    Rest,
}

/// What comes next.
enum Next {
    /// Timers and dates.
    Due(Timestamp),
    /// A schedule.
    Tick(Sweep, Timestamp),
}

impl Next {
    fn at(&self) -> Timestamp {
        match self {
            Self::Due(at) | Self::Tick(_, at) => *at,
        }
    }
}

impl Player<'_> {
    /// The journeys count as published now: dates before are over, and a segment entry with
    /// `backfill` takes in who belongs.
    pub(super) fn publish(&mut self) {
        let start = self.played.start;
        for (journey, entry, by) in self.entries() {
            let kind = match by {
                By::Date { .. } => SweepKind::Dates(start),
                By::Segment { backfill: true, .. } => SweepKind::Backfill,
                _ => continue,
            };
            let sweep = Sweep {
                journey,
                entry,
                kind,
            };
            self.sweep(sweep, start);
        }
    }

    /// Every entry of the journeys that run.
    fn entries(&self) -> Vec<(Arc<str>, u16, By)> {
        let mut found = Vec::new();
        for machine in self.stage.world.currents() {
            let entries = (0..).zip(&machine.entries);
            found.extend(entries.map(|(n, e)| (machine.journey.clone(), n, e.by.clone())));
        }
        found
    }

    fn sweep(&mut self, sweep: Sweep, now: Timestamp) {
        let number = self.number();
        let input = Input {
            id: InputId::of_event("sweep", &number.to_string()),
            now,
            kind: InputKind::Sweep(sweep),
        };
        self.decide(input);
    }

    /// Fires what is due, each when it is due.
    pub(super) fn fire(&mut self, until: Until) {
        while !self.played.endless {
            let next = self.next().filter(|next| self.is_near(next.at(), until));
            let Some(next) = next.filter(|_| !self.is_endless()) else {
                return;
            };
            self.played.until = self.played.until.max(next.at());
            match next {
                Next::Tick(sweep, at) => {
                    self.ticked = at;
                    self.sweep(sweep, at);
                }
                Next::Due(at) => {
                    let customer = self.lend();
                    let turn = advance::take_due(self.stage.world, customer, at, Clock::Recorded);
                    self.keep(turn);
                    self.settle();
                }
            }
        }
    }

    fn is_near(&self, at: Timestamp, until: Until) -> bool {
        let start = self.played.start;
        match until {
            Until::Before(end) => at < end,
            Until::At(end) => at <= end,
            Until::Rest if self.customer.runs.iter().any(|r| r.left.is_none()) => {
                at <= time::plus(start, LONGEST)
            }
            Until::Rest => self.played.runs.is_empty() && at <= time::plus(start, PATIENCE),
        }
    }

    /// A tick comes before the timers of its moment, as events do (rule 13).
    fn next(&self) -> Option<Next> {
        let due = advance::next_due(self.stage.world, &self.customer).map(|(_, at)| at);
        let ticks = self
            .entries()
            .into_iter()
            .filter_map(|(journey, entry, by)| {
                let By::Schedule { cron, zone, .. } = by else {
                    return None;
                };
                let at = time::cron::next(&cron, &zone, self.ticked)?;
                let kind = SweepKind::Tick(at);
                let sweep = Sweep {
                    journey,
                    entry,
                    kind,
                };
                Some((at, sweep))
            });
        match (ticks.min_by_key(|t| t.0), due) {
            (Some((at, sweep)), due) if due.is_none_or(|due| at <= due) => {
                Some(Next::Tick(sweep, at))
            }
            (_, due) => due.map(Next::Due),
        }
    }
}
