//! Support's questions, answered as JSON.

pub(crate) mod lists;

use axum::{
    Json, Router,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use journey::{
    explain::{Explanation, Language, Tongue},
    ids::{CustomerId, InputId, MessageId, RunId},
    trace::{Fact, Line},
    value::Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::read::{
    CustomerRow, CustomerView, ExpectedEntry, InputName, JourneyWhy, Matched, MessageRow,
    MessageView, Runs, Show, Slowed, Summary, TimelineEntry, TimelineFilter,
};
use uuid::Uuid;

use crate::{
    State,
    access::mask,
    etag::Tagged,
    extract::{Path, Query},
    page::{Cursor, Limit},
    problem::Problem,
};

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/customers", get(customers))
        .route("/v1/customers/{key}", get(customer))
        .route("/v1/customers/{key}/timeline", get(timeline))
        .route(
            "/v1/customers/{key}/journeys/{journey}/why",
            get(why_journey),
        )
        .route("/v1/messages", get(lists::messages))
        .route("/v1/messages/funnel", get(lists::funnel))
        .route("/v1/messages/{id}", get(message))
        .route("/v1/messages/{id}/why", get(why))
        .route("/v1/runs", get(lists::runs))
        .route("/v1/summary", get(summary))
}

/// What may be asked of a list that has no filter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Where the page begins: the `next` of the page before.
    pub(crate) cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    pub(crate) limit: Limit,
}

/// What may be asked of the list of customers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersQuery {
    /// Only those whom this finds: a key, an id, an e-mail address, a telephone number as it is written, a chat id, a push token or a
    /// name, or the beginning of one; and whom they turned out to be where they were merged. Who lacks `customers:reveal` gives
    /// addresses and names whole.
    q: Option<String>,
    /// Where the page begins: the `next` of the page before.
    cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    limit: Limit,
}

async fn customers(
    Shared(state): Shared<State>,
    Query(asked): Query<CustomersQuery>,
) -> Result<Json<CustomersPage>, Problem> {
    let after = asked.cursor.map(|c| c.read()).transpose()?.map(CustomerId);
    if let Some(q) = &asked.q {
        let mut found = state.reader.find(q, mask::depth()).await?;
        mask::found(&mut found, state.now());
        let items = found.customers.into_iter().map(|found| ListedCustomer {
            row: found.row,
            matched: Some(found.matched),
            exact: Some(found.exact),
        });
        return Ok(Json(CustomersPage {
            items: items.collect(),
            next: None,
            complete: found.complete,
        }));
    }
    let mut page = state.reader.customers(after, asked.limit.0).await?;
    for row in &mut page.customers {
        mask::row(row, state.now());
    }
    let items = page.customers.into_iter().map(|row| ListedCustomer {
        row,
        matched: None,
        exact: None,
    });
    Ok(Json(CustomersPage {
        items: items.collect(),
        next: page.next.map(Cursor::of),
        complete: true,
    }))
}

/// One page of customers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CustomersPage {
    /// In order of id; of a search, the best first.
    items: Vec<ListedCustomer>,
    /// The `cursor` of the next page; null: this is the last. A search has one page, of at most 20.
    next: Option<Cursor>,
    /// Of a search, whether they are all. If not, more of what is sought finds who is missing.
    complete: bool,
}

/// A customer, and by what they were found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListedCustomer {
    #[serde(flatten)]
    row: CustomerRow,
    /// By what a search found them.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<Matched>,
    /// Whether that is what was sought, and not only begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<bool>,
}

/// One customer, whole.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Customer {
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
) -> Result<Tagged<Customer>, Problem> {
    let customer = shown(&state, &key, &headers).await?;
    customer.map(Tagged).ok_or_else(|| no_such("customer"))
}

/// A customer as who asks is shown them; what their `ETag` is made of.
pub(crate) async fn shown(
    state: &State,
    key: &str,
    headers: &HeaderMap,
) -> Result<Option<Customer>, Problem> {
    let Some(mut view) = state.reader.customer(key).await? else {
        return Ok(None);
    };
    let mut runs = state.reader.runs(view.row.id).await?;
    let expected = state.reader.expected(&view.ledger).await?;
    let language = language(None, headers);
    let slowed = state.reader.slowed(&view, language, state.now()).await?;
    mask::runs(&mut runs, &view, state.now());
    mask::view(&mut view, state.now());
    Ok(Some(Customer {
        view,
        runs,
        expected,
        slowed,
    }))
}

/// What may be asked of a timeline.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineQuery {
    /// The language of the sentences; else what `Accept-Language` likes best, else English.
    lang: Option<Language>,
    /// What alone is wanted; everything unless it is said.
    #[serde(default)]
    show: Show,
    /// Only that on which something was decided for this journey.
    journey: Option<String>,
    /// Where the page begins: the `next` of the page before.
    cursor: Option<Cursor>,
    /// How many items it has at the most.
    #[serde(default)]
    limit: Limit,
}

