//! The turn: the only function that changes customers.
//!
//! It begins a transaction, loads, decides, records and commits. A batch that the database refuses
//! is halved until the culprit stands alone; the others are not touched by it.

mod observed;

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use journey::{
    action::Action,
    advance::{self, Turn},
    counts,
    ids::{CustomerId, MachineId},
    input::InputKind,
    message::Message,
    world::World,
};
use store::{Arrival, OpenTurn, Work};

use self::observed::{About, lateness};
use crate::{
    Engine, Error,
    metrics::{Tally, TurnOf},
    traces::Traced,
    world::Loaded,
};

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Decided {
    /// Inputs that took effect now, timers among them.
    pub inputs: usize,
    /// Inputs that had taken effect before.
    pub duplicates: usize,
    /// Inputs that the database cannot hold, by their place in the batch.
    pub rejected: Vec<Rejected>,
}

/// An input that the database cannot hold.
#[derive(Debug)]
pub struct Rejected {
    /// Its place in the batch.
    pub index: usize,
    /// Why.
    pub reason: String,
}

/// What a transaction is for.
#[derive(Clone, Copy)]
enum Asked<'a> {
    /// These inputs.
    Arrivals(&'a [Arrival]),
    /// The timers of these customers that are due at that moment.
    Due(&'a [CustomerId], Timestamp),
    /// The runs of these customers that are to pass to another version.
    Passages(&'a [CustomerId], Timestamp),
}

/// Why customers are looked at who have sent nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Their timers are due.
    Timers,
    /// Their runs are to pass to another version.
    Passages,
}

impl Round {
    fn of(self) -> TurnOf {
        match self {
            Self::Timers => TurnOf::Timers,
            Self::Passages => TurnOf::Passages,
        }
    }

    fn asked(self, customers: &[CustomerId], now: Timestamp) -> Asked<'_> {
        match self {
            Self::Timers => Asked::Due(customers, now),
            Self::Passages => Asked::Passages(customers, now),
        }
    }
}

impl Engine {
    /// Decides a batch of inputs, all or nothing but for those that the database cannot hold.
    /// When it returns, what was decided is committed.
    ///
    /// # Errors
    /// If the database is away, or refuses for reasons that no single input is to blame for.
    pub async fn turn(&self, arrivals: Vec<Arrival>) -> Result<Decided, Error> {
        self.turn_traced(arrivals, &Traced::new()).await
    }

