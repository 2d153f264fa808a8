//! What requests that may be sent again were answered.

use jiff::{SignedDuration, Timestamp};
use journey::ids::CustomerId;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{after, moment},
};

/// For so long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Whoever has not answered by then has died meanwhile.
const DEAD: SignedDuration = SignedDuration::from_mins(1);
/// So many that are over are taken away at a time.
const TAKEN_AWAY: i64 = 100;
/// The longest body of an answer that is kept, in bytes.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// The nil UUID stands for nobody.
const NOBODY: Uuid = Uuid::nil();

/// Answers by their requests. Cloning is cheap: the pool is shared.
#[derive(Clone, Debug)]
pub struct Answers {
    pool: PgPool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its HTTP status.
    pub status: u16,
    /// The media type; empty: there is no body.
    pub kind: String,
    /// At most [`LONGEST_ANSWER`] bytes.
    pub body: Vec<u8>,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is to be answered now.
    First,
    /// It was answered.
    Answered(Kept),
    /// It is being answered.
    Running,
    /// There was another one under its key.
    Other,
}

impl Answers {
    /// On that database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Begins to answer a request. `key`: the hash of who asks, for what, and of what they call it. `request`: the hash of its body.
    /// Of a customer who is not known nothing is kept: every request is the first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn begin(
        &self,
        customer: Option<CustomerId>,
        key: &[u8; 32],
        request: &[u8; 32],
        now: Timestamp,
    ) -> Result<Begun, Error> {
        let doing = during("keeping an answer");
        let customer = customer.map_or(NOBODY, |id| id.0);
        self.tidy(now).await?;
        let taken = sqlx::query(
            // Whoever is being erased is waited for, and then there is nobody to keep it for.
            "with c as (select id from customer where id = $1 for key share)
             insert into answer as a (customer, key, at, request)
             select $1, $2, $3, $4 where $1 = $5 or exists (select from c)
             on conflict (customer, key) do update
                 set at = excluded.at, request = excluded.request, status = null, kind = '', body = ''
                 where a.at < $6 or (a.status is null and a.at < $7 and a.request = excluded.request)",
        )
        .bind(customer)
        .bind(&key[..])
        .bind(moment(now))
        .bind(&request[..])
        .bind(NOBODY)
        .bind(moment(after(now, -KEPT)))
        .bind(moment(after(now, -DEAD)))
        .execute(&self.pool)
        .await
        .map_err(doing)?;
        match taken.rows_affected() {
            0 => self.known(customer, key, request).await,
            _ => Ok(Begun::First),
        }
    }

    async fn known(
        &self,
        customer: Uuid,
        key: &[u8; 32],
        request: &[u8; 32],
    ) -> Result<Begun, Error> {
        let doing = || during("reading an answer");
        let row = sqlx::query(
            "select request, status, kind, body from answer where customer = $1 and key = $2",
        )
        .bind(customer)
        .bind(&key[..])
        .fetch_optional(&self.pool)
        .await
        .map_err(doing())?;
        let Some(row) = row else {
            return Ok(Begun::First);
        };
        let read = || -> Result<Begun, sqlx::Error> {
            if row.try_get::<&[u8], _>("request")? != request {
                return Ok(Begun::Other);
            }
            let Some(status) = row.try_get::<Option<i16>, _>("status")? else {
                return Ok(Begun::Running);
            };
            Ok(Begun::Answered(Kept {
                status: status.unsigned_abs(),
                kind: row.try_get("kind")?,
                body: row.try_get("body")?,
            }))
        };
        read().map_err(doing())
    }

    /// Keeps the answer to a request that was begun.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn answered(
        &self,
        customer: Option<CustomerId>,
        key: &[u8; 32],
        answer: &Kept,
    ) -> Result<(), Error> {
        sqlx::query(
            "update answer set status = $3, kind = $4, body = $5
             where customer = $1 and key = $2 and status is null",
        )
        .bind(customer.map_or(NOBODY, |id| id.0))
        .bind(&key[..])
        .bind(i16::try_from(answer.status).unwrap_or(i16::MAX))
        .bind(&answer.kind)
        .bind(&answer.body)
        .execute(&self.pool)
        .await
        .map_err(during("keeping an answer"))?;
        Ok(())
    }

    /// Forgets a request that was begun and came to nothing, so that it can be sent again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn forget(&self, customer: Option<CustomerId>, key: &[u8; 32]) -> Result<(), Error> {
        sqlx::query("delete from answer where customer = $1 and key = $2 and status is null")
            .bind(customer.map_or(NOBODY, |id| id.0))
            .bind(&key[..])
            .execute(&self.pool)
            .await
            .map_err(during("forgetting a request"))?;
        Ok(())
    }

    async fn tidy(&self, now: Timestamp) -> Result<(), Error> {
        sqlx::query(
            "delete from answer where (customer, key) in
                 (select customer, key from answer where at < $1 order by at limit $2
                  for update skip locked)",
        )
        .bind(moment(after(now, -KEPT)))
        .bind(TAKEN_AWAY)
        .execute(&self.pool)
        .await
        .map_err(during("taking answers away"))?;
        Ok(())
    }
}

impl Store {
    /// What requests that may be sent again were answered.
    pub fn answers(&self) -> Answers {
        Answers::new(self.pool.clone())
    }
}
