//! Calls that wait to be made, and what became of them. As with messages, a lease says who may
//! record.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    call::Call,
    failure::Failure,
    ids::{CallId, CustomerId, RunId},
};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{Moment, after, from_bytes, moment},
};

/// A call to be made, until the lease expires.
#[derive(Clone, Debug, PartialEq)]
pub struct LeasedCall {
    /// Whose.
    pub customer: CustomerId,
    /// What producers call them.
    pub key: Arc<str>,
    /// What was decided.
    pub call: Call,
    /// Which attempt this is, from 1: the fence.
    pub attempt: u16,
    /// Whether the customer's processing is restricted.
    pub restricted: bool,
}

impl LeasedCall {
    /// Under which its outcome is recorded.
    pub fn lease(&self) -> CallKey {
        CallKey {
            customer: self.customer,
            id: self.call.id,
            attempt: self.attempt,
        }
    }
}

/// A lease of a call: only the holder of this attempt may record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallKey {
    /// Whose.
    pub customer: CustomerId,
    /// Which call.
    pub id: CallId,
    /// Which attempt, from 1.
    pub attempt: u16,
}

/// A call to be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRetry {
    /// The lease that is given back.
    pub key: CallKey,
    /// When it may be made again.
    pub due_at: Timestamp,
    /// Why, without personal data.
    pub error: Failure,
}

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// The lease that ends.
    pub key: CallKey,
    /// Why it failed for good, without personal data; `None`: it was answered.
    pub error: Option<Failure>,
}

impl Store {
    /// Leases calls that are due, at most `limit`, the longest due first. A row that cannot be
    /// understood is logged and left out.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease_calls(
        &self,
        now: Timestamp,
        limit: u32,
        lease: SignedDuration,
    ) -> Result<Vec<LeasedCall>, Error> {
        let rows = sqlx::query(
            r#"with due as (
                   select customer, id from call where due_at <= $1
                   order by due_at limit $2 for no key update skip locked
               ), leased as (
                   update call c set status = 'leased', due_at = $3, attempt = c.attempt + 1
                   from due where c.customer = due.customer and c.id = due.id
                   returning c.*
               )
               select l.customer, u.key, l.id, l.run, l.at, l.expires_at, l.wanted_at, l.attempt, l.hand_over,
                      l.journey, l.step, l.endpoint, l."with", u.ledger
               from leased l join customer u on u.id = l.customer"#,
        )
        .bind(moment(now))
        .bind(i64::from(limit))
        .bind(moment(after(now, lease)))
        .fetch_all(self.pool())
        .await
        .map_err(during("leasing calls"))?;
        Ok(rows.iter().filter_map(understood).collect())
    }

    /// When the next call is due, past or future.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next_call(&self) -> Result<Option<Timestamp>, Error> {
        let row: Option<(Moment,)> = sqlx::query_as(
            "select due_at from call where due_at is not null order by due_at limit 1",
        )
        .fetch_optional(self.pool())
        .await
        .map_err(during("looking for calls"))?;
        Ok(row.map(|(due,)| due.to_jiff()))
    }

    /// Puts calls back to be made again. Returns how many were still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn retry_calls(&self, again: &[CallRetry]) -> Result<u64, Error> {
        if again.is_empty() {
            return Ok(0);
        }
        let mut again: Vec<_> = again.iter().collect();
        again.sort_by_key(|r| r.key);
        let keys = Keys::of(again.iter().map(|r| &r.key));
        let done = sqlx::query(
            "update call c set status = 'queued', due_at = a.due_at, error = a.error
             from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::text[])
                  a (customer, id, attempt, due_at, error)
             where c.customer = a.customer and c.id = a.id and c.attempt = a.attempt
               and c.status = 'leased'",
        )
        .bind(keys.customer)
        .bind(keys.id)
        .bind(keys.attempt)
        .bind(again.iter().map(|r| moment(r.due_at)).collect::<Vec<_>>())
        .bind(again.iter().map(|r| r.error.kept()).collect::<Vec<_>>())
        .execute(self.pool())
        .await
        .map_err(during("giving calls back"))?;
        Ok(done.rows_affected())
    }

    /// Gives leases back unused, due at `now`. The attempt does not count. Returns how many were
    /// still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn release_calls(&self, leases: &[CallKey], now: Timestamp) -> Result<u64, Error> {
        if leases.is_empty() {
            return Ok(0);
        }
        let mut leases: Vec<_> = leases.iter().collect();
        leases.sort();
        let keys = Keys::of(leases.into_iter());
        let done = sqlx::query(
            "update call c set status = 'queued', due_at = $4, attempt = c.attempt - 1
             from unnest($1::uuid[], $2::uuid[], $3::int[]) a (customer, id, attempt)
             where c.customer = a.customer and c.id = a.id and c.attempt = a.attempt
               and c.status = 'leased'",
        )
        .bind(keys.customer)
        .bind(keys.id)
        .bind(keys.attempt)
        .bind(moment(now))
        .execute(self.pool())
        .await
        .map_err(during("releasing calls"))?;
        Ok(done.rows_affected())
    }

    /// Puts calls into the inbox, where people answer them. Returns how many were still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn open_calls(&self, leases: &[CallKey]) -> Result<u64, Error> {
        if leases.is_empty() {
            return Ok(0);
        }
        let mut leases: Vec<_> = leases.iter().collect();
        leases.sort();
        let keys = Keys::of(leases.into_iter());
        let done = sqlx::query(
            "update call c set status = 'open', due_at = null
             from unnest($1::uuid[], $2::uuid[], $3::int[]) a (customer, id, attempt)
             where c.customer = a.customer and c.id = a.id and c.attempt = a.attempt
               and c.status = 'leased'",
        )
        .bind(keys.customer)
        .bind(keys.id)
        .bind(keys.attempt)
        .execute(self.pool())
        .await
        .map_err(during("putting calls into the inbox"))?;
        Ok(done.rows_affected())
    }

    /// Records that calls are over: answered, or failed for good with that error. Their answers
    /// have been taken in before. Returns how many were still held.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_calls(&self, ended: &[CallEnd], now: Timestamp) -> Result<u64, Error> {
        if ended.is_empty() {
            return Ok(0);
        }
        let mut ended: Vec<_> = ended.iter().collect();
        ended.sort_by_key(|e| e.key);
        let keys = Keys::of(ended.iter().map(|e| &e.key));
        let errors = ended.iter().map(|e| e.error.as_ref().map(Failure::kept));
        let done = sqlx::query(
            "update call c
             set status = case when a.error is null then 'answered' else 'failed' end::call_status,
                 due_at = null, done_at = $4, error = coalesce(a.error, c.error)
             from unnest($1::uuid[], $2::uuid[], $3::int[], $5::text[])
                  a (customer, id, attempt, error)
             where c.customer = a.customer and c.id = a.id and c.attempt = a.attempt
               and c.status = 'leased'",
        )
        .bind(keys.customer)
        .bind(keys.id)
        .bind(keys.attempt)
        .bind(moment(now))
        .bind(errors.collect::<Vec<_>>())
        .execute(self.pool())
        .await
        .map_err(during("recording calls"))?;
        Ok(done.rows_affected())
    }
}

