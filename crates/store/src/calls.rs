//! Calls that wait to be made, and what became of them. As with messages, a lease says who may
//! record.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    call::Call,
    ids::{CallId, CustomerId, RunId},
};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{Moment, after, from_json, moment},
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
}

impl Store {
    /// Leases calls that are due, at most `limit`, the longest due first.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
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
               select l.customer, u.key, l.id, l.run, l.at, l.expires_at, l.attempt, l.hand_over,
                      l.journey, l.step, l.endpoint, l."with"
               from leased l join customer u on u.id = l.customer"#,
        )
        .bind(moment(now))
        .bind(i64::from(limit))
        .bind(moment(after(now, lease)))
        .fetch_all(self.pool())
        .await
        .map_err(during("leasing calls"))?;
        rows.iter().map(leased).collect()
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

    /// Puts a call back to be made again at `at`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn retry_call(
        &self,
        leased: &LeasedCall,
        at: Timestamp,
        error: &str,
    ) -> Result<(), Error> {
        sqlx::query(
            "update call set status = 'queued', due_at = $4, error = $5
             where customer = $1 and id = $2 and attempt = $3 and status = 'leased'",
        )
        .bind(leased.customer.0)
        .bind(leased.call.id.0)
        .bind(i32::from(leased.attempt))
        .bind(moment(at))
        .bind(error)
        .execute(self.pool())
        .await
        .map_err(during("recording a call"))?;
        Ok(())
    }

    /// Records that a call is over: answered, or failed for good with that error. Its answer has
    /// been taken in before.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_call(
        &self,
        leased: &LeasedCall,
        now: Timestamp,
        error: Option<&str>,
    ) -> Result<(), Error> {
        sqlx::query(
            "update call
             set status = case when $5 is null then 'answered' else 'failed' end::call_status,
                 due_at = null, done_at = $4, error = coalesce($5, error)
             where customer = $1 and id = $2 and attempt = $3 and status = 'leased'",
        )
        .bind(leased.customer.0)
        .bind(leased.call.id.0)
        .bind(i32::from(leased.attempt))
        .bind(moment(now))
        .bind(error)
        .execute(self.pool())
        .await
        .map_err(during("recording a call"))?;
        Ok(())
    }
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
            expires_at: row
                .try_get::<Option<Moment>, _>("expires_at")?
                .map(Moment::to_jiff),
        };
        let customer = CustomerId(row.try_get("customer")?);
        let attempt: i16 = row.try_get("attempt")?;
        Ok((customer, text("key")?, call, attempt, with))
    };
    let (customer, key, mut call, attempt, with) = read().map_err(failed)?;
    call.with = from_json("with", call.id.0, with)?;
    Ok(LeasedCall {
        customer,
        key,
        call,
        attempt: u16::try_from(attempt).unwrap_or(1),
    })
}
