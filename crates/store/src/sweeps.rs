//! Sweeps: what concerns many customers at once, worked off page by page.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    customer::Customer,
    ids::CustomerId,
    input::{Sweep, SweepKind},
};
use sqlx::{Row as _, postgres::PgRow};
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
    /// Who was first seen later has no part in it.
    pub seen_until: Timestamp,
    /// Customers up to this one are done.
    pub cursor: CustomerId,
}

impl StoredSweep {
    /// Whether anybody was looked at.
    pub fn is_begun(&self) -> bool {
        !self.cursor.0.is_nil()
    }
}

/// A sweep that is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSweep {
    /// What it is about.
    pub sweep: Sweep,
    /// See [`StoredSweep::at`].
    pub at: Timestamp,
    /// See [`StoredSweep::seen_until`].
    pub seen_until: Timestamp,
    /// From when on it may be taken up.
    pub begins: Timestamp,
}

/// Customers of a sweep, in order of id.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPage {
    /// Their traits and ledger, without runs.
    pub customers: Vec<Customer>,
    /// Those whose row cannot be understood, with why.
    pub unreadable: Vec<(CustomerId, String)>,
    /// The last that was looked at; `None`: there are no more.
    pub last: Option<CustomerId>,
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
    pub async fn plan_sweep(&self, new: &NewSweep) -> Result<bool, Error> {
        let sweep = &new.sweep;
        let (kind, at) = key(sweep, new.at);
        let done = sqlx::query(
            "insert into sweep (journey, entry, kind, at, due_at, seen_until)
             values ($1, $2, $3, $4, $5, $6)
             on conflict do nothing",
        )
        .bind(&*sweep.journey)
        .bind(i16::try_from(sweep.entry).unwrap_or(i16::MAX))
        .bind(kind)
        .bind(at)
        .bind(moment(new.begins))
        .bind(moment(new.seen_until))
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
             from (select journey, entry, kind, at from sweep q where due_at <= $1
                   and (kind = 'dates' or 'pause' is distinct from (
                       select in_flight from passage p
                       where p.journey = q.journey and in_flight in ('pause', 'resume')
                       order by id desc limit 1))
                   order by due_at limit 1 for update skip locked) a
             where s.journey = a.journey and s.entry = a.entry and s.kind = a.kind and s.at = a.at
             returning s.journey, s.entry, s.kind, s.at, s.seen_until, s.cursor",
        )
        .bind(moment(now))
        .bind(moment(after(now, lease)))
        .fetch_optional(&self.pool)
        .await
        .map_err(during("taking a sweep up"))?;
        let stored = row.as_ref().map(stored).transpose();
        stored.map_err(during("taking a sweep up"))
    }

    /// The next customers behind the cursor, of those who have a part in the sweep. Nothing is locked.
    /// Whoever has been in the journey since a `backfill` was published has none: they have come to
    /// belong by themselves meanwhile.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sweep_page(&self, sweep: &StoredSweep, limit: u32) -> Result<SweepPage, Error> {
        let rows: Vec<CustomerRow> = sqlx::query_as(
            "select id, key, traits::text, ledger from customer c
             where id > $1 and seen_at <= $2 and merged_into is null
               and ($4::text is null or not exists (
                   select from run_ended e
                   where e.customer = c.id and e.journey = $4 and e.entered_at >= $5))
             order by id limit $3",
        )
        .bind(sweep.cursor.0)
        .bind(moment(sweep.seen_until))
        .bind(i64::from(limit))
        .bind((sweep.sweep.kind == SweepKind::Backfill).then_some(&*sweep.sweep.journey))
        .bind(moment(sweep.at))
        .fetch_all(&self.pool)
        .await
        .map_err(during("reading a page of customers"))?;
        Ok(page(rows, limit))
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
             set cursor = case when $5 is null then '00000000-0000-0000-0000-000000000000'
                          else greatest(cursor, $5) end,
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

fn page(rows: Vec<CustomerRow>, limit: u32) -> SweepPage {
    let full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = rows.last().map(|row| CustomerId(row.0)).filter(|_| full);
    let (mut customers, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for found in rows {
        let id = CustomerId(found.0);
        match row::customer(found) {
            Ok(customer) => customers.push(customer),
            Err(error) => unreadable.push((id, error.to_string())),
        }
    }
    SweepPage {
        customers,
        unreadable,
        last,
    }
}

fn stored(row: &PgRow) -> Result<StoredSweep, sqlx::Error> {
    let at = row.try_get::<Moment, _>("at")?.to_jiff();
    let kind = match row.try_get("kind")? {
        "tick" => SweepKind::Tick(at),
        "backfill" => SweepKind::Backfill,
        _ => SweepKind::Dates(at),
    };
    let entry: i16 = row.try_get("entry")?;
    let sweep = Sweep {
        journey: Arc::from(row.try_get::<&str, _>("journey")?),
        // The table holds no negative ones.
        entry: entry.unsigned_abs(),
        kind,
    };
    Ok(StoredSweep {
        sweep,
        at,
        seen_until: row.try_get::<Moment, _>("seen_until")?.to_jiff(),
        cursor: CustomerId(row.try_get::<Uuid, _>("cursor")?),
    })
}
