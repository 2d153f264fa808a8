//! Runs in flight that pass to another version, or are paused: customer by customer, in bounded batches, by
//! whichever engine comes first. Whoever is touched by an event or a timer meanwhile passes in that
//! turn, before anything else is decided.

use jiff::{SignedDuration, Timestamp};
use journey::world::Pausing;
use store::StoredPassage;

use crate::{Engine, Error, turn::Round};

/// How long an order rests between two rounds that go over all customers.
const REST: SignedDuration = SignedDuration::from_millis(500);

/// What one look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Whether there was an order to carry out.
    pub looked: bool,
    /// Runs that have passed.
    pub runs: u64,
    /// Whether the order is done.
    pub done: bool,
}

impl Engine {
    /// Goes over the next stretch of open runs for the oldest order that is not done, and has those
    /// pass that are to pass. A kill in between costs nothing: what passed has passed, and the
    /// stretch is looked at again.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn passages_once(&self, now: Timestamp) -> Result<Passed, Error> {
        let settings = &self.settings;
        let claimed = self
            .store
            .claim_passage(now, settings.passage_lease)
            .await?;
        let Some(order) = claimed else {
            return Ok(Passed::default());
        };
        // A pause may be over by a later order.
        let pauses = Pausing::of(&order.passage).is_some();
        if pauses || self.loaded().revision < Some(order.revision) {
            self.reload().await?;
        }
        let stretch = self.store.stretch(&order, settings.passage_stretch).await?;
        let mut runs = 0;
        for batch in stretch.customers.chunks(settings.passage_batch.max(1)) {
            let passed = self.turn_due(Round::Passages, batch, now).await?;
            runs += u64::try_from(passed).unwrap_or(u64::MAX);
        }
        let done = match stretch.last {
            Some(last) => {
                // Free at once for whoever comes first.
                self.store.passed(&order, last, runs, now).await?;
                false
            }
            None => self.round_is_over(&order, runs, now).await?,
        };
        Ok(Passed {
            looked: true,
            runs,
            done,
        })
    }

    async fn round_is_over(
        &self,
        order: &StoredPassage,
        runs: u64,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let settle = self.settings.passage_settle;
        let again = now.checked_add(REST).unwrap_or(now);
        let done = self.store.passed_round(order, runs, settle, now, again);
        let done = done.await?;
        if done {
            let total = order.runs + runs;
            tracing::info!(journey = %order.journey, runs = total, "runs in flight have passed");
        }
        Ok(done)
    }
}
