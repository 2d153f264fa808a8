//! The timeline of one customer: every input with what was decided on it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    explain::Occasion,
    ids::{CustomerId, InputId, MessageId},
    trace::{Fact, Line},
    value::Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, postgres::PgRow};

use super::{MessageRow, ReadError, Reader, bounded, moment};
use crate::codec;

/// What kind of input it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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
    /// Something that somebody hands over who was merged into the customer.
    #[serde(rename = "take_over")]
    TakeOver,
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
            7 => Self::TakeOver,
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
            InputName::TakeOver => Occasion::TakeOver,
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

/// The most inputs that are looked at for a page of some alone.
pub const SCANNED: i64 = 2_000;

/// What a timeline is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// Everything.
    #[default]
    All,
    /// What producers and people sent.
    Events,
    /// What decided a message, to go or not to go, or what became of one.
    Messages,
    /// Messages that did not go, or went wrong.
    Refusals,
    /// What was heard of messages and calls: delivered, opened, answered, failed.
    Receipts,
    /// What came by itself: timers, dates, schedules, new versions.
    Timers,
}

/// Which inputs are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineFilter {
    /// Of which kind.
    pub show: Show,
    /// Those alone that something was decided on for this journey.
    pub journey: Option<String>,
}

impl TimelineFilter {
    /// Whether everything is asked for.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn takes(&self, entry: &TimelineEntry) -> bool {
        let of_journey = |name: &String| {
            let mut lines = entry.trace.iter();
            lines.any(|line| line.journey.as_deref() == Some(name))
        };
        self.show.takes(entry) && self.journey.as_ref().is_none_or(of_journey)
    }
}

impl Show {
    fn takes(self, entry: &TimelineEntry) -> bool {
        let any = |is: fn(&Fact) -> bool| entry.trace.iter().any(|line| is(&line.fact));
        match self {
            Self::All => true,
            Self::Events => entry.kind == InputName::Event,
            Self::Messages => any(is_of_message),
            Self::Refusals => any(is_refusal),
            Self::Receipts => {
                matches!(entry.kind, InputName::Receipt | InputName::Answer)
                    || any(|fact| matches!(fact, Fact::Noted { .. }))
            }
            Self::Timers => matches!(
                entry.kind,
                InputName::Timer | InputName::Date | InputName::Sweep | InputName::Passage
            ),
        }
    }
}

fn is_of_message(fact: &Fact) -> bool {
    is_refusal(fact) || matches!(fact, Fact::Sends { .. } | Fact::Noted { .. })
}

fn is_refusal(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Suppressed { .. } | Fact::Held { .. } | Fact::Recalled { .. } | Fact::Failed { .. }
    )
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
        let all = TimelineFilter::default();
        self.timeline_of(customer, &all, before, limit).await
    }

    /// The same, of some inputs alone. What was decided is not searched in SQL, so at most [`SCANNED`] inputs are
    /// looked at for a page: it may be short, or empty, and have a next one all the same.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn timeline_of(
        &self,
        customer: CustomerId,
        filter: &TimelineFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<TimelinePage, ReadError> {
        let limit = bounded(limit);
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let read = if filter.is_all() { limit } else { SCANNED };
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, seq, at, kind, name, body, trace from input
             where customer = $1 and seq < $2 order by seq desc limit $3 + 1",
        )
        .bind(customer.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(read)
        .fetch_all(&mut *tx)
        .await?;
        let most = usize::try_from(read).unwrap_or(usize::MAX);
        let (mut next, mut last) = (None, None);
        let mut entries = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            // There is one more than may be looked at, or than is wanted.
            if place == most || entries.len() == wanted {
                next = last;
                break;
            }
            let entry = entry(row)?;
            last = Some(entry.seq);
            if filter.takes(&entry) {
                entries.push(entry);
            }
        }
        let mut named: Vec<MessageId> = entries.iter().flat_map(named).collect();
        named.sort();
        named.dedup();
        let messages = super::messages::by_id(&mut tx, customer, &named).await?;
        Ok(TimelinePage {
            next,
            entries,
            messages,
        })
    }

    /// A word that is another one as soon as anything of the customer has changed that a page shows: inputs,
    /// messages, the profile.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn pulse(&self, customer: CustomerId) -> Result<String, ReadError> {
        let mut tx = self.page().await?;
        let word: Option<String> = sqlx::query_scalar(
            "select concat_ws('.', c.xmin,
                 (select max(seq) from input where customer = c.id),
                 (select count(*) || '.' || coalesce(extract(epoch from max(done_at)), 0)
                  from message where customer = c.id),
                 (select coalesce(sum(attempt), 0) from message where customer = c.id and due_at is not null))
             from customer c where c.id = $1",
        )
        .bind(customer.0)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(word.unwrap_or_default())
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

impl Reader {
    /// One input and what was decided on it; `None`: it is not decided yet, or not kept.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn input(
        &self,
        customer: CustomerId,
        input: InputId,
    ) -> Result<Option<TimelineEntry>, ReadError> {
        let mut tx = self.page().await?;
        let row = sqlx::query(
            "select id, seq, at, kind, name, body, trace from input where customer = $1 and id = $2",
        )
        .bind(customer.0)
        .bind(input.0)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(row.as_ref().map(entry).transpose()?)
    }

    /// The messages that an input decided or tells of, as they stand now.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn messages_of(
        &self,
        customer: CustomerId,
        entry: &TimelineEntry,
    ) -> Result<BTreeMap<MessageId, MessageRow>, ReadError> {
        let named: Vec<MessageId> = named(entry).collect();
        let mut tx = self.page().await?;
        super::messages::by_id(&mut tx, customer, &named).await
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
