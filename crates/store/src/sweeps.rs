//! Sweeps: what concerns many customers at once, worked off page by page.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    customer::Customer,
    ids::CustomerId,
    input::{Sweep, SweepKind},
};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{self, CustomerRow, Moment, after, moment},
};

/// A sweep that was taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSweep {
    /// What it is about.
    pub sweep: Sweep,
    /// The tick, or when the journey was published: part of its key, and of its inputs' ids.
    pub at: Timestamp,
    /// Customers up to this one are done.
    pub cursor: CustomerId,
}

/// The word for a kind, and its moment.
fn key(sweep: &Sweep, at: Timestamp) -> (&'static str, Moment) {
    let kind = match sweep.kind {
        SweepKind::Tick(_) => "tick",
        SweepKind::Backfill => "backfill",
        SweepKind::Dates(_) => "dates",
    };
    (kind, moment(at))
}

impl Store {
    /// Writes a sweep down, unless it was before: by whichever engine comes first. True if it is new.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn plan_sweep(
        &self,
        sweep: &Sweep,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (kind, at) = key(sweep, at);
        let done = sqlx::query(
            "insert into sweep (journey, entry, kind, at, due_at) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
        )
        .bind(&*sweep.journey)
        .bind(i16::try_from(sweep.entry).unwrap_or(i16::MAX))
        .bind(kind)
        .bind(at)
        .bind(moment(now))
        .execute(&self.pool)
        .await
        .map_err(during("planning a sweep"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes up the sweep that waits longest and that nobody is at, for the time of `lease`.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn claim_sweep(
        &self,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<StoredSweep>, Error> {
        let row = sqlx::query(
            "update sweep s set due_at = $2
             from (select journey, entry, kind, at from sweep where due_at <= $1
                   order by due_at limit 1 for update skip locked) a
             where s.journey = a.journey and s.entry = a.entry and s.kind = a.kind and s.at = a.at
             returning s.journey, s.entry, s.kind, s.at, s.cursor",
        )
        .bind(moment(now))
        .bind(moment(after(now, lease)))
        .fetch_optional(&self.pool)
        .await
        .map_err(during("taking a sweep up"))?;
        let Some(row) = row else { return Ok(None) };
        let read = |e| during("taking a sweep up")(e);
        let at = row.try_get::<Moment, _>("at").map_err(read)?.to_jiff();
        let kind = match row.try_get::<&str, _>("kind").map_err(read)? {
            "tick" => SweepKind::Tick(at),
            "backfill" => SweepKind::Backfill,
            _ => SweepKind::Dates(at),
        };
        let entry: i16 = row.try_get("entry").map_err(read)?;
        Ok(Some(StoredSweep {
            sweep: Sweep {
                journey: Arc::from(row.try_get::<&str, _>("journey").map_err(read)?),
                entry: u16::try_from(entry).unwrap_or(0),
                kind,
            },
            at,
            cursor: CustomerId(row.try_get::<Uuid, _>("cursor").map_err(read)?),
        }))
    }

    /// The next customers behind the cursor, in order of id, who were there when the sweep began:
    /// their traits and ledger, without runs. Nothing is locked.
    ///
    /// # Errors
    /// If the database fails or a row cannot be understood.
    pub async fn sweep_page(
        &self,
        sweep: &StoredSweep,
        limit: u32,
    ) -> Result<Vec<Customer>, Error> {
        let rows: Vec<CustomerRow> = sqlx::query_as(
            "select id, key, traits::text, ledger from customer
             where id > $1 and seen_at <= $2 order by id limit $3",
        )
        .bind(sweep.cursor.0)
        .bind(moment(sweep.at))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(during("reading a page of customers"))?;
        rows.into_iter().map(row::customer).collect()
    }

    /// Records that customers up to `to` are done, and gives the sweep free; `None`: all are.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn swept(
        &self,
        sweep: &StoredSweep,
        to: Option<CustomerId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (kind, at) = key(&sweep.sweep, sweep.at);
        sqlx::query(
            "update sweep
             set cursor = greatest(cursor, coalesce($5, cursor)),
                 due_at = case when $5 is null then null else $6 end,
                 done_at = case when $5 is null then $6 end
             where journey = $1 and entry = $2 and kind = $3 and at = $4 and done_at is null",
        )
        .bind(&*sweep.sweep.journey)
        .bind(i16::try_from(sweep.sweep.entry).unwrap_or(i16::MAX))
        .bind(kind)
        .bind(at)
        .bind(to.map(|c| c.0))
        .bind(moment(now))
        .execute(&self.pool)
        .await
        .map_err(during("recording a sweep"))?;
        Ok(())
    }
}
