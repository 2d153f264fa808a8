//! Intake: bytes from the broker become inputs; what cannot be read goes to the dead letters alone.

use broker::{Batch, Consumer};
use jiff::Timestamp;
use journey::{
    advance::Clock,
    ids::CustomerId,
    intake::{self, Parsed},
};
use store::Arrival;

use crate::{Engine, Error, turn::Decided, world::Loaded};

/// What one round of intake did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Deliveries taken from the broker.
    pub deliveries: usize,
    /// Inputs that took effect.
    pub inputs: usize,
    /// Deliveries that had taken effect before.
    pub duplicates: usize,
    /// Deliveries that went to the dead letters.
    pub dead: usize,
}

impl Engine {
    /// Takes one batch from the broker through a turn: acknowledged after the commit. `None` when
    /// the consumer is closed.
    ///
    /// # Errors
    /// If the database or the broker is away; the batch then goes back to the broker.
    pub async fn intake_once(&self, consumer: &mut Consumer) -> Result<Option<TakenIn>, Error> {
        let Some(batch) = consumer.next().await? else {
            return Ok(None);
        };
        self.take_in(batch).await.map(Some)
    }

    pub(crate) async fn take_in(&self, batch: Batch) -> Result<TakenIn, Error> {
        let deliveries = batch.deliveries.len();
        let (arrivals, mut dead, places) = self.read(&batch);
        // Not acknowledged if it fails, so not lost: the broker gives the batch out again, in its
        // order. Given back, it would stand behind later events of its customers.
        let decided = self.turn(arrivals).await?;
        let Decided {
            inputs,
            duplicates,
            rejected,
        } = decided;
        dead.extend(rejected.into_iter().map(|r| (places[r.index], r.reason)));
        let taken = TakenIn {
            deliveries,
            inputs,
            duplicates,
            dead: dead.len(),
        };
        batch.settle(dead).await?;
        Ok(taken)
    }

    /// Reads a batch: arrivals, dead letters with their reasons, and which delivery each arrival is.
    fn read(&self, batch: &Batch) -> (Vec<Arrival>, Vec<(usize, String)>, Vec<usize>) {
        let (now, loaded) = (self.wall(), self.loaded());
        let (mut arrivals, mut dead, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (index, delivery) in batch.deliveries.iter().enumerate() {
            match intake::parse(&delivery.body, now)
                .map_err(|refused| refused.to_string())
                .and_then(|parsed| self.arrival(parsed, now, &loaded))
            {
                Ok(arrival) => {
                    arrivals.push(arrival);
                    places.push(index);
                }
                Err(reason) => dead.push((index, reason)),
            }
        }
        (arrivals, dead, places)
    }

    /// A parsed event as an arrival, with the clock that counts.
    ///
    /// # Errors
    /// A sentence, if its schema refuses it.
    pub fn arrival(
        &self,
        parsed: Parsed,
        now: Timestamp,
        loaded: &Loaded,
    ) -> Result<Arrival, String> {
        if let Some(reason) = loaded.schemas.refuse(&parsed.event) {
            return Err(reason);
        }
        let now = match self.clock() {
            Clock::Wall => now,
            Clock::Recorded => parsed.event.at,
        };
        let key = parsed.event.customer.clone();
        Ok(Arrival {
            customer: CustomerId::of(&key),
            key,
            input: intake::input(parsed, now),
        })
    }
}
