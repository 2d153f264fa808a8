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
    time::{self, cron},
};
use store::{Arrival, NewSweep, StoredSweep};

use crate::{
    Engine, Error,
    world::{Loaded, Since},
};

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
        for new in due(&loaded, now, self.settings.sweep_settle) {
            self.plan(new).await?;
        }
        let lease = self.settings.passage_lease;
        match self.store.claim_sweep(now, lease).await? {
            Some(sweep) => self.page(&sweep, now).await,
            None => Ok(Swept::default()),
        }
    }

    async fn plan(&self, new: NewSweep) -> Result<(), Error> {
        let sweep = &new.sweep;
        let key = (sweep.journey.clone(), sweep.entry, new.at);
        let mut planned = self.planned.lock().await;
        if planned.0.contains(&key) {
            return Ok(());
        }
        if self.store.plan_sweep(&new).await? {
            tracing::info!(journey = %sweep.journey, kind = ?sweep.kind, "a sweep is to begin");
        }
        if planned.0.len() >= MAX_PLANNED {
            planned.0.clear();
        }
        planned.0.insert(key);
        Ok(())
    }

    async fn page(&self, sweep: &StoredSweep, now: Timestamp) -> Result<Swept, Error> {
        // Another engine has written it down, and may know a journey that this one does not.
        self.reload().await?;
        if is_stale(sweep, now) {
            self.store.swept(sweep, None, now).await?;
            return Ok(Swept::default());
        }
        let page = self
            .store
            .sweep_page(sweep, self.settings.sweep_page)
            .await?;
        for (customer, error) in &page.unreadable {
            tracing::error!(customer.id = %customer, %error, "has no part in a sweep");
        }
        let loaded = self.loaded();
        let arrivals: Vec<Arrival> = page
            .customers
            .iter()
            .filter(|c| advance::concerns(&loaded.world, c, &sweep.sweep, now))
            .map(|c| arrival(c, sweep, now))
            .collect();
        for batch in arrivals.chunks(self.settings.passage_batch.max(1)) {
            if self.waits(&sweep.sweep) {
                // The page is looked at again when the journey goes on.
                return Ok(Swept::default());
            }
            self.sweep(batch).await?;
        }
        self.store.swept(sweep, page.last, now).await?;
        Ok(Swept {
            looked: true,
            customers: arrivals.len(),
        })
    }

    /// Whether a pause holds it up. Dates are noted all the same.
    fn waits(&self, sweep: &Sweep) -> bool {
        let enters = !matches!(sweep.kind, SweepKind::Dates(_));
        enters && self.loaded().world.is_paused(&sweep.journey)
    }

    async fn sweep(&self, batch: &[Arrival]) -> Result<(), Error> {
        let decided = self.turn(batch.to_vec()).await?;
        for rejected in decided.rejected {
            let (customer, reason) = (batch[rejected.index].customer, rejected.reason);
            tracing::error!(customer.id = %customer, %reason, "has no part in a sweep");
        }
        Ok(())
    }
}

/// A tick that a pause has held up for too long before anybody was looked at.
fn is_stale(sweep: &StoredSweep, now: Timestamp) -> bool {
    let late = |tick| !sweep.is_begun() && now.duration_since(tick) >= LATEST;
    matches!(sweep.sweep.kind, SweepKind::Tick(tick) if late(tick))
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
fn due(loaded: &Loaded, now: Timestamp, settle: SignedDuration) -> Vec<NewSweep> {
    let mut found = Vec::new();
    for machine in loaded.world.currents() {
        let Some(since) = loaded.since.get(&machine.id) else {
            continue;
        };
        for (place, entry) in (0..=u16::MAX).zip(&machine.entries) {
            let Some((kind, at)) = asked(place, &entry.by, since, now) else {
                continue;
            };
            // When it goes on, its last tick is made up for like any that nobody was there for.
            let ticks = matches!(kind, SweepKind::Tick(_));
            if ticks && loaded.world.is_paused(&machine.journey) {
                continue;
            }
            let sweep = Sweep {
                journey: machine.journey.clone(),
                entry: place,
                kind,
            };
            found.push(begun(sweep, at, now, settle));
        }
    }
    found
}

/// What an entry asks for, and the moment that makes it one.
fn asked(place: u16, by: &By, since: &Since, now: Timestamp) -> Option<(SweepKind, Timestamp)> {
    match by {
        By::Schedule { cron, zone, .. } => cron::latest(cron, zone, now)
            .filter(|tick| *tick > since.held && now.duration_since(*tick) < LATEST)
            .map(|tick| (SweepKind::Tick(tick), tick)),
        // Not from when the machine was published: an edit of a step is no reason to let everybody in again.
        By::Segment { backfill: true, .. } => {
            let at = since.backfills.get(&place)?;
            Some((SweepKind::Backfill, *at))
        }
        // A version that holds again has its own moments again.
        By::Date { .. } => Some((SweepKind::Dates(since.held), since.held)),
        _ => None,
    }
}

/// A tick begins at once, for those who were there. A publication waits until every engine has heard
/// of it: until then one may take in customers, and change them, as if there were no such journey.
fn begun(sweep: Sweep, at: Timestamp, now: Timestamp, settle: SignedDuration) -> NewSweep {
    let (begins, seen_until) = match sweep.kind {
        SweepKind::Tick(tick) => (now, tick),
        SweepKind::Backfill | SweepKind::Dates(_) => {
            let begins = time::plus(now, settle);
            (begins, begins)
        }
    };
    NewSweep {
        sweep,
        at,
        seen_until,
        begins,
    }
}
