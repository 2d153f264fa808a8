//! The turn: the only place that writes customers.
//!
//! It locks first, and looks for duplicates and loads in later statements: a statement that waits
//! for a lock has a snapshot older than the lock, and would miss what its predecessor wrote.

mod columns;
mod kept;
mod load;
mod ways;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use journey::{
    action::Kept,
    advance::Turn,
    counts::Counts,
    customer::{Customer, PREFERENCES_CHANGED},
    ids::{CustomerId, MessageId, RunId},
    input::{Input, InputKind},
    machine::SUPPORT_ACTION,
    merge::{Handed, MERGE, tell_way},
    policies::Period,
    policy::rolling,
};
use sqlx::{Postgres, Transaction};

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    rights::when,
    row::{Moment, before, moment},
};
use load::Wait;

/// One input and whose it is.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The hash of `key`.
    pub customer: CustomerId,
    /// What producers call the customer.
    pub key: Arc<str>,
    /// What happened to them.
    pub input: Input,
}

/// One customer of a turn, as loaded and locked.
#[derive(Clone, Debug)]
pub struct Work {
    /// All that is known of them.
    pub customer: Customer,
    /// Whether nothing was known before: the commit creates them.
    pub new: bool,
    /// What is to be decided, in order of arrival. Empty after [`Store::begin_due`]: the timers
    /// that are due stand in `customer.runs`.
    pub inputs: Vec<Input>,
}

/// A turn between its begin and its commit. Dropping it rolls back.
#[derive(Debug)]
pub struct OpenTurn {
    /// The customers with something to decide, in order of id.
    pub work: Vec<Work>,
    /// How many inputs were left out: already recorded, twice in the batch, or receipts of a
    /// lease that is over.
    pub duplicates: usize,
    /// The W3C trace context of messages that are decided now and belong to a trace, for dispatch to go on with.
    pub traceparents: BTreeMap<MessageId, String>,
    /// What is counted of the runs that are decided now.
    pub counts: Counts,
    begun: BTreeMap<CustomerId, Begun>,
    tx: Transaction<'static, Postgres>,
}

/// What the commit needs to know of a customer as it was.
#[derive(Debug)]
struct Begun {
    /// For a new one: when its row begins to be.
    new_since: Option<Timestamp>,
    /// The runs that have a row.
    runs: BTreeSet<RunId>,
}

