//! Intake: bytes from the broker become inputs; what cannot be read goes to the dead letters alone.

use std::{collections::BTreeSet, sync::Arc};

use broker::{Batch, Consumer, Grounds};
use jiff::Timestamp;
use journey::{
    advance::Clock,
    ids::CustomerId,
    intake::{self, Cause, Parsed},
};
use store::Arrival;
use tokio::task::JoinSet;

use crate::{Engine, Error, metrics::Way, traces::Traced, turn::Decided, world::Loaded};

/// Why a step of a trace has failed whose batch was not taken in.
const COMES_AGAIN: &str = "not taken in; it comes again";

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
        let read = self.read(batch);
        self.take_in_read(read).await
    }

    async fn take_in_read(&self, read: Read) -> Result<TakenIn, Error> {
        let Read {
            batch,
            arrivals,
            mut dead,
            places,
            mut traced,
        } = read;
        let deliveries = batch.deliveries.len();
        // Not acknowledged if it fails, so not lost: the broker gives the batch out again, in its
        // order. Given back, it would stand behind later events of its customers.
        let decided = self.turn_traced(arrivals, &traced).await;
        let decided = decided.inspect_err(|_| {
            traced
                .values_mut()
                .for_each(|step| step.failed(COMES_AGAIN));
        })?;
        let Decided {
            inputs,
            duplicates,
            rejected,
        } = decided;
        let rejected = rejected.into_iter();
        dead.extend(rejected.map(|r| (places[r.index], Cause::quarantined(r.reason))));
        let taken = TakenIn {
            deliveries,
            inputs,
            duplicates,
            dead: dead.len(),
        };
        let dead = dead
            .into_iter()
            .map(|(place, cause)| (place, grounds(cause)));
        batch.settle(dead.collect()).await?;
        self.metrics
            .taken_in(Way::Amqp, deliveries, taken.duplicates, taken.dead);
        Ok(taken)
    }

    fn read(&self, batch: Batch) -> Read {
        let (now, loaded) = (self.wall(), self.loaded());
        let (mut arrivals, mut dead, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut traced = Traced::new();
        for (index, delivery) in batch.deliveries.iter().enumerate() {
            let mut parent = None;
            match intake::parse(&delivery.body, now)
                .map_err(Cause::from)
                .and_then(|mut parsed| {
                    parent = parsed.traceparent.take();
                    let arrival = self.arrival(parsed, now, &loaded);
                    arrival.map_err(Cause::of_schema)
                }) {
                Ok(arrival) => {
                    if self.settings.traces.is_on() {
                        let parent = delivery.traceparent().or(parent.as_deref());
                        let step = self.settings.traces.take_in(&arrival, parent);
                        let key = (arrival.customer, arrival.input.id);
                        traced.extend(step.map(|step| (key, step)));
                    }
                    arrivals.push(arrival);
                    places.push(index);
                }
                Err(cause) => dead.push((index, cause)),
            }
        }
        Read {
            batch,
            arrivals,
            dead,
            places,
            traced,
        }
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

fn grounds(cause: Cause) -> Grounds {
    Grounds {
        reason: cause.sentence,
        code: Some(cause.code),
        field: cause.field,
    }
}

/// A batch that was read.
struct Read {
    batch: Batch,
    arrivals: Vec<Arrival>,
    /// Deliveries that are none, by their place, with the reason.
    dead: Vec<(usize, Cause)>,
    /// Which delivery each arrival is.
    places: Vec<usize>,
    /// Which of them belong to traces.
    traced: Traced,
}

impl Read {
    fn customers(&self) -> BTreeSet<CustomerId> {
        self.arrivals.iter().map(|a| a.customer).collect()
    }
}

/// Batches of one shard, a few at a time: while one is being written, the next is read and decided. A customer
/// is in one of them only, so that everybody's events are decided in their order; and in one shard only.
pub struct Intake {
    engine: Arc<Engine>,
    consumer: Consumer,
    open: JoinSet<(BTreeSet<CustomerId>, Result<TakenIn, Error>)>,
    /// The customers of the open batches.
    busy: BTreeSet<CustomerId>,
    /// The next batch, which has a customer of theirs.
    waiting: Option<(BTreeSet<CustomerId>, Read)>,
}

impl Intake {
    /// What that consumer reads, for that engine.
    pub fn new(engine: &Arc<Engine>, consumer: Consumer) -> Self {
        Self {
            engine: engine.clone(),
            consumer,
            open: JoinSet::new(),
            busy: BTreeSet::new(),
            waiting: None,
        }
    }

    /// What became of the next batch that is done with; `None` when the consumer is closed and nothing is open any
    /// more. It may be cancelled without loss.
    ///
    /// # Errors
    /// If the database or the broker is away; the batch then goes back to the broker, and so does what came after it.
    pub async fn next(&mut self) -> Result<Option<TakenIn>, Error> {
        let mut closed = false;
        loop {
            self.begin();
            let room = !closed
                && self.waiting.is_none()
                && self.open.len() < self.engine.settings.intake_lanes.max(1);
            tokio::select! {
                Some(done) = self.open.join_next(), if !self.open.is_empty() => {
                    let taken = self.ended(done);
                    if taken.is_err() {
                        // What waits may be of the same customers: it comes again behind what has failed.
                        self.waiting = None;
                        self.drain().await;
                    }
                    return taken.map(Some);
                }
                batch = self.consumer.next(), if room => match batch? {
                    Some(batch) => {
                        let read = self.engine.read(batch);
                        self.waiting = Some((read.customers(), read));
                    }
                    None => closed = true,
                },
                else => return Ok(None),
            }
        }
    }

    /// Begins the batch that waits, if none of its customers is busy.
    fn begin(&mut self) {
        let free =
            |(customers, _): &mut (BTreeSet<CustomerId>, Read)| self.busy.is_disjoint(customers);
        let Some((customers, read)) = self.waiting.take_if(free) else {
            return;
        };
        self.busy.extend(&customers);
        let engine = self.engine.clone();
        self.open.spawn(async move {
            // Never closed; shards wait for each other in turn.
            let _lane = engine.lanes.acquire().await;
            (customers, engine.take_in_read(read).await)
        });
    }

    fn ended(
        &mut self,
        done: Result<(BTreeSet<CustomerId>, Result<TakenIn, Error>), tokio::task::JoinError>,
    ) -> Result<TakenIn, Error> {
        match done {
            Ok((customers, taken)) => {
                for customer in &customers {
                    self.busy.remove(customer);
                }
                taken
            }
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        }
    }

    async fn drain(&mut self) {
        while let Some(done) = self.open.join_next().await {
            if let Err(error) = self.ended(done) {
                tracing::debug!(%error, "a batch beside it has failed as well");
            }
        }
    }

    /// Finishes what is open and gives the rest back, in its order.
    ///
    /// # Errors
    /// If the consumer does not close in order.
    pub async fn close(mut self) -> Result<(), Error> {
        self.drain().await;
        self.waiting = None;
        Ok(self.consumer.close().await?)
    }
}
