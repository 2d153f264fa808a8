//! The timeline of one customer: every input with what was decided on it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    explain::Occasion,
    ids::{CustomerId, InputId, MessageId},
    trace::{Fact, Line},
    value::Value,
};
use serde::Serialize;
use sqlx::{Row as _, postgres::PgRow};

use super::{MessageRow, ReadError, Reader, bounded, moment};
use crate::codec;

/// What kind of input it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputName {
    /// A producer's event.
    Event,
    /// A run's time had come.
    Timer,
    /// A message ended for good.
    Receipt,
    /// A run passed to another version of its journey, or out of it.
    Passage,
    /// The moment of a date entry had come.
    Date,
    /// A schedule, or a publication.
    Sweep,
    /// An endpoint's answer.
    Answer,
}

impl InputName {
    /// By the number in the column `kind`.
    pub(super) fn of(kind: i16) -> Self {
        match kind {
            0 => Self::Event,
            1 => Self::Timer,
            3 => Self::Date,
            4 => Self::Sweep,
            5 => Self::Answer,
            6 => Self::Passage,
            _ => Self::Receipt,
        }
    }
}

/// One input and what was decided on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineEntry {
    /// Which input.
    pub id: InputId,
    /// Its place in the recorded order.
    pub seq: i64,
    /// Its own clock.
    pub at: Timestamp,
    /// What kind it was.
    pub kind: InputName,
    /// The event's name; else its kind.
    pub name: Arc<str>,
    /// The event as it was accepted, or the receipt; null for a timer.
    pub body: Value,
    /// What was decided and why, in order. Empty: nobody listened.
    pub trace: Vec<Line>,
    /// The body or the trace is of another version, and left out here.
    pub unreadable: bool,
}

impl TimelineEntry {
    /// What brought it, in the terms of an explanation.
    pub(super) fn cause(&self) -> Occasion {
        match self.kind {
            InputName::Event => Occasion::Event(self.name.clone()),
            InputName::Timer => Occasion::Time,
            InputName::Receipt => Occasion::Message,
            InputName::Answer => Occasion::Call,
            InputName::Date => Occasion::Date,
            InputName::Sweep if self.body.field("kind").field("tick").is_null() => {
                Occasion::Publication
            }
            InputName::Sweep => Occasion::Schedule,
            InputName::Passage => Occasion::Passage,
        }
    }

    /// What let a date or a sweep come, in a few words: `the schedule of digest`.
    pub fn occasion(&self) -> Option<String> {
        let journey = self.body.field("journey");
        let journey = journey.as_text()?;
        match self.kind {
            InputName::Date => Some(format!("a date of {journey}")),
            InputName::Sweep if self.body.field("kind").field("tick").is_null() => {
                Some(format!("the publication of {journey}"))
            }
            InputName::Sweep => Some(format!("the schedule of {journey}")),
            _ => None,
        }
    }
}

/// A page of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelinePage {
    /// Newest first.
    pub entries: Vec<TimelineEntry>,
    /// The messages that the entries decided or tell of, as they stand now.
    pub messages: BTreeMap<MessageId, MessageRow>,
    /// The `before` of the next page; `None`: this is the last.
    pub next: Option<i64>,
}

impl Reader {
    /// The inputs of a customer, newest first, before a place in the recorded order.
    ///
    /// One customer's inputs are found by the table's key and sorted; they have no index by
    /// place, since the hot path writes every row and nobody else would read it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn timeline(
        &self,
        customer: CustomerId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<TimelinePage, ReadError> {
        let limit = bounded(limit);
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, seq, at, kind, name, body, trace from input
             where customer = $1 and seq < $2 order by seq desc limit $3 + 1",
        )
        .bind(customer.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        let mut named: Vec<MessageId> = entries.iter().flat_map(named).collect();
        named.sort();
        named.dedup();
        let messages = super::messages::by_id(&mut tx, customer, &named).await?;
        Ok(TimelinePage {
            next: entries.last().filter(|_| more).map(|e| e.seq),
            entries,
            messages,
        })
    }
}

impl Reader {
    /// The `before` of the page that begins with that input; `None`: it is not kept.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn before(
        &self,
        customer: CustomerId,
        input: InputId,
    ) -> Result<Option<i64>, ReadError> {
        let mut tx = self.page().await?;
        let place: Option<i64> =
            sqlx::query_scalar("select seq + 1 from input where customer = $1 and id = $2")
                .bind(customer.0)
                .bind(input.0)
                .fetch_optional(&mut *tx)
                .await?;
        Ok(place)
    }
}

fn named(entry: &TimelineEntry) -> impl Iterator<Item = MessageId> {
    entry.trace.iter().filter_map(|line| match &line.fact {
        Fact::Sends { message, .. }
        | Fact::Suppressed { message, .. }
        | Fact::Recalled { message }
        | Fact::Failed { message, .. }
        | Fact::Noted { message, .. } => Some(*message),
        _ => None,
    })
}

pub(super) fn entry(row: &PgRow) -> Result<TimelineEntry, sqlx::Error> {
    let kind: i16 = row.try_get("kind")?;
    let body = row.try_get::<Option<&[u8]>, _>("body")?;
    let trace = row.try_get::<Option<&[u8]>, _>("trace")?;
    // One broken row must not hide a customer's whole history: it is marked, and shown without.
    let body = body.map_or(Ok(Value::Null), |b| codec::shown(kind, b).map(Value::from));
    let trace = trace.map_or(Ok(Vec::new()), codec::decode_trace);
    Ok(TimelineEntry {
        id: InputId(row.try_get("id")?),
        seq: row.try_get("seq")?,
        at: moment(row, "at")?,
        kind: InputName::of(kind),
        name: Arc::from(row.try_get::<&str, _>("name")?),
        unreadable: body.is_err() || trace.is_err(),
        body: body.unwrap_or_default(),
        trace: trace.unwrap_or_default(),
    })
}
