//! What merged customers have for those whom they were merged into: leased, taken in as an input of the other, and then
//! deleted.
//!
//! Killed in between, the lease runs out and it is delivered again; its id derives from where it comes from, so it takes
//! effect once.

use journey::{
    advance::Clock,
    ids::CustomerId,
    input::{Input, InputKind},
    merge::Handed,
    time::plus,
};
use store::{Arrival, LeasedForward};

use crate::{Engine, Error, Rejected};

/// Of how many customers one round delivers what is due.
const CUSTOMERS: u32 = 50;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forwards {
    /// What was leased.
    pub leased: usize,
    /// What was delivered, now or before.
    pub delivered: usize,
    /// What the database cannot hold: set aside, and logged.
    pub set_aside: usize,
}

impl Engine {
    /// Delivers what is due. Nothing due: all counts are 0.
    ///
    /// # Errors
    /// If the database is away, or refuses for reasons that no single input is to blame for; all of it is delivered later.
    pub async fn forwards_once(&self) -> Result<Forwards, Error> {
        let lease = self.settings.lease;
        let leased = self
            .store
            .lease_forwards(self.wall(), CUSTOMERS, lease)
            .await?;
        if leased.is_empty() {
            return Ok(Forwards::default());
        }
        let arrivals = leased.iter().map(|forward| self.delivery(forward));
        match self.turn(arrivals.collect()).await {
            Ok(decided) => self.delivered(leased, &decided.rejected).await,
            Err(error) => {
                let attempt = leased.iter().map(|f| f.attempt).max().unwrap_or(1);
                let later = plus(self.wall(), self.back_off(attempt));
                // Where that cannot be written, the lease runs out.
                let given_back = self.store.release_forwards(&leased, later).await;
                given_back.unwrap_or_else(|error| tracing::debug!(%error, "the leases run out"));
                Err(error)
            }
        }
    }

    /// The clock of whoever takes it in; on a recorded one, the moment at which it happened.
    fn delivery(&self, forward: &LeasedForward) -> Arrival {
        let Arrival {
            customer,
            key,
            input,
        } = forward.arrival.clone();
        let now = match self.clock() {
            Clock::Wall => self.wall(),
            Clock::Recorded => input.now,
        };
        let input = Input { now, ..input };
        Arrival {
            customer,
            key,
            input,
        }
    }

    /// `refused`: what the database cannot hold.
    async fn delivered(
        &self,
        leased: Vec<LeasedForward>,
        refused: &[Rejected],
    ) -> Result<Forwards, Error> {
        for Rejected { index, reason: why } in refused {
            let forward = &leased[*index];
            tracing::error!(customer.id = %forward.customer, reason = %why, "cannot be passed on");
            self.store.set_forward_aside(forward, why).await?;
        }
        let mut counts = Forwards {
            leased: leased.len(),
            set_aside: refused.len(),
            ..Forwards::default()
        };
        let places = leased.into_iter().enumerate();
        let done = places.filter(|(n, _)| refused.iter().all(|r| r.index != *n));
        let done: Vec<_> = done.map(|(_, forward)| forward).collect();
        for forward in &done {
            if let Some(from) = merged(forward) {
                let at = self.wall();
                let into = forward.arrival.customer;
                self.store.join_chats(from, into, at).await?;
            }
        }
        counts.delivered = done.len();
        self.store.forwarded(&done).await?;
        Ok(counts)
    }
}

/// Who was merged, if that is what it says.
fn merged(forward: &LeasedForward) -> Option<CustomerId> {
    match &forward.arrival.input.kind {
        InputKind::TakeOver(taken) if matches!(taken.what, Handed::Person(_)) => {
            Some(CustomerId::of(&taken.from))
        }
        _ => None,
    }
}
