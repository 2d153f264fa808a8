//! All that is held on one customer (GDPR, articles 15 and 20).
//!
//! One snapshot is read, page by page, to its end: what the pages of support cut off is here. Data are
//! given as they are kept, and what has words for people has them beside the data. A table that has no
//! section of its own is given row by row, so that a new one cannot be forgotten.

mod rest;
mod runs;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    customer::Ledger,
    failure::Failure,
    ids::{CallId, CustomerId, InputId, MessageId, RunId},
    message::Decision,
    trace::Line,
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{ReadError, Reader, messages::failure_or_none, moment, moment_or_none, timeline};
use crate::{codec, packed::unpack, rights::of_person};
pub use rest::Rows;
pub use runs::ExportedRun;

/// How many rows one statement reads.
const PAGE: i64 = 500;

/// Tables with a section of their own; all others are given as they are.
pub(crate) const SECTIONS: [&str; 5] = ["call", "input", "message", "run", "run_ended"];

/// All that is held on one customer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Export {
    /// When it was taken.
    pub exported_at: Timestamp,
    /// Who it is about.
    pub customer: ExportedCustomer,
    /// Journeys that they are in, or are still watched for the goal of; oldest first.
    pub runs: Vec<ExportedRun>,
    /// Journeys that are over, oldest first.
    pub ended: Vec<ExportedRun>,
    /// Every decision to send or not to send, oldest first.
    pub messages: Vec<ExportedMessage>,
    /// Every call of an endpoint about them, oldest first.
    pub calls: Vec<ExportedCall>,
    /// All that happened, and what was decided on it, in the order in which it was.
    pub inputs: Vec<ExportedInput>,
    /// Rows of tables without a section above, by table.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, Rows>,
    /// The same of everybody who was merged into them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Export>,
}

/// The profile.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedCustomer {
    /// The hash of `key`, by which all rows name them.
    pub id: CustomerId,
    /// What producers call the customer.
    pub key: Arc<str>,
    /// The clock of the input that created the row.
    pub seen_at: Timestamp,
    /// When the next date entry lets them in.
    pub due_at: Option<Timestamp>,
    /// Whom they were merged into, if they were.
    pub merged_into: Option<CustomerId>,
    /// What is known of them.
    pub traits: Value,
    /// Consents, suppressed addresses, last entries, restriction.
    pub ledger: Value,
}

/// One decision about a message.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedMessage {
    /// Which.
    pub id: MessageId,
    /// When it was decided.
    pub at: Timestamp,
    /// The run that decided it.
    pub run: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// By which channel.
    pub channel: Arc<str>,
    /// For which purpose.
    pub purpose: Arc<str>,
    /// `queued`, `leased`, `sent`, `failed`, `suppressed` or `recalled`.
    pub status: Arc<str>,
    /// Why it was not sent.
    pub reason: Option<Arc<str>>,
    /// When dispatch may take it.
    pub due_at: Option<Timestamp>,
    /// When it reached its final status.
    pub done_at: Option<Timestamp>,
    /// How often dispatch has tried.
    pub attempt: i16,
    /// Which provider took it, or may have it.
    pub provider: Option<Arc<str>>,
    /// What the provider calls it.
    pub provider_id: Option<Arc<str>>,
    /// The last attempt's error.
    pub error: Option<Failure>,
    /// The trace of the turn that decided it, for the operators of this installation.
    pub traceparent: Option<Arc<str>>,
    /// What was decided: template, its values, refusals.
    pub decision: Value,
}

/// One call of an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedCall {
    /// Which.
    pub id: CallId,
    /// When it was decided.
    pub at: Timestamp,
    /// The run that decided it.
    pub run: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The step's id.
    pub step: Arc<str>,
    /// Whom the data went to, by the name in `config/endpoints.yaml`.
    pub endpoint: Arc<str>,
    /// Whether it hands over to a person.
    pub hand_over: bool,
    /// `queued`, `leased`, `open` (in the inbox), `answered`, `failed` or `cancelled`.
    pub status: Arc<str>,
    /// When it may be made.
    pub due_at: Option<Timestamp>,
    /// By when a person should have done it.
    pub wanted_at: Option<Timestamp>,
    /// When nobody waits for its answer any more.
    pub expires_at: Option<Timestamp>,
    /// When it was over.
    pub done_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempt: i16,
    /// The last attempt's error.
    pub error: Option<Failure>,
    /// What the endpoint is told.
    pub with: Value,
}

