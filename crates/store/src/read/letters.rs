//! Dead letters, their causes, and the replays of them.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use journey::ids::{CustomerId, LetterId};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{ReadError, Reader, bounded, moment, moment_or_none};
use crate::letters::{LetterFilter, filtered};

const COLUMNS: &str = "customer, id, at, last_at, replayed_at, done_at, claimed_until, tries, status, cause, field, reason,
    key, name, exchange, routing_key, queue, by_whom, note, octet_length(body) as size, edited is not null as is_edited";

/// A dead letter, as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LetterRow {
    /// Which.
    pub id: LetterId,
    /// `open`, `replayed` or `discarded`.
    pub status: Arc<str>,
    /// When it was first put aside.
    pub at: Timestamp,
    /// When it was last refused.
    pub last_at: Timestamp,
    /// The code of why.
    pub cause: Arc<str>,
    /// The path of the field at fault, if it is one.
    pub field: Option<Arc<str>>,
    /// Why, in a sentence.
    pub reason: Arc<str>,
    /// Whom it is about; `None`: nobody can tell.
    pub customer: Option<CustomerId>,
    /// What producers call them.
    pub key: Option<Arc<str>>,
    /// The event's name, if it says so.
    pub name: Option<Arc<str>>,
    /// The exchange that it was published to; empty: not known.
    pub exchange: Arc<str>,
    /// The routing key that it came with.
    pub routing_key: Arc<str>,
    /// The queue that it was read from; empty: not known.
    pub queue: Arc<str>,
    /// How many bytes it has.
    pub size: i32,
    /// Whether another body is kept beside the one that came.
    pub is_edited: bool,
    /// How often it was submitted again.
    pub tries: i32,
    /// When it was last submitted again.
    pub replayed_at: Option<Timestamp>,
    /// Since when it is no longer open.
    pub done_at: Option<Timestamp>,
    /// Until when somebody who submits it has it to themselves.
    pub claimed_until: Option<Timestamp>,
    /// Who replayed or discarded it last: `user:ID`, `key:ID`, `cli` or `nobody`.
    pub by: Option<Arc<str>>,
    /// Why they did.
    pub note: Option<Arc<str>>,
}

/// A dead letter, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterView {
    /// As in a list.
    pub row: LetterRow,
    /// What its producer says that it is.
    pub content_type: String,
    /// Its producer's id of the message.
    pub message_id: String,
    /// Its producer's headers, as far as they are text.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
    /// As it is submitted, where that differs.
    pub edited: Option<Vec<u8>>,
}

/// A place in the list of letters, newest first. As text: `MICROSECONDS-UUID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterCursor {
    /// When the last letter of the page before was first put aside.
    pub at: Timestamp,
    /// Its id.
    pub id: LetterId,
}

impl fmt::Display for LetterCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_microsecond(), self.id)
    }
}

impl FromStr for LetterCursor {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        // Instants before 1970 start with a minus of their own.
        let cut = s.get(1..).and_then(|rest| rest.find('-')).ok_or(())? + 1;
        let micros = s[..cut].parse().map_err(|_| ())?;
        Ok(Self {
            at: Timestamp::from_microsecond(micros).map_err(|_| ())?,
            id: LetterId(Uuid::try_parse(&s[cut + 1..]).map_err(|_| ())?),
        })
    }
}

impl Serialize for LetterCursor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// A page of letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterPage {
    /// Newest first.
    pub letters: Vec<LetterRow>,
    /// The `before` of the next page; `None`: this is the last.
    pub next: Option<LetterCursor>,
}

/// How many letters there are of one cause, of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LetterCount {
    /// The code of why.
    pub cause: Arc<str>,
    /// The day (UTC) on which they were first put aside.
    pub day: Date,
    /// All that are kept.
    pub letters: i64,
    /// Those of them that are open.
    pub open: i64,
}

