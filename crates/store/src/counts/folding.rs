//! What was counted, added to its totals. The numbers are the same before and after: readers add up both.

use crate::{Error, Store, begin::begin, error::during};

/// Rows of one table that are added to another by one process at a time.
struct Folding {
    /// The advisory lock of whoever is at it.
    lock: i64,
    /// Takes the number of rows, and tells how many there were. In the order of the key, so that no two wait in a ring.
    statement: &'static str,
    /// What it does, for errors.
    doing: &'static str,
}

const MESSAGES: Folding = Folding {
    lock: i64::from_be_bytes(*b"messages"),
    statement: "
        with gone as (
            delete from message_count
            where ctid = any(array(select ctid from message_count limit $1))
            returning *
        ), added as (
            insert into message_total as t (n, day, journey, step, channel, provider, outcome, reason)
            select sum(n), day, journey, step, channel, provider, outcome, reason from gone
            group by 2, 3, 4, 5, 6, 7, 8 order by 2, 3, 4, 5, 6, 7, 8
            on conflict (day, journey, step, channel, provider, outcome, reason)
            do update set n = t.n + excluded.n
        )
        select count(*) from gone",
    doing: "folding what was counted of messages",
};

const RUNS: Folding = Folding {
    lock: i64::from_be_bytes(*b"the runs"),
    statement: "
        with gone as (
            delete from journey_counted
            where id in (select id from journey_counted order by id limit $1)
            returning journey, machine, day, counts
        ), added as (
            insert into journey_day as d (journey, machine, day, what, step, way, n)
            select journey, machine, day, c->>0, c->>1, c->>2, sum((c->>3)::bigint)
            from gone, jsonb_array_elements(counts) c
            group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
            on conflict (journey, machine, day, what, step, way) do update set n = d.n + excluded.n
        )
        select count(*) from gone",
    doing: "folding what was counted of runs",
};

impl Store {
    /// Adds what was counted of messages to the totals, `limit` rows at most. Returns how many; none where another process is at it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn fold_messages(&self, limit: u32) -> Result<u64, Error> {
        self.fold(&MESSAGES, limit).await
    }

    /// Adds what turns have counted of runs (`journey::counts`) to the numbers of their days: the oldest `limit` rows. Returns how many;
    /// none where another process is at it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn fold_runs(&self, limit: u32) -> Result<u64, Error> {
        self.fold(&RUNS, limit).await
    }

    async fn fold(&self, folding: &Folding, limit: u32) -> Result<u64, Error> {
        let doing = during(folding.doing);
        let mut tx = begin(&self.pool).await.map_err(&doing)?;
        let alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .bind(folding.lock)
            .fetch_one(&mut *tx)
            .await
            .map_err(&doing)?;
        if !alone {
            return Ok(0);
        }
        let folded: i64 = sqlx::query_scalar(folding.statement)
            .bind(i64::from(limit))
            .fetch_one(&mut *tx)
            .await
            .map_err(&doing)?;
        tx.commit().await.map_err(&doing)?;
        Ok(folded.unsigned_abs())
    }
}