/// One input and what was decided on it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedInput {
    /// Which.
    pub id: InputId,
    /// Its place in the recorded order.
    pub seq: i64,
    /// Its own clock.
    pub at: Timestamp,
    /// `event`, `timer`, `receipt`, `passage`, `date`, `sweep`, `answer` or `take_over`.
    pub kind: timeline::InputName,
    /// The event's name; else its kind.
    pub name: Arc<str>,
    /// The event as it was accepted, or what else came.
    pub body: Value,
    /// What was decided and why.
    pub decided: Vec<ExportedFact>,
    /// What was decided, where it is of another version and has no sentence.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub trace: Value,
}

/// One fact of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedFact {
    /// The sentence.
    pub sentence: String,
    /// The fact as data, with the journey, run and step that it is about.
    #[serde(flatten)]
    pub line: Line,
}

impl Reader {
    /// All that is held on a customer, by key or id, and on those who are the same person: of one who was merged it is that
    /// of whom they were merged into. `now` is written down in it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn export(&self, name: &str, now: Timestamp) -> Result<Option<Export>, ReadError> {
        let Some(id) = self.customer_id(name).await? else {
            return Ok(None);
        };
        let mut tx = self.page().await?;
        let mut person = of_person(&mut tx, id).await?;
        let stays = person.pop().unwrap_or(id);
        let Some(mut export) = one(&mut tx, stays, now).await? else {
            return Ok(None);
        };
        for id in person.into_iter().rev() {
            export.merged.extend(one(&mut tx, id, now).await?);
        }
        Ok(Some(export))
    }
}

async fn one(
    tx: &mut PgConnection,
    id: CustomerId,
    now: Timestamp,
) -> Result<Option<Export>, ReadError> {
    let Some(customer) = customer(tx, id).await? else {
        return Ok(None);
    };
    let runs = runs::all(tx, id).await?;
    Ok(Some(Export {
        exported_at: now,
        customer,
        runs: runs.open,
        ended: runs.ended,
        messages: messages(tx, id).await?,
        calls: calls(tx, id).await?,
        inputs: inputs(tx, id).await?,
        records: rest::all(tx, id).await?,
        merged: Vec::new(),
    }))
}

async fn customer(
    tx: &mut PgConnection,
    id: CustomerId,
) -> Result<Option<ExportedCustomer>, ReadError> {
    let row = sqlx::query(
        "select key, seen_at, due_at, merged_into, traits, ledger from customer where id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    let read = |row: PgRow| {
        Ok(ExportedCustomer {
            id,
            key: text(&row, "key")?,
            seen_at: moment(&row, "seen_at")?,
            due_at: moment_or_none(&row, "due_at")?,
            merged_into: row
                .try_get::<Option<Uuid>, _>("merged_into")?
                .map(CustomerId),
            traits: row.try_get("traits")?,
            ledger: kept::<Ledger>(row.try_get("ledger")?),
        })
    };
    row.map(read).transpose()
}

async fn messages(
    tx: &mut PgConnection,
    customer: CustomerId,
) -> Result<Vec<ExportedMessage>, ReadError> {
    let (mut found, mut last) = (Vec::new(), None::<(jiff_sqlx::Timestamp, Uuid)>);
    loop {
        let rows = sqlx::query(
            "select at, id, run, journey, step, channel, purpose, status::text as status, reason,
                    due_at, done_at, attempt, provider, provider_id, error, traceparent, decision
             from message where customer = $1 and ($2::timestamptz is null or (at, id) > ($2, $3))
             order by at, id limit $4",
        )
        .bind(customer.0)
        .bind(last.map(|l| l.0))
        .bind(last.map(|l| l.1))
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(end) = rows.last() else {
            return Ok(found);
        };
        last = Some((end.try_get("at")?, end.try_get("id")?));
        for row in &rows {
            found.push(message(row)?);
        }
    }
}