/// A replay of one letter or of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LetterJob {
    /// Which.
    pub id: Uuid,
    /// `running`, `done` or `cancelled`.
    pub status: Arc<str>,
    /// When it was asked for; letters that came later have no part in it.
    pub at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How many letters were meant at the beginning.
    pub total: i32,
    /// How many were submitted again.
    pub done: i32,
    /// How many were refused again, and are still open.
    pub failed: i32,
    /// The only letter that it is about.
    pub letter: Option<LetterId>,
    /// Of which cause.
    pub cause: Option<Arc<str>>,
    /// Of which events.
    pub name: Option<Arc<str>>,
    /// From which exchange or queue.
    pub source: Option<Arc<str>>,
    /// First put aside since then.
    pub since: Option<Timestamp>,
    /// Who asked for it: `user:ID`, `key:ID`, `cli` or `nobody`.
    pub by: Arc<str>,
    /// Why they did.
    pub note: Arc<str>,
    /// Why it does not go on for now; it is tried again.
    pub trouble: Option<Arc<str>>,
}

impl Reader {
    /// Dead letters, newest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letters(
        &self,
        filter: &LetterFilter,
        before: Option<LetterCursor>,
        limit: u32,
    ) -> Result<LetterPage, ReadError> {
        let limit = bounded(limit);
        let mut query = QueryBuilder::<Postgres>::new("select ");
        query.push(COLUMNS).push(" from dead_letter where true");
        filtered(&mut query, filter);
        if let Some(before) = before {
            query
                .push(" and (at, id) < (")
                .push_bind(before.at.to_sqlx());
            query.push(", ").push_bind(before.id.0).push(")");
        }
        query
            .push(" order by at desc, id desc limit ")
            .push_bind(limit + 1);
        let mut tx = self.page().await?;
        let rows = query.build().fetch_all(&mut *tx).await?;
        let mut letters = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let more = letters.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            letters.pop();
        }
        let cursor = |l: &LetterRow| LetterCursor { at: l.at, id: l.id };
        let next = letters.last().filter(|_| more).map(cursor);
        Ok(LetterPage { letters, next })
    }

    /// One letter, with its body.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letter(&self, id: LetterId) -> Result<Option<LetterView>, ReadError> {
        let mut query = QueryBuilder::<Postgres>::new("select ");
        query.push(COLUMNS);
        query.push(
            ", content_type, message_id, headers::text, body, edited from dead_letter where id = ",
        );
        query.push_bind(id.0);
        let mut tx = self.page().await?;
        let found = query.build().fetch_optional(&mut *tx).await?;
        Ok(found.as_ref().map(view).transpose()?)
    }

    /// The letters whose id begins like this, two at the most: none or several are no answer.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letters_like(&self, beginning: &str) -> Result<Vec<LetterId>, ReadError> {
        let digits: String = beginning.chars().filter(|c| *c != '-').collect();
        let end = |with: &str| {
            let missing = 32_usize.saturating_sub(digits.len());
            Uuid::try_parse(&format!("{digits}{}", with.repeat(missing))).ok()
        };
        let (Some(first), Some(last)) = (end("0"), end("f")) else {
            return Ok(Vec::new());
        };
        let mut tx = self.page().await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select id from dead_letter where id between $1 and $2 order by id limit 2",
        )
        .bind(first)
        .bind(last)
        .fetch_all(&mut *tx)
        .await?;
        Ok(ids.into_iter().map(LetterId).collect())
    }

    /// How many letters there are by cause and day, the latest day first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letter_causes(&self) -> Result<Vec<LetterCount>, ReadError> {
        let mut tx = self.page().await?;
        let rows: Vec<(String, jiff_sqlx::Date, i64, i64)> = sqlx::query_as(
            "select cause, (at at time zone 'UTC')::date as day, count(*), count(*) filter (where status = 'open')
             from dead_letter group by cause, day order by day desc, cause",
        )
        .fetch_all(&mut *tx)
        .await?;
        let count =
            |(cause, day, letters, open): (String, jiff_sqlx::Date, i64, i64)| LetterCount {
                cause: Arc::from(cause),
                day: day.to_jiff(),
                letters,
                open,
            };
        Ok(rows.into_iter().map(count).collect())
    }

    /// A word that changes whenever a letter comes, is refused, submitted or discarded, or a replay goes on.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letter_news(&self) -> Result<String, ReadError> {
        let mut tx = self.page().await?;
        let word: String = sqlx::query_scalar(
            "select concat_ws(' ',
                 (select count(*) from dead_letter where status = 'open'),
                 (select max(at) from dead_letter),
                 (select concat(id, status, done, failed, trouble) from dead_letter_job where letter is null
                  order by status <> 'running', at desc limit 1))",
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(word)
    }

    /// One replay.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn letter_job(&self, id: Uuid) -> Result<Option<LetterJob>, ReadError> {
        let mut tx = self.page().await?;
        let found = sqlx::query("select * from dead_letter_job where id = $1")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        Ok(found.as_ref().map(job).transpose()?)
    }

    /// The replay of many letters that is under way, else the last that was.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn latest_letter_job(&self) -> Result<Option<LetterJob>, ReadError> {
        let mut tx = self.page().await?;
        let found = sqlx::query(
            "select * from dead_letter_job where letter is null
             order by status <> 'running', at desc limit 1",
        )
        .fetch_optional(&mut *tx)
        .await?;
        Ok(found.as_ref().map(job).transpose()?)
    }
}

