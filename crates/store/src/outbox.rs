//! The outbox: messages that wait to be handed over, and what became of them.
//!
//! A lease says who may record: everything after it asks for the lease's attempt, so that whoever
//! comes back after their lease has expired changes nothing.
//!
//! There is no `NOTIFY` here: it would make all commits of a database wait for one another. An
//! engine wakes its own dispatch after a commit; others find the row by [`Store::next_send`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    content::Content,
    customer::Customer,
    failure::Failure,
    ids::{CustomerId, MessageId, RunId},
    message::{Channel, Message},
};
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    packed::pack,
    row::{self, Moment, after, from_bytes, moment, words},
};

/// A message to be handed over, until the lease expires.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    /// Whose, with traits and ledger of now; without runs and sends.
    pub customer: Customer,
    /// What was decided.
    pub message: Message,
    /// Which attempt this is, from 1.
    pub attempt: u16,
    /// The provider that may have it already: an earlier attempt came to no certain end.
    pub tied_to: Option<Arc<str>>,
    /// The W3C trace context of the turn that decided it, if that belonged to a trace.
    pub traceparent: Option<Arc<str>>,
}

impl Leased {
    /// What its record will ask for.
    pub fn key(&self) -> LeaseKey {
        LeaseKey {
            customer: self.customer.id,
            at: self.message.at,
            id: self.message.id,
            attempt: self.attempt,
        }
    }
}

/// One lease of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseKey {
    /// Whose.
    pub customer: CustomerId,
    /// When it was decided.
    pub at: Timestamp,
    /// Which.
    pub id: MessageId,
    /// The fence.
    pub attempt: u16,
}

/// A message that a provider took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which lease.
    pub key: LeaseKey,
    /// The provider's name in the configuration.
    pub provider: Arc<str>,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// What it said; `None`: that is not kept.
    pub content: Option<Content>,
}

/// A message that is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Which lease.
    pub key: LeaseKey,
    /// When.
    pub due_at: Timestamp,
    /// Why it did not go now.
    pub error: Failure,
    /// The provider that may have it all the same.
    pub tied_to: Option<Arc<str>>,
}

/// A lease that is given back untried: the attempt does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which lease.
    pub key: LeaseKey,
    /// When it may be taken again.
    pub due_at: Timestamp,
    /// The provider that may have it from an earlier attempt.
    pub tied_to: Option<Arc<str>>,
}

/// How many messages of one channel may be leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which channel.
    pub channel: Channel,
    /// The most.
    pub most: u32,
    /// The provider that is going to be asked, where it matters who was: noted with the lease, so
    /// that a message whose dispatcher dies is tied to it.
    pub provider: Option<Arc<str>>,
}

type LeasedRow = (
    (Uuid, Moment, Uuid, Uuid, i16),
    (String, String, String, String, Vec<u8>),
    (String, String, Vec<u8>),
    (Option<String>, Option<String>),
);

impl Store {
    /// Takes up to `limit` messages that are due, whatever their channel: see [`Store::lease_for`].
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease(
        &self,
        now: Timestamp,
        limit: u32,
        lease: SignedDuration,
    ) -> Result<Vec<Leased>, Error> {
        let all = Channel::ALL.map(|channel| Room {
            channel,
            most: limit,
            provider: None,
        });
        self.lease_for(&all, now, limit, lease).await
    }

