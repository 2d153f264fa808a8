//! What turns have counted, added up (`journey::counts`).

use crate::{Error, Store, error::during};

/// The advisory lock of whoever adds up: `counting` as a number.
const LOCK: i64 = i64::from_be_bytes(*b"counting");

/// In the order of the key, so that no two wait in a ring.
const ADD: &str = "
with taken as (
    delete from journey_counted
    where id in (select id from journey_counted order by id limit $1)
    returning journey, machine, day, counts
), added as (
    insert into journey_day as d (journey, machine, day, what, step, way, n)
    select journey, machine, day, c->>0, c->>1, c->>2, sum((c->>3)::bigint)
    from taken, jsonb_array_elements(counts) c
    group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
    on conflict (journey, machine, day, what, step, way) do update set n = d.n + excluded.n
)
select count(*) from taken";

impl Store {
    /// Adds what turns have counted to the numbers of their days: the oldest `limit` rows. Returns how many there were;
    /// none where another process is at it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn add_up(&self, limit: u32) -> Result<u64, Error> {
        let doing = during("adding up what was counted");
        let mut tx = self.pool.begin().await.map_err(&doing)?;
        let alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *tx)
            .await
            .map_err(&doing)?;
        if !alone {
            return Ok(0);
        }
        let taken: i64 = sqlx::query_scalar(ADD)
            .bind(i64::from(limit))
            .fetch_one(&mut *tx)
            .await
            .map_err(&doing)?;
        tx.commit().await.map_err(&doing)?;
        Ok(taken.unsigned_abs())
    }
}
