//! The bounds of what is kept.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Store,
    error::during,
    row::{before, moment},
};

/// How many letters and replays one statement takes away.
const PAGE: i64 = 5_000;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterBounds {
    /// The most letters. Those that are done go first, then the oldest.
    pub letters: u32,
    /// The most bytes of bodies.
    pub bytes: u64,
    /// How long after it was first put aside a letter goes, and how long after it was over a replay does.
    pub age: SignedDuration,
}

impl Store {
    /// Takes away some of what is beyond the bounds; how many letters, open ones among them in the second place.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn trim_letters(
        &self,
        bounds: &LetterBounds,
        now: Timestamp,
    ) -> Result<(u64, u64), Error> {
        let failed = during("taking dead letters away");
        let oldest = before(now, bounds.age);
        let statuses: Vec<String> = sqlx::query_scalar(
            "with beyond as (
                 select customer, id from (
                     select customer, id, row_number() over placed as place,
                            sum(octet_length(body) + coalesce(octet_length(edited), 0)) over placed as bytes
                     from dead_letter window placed as (order by status <> 'open', at desc, id)) d
                 where place > $1 or bytes > $2
                 union
                 select customer, id from dead_letter where at < $3
                 limit $4)
             delete from dead_letter d using beyond b where d.customer = b.customer and d.id = b.id
             returning d.status",
        )
        .bind(i64::from(bounds.letters))
        .bind(i64::try_from(bounds.bytes).unwrap_or(i64::MAX))
        .bind(moment(oldest))
        .bind(PAGE)
        .fetch_all(&self.pool)
        .await
        .map_err(&failed)?;
        sqlx::query(
            "delete from dead_letter_job where id in
                 (select id from dead_letter_job where ended_at < $1 limit $2)",
        )
        .bind(moment(oldest))
        .bind(PAGE)
        .execute(&self.pool)
        .await
        .map_err(&failed)?;
        let open = statuses.iter().filter(|status| *status == "open").count();
        Ok((statuses.len() as u64, open as u64))
    }
}