/// A page of a customer's timeline.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Timeline {
    /// What happened, the newest first.
    items: Vec<Entry>,
    /// The messages that the items decided or tell of, as they stand now.
    messages: Vec<MessageRow>,
    /// The `cursor` of the next page; null: this is the last.
    next: Option<Cursor>,
}

/// One thing that happened to a customer, and what was decided on it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TimelineEntry")]
pub(crate) struct Entry {
    /// Which input.
    id: InputId,
    /// Its place in the recorded order.
    seq: i64,
    /// Its own clock.
    at: jiff::Timestamp,
    /// What kind it was.
    kind: InputName,
    /// The event's name; else its kind.
    name: std::sync::Arc<str>,
    /// The event as it was accepted, or the receipt; null for a timer.
    body: Value,
    /// What was decided and why, in order. Empty: nobody listened.
    facts: Vec<Said>,
    /// The body or the facts are of another version, and left out here.
    unreadable: bool,
}

/// A fact, with the sentence that says it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SaidFact")]
struct Said {
    /// The journey, if it is about one.
    journey: Option<std::sync::Arc<str>>,
    /// The run, if it is about one.
    run: Option<RunId>,
    /// The step's id, if it is about one.
    step: Option<std::sync::Arc<str>>,
    /// In words.
    sentence: String,
    /// As data.
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
    pub(crate) fn of(entry: TimelineEntry, tongue: &Tongue) -> Self {
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
    Query(asked): Query<TimelineQuery>,
) -> Result<Json<Timeline>, Problem> {
    let before = asked.cursor.map(|c| c.read()).transpose()?;
    let customer = found(&state, &key).await?;
    let filter = TimelineFilter {
        show: asked.show,
        journey: asked.journey,
    };
    let page = state
        .reader
        .timeline_of(customer.row.id, &filter, before, asked.limit.0);
    let mut page = page.await?;
    let language = language(asked.lang, &headers);
    let tongue = state.reader.tongue(&customer, language).await?;
    mask::entries(&mut page.entries, &customer, state.now());
    let entries = page.entries.into_iter();
    let mut messages: Vec<_> = page.messages.into_values().collect();
    mask::messages(&mut messages, state.now());
    Ok(Json(Timeline {
        items: entries.map(|entry| Entry::of(entry, &tongue)).collect(),
        messages,
        next: page.next.map(Cursor::of),
    }))
}

/// Whose message it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfQuery {
    /// The customer's id: makes the look-up quick on any table.
    of: Option<Uuid>,
}

async fn message(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
    Query(asked): Query<OfQuery>,
) -> Result<Tagged<MessageView>, Problem> {
    let of = asked.of.map(CustomerId);
    let found = state.reader.message(MessageId(id), of).await?;
    let mut message = found.ok_or_else(|| no_such("message"))?;
    let now = state.now();
    let quoted = mask::quoted(&state, message.row.customer, now).await?;
    mask::message(&mut message, quoted.as_ref(), now);
    Ok(Tagged(message))
}

/// Whose message it is, and how it is explained.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhyQuery {
    /// The customer's id: makes the look-up quick on any table.
    of: Option<Uuid>,
    /// The language of the explanation; else what `Accept-Language` likes best, else English.
    lang: Option<Language>,
}

/// In which language something is explained.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanguageQuery {
    /// The language of the explanation; else what `Accept-Language` likes best, else English.
    pub(crate) lang: Option<Language>,
}

/// The language that is asked for: `lang`, else what the browser likes best, else English.
pub(crate) fn language(lang: Option<Language>, headers: &HeaderMap) -> Language {
    let header = || headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok();
    lang.or_else(|| Language::accepted(header()?))
        .unwrap_or_default()
}

async fn why(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Query(asked): Query<WhyQuery>,
) -> Result<Json<Explanation>, Problem> {
    let of = asked.of.map(CustomerId);
    let found = state.reader.message(MessageId(id), of).await?;
    let message = found.ok_or_else(|| no_such("message"))?;
    let language = language(asked.lang, &headers);
    let mut why = state.reader.why(&message, language).await?;
    let quoted = mask::quoted(&state, message.row.customer, state.now()).await?;
    mask::explanation(&mut why, quoted.as_ref());
    Ok(Json(why))
}

async fn why_journey(
    Shared(state): Shared<State>,
    Path((key, journey)): Path<(String, String)>,
    headers: HeaderMap,
    Query(asked): Query<LanguageQuery>,
) -> Result<Json<JourneyWhy>, Problem> {
    let customer = found(&state, &key).await?;
    let language = language(asked.lang, &headers);
    let why = state.reader.why_journey(&customer, &journey, language);
    let mut why = why.await?.ok_or_else(|| no_such("journey"))?;
    let quoted = mask::quoted_of(&customer, state.now());
    for told in &mut why.explanations {
        mask::explanation(told, quoted.as_ref());
    }
    Ok(Json(why))
}

async fn summary(Shared(state): Shared<State>) -> Result<Json<std::sync::Arc<Summary>>, Problem> {
    Ok(Json(state.reader.summary().await?))
}

pub(crate) async fn found(state: &State, key: &str) -> Result<CustomerView, Problem> {
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
