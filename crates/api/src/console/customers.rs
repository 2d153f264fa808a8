//! The list of customers, and the search.

use askama::Template;
use axum::{
    extract::{Query, State as Shared, rejection::QueryRejection},
    response::{IntoResponse, Redirect},
};
use journey::{ids::CustomerId, value::Map};
use serde::Deserialize;
use store::read::CustomerRow;

use super::{Frame, Page, PageError, html, place, words, words::When};
use crate::{
    State,
    access::mask,
    page::{Cursor, PAGE},
};

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
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let q = asked.q.trim().to_owned();
    let after = place(asked.cursor.as_ref())?.map(CustomerId);
    let mut page = match q.is_empty() {
        true => state.reader.customers(after, PAGE).await?,
        false => state.reader.find(&q, after, PAGE).await?,
    };
    for row in &mut page.customers {
        mask::row(row, state.now());
    }
    let first = after.is_none();
    if let ([only], false, true) = (page.customers.as_slice(), q.is_empty(), first) {
        return Ok(Redirect::to(&format!("/customers/{}", only.id)).into_response());
    }
    html(&Customers {
        frame: Frame::new(&state, "customers"),
        q,
        rows: page.customers.iter().map(row).collect(),
        next: page.next.map(Cursor::of),
        first,
    })
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
    }
}

/// What to call the customer: their name if it is known; may be empty.
pub(super) fn name(traits: &Map) -> String {
    let text = |name| traits.get(name).and_then(|v| v.as_text());
    if let Some(name) = text("name") {
        return name.to_owned();
    }
    let parts: Vec<&str> = ["first_name", "last_name"]
        .into_iter()
        .filter_map(text)
        .collect();
    parts.join(" ")
}
