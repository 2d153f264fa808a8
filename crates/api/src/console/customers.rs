//! The list of customers, and the search.

use askama::Template;
use axum::{
    extract::{Query, State as Shared, rejection::QueryRejection},
    response::{IntoResponse, Redirect},
};
use journey::{ids::CustomerId, value::Map};
use serde::Deserialize;
use store::read::CustomerRow;
use uuid::Uuid;

use super::{Frame, Page, PageError, html, words, words::When};
use crate::{State, access::mask, support::PAGE};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    after: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "customers.html")]
struct Customers {
    frame: Frame,
    q: String,
    /// The search gave up before it had seen everybody.
    incomplete: bool,
    rows: Vec<Row>,
    next: Option<CustomerId>,
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
    if q.is_empty() {
        let after = asked.after.map(CustomerId);
        let mut page = state.reader.customers(after, PAGE).await?;
        for row in &mut page.customers {
            mask::row(row, state.now());
        }
        return html(&Customers {
            frame: Frame::new(&state, "customers"),
            q,
            incomplete: false,
            rows: page.customers.iter().map(row).collect(),
            next: page.next,
            first: after.is_none(),
        });
    }
    let mut found = state.reader.find(&q).await?;
    for row in &mut found.customers {
        mask::row(row, state.now());
    }
    if let ([only], true) = (found.customers.as_slice(), found.complete) {
        return Ok(Redirect::to(&format!("/customers/{}", only.id)).into_response());
    }
    html(&Customers {
        frame: Frame::new(&state, "customers"),
        q,
        incomplete: !found.complete,
        rows: found.customers.iter().map(row).collect(),
        next: None,
        first: true,
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
