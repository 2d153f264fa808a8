//! Pools of vouchers: codes that were imported, and whom they were drawn for.
//!
//! A code is drawn by one statement, which takes the first that nobody else is taking. Who has it stands
//! in a table of customers (`voucher_draw`); that it was drawn stays with the code itself, so that the
//! code of an erased customer does not become free again.

use jiff::Timestamp;
use journey::ids::CustomerId;
use uuid::Uuid;

use crate::{Error, Store, begin::begin, error::during, row::moment};

/// How many codes one statement writes.
pub const VOUCHER_PAGE: usize = 1_000;

/// A pool as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherPool {
    /// Its name.
    pub name: String,
    /// How many codes are free.
    pub left: u64,
    /// How many were drawn, also for customers that have been erased since.
    pub drawn: u64,
}

impl Store {
    /// Adds codes to a pool; how many it did not have, drawn or not.
    ///
    /// # Errors
    /// If the database fails. What was added until then is there.
    pub async fn add_vouchers(&self, pool: &str, codes: &[String]) -> Result<u64, Error> {
        let mut new = 0;
        for part in codes.chunks(VOUCHER_PAGE) {
            let done = sqlx::query(
                "insert into voucher (pool, code)
                 select $1, code from unnest($2::text[]) a (code) on conflict do nothing",
            )
            .bind(pool)
            .bind(part)
            .execute(&self.pool)
            .await
            .map_err(during("adding vouchers"))?;
            new += done.rows_affected();
        }
        Ok(new)
    }

    /// Draws a code of a pool for an owner: the one that was drawn for it before, if there is one.
    /// `None`: none is left, or the customer has been erased.
    ///
    /// # Errors
    /// If the database fails; nothing is drawn then.
    pub async fn draw_voucher(
        &self,
        pool: &str,
        customer: CustomerId,
        owner: Uuid,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let drawn = self.draw(pool, customer, owner, now).await;
        drawn.map_err(during("drawing a voucher"))
    }

    /// Who draws for the same owner waits, so that a code that is locked will be drawn: where all that are
    /// left are locked, there is none. The customer is locked as far as nobody erases them in between.
    async fn draw(
        &self,
        pool: &str,
        customer: CustomerId,
        owner: Uuid,
        now: Timestamp,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut tx = begin(&self.pool).await?;
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || $2::text, 0))")
            .bind(pool)
            .bind(owner)
            .execute(&mut *tx)
            .await?;
        let drawn = sqlx::query_scalar(
            "with mine as (
                 select code from voucher_draw where customer = $1 and pool = $2 and owner = $3
             ), known as (
                 select id from customer where id = $1 for key share
             ), free as (
                 select code from voucher
                 where pool = $2 and drawn_at is null
                   and not exists (select from mine) and exists (select from known)
                 limit 1 for update skip locked
             ), taken as (
                 update voucher v set drawn_at = $4 from free f
                 where v.pool = $2 and v.code = f.code returning v.code
             ), kept as (
                 insert into voucher_draw (customer, pool, owner, code, at)
                 select $1, $2, $3, code, $4 from taken
             )
             select code from mine union all select code from taken",
        )
        .bind(customer.0)
        .bind(pool)
        .bind(owner)
        .bind(moment(now))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(drawn)
    }

    /// How many codes of each of these pools are free, each counted up to `most`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn vouchers_left(&self, pools: &[String], most: u32) -> Result<Vec<u64>, Error> {
        let left: Vec<i64> = sqlx::query_scalar(
            "select (select count(*) from (
                 select from voucher v where v.pool = p.pool and v.drawn_at is null limit $2) free)
             from unnest($1::text[]) with ordinality p (pool, n) order by p.n",
        )
        .bind(pools)
        .bind(i64::from(most))
        .fetch_all(&self.pool)
        .await
        .map_err(during("counting vouchers"))?;
        Ok(left.into_iter().map(i64::unsigned_abs).collect())
    }

    /// Every pool that has or had codes, in order of name. Reads the whole table.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn voucher_pools(&self) -> Result<Vec<VoucherPool>, Error> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "select pool, count(*) filter (where drawn_at is null), count(drawn_at)
             from voucher group by pool order by pool",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(during("counting vouchers"))?;
        let pool = |(name, left, drawn): (String, i64, i64)| VoucherPool {
            name,
            left: left.unsigned_abs(),
            drawn: drawn.unsigned_abs(),
        };
        Ok(rows.into_iter().map(pool).collect())
    }
}
