//! What customers who were merged have for those whom they were merged into, until it is delivered.
//!
//! One customer's go in their order: whoever leases the first that waits has all behind it. Delivered twice it takes
//! effect once, for the id of the input derives from where it comes from.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::ids::{CustomerId, InputId};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    Arrival, Error, Store, codec,
    error::{during, malformed},
    row::{Moment, after, moment, words},
};

/// How many of one customer are leased at once.
const OF_ONE: i64 = 20;

/// Something to be delivered, until the lease expires.
#[derive(Clone, Debug)]
pub struct LeasedForward {
    /// Who was merged.
    pub customer: CustomerId,
    /// Its input, at the customer who gets it. The clock is that of where it comes from.
    pub arrival: Arrival,
    /// Which attempt this is, from 1: the fence.
    pub attempt: u16,
    /// Its place in the order in which it happened.
    seq: i64,
}

impl LeasedForward {
    fn key(&self) -> (Uuid, Uuid, i16) {
        let attempt = i16::try_from(self.attempt).unwrap_or(i16::MAX);
        (self.customer.0, self.arrival.input.id.0, attempt)
    }
}

impl Store {
    /// Leases what is due of at most `limit` customers, each customer's in its order. What cannot be understood is set
    /// aside with why, and the rest goes on.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn lease_forwards(
        &self,
        now: Timestamp,
        limit: u32,
        lease: SignedDuration,
    ) -> Result<Vec<LeasedForward>, Error> {
        let rows = sqlx::query(
            "with first as (
                 select customer from forward f
                 where due_at <= $1 and not exists (
                     select from forward e
                     where e.customer = f.customer and e.seq < f.seq and e.due_at is not null)
                 order by due_at limit $2 for no key update skip locked
             ), all_of_them as (
                 select f.customer, f.id from first cross join lateral (
                     select customer, id from forward
                     where customer = first.customer and due_at is not null
                     order by seq limit $3) f
             )
             update forward f set due_at = $4, attempt = least(f.attempt + 1, 32000)
             from all_of_them a where f.customer = a.customer and f.id = a.id
             returning f.customer, f.id, f.seq, f.at, f.attempt, f.kind, f.into_key, f.name, f.body",
        )
        .bind(moment(now))
        .bind(i64::from(limit))
        .bind(OF_ONE)
        .bind(moment(after(now, lease)))
        .fetch_all(&self.pool)
        .await
        .map_err(during("leasing what is passed on"))?;
        let mut leased = Vec::with_capacity(rows.len());
        for row in &rows {
            match understood(row) {
                Ok(forward) => leased.push(forward),
                Err(error) => self.set_aside_row(row, &error).await?,
            }
        }
        leased.sort_by_key(|forward| forward.seq);
        Ok(leased)
    }

    /// These were delivered: they are deleted, if the lease still holds. Returns how many were.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn forwarded(&self, done: &[LeasedForward]) -> Result<u64, Error> {
        if done.is_empty() {
            return Ok(0);
        }
        let (customers, ids, attempts) = columns(done);
        let deleted = sqlx::query(
            "delete from forward f using unnest($1::uuid[], $2::uuid[], $3::smallint[]) a (customer, id, attempt)
             where f.customer = a.customer and f.id = a.id and f.attempt = a.attempt",
        )
        .bind(customers)
        .bind(ids)
        .bind(attempts)
        .execute(&self.pool)
        .await
        .map_err(during("recording what was passed on"))?;
        Ok(deleted.rows_affected())
    }

    /// Gives these back, to be delivered from `due_at` on.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn release_forwards(
        &self,
        again: &[LeasedForward],
        due_at: Timestamp,
    ) -> Result<(), Error> {
        if again.is_empty() {
            return Ok(());
        }
        let (customers, ids, attempts) = columns(again);
        sqlx::query(
            "update forward f set due_at = $4
             from unnest($1::uuid[], $2::uuid[], $3::smallint[]) a (customer, id, attempt)
             where f.customer = a.customer and f.id = a.id and f.attempt = a.attempt and f.due_at is not null",
        )
        .bind(customers)
        .bind(ids)
        .bind(attempts)
        .bind(moment(due_at))
        .execute(&self.pool)
        .await
        .map_err(during("giving back what is passed on"))?;
        Ok(())
    }

    /// Sets one aside that cannot be delivered: it stays, with why, and holds up nothing behind it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_forward_aside(&self, forward: &LeasedForward, why: &str) -> Result<(), Error> {
        let (customer, id, _) = forward.key();
        self.set_aside(customer, id, why).await
    }

    async fn set_aside_row(&self, row: &PgRow, error: &Error) -> Result<(), Error> {
        let failed = || during("setting aside what is passed on");
        let customer = row.try_get("customer").map_err(failed())?;
        let id: Uuid = row.try_get("id").map_err(failed())?;
        tracing::error!(input.id = %id, %error, "what is passed on cannot be understood");
        self.set_aside(customer, id, &error.to_string()).await
    }

    async fn set_aside(&self, customer: Uuid, id: Uuid, why: &str) -> Result<(), Error> {
        sqlx::query("update forward set due_at = null, error = $3 where customer = $1 and id = $2")
            .bind(customer)
            .bind(id)
            .bind(words(why))
            .execute(&self.pool)
            .await
            .map_err(during("setting aside what is passed on"))?;
        Ok(())
    }
}

fn columns(all: &[LeasedForward]) -> (Vec<Uuid>, Vec<Uuid>, Vec<i16>) {
    let (mut customers, mut ids, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
    for (customer, id, attempt) in all.iter().map(LeasedForward::key) {
        customers.push(customer);
        ids.push(id);
        attempts.push(attempt);
    }
    (customers, ids, attempts)
}

fn understood(row: &PgRow) -> Result<LeasedForward, Error> {
    let failed = || during("leasing what is passed on");
    let id: Uuid = row.try_get("id").map_err(failed())?;
    let key: &str = row.try_get("into_key").map_err(failed())?;
    let name: &str = row.try_get("name").map_err(failed())?;
    let body: &[u8] = row.try_get("body").map_err(failed())?;
    let kind = codec::decode(row.try_get("kind").map_err(failed())?, name, key, body);
    let attempt: i16 = row.try_get("attempt").map_err(failed())?;
    Ok(LeasedForward {
        customer: CustomerId(row.try_get("customer").map_err(failed())?),
        arrival: Arrival {
            customer: CustomerId::of(key),
            key: Arc::from(key),
            input: journey::input::Input {
                id: InputId(id),
                now: row.try_get::<Moment, _>("at").map_err(failed())?.to_jiff(),
                kind: kind.map_err(malformed("input", id))?,
            },
        },
        attempt: attempt.unsigned_abs(),
        seq: row.try_get("seq").map_err(failed())?,
    })
}
