//! Replays that engines carry out, batch by batch.

use jiff::{SignedDuration, Timestamp};
use journey::ids::LetterId;
use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    ClaimedLetter, Fence, LetterEnd, LetterFilter, Sender, filtered,
    replay::{CLAIMED, claimed, end},
};
use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{Moment, after, moment, words},
};

/// A replay that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Which it is from now on.
    pub id: Uuid,
    /// Those that are meant; of its status nothing is asked, for only open ones are submitted.
    pub filter: LetterFilter,
    /// The only one that is meant.
    pub letter: Option<LetterId>,
    /// Who wants it, and why.
    pub by: Sender,
}

/// What became of the wish for a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobBegun {
    /// An engine takes it up; so many letters are meant.
    Begun {
        /// How many.
        total: u32,
    },
    /// Another one is under way.
    Running,
}

/// A batch of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobBatch {
    /// Which replay.
    pub job: Uuid,
    /// The letters that are to be submitted now, in order of id.
    pub letters: Vec<ClaimedLetter>,
    /// Whether there are no more behind them.
    pub last: bool,
    cursor: Uuid,
}

/// A replay as it was taken up.
struct Taken {
    id: Uuid,
    cursor: Uuid,
    at: Timestamp,
    filter: LetterFilter,
    letter: Option<Uuid>,
    by: Sender,
}

impl Store {
    /// Writes a replay down, for an engine to take up.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn begin_letter_job(&self, new: &NewJob, now: Timestamp) -> Result<JobBegun, Error> {
        let failed = during("beginning a replay");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        let mut count = QueryBuilder::new("select count(*) from dead_letter where status = 'open'");
        meant(&mut count, &new.filter, new.letter.map(|l| l.0), now);
        let total: i64 = count
            .build_query_scalar()
            .fetch_one(&mut *tx)
            .await
            .map_err(&failed)?;
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        let done = sqlx::query(
            "insert into dead_letter_job (id, at, due_at, total, letter, cause, name, source, since, by_whom, note)
             values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (status) where status = 'running' and letter is null do nothing",
        )
        .bind(new.id)
        .bind(moment(now))
        .bind(i32::try_from(total).unwrap_or(i32::MAX))
        .bind(new.letter.map(|l| l.0))
        .bind(&new.filter.cause)
        .bind(&new.filter.name)
        .bind(&new.filter.source)
        .bind(new.filter.since.map(moment))
        .bind(&new.by.who)
        .bind(words(&new.by.note))
        .execute(&mut *tx)
        .await
        .map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(match done.rows_affected() {
            0 => JobBegun::Running,
            _ => JobBegun::Begun { total },
        })
    }

    /// Has a replay end where it is. False: it is not there, or over.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn cancel_letter_job(&self, id: Uuid, now: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query(
            "update dead_letter_job set status = 'cancelled', due_at = null, ended_at = $2
             where id = $1 and status = 'running'",
        )
        .bind(id)
        .bind(moment(now))
        .execute(&self.pool)
        .await
        .map_err(during("cancelling a replay"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes up the replay that has waited longest and that nobody is at, for the time of `lease`, and claims its
    /// next letters: `limit` at the most. Letters of a batch that was not recorded are given out again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn take_letter_job(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Option<JobBatch>, Error> {
        let failed = during("taking a replay up");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        let row = sqlx::query(
            "update dead_letter_job j set due_at = $2
             from (select id from dead_letter_job where due_at <= $1
                   order by due_at, id limit 1 for update skip locked) a
             where j.id = a.id
             returning j.id, j.cursor, j.at, j.letter, j.cause, j.name, j.source, j.since, j.by_whom, j.note",
        )
        .bind(moment(now))
        .bind(moment(after(now, lease)))
        .fetch_optional(&mut *tx)
        .await
        .map_err(&failed)?;
        let Some(job) = row.as_ref().map(taken).transpose().map_err(&failed)? else {
            return Ok(None);
        };
        let mut query = claiming(&job, now, limit);
        let rows = query.build().fetch_all(&mut *tx).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        let letters: Result<Vec<_>, _> = rows.iter().map(claimed).collect();
        let mut letters = letters.map_err(&failed)?;
        letters.sort_by_key(|letter| letter.fence.id);
        Ok(Some(JobBatch {
            job: job.id,
            last: letters.len() < usize::try_from(limit).unwrap_or(usize::MAX),
            letters,
            cursor: job.cursor,
        }))
    }

    /// Records a batch and gives the replay free for the next. Whoever was slower than its lease records nothing.
    ///
    /// # Errors
    /// If the database fails; the batch is then given out again.
    pub async fn end_letter_batch(
        &self,
        batch: &JobBatch,
        ended: &[(Fence, LetterEnd)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let failed = during("recording a replay");
        let taken = ended
            .iter()
            .filter(|(_, end)| *end == LetterEnd::Taken)
            .count();
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let cursor = batch.letters.last().map_or(batch.cursor, |l| l.fence.id.0);
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        end(&mut tx, ended, now).await.map_err(&failed)?;
        sqlx::query(
            "update dead_letter_job
             set cursor = $3, done = done + $4, failed = failed + $5, trouble = null,
                 status = case when status = 'running' and $6 then 'done' else status end,
                 due_at = case when status = 'running' and not $6 then $7 end,
                 ended_at = case when status = 'running' then case when $6 then $7 end else ended_at end
             where id = $1 and cursor = $2",
        )
        .bind(batch.job)
        .bind(batch.cursor)
        .bind(cursor)
        .bind(count(taken))
        .bind(count(ended.len() - taken))
        .bind(batch.last)
        .bind(moment(now))
        .execute(&mut *tx)
        .await
        .map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }

    /// Says why a replay does not go on, and when it is tried again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn trouble_with_letter_job(
        &self,
        batch: &JobBatch,
        why: &str,
        again: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "update dead_letter_job set trouble = $3, due_at = $4
             where id = $1 and cursor = $2 and status = 'running'",
        )
        .bind(batch.job)
        .bind(batch.cursor)
        .bind(words(why))
        .bind(moment(again))
        .execute(&self.pool)
        .await
        .map_err(during("recording a replay"))?;
        Ok(())
    }
}

