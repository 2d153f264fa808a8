//! One customer and one journey: why they are in it, left it, or did not enter.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State as Shared, rejection::QueryRejection};
use journey::{explain::Explanation, ids::CustomerId};
use serde::Deserialize;

use super::{Frame, Page, PageError, customers, html};
use crate::{State, access::mask, i18n};

#[derive(Deserialize)]
pub(super) struct Asked {
    name: String,
}

#[derive(Template)]
#[template(path = "journey.html")]
struct JourneyPage {
    frame: Frame,
    customer: CustomerId,
    name: String,
    journey: Arc<str>,
    title: Arc<str>,
    explanations: Vec<Explanation>,
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|_| PageError::unreadable())?;
    let view = state.reader.customer(&key).await?;
    let view = view.ok_or(PageError::NotFound("customer"))?;
    let why = state
        .reader
        .why_journey(&view, &asked.name, i18n::language());
    let mut why = why.await?.ok_or(PageError::NotFound("journey"))?;
    let quoted = mask::quoted_of(&view, state.now());
    for told in &mut why.explanations {
        mask::explanation(told, quoted.as_ref());
    }
    let mut view = view;
    mask::view(&mut view, state.now());
    let name = customers::name(&view.row.traits);
    html(&JourneyPage {
        frame: Frame::new(&state, "customers"),
        customer: view.row.id,
        name: if name.is_empty() {
            view.row.key.to_string()
        } else {
            name
        },
        journey: why.journey,
        title: why.title,
        explanations: why.explanations,
    })
}