    /// Takes messages that are due, the longest waiting first, for the time of `lease`: of each
    /// channel as many as there is room for, and no more than `limit` in all; among them those whose
    /// lease has expired. What another process is just taking is passed over. A row that cannot be
    /// understood is logged and left to its lease.
    ///
    /// Each channel has its own stretch of the index: however many messages of one channel wait, they
    /// are not in the way of another's.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease_for(
        &self,
        rooms: &[Room],
        now: Timestamp,
        limit: u32,
        lease: SignedDuration,
    ) -> Result<Vec<Leased>, Error> {
        let channels: Vec<_> = rooms.iter().map(|r| r.channel.as_str()).collect();
        let most: Vec<_> = rooms.iter().map(|r| i64::from(r.most)).collect();
        let providers: Vec<_> = rooms.iter().map(|r| r.provider.as_deref()).collect();
        let rows = sqlx::query(
            "with head as materialized (
                 select h.*, r.provider as asked
                 from unnest($4::text[], $5::bigint[], $6::text[]) r (channel, most, provider)
                 cross join lateral (
                     select customer, at, id, due_at, provider from message
                     where channel = r.channel and due_at <= $1
                     order by due_at limit r.most for no key update skip locked
                 ) h
                 order by h.due_at limit $2
             ), taken as (
                 update message m
                 set status = 'leased', due_at = $3, attempt = least(m.attempt + 1, 32767),
                     provider = coalesce(h.provider, h.asked)
                 from head h where m.customer = h.customer and m.at = h.at and m.id = h.id
                 returning m.customer, m.at, m.id, m.run, m.attempt, m.channel, m.purpose,
                           m.journey, m.step, m.decision, m.traceparent, h.due_at as waiting_since,
                           h.provider as tied_to
             )
             select t.customer, t.at, t.id, t.run, t.attempt, t.channel, t.purpose, t.journey,
                    t.step, t.decision, c.key, c.traits::text, c.ledger, t.tied_to,
                    t.traceparent
             from taken t join customer c on c.id = t.customer
             order by t.waiting_since, t.customer, t.at, t.id",
        )
        .bind(moment(now))
        .bind(i64::from(limit))
        .bind(moment(after(now, lease)))
        .bind(channels)
        .bind(most)
        .bind(providers)
        .fetch_all(&self.pool)
        .await
        .map_err(during("leasing messages"))?;
        let rows = rows
            .iter()
            .map(|row| columns(row).map_err(during("leasing messages")));
        rows.filter_map(|row| row.map(understood).transpose())
            .collect()
    }

    /// Notes that another provider is about to be asked than the one that the lease names. False if
    /// the lease does not hold any more: nobody is to be asked.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn ask(&self, key: LeaseKey, provider: &str) -> Result<bool, Error> {
        let done = sqlx::query(
            "update message set provider = $5
             where customer = $1 and at = $2 and id = $3 and status = 'leased' and attempt = $4",
        )
        .bind(key.customer.0)
        .bind(moment(key.at))
        .bind(key.id.0)
        .bind(i32::from(key.attempt))
        .bind(words(provider))
        .execute(&self.pool)
        .await
        .map_err(during("noting who is asked"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Records what providers took. Returns how many of the leases still held; the others were
    /// taken over by somebody else meanwhile.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn record_sent(&self, done: &[Accepted], now: Timestamp) -> Result<u64, Error> {
        if done.is_empty() {
            return Ok(0);
        }
        let mut done: Vec<_> = done.iter().collect();
        done.sort_by_key(|d| d.key);
        let keys = Keys::of(done.iter().map(|d| &d.key));
        let ids = done.iter().map(|d| d.provider_id.as_deref().map(words));
        // What cannot be packed is not kept: the send is what matters.
        let body = |d: &&Accepted| pack(d.content.as_ref()?).ok();
        let bodies: Vec<Option<Vec<u8>>> = done.iter().map(body).collect();
        let done: i64 = sqlx::query_scalar(
            "with done as (
                 update message m
                 set status = 'sent', due_at = null, done_at = $5, provider = a.provider,
                     provider_id = a.provider_id
                 from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int[], $6::text[],
                             $7::text[], $8::bytea[])
                      a (customer, at, id, attempt, provider, provider_id, body)
                 where m.customer = a.customer and m.at = a.at and m.id = a.id
                   and m.status = 'leased' and m.attempt = a.attempt
                 returning m.customer, m.id, m.at, m.journey, m.step, m.channel, m.provider, a.body
             ), kept as (
                 insert into message_content (customer, message, at, body)
                 select customer, id, $5, body from done where body is not null
                 on conflict do nothing
             ), counted as (
                 insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
                 select count(*), (at at time zone 'UTC')::date, journey, step, channel, provider, 'sent', ''
                 from done group by 2, 3, 4, 5, 6
             )
             select count(*) from done",
        )
        .bind(&keys.customer)
        .bind(&keys.at)
        .bind(&keys.id)
        .bind(&keys.attempt)
        .bind(moment(now))
        .bind(done.iter().map(|d| words(&d.provider)).collect::<Vec<_>>())
        .bind(ids.collect::<Vec<_>>())
        .bind(bodies)
        .fetch_one(&self.pool)
        .await
        .map_err(during("recording sends"))?;
        Ok(done.unsigned_abs())
    }

    /// Gives leases back, to be tried again later. Returns how many still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn retry_later(&self, again: &[Retry]) -> Result<u64, Error> {
        if again.is_empty() {
            return Ok(0);
        }
        let mut again: Vec<_> = again.iter().collect();
        again.sort_by_key(|r| r.key);
        let keys = Keys::of(again.iter().map(|r| &r.key));
        let done = sqlx::query(
            "update message m
             set status = 'queued', due_at = a.due_at, error = a.error, provider = a.provider
             from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int[],
                         $5::timestamptz[], $6::text[], $7::text[])
                  a (customer, at, id, attempt, due_at, error, provider)
             where m.customer = a.customer and m.at = a.at and m.id = a.id
               and m.status = 'leased' and m.attempt = a.attempt",
        )
        .bind(&keys.customer)
        .bind(&keys.at)
        .bind(&keys.id)
        .bind(&keys.attempt)
        .bind(again.iter().map(|r| moment(r.due_at)).collect::<Vec<_>>())
        .bind(again.iter().map(|r| r.error.kept()).collect::<Vec<_>>())
        .bind(
            again
                .iter()
                .map(|r| r.tied_to.as_deref())
                .collect::<Vec<_>>(),
        )
        .execute(&self.pool)
        .await
        .map_err(during("giving messages back"))?;
        Ok(done.rows_affected())
    }

    /// Gives leases back untried: an engine stops, or a provider has no room. The attempt does not
    /// count. Returns how many still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn release(&self, leases: &[Release]) -> Result<u64, Error> {
        if leases.is_empty() {
            return Ok(0);
        }
        let mut leases: Vec<_> = leases.iter().collect();
        leases.sort_by_key(|r| r.key);
        let keys = Keys::of(leases.iter().map(|r| &r.key));
        let done = sqlx::query(
            "update message m
             set status = 'queued', due_at = a.due_at, attempt = m.attempt - 1, provider = a.provider
             from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int[],
                         $5::timestamptz[], $6::text[])
                  a (customer, at, id, attempt, due_at, provider)
             where m.customer = a.customer and m.at = a.at and m.id = a.id
               and m.status = 'leased' and m.attempt = a.attempt",
        )
        .bind(&keys.customer)
        .bind(&keys.at)
        .bind(&keys.id)
        .bind(&keys.attempt)
        .bind(leases.iter().map(|r| moment(r.due_at)).collect::<Vec<_>>())
        .bind(leases.iter().map(|r| r.tied_to.as_deref()).collect::<Vec<_>>())
        .execute(&self.pool)
        .await
        .map_err(during("releasing messages"))?;
        Ok(done.rows_affected())
    }

    /// When the next message may go or the next lease expires, past or future.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next_send(&self) -> Result<Option<Timestamp>, Error> {
        let row: Option<(Moment,)> = sqlx::query_as(
            "select h.due_at from unnest($1::text[]) r (channel) cross join lateral (
                 select due_at from message where channel = r.channel and due_at is not null
                 order by due_at limit 1
             ) h
             order by h.due_at limit 1",
        )
        .bind(Channel::ALL.map(Channel::as_str).to_vec())
        .fetch_optional(&self.pool)
        .await
        .map_err(during("looking for messages"))?;
        Ok(row.map(|(due,)| due.to_jiff()))
    }
}

