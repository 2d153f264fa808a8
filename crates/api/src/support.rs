//! Support's questions, answered as JSON.

use axum::{
    Json, Router,
    extract::{Path, Query, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use journey::{
    explain::{Language, Tongue},
    ids::{CustomerId, InputId, MessageId, RunId},
    message::{Channel, Reason},
    trace::{Fact, Line},
    value::Value,
};
use serde::{Deserialize, Serialize};
use store::read::{
    CustomerView, ExpectedEntry, InputName, MessageCursor, MessageFilter, MessageRow, Runs, Slowed,
    TimelineEntry,
};
use uuid::Uuid;

use crate::{State, access::mask, problem::Problem};

/// Rows of a page unless `limit` says otherwise; at most 200.
pub(crate) const PAGE: u32 = 50;

/// The statuses of a message, as they are stored.
pub(crate) const STATUSES: [&str; 6] = [
    "queued",
    "leased",
    "sent",
    "failed",
    "suppressed",
    "recalled",
];

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/customers", get(customers))
        .route("/v1/customers/{key}", get(customer))
        .route("/v1/customers/{key}/timeline", get(timeline))
        .route(
            "/v1/customers/{key}/journeys/{journey}/why",
            get(why_journey),
        )
        .route("/v1/messages", get(messages))
        .route("/v1/messages/{id}", get(message))
        .route("/v1/messages/{id}/why", get(why))
        .route("/v1/summary", get(summary))
}

#[derive(Deserialize)]
struct CustomersQuery {
    after: Option<Uuid>,
    limit: Option<u32>,
    q: Option<String>,
}

async fn customers(
    Shared(state): Shared<State>,
    query: Result<Query<CustomersQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = checked(query)?;
    if let Some(q) = &query.q {
        let mut found = state.reader.find(q).await?;
        for row in &mut found.customers {
            mask::row(row, state.now());
        }
        return Ok(Json(found).into_response());
    }
    let after = query.after.map(CustomerId);
    let limit = query.limit.unwrap_or(PAGE);
    let mut page = state.reader.customers(after, limit).await?;
    for row in &mut page.customers {
        mask::row(row, state.now());
    }
    Ok(Json(page).into_response())
}

#[derive(Serialize)]
struct Customer {
    #[serde(flatten)]
    view: CustomerView,
    runs: Runs,
    /// Entries by date that are yet to come.
    expected: Vec<ExpectedEntry>,
    /// Why they get fewer messages than others, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    slowed: Option<Slowed>,
}

async fn customer(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Customer>, Problem> {
    let mut view = found(&state, &key).await?;
    let runs = state.reader.runs(view.row.id).await?;
    let expected = state.reader.expected(&view.ledger).await?;
    let language = language(None, &headers);
    let slowed = state.reader.slowed(&view, language, state.now()).await?;
    mask::view(&mut view, state.now());
    Ok(Json(Customer {
        view,
        runs,
        expected,
        slowed,
    }))
}

#[derive(Deserialize)]
struct TimelineQuery {
    before: Option<i64>,
    lang: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct Timeline {
    entries: Vec<Entry>,
    messages: Vec<MessageRow>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct Entry {
    id: InputId,
    seq: i64,
    at: jiff::Timestamp,
    kind: InputName,
    name: std::sync::Arc<str>,
    body: Value,
    facts: Vec<Said>,
    unreadable: bool,
}

/// A fact, with the sentence that says it.
#[derive(Serialize)]
struct Said {
    journey: Option<std::sync::Arc<str>>,
    run: Option<RunId>,
    step: Option<std::sync::Arc<str>>,
    sentence: String,
    fact: Fact,
}

impl Said {
    fn of(line: Line, tongue: &Tongue) -> Self {
        Self {
            sentence: line.fact.say(tongue),
            journey: line.journey,
            run: line.run,
            step: line.step,
            fact: line.fact,
        }
    }
}

impl Entry {
    fn of(entry: TimelineEntry, tongue: &Tongue) -> Self {
        let told = entry.trace.into_iter();
        Self {
            id: entry.id,
            seq: entry.seq,
            at: entry.at,
            kind: entry.kind,
            name: entry.name,
            body: entry.body,
            facts: told.map(|line| Said::of(line, tongue)).collect(),
            unreadable: entry.unreadable,
        }
    }
}

async fn timeline(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    query: Result<Query<TimelineQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Timeline>, Problem> {
    let query = checked(query)?;
    let customer = found(&state, &key).await?;
    let mut page = state
        .reader
        .timeline(customer.row.id, query.before, query.limit.unwrap_or(PAGE))
        .await?;
    let language = language(query.lang.as_deref(), &headers);
    let tongue = state.reader.tongue(&customer, language).await?;
    mask::entries(&mut page.entries, customer.row.id, state.now());
    let entries = page.entries.into_iter();
    Ok(Json(Timeline {
        entries: entries.map(|entry| Entry::of(entry, &tongue)).collect(),
        messages: page.messages.into_values().collect(),
        next: page.next,
    }))
}

/// The filters of a list of messages, as they stand in a query. Empty ones do not filter, so
/// that a form can send them all.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct MessagesQuery {
    #[serde(default)]
    pub customer: String,
    #[serde(default)]
    pub channel: String,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub before: String,
    pub limit: Option<u32>,
}

impl MessagesQuery {
    /// The filter and the place, or which word is none.
    pub(crate) fn read(&self) -> Result<(MessageFilter, Option<MessageCursor>), Problem> {
        let known = |word: &str, name: &str, is: bool| {
            if word.is_empty() {
                Ok(None)
            } else if is {
                Ok(Some(word.to_owned()))
            } else {
                Err(Problem::bad(
                    "no_such_word",
                    format!("There is no such {name}."),
                ))
            }
        };
        let filter = MessageFilter {
            customer: (!self.customer.is_empty()).then(|| id_of(&self.customer)),
            channel: known(
                &self.channel,
                "channel",
                self.channel.parse::<Channel>().is_ok(),
            )?,
            status: known(&self.status, "status", STATUSES.contains(&&*self.status))?,
            reason: known(
                &self.reason,
                "reason",
                self.reason.parse::<Reason>().is_ok(),
            )?,
        };
        let before = match &*self.before {
            "" => None,
            text => Some(text.parse().map_err(|()| {
                Problem::bad(
                    "bad_cursor",
                    "`before` is not what a page before gave as `next`.",
                )
            })?),
        };
        Ok((filter, before))
    }
}

/// A customer's id from their key, or as it is.
fn id_of(name: &str) -> CustomerId {
    Uuid::try_parse(name).map_or_else(|_| CustomerId::of(name), CustomerId)
}

async fn messages(
    Shared(state): Shared<State>,
    query: Result<Query<MessagesQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = checked(query)?;
    let (filter, before) = query.read()?;
    let limit = query.limit.unwrap_or(PAGE);
    Ok(Json(state.reader.messages(&filter, before, limit).await?).into_response())
}

#[derive(Deserialize)]
pub(crate) struct OfQuery {
    /// The customer's id: makes the look-up quick on any table.
    pub of: Option<Uuid>,
    /// The language of the explanation.
    pub lang: Option<String>,
}

async fn message(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    query: Result<Query<OfQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let of = checked(query)?.of.map(CustomerId);
    let id = Uuid::try_parse(&id).map_err(|_| no_such("message"))?;
    match state.reader.message(MessageId(id), of).await? {
        Some(message) => Ok(Json(message).into_response()),
        None => Err(no_such("message")),
    }
}

#[derive(Deserialize)]
struct WhyQuery {
    of: Option<Uuid>,
    lang: Option<String>,
}

/// The language that is asked for: `lang`, else what the browser likes best, else English.
pub(crate) fn language(lang: Option<&str>, headers: &HeaderMap) -> Language {
    let header = || headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok();
    lang.and_then(Language::of)
        .or_else(|| Language::accepted(header()?))
        .unwrap_or_default()
}

async fn why(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query<WhyQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = checked(query)?;
    let id = Uuid::try_parse(&id).map_err(|_| no_such("message"))?;
    let of = query.of.map(CustomerId);
    let found = state.reader.message(MessageId(id), of).await?;
    let message = found.ok_or_else(|| no_such("message"))?;
    let language = language(query.lang.as_deref(), &headers);
    Ok(Json(state.reader.why(&message, language).await?).into_response())
}

async fn why_journey(
    Shared(state): Shared<State>,
    Path((key, journey)): Path<(String, String)>,
    headers: HeaderMap,
    query: Result<Query<WhyQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let query = checked(query)?;
    let customer = found(&state, &key).await?;
    let language = language(query.lang.as_deref(), &headers);
    let why = state.reader.why_journey(&customer, &journey, language);
    let why = why.await?.ok_or_else(|| no_such("journey"))?;
    Ok(Json(why).into_response())
}

async fn summary(Shared(state): Shared<State>) -> Result<Response, Problem> {
    Ok(Json(state.reader.summary().await?).into_response())
}

async fn found(state: &State, key: &str) -> Result<CustomerView, Problem> {
    let found = state.reader.customer(key).await?;
    found.ok_or_else(|| no_such("customer"))
}

pub(crate) fn no_such(what: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("There is no such {what}."),
    )
}

pub(crate) fn checked<T>(
    query: Result<Query<T>, axum::extract::rejection::QueryRejection>,
) -> Result<T, Problem> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(error) => Err(Problem::bad("bad_query", error.body_text())),
    }
}