impl Store {
    /// Begins a turn for these inputs: locks their customers, leaves out inputs that were seen
    /// before, and loads what a decision needs. What is no event makes no customer: they were erased while
    /// it was under way. Neither does an event from before that. Sends are loaded from `horizon` before the first
    /// moment that can be decided: the first input's, or an earlier timer's.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn begin(
        &self,
        arrivals: &[Arrival],
        horizon: SignedDuration,
    ) -> Result<OpenTurn, Error> {
        let mut batch = Batch::of(arrivals);
        let mut tx = begin(&self.pool).await.map_err(during("beginning"))?;
        let merges = ways::asked(arrivals);
        let held = ways::hold(&mut tx, &merges).await?;
        let ids: Vec<_> = batch.waiting.keys().map(|id| id.0).collect();
        let mut found = load::lock(&mut tx, &ids, Wait::ForAll).await?;
        batch.tell(&ways::look(&mut tx, &merges, &held).await?);
        if !found.is_empty() {
            let known = batch.ids_of(&found);
            batch.leave_out(&load::recorded(&mut tx, &known).await?);
        }
        batch.keep_known(&found);
        self.leave_out_erased(&mut tx, &mut batch, &found).await?;
        let answers = batch.answers();
        if !answers.is_empty() {
            let asked = load::asked(&mut tx, &answers).await?;
            batch.keep_answers(&asked);
        }
        let receipts = batch.receipts();
        if !receipts.is_empty() {
            let valid = load::leased(&mut tx, &receipts).await?;
            batch.keep_receipts(&valid);
        }
        let repeated = batch.repeated();
        if !repeated.is_empty() {
            batch.tell_kept(&kept::kept(&mut tx, &repeated).await?)?;
        }
        found.retain(|id, _| batch.waiting.contains_key(id));
        let first = |id: CustomerId| batch.waiting.get(&id).and_then(Waiting::first);
        // A limit that is chosen in this turn counts what was sent before it, and so may one of whoever takes it over.
        let long = arrivals.iter().any(|a| looks_far(&a.input));
        let horizon = match long {
            true => horizon.max(rolling(Period::Month)),
            false => horizon,
        };
        load::state(&mut tx, &mut found, first, horizon).await?;
        Ok(batch.opened(found, tx))
    }

    /// Events that happened before their customer was erased, and came after it.
    async fn leave_out_erased(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        batch: &mut Batch,
        found: &BTreeMap<CustomerId, Customer>,
    ) -> Result<(), Error> {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let new = batch
            .waiting
            .iter()
            .filter(|(id, _)| !found.contains_key(id));
        let hashes: BTreeMap<_, _> = new.map(|(id, w)| (*id, secret.of_key(&w.key))).collect();
        let erased = when(tx, hashes.values()).await?;
        if !erased.is_empty() {
            batch.keep(|customer, input| {
                let at = hashes.get(&customer).and_then(|hash| erased.get(&hash[..]));
                at.is_none_or(|at| happened(input) > *at)
            });
        }
        Ok(())
    }

    /// Begins a turn for those of these customers who have a timer due at or before `now` and are
    /// in nobody else's turn.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn begin_due(
        &self,
        customers: &[CustomerId],
        now: Timestamp,
        horizon: SignedDuration,
    ) -> Result<OpenTurn, Error> {
        let ids: BTreeSet<_> = customers.iter().map(|id| id.0).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut tx = begin(&self.pool).await.map_err(during("beginning"))?;
        let mut found = load::lock(&mut tx, &ids, Wait::Skip).await?;
        load::runs(&mut tx, &mut found).await?;
        found.retain(|_, c| load::earliest(c).is_some_and(|due| due <= now));
        load::sends(&mut tx, &mut found, |_| Some(now), horizon).await?;
        Ok(Batch::default().opened(found, tx))
    }

    /// Begins a turn for these customers with nothing to take in: their runs may have to pass to
    /// another version. Waits for whoever is in somebody else's turn; who does not exist is left out.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn begin_passages(
        &self,
        customers: &[CustomerId],
        now: Timestamp,
        horizon: SignedDuration,
    ) -> Result<OpenTurn, Error> {
        let ids: BTreeSet<_> = customers.iter().map(|id| id.0).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut tx = begin(&self.pool).await.map_err(during("beginning"))?;
        let mut found = load::lock(&mut tx, &ids, Wait::ForAll).await?;
        load::state(&mut tx, &mut found, |_| Some(now), horizon).await?;
        Ok(Batch::default().opened(found, tx))
    }

    /// Customers with a timer or a date due at or before `now`, each once, the longest overdue first; from
    /// the `limit` longest overdue timers. Nothing is locked: see [`Store::begin_due`].
    ///
    /// # Errors
    /// If the database fails.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<CustomerId>, Error> {
        let rows: Vec<(uuid::Uuid,)> = sqlx::query_as(
            "select id from (
                     (select customer as id, due_at from run where due_at <= $1
                      order by due_at limit $2)
                     union all
                     (select id, due_at from customer where due_at <= $1
                      order by due_at limit $2)
                 ) due order by due_at limit $2",
        )
        .bind(moment(now))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(during("looking for timers"))?;
        let mut seen = BTreeSet::new();
        let ids = rows.into_iter().map(|(id,)| CustomerId(id));
        Ok(ids.filter(|id| seen.insert(*id)).collect())
    }

    /// When the next timer is due, past or future.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let (due,): (Option<Moment>,) = sqlx::query_as(
            "select least(
                 (select due_at from run where due_at is not null order by due_at limit 1),
                 (select due_at from customer where due_at is not null order by due_at limit 1))",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(during("looking for timers"))?;
        Ok(due.map(Moment::to_jiff))
    }
}