/// Adds what a replay is about to a statement on `dead_letter`.
fn meant(
    query: &mut QueryBuilder<Postgres>,
    filter: &LetterFilter,
    letter: Option<Uuid>,
    at: Timestamp,
) {
    let filter = LetterFilter {
        status: None,
        ..filter.clone()
    };
    filtered(query, &filter);
    match letter {
        Some(letter) => query.push(" and id = ").push_bind(letter),
        None => query.push(" and at <= ").push_bind(moment(at)),
    };
}

/// The claim holds no longer than this moment, for the replay itself is leased.
fn claiming(job: &Taken, now: Timestamp, limit: u32) -> QueryBuilder<Postgres> {
    let mut query =
        QueryBuilder::new("update dead_letter d set tries = d.tries + 1, replayed_at = ");
    query.push_bind(moment(now));
    query.push(", claimed_until = ").push_bind(moment(now));
    query.push(", by_whom = ").push_bind(job.by.who.clone());
    query.push(", note = ").push_bind(job.by.note.clone());
    query.push(
        " from (select customer as c, id as i from dead_letter where status = 'open' and id > ",
    );
    query.push_bind(job.cursor);
    query
        .push(" and (claimed_until is null or claimed_until <= ")
        .push_bind(moment(now));
    query.push(")");
    meant(&mut query, &job.filter, job.letter, job.at);
    query
        .push(" order by id limit ")
        .push_bind(i64::from(limit));
    query.push(" for update) n where d.customer = n.c and d.id = n.i returning ");
    query.push(CLAIMED);
    query
}

fn taken(row: &PgRow) -> Result<Taken, sqlx::Error> {
    let since: Option<Moment> = row.try_get("since")?;
    Ok(Taken {
        id: row.try_get("id")?,
        cursor: row.try_get("cursor")?,
        at: row.try_get::<Moment, _>("at")?.to_jiff(),
        letter: row.try_get("letter")?,
        filter: LetterFilter {
            status: None,
            cause: row.try_get("cause")?,
            name: row.try_get("name")?,
            source: row.try_get("source")?,
            since: since.map(Moment::to_jiff),
        },
        by: Sender {
            who: row.try_get("by_whom")?,
            note: row.try_get("note")?,
        },
    })
}
