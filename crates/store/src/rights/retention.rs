//! Removing what is not kept any longer: customer by customer, in order of id, so that every row is found by
//! the key of its table and no index is needed that only this would read.

use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{Moment, after, moment},
};

/// Up to which moment data of each kind go; `None`: they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cutoffs {
    /// Inputs from before.
    pub inputs: Option<Timestamp>,
    /// Messages decided before, and lines of chats said before.
    pub messages: Option<Timestamp>,
    /// What messages said that were handed over before.
    pub content: Option<Timestamp>,
    /// Runs that were over before.
    pub runs: Option<Timestamp>,
    /// Calls that were over before.
    pub calls: Option<Timestamp>,
}

/// What one page did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionPage {
    /// Rows that were removed.
    pub removed: u64,
    /// Whether the round is over.
    pub done: bool,
}

/// What a run that is open may still be asked about stays: the inputs since it entered.
const INPUTS: &str = "delete from input i using unnest($1::uuid[]) a (customer)
 where i.customer = a.customer and i.at < $2
   and not exists (select from run r where r.customer = i.customer and r.entered_at <= i.at)";

/// What waits to be sent stays, and what a run that is open has sent.
const MESSAGES: &str = "delete from message m using unnest($1::uuid[]) a (customer)
 where m.customer = a.customer and m.at < $2 and m.due_at is null
   and not exists (select from run r where r.customer = m.customer and r.id = m.run)";

const CONTENT: &str = "delete from message_content o using unnest($1::uuid[]) a (customer)
 where o.customer = a.customer and o.at < $2";

/// Whoever was in a journey since it was published has no part in its `backfill`, as long as that is made.
const RUNS: &str = "delete from run_ended e using unnest($1::uuid[]) a (customer)
 where e.customer = a.customer and greatest(e.left_at, e.goal_at) < $2
   and not exists (select from sweep s
                   where s.journey = e.journey and s.due_at is not null and s.at <= e.entered_at)";

/// A line of the chat widget is a message, whoever said it.
const LINES: &str = "delete from chat_line l using unnest($1::uuid[]) a (customer)
 where l.customer = a.customer and l.at < $2";

/// As long as messages are kept, but no shorter than [`SHORT_LINKS_STAY`].
const SHORT_LINKS: &str = "delete from short_link l using unnest($1::uuid[]) a (customer)
 where l.customer = a.customer and l.at < $2";

/// How long a short form leads on in any case: unsubscribing must work for 30 days after a message (CAN-SPAM, 15 U.S.C.
/// 7704(a)(3)(A)(ii)).
const SHORT_LINKS_STAY: SignedDuration = SignedDuration::from_hours(31 * 24);

const CALLS: &str = "delete from call c using unnest($1::uuid[]) a (customer)
 where c.customer = a.customer and c.done_at < $2 and c.due_at is null
   and not exists (select from run r where r.customer = c.customer and r.id = c.run)";

impl Store {
    /// Removes what is older than these moments for the next customers of the round, `limit` at the most.
    /// Customers who are in somebody's turn are left to the next round, which begins `rest` after this one is
    /// over. `None`: a round is not due, or somebody else is at it.
    ///
    /// # Errors
    /// If the database fails. Nothing of this page is removed then.
    pub async fn retire(
        &self,
        cutoffs: &Cutoffs,
        limit: u32,
        rest: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<RetentionPage>, Error> {
        let failed = during("removing what is not kept");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        let Some(cursor) = claim(&mut tx, now).await.map_err(&failed)? else {
            // At once, so that nobody finds the row locked.
            tx.rollback().await.map_err(&failed)?;
            return Ok(None);
        };
        let page: Vec<Uuid> =
            sqlx::query_scalar("select id from customer where id > $1 order by id limit $2")
                .bind(cursor)
                .bind(i64::from(limit))
                .fetch_all(&mut *tx)
                .await
                .map_err(&failed)?;
        let removed = remove(&mut tx, &page, cutoffs, now)
            .await
            .map_err(&failed)?;
        let done = page.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let (cursor, due) = match page.last() {
            Some(last) if !done => (*last, now),
            _ => (Uuid::nil(), after(now, rest)),
        };
        sqlx::query("update retention set cursor = $1, due_at = $2")
            .bind(cursor)
            .bind(moment(due))
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(Some(RetentionPage { removed, done }))
    }
}

/// Where the round stands, if it is due and nobody is at it. Its row is locked until the page is over.
async fn claim(
    tx: &mut Transaction<'static, Postgres>,
    now: Timestamp,
) -> Result<Option<Uuid>, sqlx::Error> {
    let found: Option<(Uuid, Moment)> =
        sqlx::query_as("select cursor, due_at from retention for update skip locked")
            .fetch_optional(&mut **tx)
            .await?;
    if let Some((cursor, due_at)) = found {
        return Ok((due_at.to_jiff() <= now).then_some(cursor));
    }
    // Locked by somebody, or never begun.
    let begun = sqlx::query("insert into retention (due_at) values ($1) on conflict do nothing")
        .bind(moment(now))
        .execute(&mut **tx)
        .await?;
    Ok((begun.rows_affected() == 1).then_some(Uuid::nil()))
}

async fn remove(
    tx: &mut PgConnection,
    page: &[Uuid],
    cutoffs: &Cutoffs,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let free: Vec<Uuid> = sqlx::query_scalar(
        "select id from customer where id = any($1) order by id for no key update skip locked",
    )
    .bind(page)
    .fetch_all(&mut *tx)
    .await?;
    let stay = after(now, -SHORT_LINKS_STAY);
    let mut removed = 0;
    for (sql, before) in [
        (INPUTS, cutoffs.inputs),
        (MESSAGES, cutoffs.messages),
        (LINES, cutoffs.messages),
        (CONTENT, cutoffs.content),
        (SHORT_LINKS, cutoffs.messages.map(|before| before.min(stay))),
        (RUNS, cutoffs.runs),
        (CALLS, cutoffs.calls),
    ] {
        let Some(before) = before else { continue };
        let query = sqlx::query(sql).bind(&free).bind(moment(before));
        removed += query.execute(&mut *tx).await?.rows_affected();
    }
    Ok(removed)
}
