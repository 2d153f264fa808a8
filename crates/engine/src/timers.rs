//! Timers: customers whose time has come, a batch at a time.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use crate::{Engine, Error, turn::Round};

/// What one round of timers did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Customers that were due.
    pub customers: usize,
    /// Timers that fired.
    pub timers: usize,
}

impl Engine {
    /// Fires timers that are due at or before `now`, of at most `timer_page` customers. Candidates
    /// are picked once and without locks, then locked in batches, a few side by side, and looked at again: two that
    /// picked for themselves would meet at the longest overdue. Nothing due: both counts are 0.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn timers_once(&self, now: Timestamp) -> Result<Fired, Error> {
        let settings = &self.settings;
        let mut customers = self.store.due(now, settings.timer_page).await?;
        // Neighbours in their tables are in one batch.
        customers.sort_unstable();
        let batches = customers.chunks(settings.timer_batch.max(1));
        let batches: Vec<_> = batches.map(<[_]>::to_vec).collect();
        let timers = stream::iter(batches)
            .map(async |batch| self.turn_due(Round::Timers, &batch, now).await)
            .buffer_unordered(settings.timer_lanes.max(1))
            .try_fold(0, |sum, timers| async move { Ok(sum + timers) })
            .await?;
        Ok(Fired {
            customers: customers.len(),
            timers,
        })
    }
}
