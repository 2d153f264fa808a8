//! Letters that are submitted again.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    ids::{CustomerId, InputId, LetterId},
    intake::Cause,
};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{Moment, moment, words},
};

/// Who has a letter submitted again, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// As `who` of the audit log.
    pub who: String,
    /// Their reason; may be empty.
    pub note: String,
}

/// What a letter is to be submitted as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedLetter {
    /// The whole body.
    pub body: Vec<u8>,
    /// What producers call the customer.
    pub key: Arc<str>,
    /// The input that it will be.
    pub event: InputId,
    /// The event's name.
    pub name: Arc<str>,
}

/// Which claim of a letter: a later one is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The letter.
    pub id: LetterId,
    /// Whom it is about.
    pub customer: CustomerId,
    tries: i32,
}

/// A letter that is to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedLetter {
    /// Which, and by which claim.
    pub fence: Fence,
    /// When it was first put aside.
    pub at: Timestamp,
    /// As it is to be submitted.
    pub body: Vec<u8>,
    /// The W3C trace context that it came with.
    pub traceparent: Option<Arc<str>>,
}

/// What became of a letter that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterEnd {
    /// It was taken over.
    Taken,
    /// It was refused again.
    Refused(Cause),
}

/// What a claim returns.
pub(super) const CLAIMED: &str = "customer, id, tries, at, coalesce(edited, body) as body, headers->>'traceparent' as traceparent";

impl Store {
    /// Claims an open letter until `until`, with another body if one is given. `None`: it is not there, not open, or
    /// somebody else is at it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn claim_letter(
        &self,
        id: LetterId,
        edited: Option<&EditedLetter>,
        by: &Sender,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ClaimedLetter>, Error> {
        let failed = during("claiming a dead letter");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        if let Some(edited) = edited {
            edit(&mut tx, id, edited).await.map_err(&failed)?;
        }
        let row = sqlx::query(
            "update dead_letter set tries = tries + 1, replayed_at = $2, claimed_until = $3, by_whom = $4, note = $5
             where id = $1 and status = 'open' and (claimed_until is null or claimed_until <= $2)
             returning customer, id, tries, at, coalesce(edited, body) as body, headers->>'traceparent' as traceparent",
        )
        .bind(id.0)
        .bind(moment(now))
        .bind(moment(until))
        .bind(&by.who)
        .bind(words(&by.note))
        .fetch_optional(&mut *tx)
        .await
        .map_err(&failed)?;
        let claimed = row.as_ref().map(claimed).transpose().map_err(&failed)?;
        if claimed.is_some() {
            tx.commit().await.map_err(&failed)?;
        }
        Ok(claimed)
    }

    /// The body of a letter as it came; `None`: it is not there.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn letter_body(&self, id: LetterId) -> Result<Option<Vec<u8>>, Error> {
        sqlx::query_scalar("select body from dead_letter where id = $1")
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(during("reading a dead letter"))
    }

    /// Puts another body beside that of an open letter, for whoever submits it. False: it is not there, or not open.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn edit_letter(&self, id: LetterId, edited: &EditedLetter) -> Result<bool, Error> {
        let failed = during("editing a dead letter");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        edit(&mut connection, id, edited).await.map_err(&failed)
    }

    /// Records what became of letters that were claimed. One that has come back meanwhile, or was claimed anew, is left
    /// as it is.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn end_letters(
        &self,
        ended: &[(Fence, LetterEnd)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let failed = during("recording what became of dead letters");
        let mut tx = begin(&self.pool).await.map_err(&failed)?;
        end(&mut tx, ended, now).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }
}

async fn edit(
    tx: &mut PgConnection,
    id: LetterId,
    edited: &EditedLetter,
) -> Result<bool, sqlx::Error> {
    // Whoever it was about is still named by the body as it came.
    let done = sqlx::query(
        "update dead_letter
         set edited = $2, key = $3, event = $4, name = $5, customer = $6,
             also = array_remove(array_append(array_remove(also, customer), customer), $6)
         where id = $1 and status = 'open'",
    )
    .bind(id.0)
    .bind(&edited.body)
    .bind(&*edited.key)
    .bind(edited.event.0)
    .bind(&*edited.name)
    .bind(CustomerId::of(&edited.key).0)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end(
    tx: &mut PgConnection,
    ended: &[(Fence, LetterEnd)],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let cause = |end: &LetterEnd| match end {
        LetterEnd::Taken => None,
        LetterEnd::Refused(cause) => Some(cause.clone()),
    };
    let texts = |of: fn(&Cause) -> Option<&str>| -> Vec<Option<String>> {
        let all = ended.iter().map(|(_, end)| cause(end));
        all.map(|c| of(&c?).map(|text| words(text).into_owned()))
            .collect()
    };
    sqlx::query(
        "update dead_letter d
         set claimed_until = null,
             status = case when n.cause is null then 'replayed' else 'open' end,
             done_at = case when n.cause is null then $7 end,
             last_at = case when n.cause is null then last_at else $7 end,
             cause = coalesce(n.cause, d.cause), reason = coalesce(n.reason, d.reason),
             field = case when n.cause is null then d.field else n.field end
         from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[])
             n (customer, id, tries, cause, field, reason)
         where d.customer = n.customer and d.id = n.id and d.tries = n.tries
           and d.status = 'open' and d.claimed_until is not null",
    )
    .bind(ended.iter().map(|(f, _)| f.customer.0).collect::<Vec<_>>())
    .bind(ended.iter().map(|(f, _)| f.id.0).collect::<Vec<_>>())
    .bind(ended.iter().map(|(f, _)| f.tries).collect::<Vec<_>>())
    .bind(texts(|c| Some(&c.code)))
    .bind(texts(|c| c.field.as_deref()))
    .bind(texts(|c| Some(&c.sentence)))
    .bind(moment(now))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) fn claimed(row: &PgRow) -> Result<ClaimedLetter, sqlx::Error> {
    let traceparent: Option<&str> = row.try_get("traceparent")?;
    Ok(ClaimedLetter {
        fence: Fence {
            id: LetterId(row.try_get::<Uuid, _>("id")?),
            customer: CustomerId(row.try_get::<Uuid, _>("customer")?),
            tries: row.try_get("tries")?,
        },
        at: row.try_get::<Moment, _>("at")?.to_jiff(),
        body: row.try_get("body")?,
        traceparent: traceparent.map(Arc::from),
    })
}