fn message(row: &PgRow) -> Result<ExportedMessage, sqlx::Error> {
    Ok(ExportedMessage {
        id: MessageId(row.try_get("id")?),
        at: moment(row, "at")?,
        run: RunId(row.try_get("run")?),
        journey: text(row, "journey")?,
        step: text(row, "step")?,
        channel: text(row, "channel")?,
        purpose: text(row, "purpose")?,
        status: text(row, "status")?,
        reason: text_or_none(row, "reason")?,
        due_at: moment_or_none(row, "due_at")?,
        done_at: moment_or_none(row, "done_at")?,
        attempt: row.try_get("attempt")?,
        provider: text_or_none(row, "provider")?,
        provider_id: text_or_none(row, "provider_id")?,
        error: failure_or_none(row)?,
        traceparent: text_or_none(row, "traceparent")?,
        decision: kept::<Decision>(row.try_get("decision")?),
    })
}

async fn calls(
    tx: &mut PgConnection,
    customer: CustomerId,
) -> Result<Vec<ExportedCall>, ReadError> {
    let (mut found, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let rows = sqlx::query(
            r#"select id, at, run, journey, step, endpoint, hand_over, status::text as status, due_at,
                      wanted_at, expires_at, done_at, attempt, error, "with"
               from call where customer = $1 and id > $2 order by id limit $3"#,
        )
        .bind(customer.0)
        .bind(last)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(end) = rows.last() else { break };
        last = end.try_get("id")?;
        for row in &rows {
            found.push(call(row)?);
        }
    }
    found.sort_by_key(|c| (c.at, c.id));
    Ok(found)
}

fn call(row: &PgRow) -> Result<ExportedCall, sqlx::Error> {
    Ok(ExportedCall {
        id: CallId(row.try_get("id")?),
        at: moment(row, "at")?,
        run: RunId(row.try_get("run")?),
        journey: text(row, "journey")?,
        step: text(row, "step")?,
        endpoint: text(row, "endpoint")?,
        hand_over: row.try_get("hand_over")?,
        status: text(row, "status")?,
        due_at: moment_or_none(row, "due_at")?,
        wanted_at: moment_or_none(row, "wanted_at")?,
        expires_at: moment_or_none(row, "expires_at")?,
        done_at: moment_or_none(row, "done_at")?,
        attempt: row.try_get("attempt")?,
        error: failure_or_none(row)?,
        with: kept::<journey::value::Value>(row.try_get("with")?),
    })
}

async fn inputs(
    tx: &mut PgConnection,
    customer: CustomerId,
) -> Result<Vec<ExportedInput>, ReadError> {
    let (mut found, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let rows = sqlx::query(
            "select id, seq, at, kind, name, body, trace from input
             where customer = $1 and id > $2 order by id limit $3",
        )
        .bind(customer.0)
        .bind(last)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(end) = rows.last() else { break };
        last = end.try_get("id")?;
        for row in &rows {
            found.push(input(row)?);
        }
    }
    found.sort_by_key(|i| i.seq);
    Ok(found)
}

fn input(row: &PgRow) -> Result<ExportedInput, sqlx::Error> {
    let kind: i16 = row.try_get("kind")?;
    let trace: Option<&[u8]> = row.try_get("trace")?;
    let body: Option<&[u8]> = row.try_get("body")?;
    let lines = trace.map_or(Ok(Vec::new()), codec::decode_trace);
    let unread = match (&lines, trace) {
        (Err(_), Some(trace)) => unreadable(trace),
        _ => Value::Null,
    };
    let body = body.map_or(Value::Null, |body| {
        codec::shown(kind, body).unwrap_or_else(|_| unreadable(body))
    });
    let fact = |line: Line| ExportedFact {
        sentence: line.fact.sentence(),
        line,
    };
    Ok(ExportedInput {
        id: InputId(row.try_get("id")?),
        seq: row.try_get("seq")?,
        at: moment(row, "at")?,
        kind: timeline::InputName::of(kind),
        name: text(row, "name")?,
        body,
        decided: lines.unwrap_or_default().into_iter().map(fact).collect(),
        trace: unread,
    })
}

/// What is kept in its compact form, as JSON.
fn kept<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Value {
    let read = unpack::<T>(bytes).ok();
    let json = read.and_then(|value| serde_json::to_value(value).ok());
    json.unwrap_or_else(|| unreadable(bytes))
}

/// JSON, or else text: what cannot be read is held all the same.
fn unreadable(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn text(row: &PgRow, column: &str) -> Result<Arc<str>, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Arc::from)
}

fn text_or_none(row: &PgRow, column: &str) -> Result<Option<Arc<str>>, sqlx::Error> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(Arc::from))
}