/// Lease keys, column by column. They come sorted, for everybody locks calls in this order.
struct Keys {
    customer: Vec<Uuid>,
    id: Vec<Uuid>,
    attempt: Vec<i32>,
}

impl Keys {
    fn of<'a>(keys: impl Iterator<Item = &'a CallKey> + Clone) -> Self {
        Self {
            customer: keys.clone().map(|k| k.customer.0).collect(),
            id: keys.clone().map(|k| k.id.0).collect(),
            attempt: keys.map(|k| i32::from(k.attempt)).collect(),
        }
    }
}

/// The part of a ledger that a call asks for.
#[derive(serde::Deserialize)]
struct Restriction {
    #[serde(default)]
    restricted: Option<serde::de::IgnoredAny>,
}

/// One bad row must not hold up all the others.
fn understood(row: &sqlx::postgres::PgRow) -> Option<LeasedCall> {
    leased(row)
        .inspect_err(|error| tracing::error!(%error, "a queued call cannot be understood"))
        .ok()
}

fn leased(row: &sqlx::postgres::PgRow) -> Result<LeasedCall, Error> {
    let failed = during("leasing calls");
    let text = |name: &str| row.try_get::<&str, _>(name).map(Arc::<str>::from);
    let read = || {
        let id: Uuid = row.try_get("id")?;
        let with: &[u8] = row.try_get("with")?;
        let call = Call {
            id: CallId(id),
            at: row.try_get::<Moment, _>("at")?.to_jiff(),
            run: RunId(row.try_get("run")?),
            journey: text("journey")?,
            step: text("step")?,
            endpoint: text("endpoint")?,
            hand_over: row.try_get("hand_over")?,
            with: journey::value::Value::Null,
            wanted_at: row
                .try_get::<Option<Moment>, _>("wanted_at")?
                .map(Moment::to_jiff),
            expires_at: row
                .try_get::<Option<Moment>, _>("expires_at")?
                .map(Moment::to_jiff),
        };
        let customer = CustomerId(row.try_get("customer")?);
        let attempt: i16 = row.try_get("attempt")?;
        let ledger: &[u8] = row.try_get("ledger")?;
        Ok((customer, text("key")?, call, attempt, with, ledger))
    };
    let (customer, key, mut call, attempt, with, ledger) = read().map_err(failed)?;
    call.with = from_bytes("with", call.id.0, with)?;
    Ok(LeasedCall {
        customer,
        key,
        call,
        attempt: u16::try_from(attempt).unwrap_or(1),
        restricted: from_bytes::<Restriction>("ledger", customer.0, ledger)?
            .restricted
            .is_some(),
    })
}
