//! The list of customers, and the search.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Query, State as Shared, rejection::QueryRejection},
    response::{IntoResponse, Redirect},
};
use journey::{ids::CustomerId, value::Map};
use serde::Deserialize;
use store::read::{CustomerRow, FoundCustomer, Matched, RunRow, RunStatus};

use super::{Frame, Page, PageError, html, place, words, words::When};
use crate::{
    State,
    access::mask,
    i18n,
    page::{Cursor, PAGE},
};

/// The most runs that a line shows.
const RUNS: usize = 3;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    cursor: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "customers.html")]
struct Customers {
    frame: Frame,
    q: String,
    /// There are others that match.
    incomplete: bool,
    /// Whether beginnings find nobody for who asks.
    whole: bool,
    rows: Vec<Row>,
    next: Option<Cursor>,
    first: bool,
}

struct Row {
    id: CustomerId,
    key: String,
    name: String,
    email: String,
    phone: String,
    seen: When,
    /// Whom they were merged into, if they were.
    merged: Option<CustomerId>,
    /// By what a search found them.
    matched: Option<&'static str>,
    runs: Vec<Stands>,
    /// How many runs are not shown, in words; may be empty.
    more: String,
}

/// Where a customer is in a journey.
struct Stands {
    journey: String,
    step: String,
    paused: bool,
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let q = asked.q.trim().to_owned();
    if q.is_empty() {
        return listed(&state, place(asked.cursor.as_ref())?.map(CustomerId)).await;
    }
    let depth = mask::depth();
    let mut found = state.reader.find(&q, depth).await?;
    if let ([only], true) = (found.customers.as_slice(), found.complete) {
        return Ok(Redirect::to(&format!("/customers/{}", only.row.id)).into_response());
    }
    mask::found(&mut found, state.now());
    let rows = found.customers.iter().map(|found| Row {
        matched: Some(matched(found)),
        ..row(&found.row)
    });
    html(&Customers {
        rows: inside(&state, rows.collect()).await?,
        frame: Frame::new(&state, "customers"),
        q,
        incomplete: !found.complete,
        whole: depth == store::read::Depth::Whole,
        next: None,
        first: true,
    })
}

/// All of them, page by page.
async fn listed(state: &State, after: Option<CustomerId>) -> Page {
    let mut page = state.reader.customers(after, PAGE).await?;
    for row in &mut page.customers {
        mask::row(row, state.now());
    }
    let rows = page.customers.iter().map(row).collect();
    html(&Customers {
        rows: inside(state, rows).await?,
        frame: Frame::new(state, "customers"),
        q: String::new(),
        incomplete: false,
        whole: mask::depth() == store::read::Depth::Whole,
        next: page.next.map(Cursor::of),
        first: after.is_none(),
    })
}

/// With the journeys that they are in.
async fn inside(state: &State, mut rows: Vec<Row>) -> Result<Vec<Row>, PageError> {
    let ids: Vec<CustomerId> = rows.iter().map(|row| row.id).collect();
    let mut inside: BTreeMap<CustomerId, Vec<RunRow>> = state.reader.inside(&ids).await?;
    for row in &mut rows {
        let runs = inside.remove(&row.id).unwrap_or_default();
        if let Some(more) = runs.len().checked_sub(RUNS).filter(|n| *n > 0) {
            row.more = i18n::fill("and {0} more", &[&more]);
        }
        row.runs = runs.iter().take(RUNS).map(stands).collect();
    }
    Ok(rows)
}

fn stands(run: &RunRow) -> Stands {
    Stands {
        journey: run.journey.to_string(),
        step: run.step.as_deref().unwrap_or_default().to_owned(),
        paused: run.status == RunStatus::Paused,
    }
}

fn matched(found: &FoundCustomer) -> &'static str {
    match (found.matched, found.exact) {
        (Matched::Id, _) => i18n::say("The id"),
        (Matched::Key, true) => i18n::say("The key"),
        (Matched::Key, false) => i18n::say("The key begins so"),
        (Matched::Email, true) => i18n::say("The e-mail address"),
        (Matched::Email, false) => i18n::say("The e-mail address begins so"),
        (Matched::Phone, _) => i18n::say("The phone number"),
        (Matched::Chat, _) => i18n::say("The chat id"),
        (Matched::Device, true) => i18n::say("A device"),
        (Matched::Device, false) => i18n::say("A device begins so"),
        (Matched::Name, true) => i18n::say("The name"),
        (Matched::Name, false) => i18n::say("Words of the name"),
    }
}

fn row(customer: &CustomerRow) -> Row {
    let text = |name| {
        customer
            .traits
            .get(name)
            .map(words::value)
            .unwrap_or_default()
    };
    Row {
        id: customer.id,
        key: customer.key.to_string(),
        name: name(&customer.traits),
        email: text("email"),
        phone: text("phone"),
        seen: When(customer.seen_at),
        merged: customer.merged_into,
        matched: None,
        runs: Vec::new(),
        more: String::new(),
    }
}

/// What to call the customer: their name if it is known; may be empty.
pub(super) fn name(traits: &Map) -> String {
    let text = |name| traits.get(name).and_then(|v| v.as_text());
    if let Some(name) = text("name") {
        return name.to_owned();
    }
    let first = text("first_name").or_else(|| text("firstName"));
    let last = text("last_name").or_else(|| text("lastName"));
    let parts: Vec<&str> = first.into_iter().chain(last).collect();
    parts.join(" ")
}