impl OpenTurn {
    /// Writes what became of the customers and commits. A customer of whom there is no turn is
    /// left as they were.
    ///
    /// # Errors
    /// If somebody else was faster ([`Error::is_retryable`]), the database refuses a value
    /// ([`Error::is_poison`]) or fails. Nothing is written then.
    pub async fn commit(mut self, turns: Vec<Turn>) -> Result<(), Error> {
        let rows = columns::Rows::of(&self.begun, &turns, &self.counts)?;
        write::all(&mut self.tx, &rows).await?;
        write::traced(&mut self.tx, &rows, &self.traceparents).await?;
        self.tx.commit().await.map_err(during("committing"))
    }

    /// Gives the customers free without writing anything.
    pub async fn abandon(self) {
        // If the connection is gone, so is the transaction.
        let _ = self.tx.rollback().await;
    }
}

/// The arrivals by customer.
#[derive(Default)]
struct Batch {
    waiting: BTreeMap<CustomerId, Waiting>,
    duplicates: usize,
}

/// One customer's arrivals.
struct Waiting {
    key: Arc<str>,
    inputs: Vec<Input>,
}

impl Waiting {
    /// The earliest clock among them.
    fn first(&self) -> Option<Timestamp> {
        self.inputs.iter().map(|i| i.now).min()
    }
}

impl Batch {
    fn of(arrivals: &[Arrival]) -> Self {
        let mut batch = Self::default();
        let mut seen = BTreeSet::new();
        for arrival in arrivals {
            if !seen.insert((arrival.customer, arrival.input.id)) {
                batch.duplicates += 1;
                continue;
            }
            let waiting = batch.waiting.entry(arrival.customer);
            let waiting = waiting.or_insert_with(|| Waiting {
                key: arrival.key.clone(),
                inputs: Vec::new(),
            });
            waiting.inputs.push(arrival.input.clone());
        }
        batch
    }

    /// The inputs of customers who were found: the others' cannot have been recorded.
    fn ids_of(&self, found: &BTreeMap<CustomerId, Customer>) -> Vec<load::InputKey> {
        let waiting = self.waiting.iter().filter(|(id, _)| found.contains_key(id));
        waiting
            .flat_map(|(id, w)| w.inputs.iter().map(|i| (*id, i.id)))
            .collect()
    }

    /// Only an event makes a customer, and somebody who is merged into them; what a person does to one does not.
    fn keep_known(&mut self, found: &BTreeMap<CustomerId, Customer>) {
        self.keep(|customer, input| {
            found.contains_key(&customer)
                || match &input.kind {
                    InputKind::Event(event) => *event.name != *SUPPORT_ACTION,
                    InputKind::TakeOver(taken) => matches!(taken.what, Handed::Person(_)),
                    _ => false,
                }
        });
    }

    /// Tells these merges whom those were merged into before whom they are into.
    fn tell(&mut self, ways: &ways::Ways) {
        if ways.is_empty() {
            return;
        }
        for (customer, waiting) in &mut self.waiting {
            for input in &mut waiting.inputs {
                let way = ways.get(&(*customer, input.id));
                if let (Some(way), InputKind::Event(event)) = (way, &mut input.kind) {
                    tell_way(event, way);
                }
            }
        }
    }

    fn repeated(&self) -> Vec<kept::KeptKey> {
        let all = self.waiting.iter();
        all.flat_map(|(id, w)| w.inputs.iter().filter_map(|i| kept::kept_key(*id, i)))
            .collect()
    }