/// Lease keys, column by column. They come sorted, for everybody locks messages in this order.
struct Keys {
    customer: Vec<Uuid>,
    at: Vec<Moment>,
    id: Vec<Uuid>,
    attempt: Vec<i32>,
}

impl Keys {
    fn of<'a>(keys: impl Iterator<Item = &'a LeaseKey> + Clone) -> Self {
        Self {
            customer: keys.clone().map(|k| k.customer.0).collect(),
            at: keys.clone().map(|k| moment(k.at)).collect(),
            id: keys.clone().map(|k| k.id.0).collect(),
            attempt: keys.map(|k| i32::from(k.attempt)).collect(),
        }
    }
}

fn columns(row: &sqlx::postgres::PgRow) -> Result<LeasedRow, sqlx::Error> {
    use sqlx::Row as _;
    let get = |i| row.try_get::<String, _>(i);
    Ok((
        (
            row.try_get(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
            row.try_get(4)?,
        ),
        (get(5)?, get(6)?, get(7)?, get(8)?, row.try_get(9)?),
        (get(10)?, get(11)?, row.try_get(12)?),
        (row.try_get(13)?, row.try_get(14)?),
    ))
}

/// One bad row must not hold up all the others.
fn understood(row: LeasedRow) -> Option<Leased> {
    let id = row.0.2;
    leased(row)
        .inspect_err(|error| {
            tracing::error!(message.id = %id, %error, "a queued message cannot be understood");
        })
        .ok()
}

fn leased(row: LeasedRow) -> Result<Leased, Error> {
    let ((customer, at, id, run, attempt), rest, (key, traits, ledger), (tied_to, traceparent)) =
        row;
    let (channel, purpose, journey, step, decision) = rest;
    let attempt = u16::try_from(attempt);
    Ok(Leased {
        customer: row::customer((customer, key, traits, ledger))?,
        message: Message {
            id: MessageId(id),
            at: at.to_jiff(),
            run: RunId(run),
            journey: Arc::from(journey),
            step: Arc::from(step),
            channel: row::channel(id, &channel)?,
            purpose: Arc::from(purpose),
            refused: None,
            decision: from_bytes("decision", id, &decision)?,
        },
        attempt: attempt.map_err(|e| Error::corrupt("attempt", id, e.to_string()))?,
        tied_to: tied_to.map(Arc::from),
        traceparent: traceparent.map(Arc::from),
    })
}
