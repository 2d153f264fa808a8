//! Timers: customers whose time has come, a batch at a time.

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
    /// Fires timers that are due at or before `now`, of at most `timer_batch` customers. Candidates
    /// are picked without locks, then locked and looked at again. Nothing due: both counts are 0.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn timers_once(&self, now: Timestamp) -> Result<Fired, Error> {
        let customers = self.store.due(now, self.settings.timer_batch).await?;
        if customers.is_empty() {
            return Ok(Fired {
                customers: 0,
                timers: 0,
            });
        }
        let timers = self.turn_due(Round::Timers, &customers, now).await?;
        Ok(Fired {
            customers: customers.len(),
            timers,
        })
    }
}