    /// Messages that are to be sent again come with what is kept of them.
    fn tell_kept(&mut self, kept: &BTreeMap<kept::KeptKey, Kept>) -> Result<(), Error> {
        for (id, waiting) in &mut self.waiting {
            for input in &mut waiting.inputs {
                kept::tell(*id, input, kept)?;
            }
        }
        Ok(())
    }

    fn answers(&self) -> Vec<load::AnswerKey> {
        let all = self.waiting.iter();
        all.flat_map(|(id, w)| w.inputs.iter().filter_map(|i| load::answer_key(*id, i)))
            .collect()
    }

    /// An answer to a call that there is not is about somebody who was erased.
    fn keep_answers(&mut self, asked: &BTreeSet<load::AnswerKey>) {
        self.keep(|customer, input| {
            load::answer_key(customer, input).is_none_or(|key| asked.contains(&key))
        });
    }

    fn receipts(&self) -> Vec<load::ReceiptKey> {
        let all = self.waiting.iter();
        all.flat_map(|(id, w)| w.inputs.iter().filter_map(|i| load::receipt_key(*id, i)))
            .collect()
    }

    fn leave_out(&mut self, recorded: &BTreeSet<load::InputKey>) {
        self.keep(|customer, input| !recorded.contains(&(customer, input.id)));
    }

    fn keep_receipts(&mut self, valid: &BTreeSet<load::ReceiptKey>) {
        self.keep(|customer, input| {
            load::receipt_key(customer, input).is_none_or(|key| valid.contains(&key))
        });
    }

    fn keep(&mut self, keep: impl Fn(CustomerId, &Input) -> bool) {
        let mut left_out = 0;
        self.waiting.retain(|id, waiting| {
            let before = waiting.inputs.len();
            waiting.inputs.retain(|input| keep(*id, input));
            left_out += before - waiting.inputs.len();
            !waiting.inputs.is_empty()
        });
        self.duplicates += left_out;
    }

    /// The turn, with a new customer for every one who was not found.
    fn opened(
        mut self,
        mut found: BTreeMap<CustomerId, Customer>,
        tx: Transaction<'static, Postgres>,
    ) -> OpenTurn {
        let ids: BTreeSet<_> = found.keys().chain(self.waiting.keys()).copied().collect();
        let mut begun = BTreeMap::new();
        let mut work = Vec::with_capacity(ids.len());
        for id in ids {
            let waiting = self.waiting.remove(&id);
            let (customer, new_since) = match (found.remove(&id), &waiting) {
                (Some(customer), _) => (customer, None),
                (None, Some(w)) => (Customer::new(&w.key), w.first()),
                (None, None) => continue,
            };
            let runs = customer.runs.iter().map(|r| r.id).collect();
            begun.insert(customer.id, Begun { new_since, runs });
            work.push(Work {
                customer,
                new: new_since.is_some(),
                inputs: waiting.map_or_else(Vec::new, |w| w.inputs),
            });
        }
        OpenTurn {
            work,
            duplicates: self.duplicates,
            traceparents: BTreeMap::new(),
            counts: Counts::new(),
            begun,
            tx,
        }
    }
}

/// Whether what was sent in the longest time that a customer's own limit may have matters for this input.
fn looks_far(input: &Input) -> bool {
    match &input.kind {
        InputKind::Event(event) => [PREFERENCES_CHANGED, MERGE].contains(&&*event.name),
        InputKind::TakeOver(_) => true,
        _ => false,
    }
}

/// When it happened: by the producer's clock, if it has one.
fn happened(input: &Input) -> Timestamp {
    match &input.kind {
        InputKind::Event(event) => event.at,
        InputKind::TakeOver(taken) => taken.at,
        _ => input.now,
    }
}

/// From when on a customer's sends matter, if their first decision is made at `first`.
fn since(first: Option<Timestamp>, due: Option<Timestamp>, horizon: SignedDuration) -> Moment {
    let first = first.into_iter().chain(due).min();
    moment(before(first.unwrap_or(Timestamp::UNIX_EPOCH), horizon))
}