fn text(row: &PgRow, column: &str) -> Result<Arc<str>, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Arc::from)
}

fn text_or_none(row: &PgRow, column: &str) -> Result<Option<Arc<str>>, sqlx::Error> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(Arc::from))
}

fn row(row: &PgRow) -> Result<LetterRow, sqlx::Error> {
    let customer: Uuid = row.try_get("customer")?;
    Ok(LetterRow {
        id: LetterId(row.try_get("id")?),
        status: text(row, "status")?,
        at: moment(row, "at")?,
        last_at: moment(row, "last_at")?,
        cause: text(row, "cause")?,
        field: text_or_none(row, "field")?,
        reason: text(row, "reason")?,
        customer: (!customer.is_nil()).then_some(CustomerId(customer)),
        key: text_or_none(row, "key")?,
        name: text_or_none(row, "name")?,
        exchange: text(row, "exchange")?,
        routing_key: text(row, "routing_key")?,
        queue: text(row, "queue")?,
        size: row.try_get("size")?,
        is_edited: row.try_get("is_edited")?,
        tries: row.try_get("tries")?,
        replayed_at: moment_or_none(row, "replayed_at")?,
        done_at: moment_or_none(row, "done_at")?,
        claimed_until: moment_or_none(row, "claimed_until")?,
        by: text_or_none(row, "by_whom")?,
        note: text_or_none(row, "note")?,
    })
}

fn view(found: &PgRow) -> Result<LetterView, sqlx::Error> {
    let headers: &str = found.try_get("headers")?;
    Ok(LetterView {
        row: row(found)?,
        content_type: found.try_get("content_type")?,
        message_id: found.try_get("message_id")?,
        headers: serde_json::from_str(headers).unwrap_or_default(),
        body: found.try_get("body")?,
        edited: found.try_get("edited")?,
    })
}

fn job(row: &PgRow) -> Result<LetterJob, sqlx::Error> {
    let letter: Option<Uuid> = row.try_get("letter")?;
    Ok(LetterJob {
        id: row.try_get("id")?,
        status: text(row, "status")?,
        at: moment(row, "at")?,
        ended_at: moment_or_none(row, "ended_at")?,
        total: row.try_get("total")?,
        done: row.try_get("done")?,
        failed: row.try_get("failed")?,
        letter: letter.map(LetterId),
        cause: text_or_none(row, "cause")?,
        name: text_or_none(row, "name")?,
        source: text_or_none(row, "source")?,
        since: moment_or_none(row, "since")?,
        by: text(row, "by_whom")?,
        note: text(row, "note")?,
        trouble: text_or_none(row, "trouble")?,
    })
}
