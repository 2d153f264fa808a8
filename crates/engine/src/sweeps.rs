//! Entries that concern many customers at once: ticks of schedules, those who belong to a segment
//! when a journey is published, and dates that were there before it.
//!
//! Every engine writes down what is due; the key of the row makes it one. Whoever takes a sweep up
//! reads a page of customers without locks, asks the pure code whom it may concern, and submits an
//! input for each of those to the turn, which looks again. The ids of these inputs derive from the
//! sweep, so that a page that is looked at twice does nothing new.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    advance,
    customer::Customer,
    ids::InputId,
    input::{Input, InputKind, Sweep, SweepKind},
    machine::By,
    time::cron,
};
use store::{Arrival, StoredSweep};

use crate::{Engine, Error, world::Loaded};

/// How late a tick that engines were not there for may still be taken up. Of several only the last
/// is: nobody wants last week's letters all at once.
const LATEST: SignedDuration = SignedDuration::from_hours(24);

/// What one look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Whether there was a sweep to work on.
    pub looked: bool,
    /// Customers whom the page concerned.
    pub customers: usize,
}

/// What this engine knows to be written down: no reason to ask the database again.
#[derive(Debug, Default)]
pub(crate) struct Planned(BTreeSet<(Arc<str>, u16, Timestamp)>);

/// How much of it is remembered: more than there are entries and recent ticks.
const MAX_PLANNED: usize = 10_000;

impl Engine {
    /// Writes down the sweeps that are due, then works one page of one off.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn sweeps_once(&self, now: Timestamp) -> Result<Swept, Error> {
        let loaded = self.loaded();
        for (sweep, at) in due(&loaded, now) {
            self.plan(sweep, at, now).await?;
        }
        let lease = self.settings.passage_lease;
        match self.store.claim_sweep(now, lease).await? {
            Some(sweep) => self.page(&sweep, now).await,
            None => Ok(Swept::default()),
        }
    }

    async fn plan(&self, sweep: Sweep, at: Timestamp, now: Timestamp) -> Result<(), Error> {
        let key = (sweep.journey.clone(), sweep.entry, at);
        let mut planned = self.planned.lock().await;
        if planned.0.contains(&key) {
            return Ok(());
        }
        if self.store.plan_sweep(&sweep, at, now).await? {
            tracing::info!(journey = %sweep.journey, kind = ?sweep.kind, "a sweep begins");
        }
        if planned.0.len() >= MAX_PLANNED {
            planned.0.clear();
        }
        planned.0.insert(key);
        Ok(())
    }

    async fn page(&self, sweep: &StoredSweep, now: Timestamp) -> Result<Swept, Error> {
        let limit = self.settings.sweep_page;
        let page = self.store.sweep_page(sweep, limit).await?;
        let loaded = self.loaded();
        let arrivals: Vec<Arrival> = page
            .iter()
            .filter(|c| advance::concerns(&loaded.world, c, &sweep.sweep, now))
            .map(|c| arrival(c, sweep, now))
            .collect();
        let customers = arrivals.len();
        for batch in arrivals.chunks(self.settings.passage_batch.max(1)) {
            self.turn(batch.to_vec()).await?;
        }
        let full = page.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = page.last().map(|c| c.id).filter(|_| full);
        self.store.swept(sweep, last, now).await?;
        Ok(Swept {
            looked: true,
            customers,
        })
    }
}

fn arrival(customer: &Customer, sweep: &StoredSweep, now: Timestamp) -> Arrival {
    let Sweep { journey, entry, .. } = &sweep.sweep;
    Arrival {
        customer: customer.id,
        key: customer.key.clone(),
        input: Input {
            id: InputId::of_sweep(customer.id, journey, *entry, sweep.at),
            now,
            kind: InputKind::Sweep(sweep.sweep.clone()),
        },
    }
}

/// Every sweep that is due by now: the last tick of each schedule, and what each publication asks for.
fn due(loaded: &Loaded, now: Timestamp) -> Vec<(Sweep, Timestamp)> {
    let mut found = Vec::new();
    for machine in loaded.world.currents() {
        let Some(published) = loaded.published.get(&machine.id).copied() else {
            continue;
        };
        for (place, entry) in machine.entries.iter().enumerate() {
            let kind = match &entry.by {
                By::Schedule { cron, zone, .. } => cron::latest(cron, zone, now)
                    .filter(|tick| *tick > published && now.duration_since(*tick) < LATEST)
                    .map(SweepKind::Tick),
                By::Segment { backfill: true, .. } => Some(SweepKind::Backfill),
                By::Date { .. } => Some(SweepKind::Dates(published)),
                _ => None,
            };
            let at = match kind {
                Some(SweepKind::Tick(tick)) => tick,
                _ => published,
            };
            found.extend(kind.map(|kind| {
                let journey = machine.journey.clone();
                let entry = u16::try_from(place).unwrap_or(u16::MAX);
                let sweep = Sweep {
                    journey,
                    entry,
                    kind,
                };
                (sweep, at)
            }));
        }
    }
    found
}
