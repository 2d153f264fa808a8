//! What was counted of messages and of runs, added to its totals.

use crate::{Engine, Error};

/// How many rows of messages are folded at once.
const MESSAGES: u32 = 20_000;
/// How many rows of runs: each is a document of all that a batch counted.
const RUNS: u32 = 1_000;

impl Engine {
    /// Adds what was counted since the last time to the totals ([`store::counts`]), a page of each. Returns whether there may be
    /// more. The numbers stay the same.
    ///
    /// # Errors
    /// If the database is away; nothing is lost.
    pub async fn counts_once(&self) -> Result<bool, Error> {
        let messages = self.store.fold_messages(MESSAGES).await?;
        let runs = self.store.fold_runs(RUNS).await?;
        Ok(messages >= MESSAGES.into() || runs >= RUNS.into())
    }
}