    /// The same for inputs some of which belong to traces: what they decide to send goes on with them.
    ///
    /// # Errors
    /// As [`Engine::turn`].
    pub async fn turn_traced(
        &self,
        arrivals: Vec<Arrival>,
        traced: &Traced,
    ) -> Result<Decided, Error> {
        let mut decided = Decided::default();
        let mut open = Parts::of(arrivals.len());
        while let Some(range) = open.next() {
            match self.try_turn(&arrivals[range.clone()], traced).await {
                Ok((inputs, duplicates)) => {
                    decided.inputs += inputs;
                    decided.duplicates += duplicates;
                }
                Err(Error::Store(error)) if error.is_poison() && range.len() == 1 => {
                    decided.rejected.push(Rejected {
                        index: range.start,
                        reason: error.to_string(),
                    });
                }
                Err(Error::Store(error)) if error.is_poison() => {
                    open.halve(range);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(decided)
    }

    /// One transaction, tried again when concurrent turns are in its way.
    async fn try_turn(
        &self,
        arrivals: &[Arrival],
        traced: &Traced,
    ) -> Result<(usize, usize), Error> {
        let mut patience = self.patience();
        loop {
            match self.turn_once(arrivals, traced).await {
                Err(Error::Store(error)) if error.is_retryable() => {
                    self.metrics.turn_again();
                    patience.again(error).await?;
                }
                other => return other,
            }
        }
    }

    fn patience(&self) -> Patience {
        let longest = Duration::try_from(self.settings.turn_patience).unwrap_or_default();
        Patience {
            since: Instant::now(),
            longest,
            tries: 0,
            most: self.settings.turn_retries,
        }
    }

    async fn turn_once(
        &self,
        arrivals: &[Arrival],
        traced: &Traced,
    ) -> Result<(usize, usize), Error> {
        let about = About::new(TurnOf::Inputs, traced);
        let (loaded, open) = self.begin(Asked::Arrivals(arrivals)).await?;
        let duplicates = open.duplicates;
        let clock = self.clock();
        let inputs = self
            .record(about, &loaded.world, open, |work| {
                advance::take(&loaded.world, work.customer, work.inputs, clock)
            })
            .await?;
        Ok((inputs, duplicates))
    }

    /// Decides what is due for these customers at `now` by itself. Their timers: customers whom
    /// another turn holds are left to it. Their passages: it is waited for. A customer whose row
    /// cannot be read is logged and passed over. Returns how many inputs there were.
    pub(crate) async fn turn_due(
        &self,
        round: Round,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut inputs = 0;
        let mut open = Parts::of(customers.len());
        while let Some(range) = open.next() {
            match self
                .try_turn_due(round, &customers[range.clone()], now)
                .await
            {
                Ok(decided) => inputs += decided,
                Err(Error::Store(error)) if error.is_poison() && range.len() == 1 => {
                    let customer = customers[range.start];
                    tracing::error!(customer.id = %customer, ?round, %error, "cannot be decided");
                }
                Err(Error::Store(error)) if error.is_poison() => {
                    open.halve(range);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(inputs)
    }

    async fn try_turn_due(
        &self,
        round: Round,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<usize, Error> {
        let mut patience = self.patience();
        loop {
            match self.turn_due_once(round, customers, now).await {
                Err(Error::Store(error)) if error.is_retryable() => {
                    self.metrics.turn_again();
                    patience.again(error).await?;
                }
                other => return other,
            }
        }
    }

    async fn turn_due_once(
        &self,
        round: Round,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<usize, Error> {
        let (none, of) = (Traced::new(), round.of());
        let about = About::new(of, &none);
        let (loaded, open) = self.begin(round.asked(customers, now)).await?;
        let (world, clock) = (&loaded.world, self.clock());
        let late = match round {
            Round::Timers => lateness(world, &open, now),
            Round::Passages => Vec::new(),
        };
        let inputs = self
            .record(about, world, open, |work| match round {
                Round::Timers => advance::take_due(world, work.customer, now, clock),
                Round::Passages => advance::take_passages(world, work.customer, now, clock),
            })
            .await?;
        self.metrics.late(&late);
        Ok(inputs)
    }

    /// Begins a turn with every machine at hand that its runs are on: another engine may have
    /// published one, and a customer may be on it already. Ends, for a machine is missed once.
    async fn begin(&self, asked: Asked<'_>) -> Result<(Arc<Loaded>, OpenTurn), Error> {
        let mut missed = BTreeSet::new();
        loop {
            let loaded = self.loaded();
            let horizon = loaded.world.horizon();
            let open = match asked {
                Asked::Arrivals(arrivals) => self.store.begin(arrivals, horizon).await?,
                Asked::Due(customers, now) => self.store.begin_due(customers, now, horizon).await?,
                Asked::Passages(customers, now) => {
                    self.store.begin_passages(customers, now, horizon).await?
                }
            };
            let unknown = unknown_machines(&loaded, &open);
            if unknown.is_subset(&missed) {
                return Ok((loaded, open));
            }
            open.abandon().await;
            self.learn(&unknown).await?;
            missed.extend(unknown);
        }
    }

    /// Decides every customer of an open turn and commits. Returns how many inputs there were.
    async fn record(
        &self,
        about: About<'_>,
        world: &World,
        mut open: OpenTurn,
        decide: impl Fn(Work) -> Turn,
    ) -> Result<usize, Error> {
        let turns: Vec<Turn> = std::mem::take(&mut open.work)
            .into_iter()
            .map(decide)
            // Somebody was looked at for whom there was nothing to do.
            .filter(|turn| !turn.effects.inputs.is_empty())
            .collect();
        if turns.is_empty() {
            open.abandon().await;
            return Ok(0);
        }
        let inputs = turns.iter().map(|t| t.effects.inputs.len()).sum();
        let queues = turns
            .iter()
            .flat_map(|t| &t.effects.messages)
            .any(is_queued);
        let calls = turns.iter().any(|t| !t.effects.calls.is_empty());
        let forwards = turns.iter().any(|t| !t.effects.forwards.is_empty());
        let tally = Tally::of(&turns);
        for turn in &turns {
            counts::count(world, turn, &mut open.counts);
        }
        // They end when what they are about is committed.
        let steps = self.steps(&about, &turns, &mut open);
        open.commit(turns).await?;
        drop(steps);
        self.metrics.turn(about.of, &tally, about.begun.elapsed());
        if queues {
            self.queued.notify_one();
        }
        if calls {
            self.called.notify_one();
        }
        if forwards {
            self.forwarded.notify_one();
        }
        Ok(inputs)
    }
}

/// How long a batch is tried again at once. A database that lets every try run into a time-out is the
/// loop's affair: it says so, and asks less and less often.
struct Patience {
    since: Instant,
    longest: Duration,
    tries: u32,
    most: u32,
}

impl Patience {
    /// Pauses before the next try.
    ///
    /// # Errors
    /// If that was the last.
    async fn again(&mut self, error: store::Error) -> Result<(), Error> {
        self.tries += 1;
        let tries = self.tries;
        if tries >= self.most || self.since.elapsed() >= self.longest {
            return Err(Error::Refused { tries, last: error });
        }
        tracing::debug!(%error, tries, "the batch is tried again");
        pause(tries - 1).await;
        Ok(())
    }
}

/// The parts of a batch that are still to be decided, in order: a stack, the first on top.
struct Parts(Vec<Range<usize>>);

impl Parts {
    fn of(len: usize) -> Self {
        Self(std::iter::once(0..len).collect())
    }

    fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop().filter(|range| !range.is_empty())
    }

    /// Puts both halves of a part of at least two back.
    fn halve(&mut self, range: Range<usize>) {
        let middle = range.start + range.len() / 2;
        self.0.push(middle..range.end);
        self.0.push(range.start..middle);
    }
}

fn is_queued(message: &Message) -> bool {
    message.refused.is_none()
}

/// The machines that open runs are on or are moved to, or that decided a message of which there is news or that is to be
/// sent again, and that are not loaded.
fn unknown_machines(loaded: &Loaded, open: &OpenTurn) -> BTreeSet<MachineId> {
    let runs = open.work.iter().flat_map(|w| &w.customer.runs);
    let inputs = open.work.iter().flat_map(|w| &w.inputs);
    let decided = inputs.filter_map(|input| match &input.kind {
        InputKind::Receipt(receipt) => Some(receipt.message.decision.machine),
        InputKind::Event(event) => Action::machine(event),
        _ => None,
    });
    runs.map(|r| r.machine)
        .chain(decided)
        .filter(|id| loaded.world.machine(*id).is_none())
        .collect()
}

/// Longer with each attempt, up to a tenth of a second, so that two turns do not collide for ever.
pub(crate) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis((1 << attempt.min(6)) + 1)).await;
}
