//! All that is held on the customer, to read and to take away; and having it erased.

use askama::Template;
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State as Shared},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use journey::{
    explain::Language,
    links::{Link, LinkKind},
};
use serde::Deserialize;

use super::{Frame, Gone, Guest, Page, Told, agreed, answered, guest, html, preferences};
use crate::{
    State,
    rights::{STYLED, export_page},
};

#[derive(Deserialize)]
pub(super) struct Asked {
    format: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/erase.html")]
struct Ask<'g> {
    frame: Frame<'g>,
}

/// As a file for programs (GDPR art. 20), or as a page (art. 15).
pub(super) async fn data(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    asked: Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let page = held(
        &state,
        &word,
        &headers,
        asked.format.as_deref() == Some("html"),
    )
    .await;
    answered(&state, &headers, page)
}

async fn held(state: &State, word: &str, headers: &HeaderMap, page: bool) -> Page {
    let guest = preferences::own(state, word, headers).await?;
    let export = state
        .reader
        .export(&guest.customer.row.key, state.now())
        .await?;
    let export = export.ok_or(Gone::Link)?;
    let policy = HeaderValue::from_static(STYLED);
    let language = Language::of(guest.words.code).unwrap_or_default();
    Ok(if page {
        (
            [(header::CONTENT_SECURITY_POLICY, policy)],
            Html(export_page(&export, language)?),
        )
            .into_response()
    } else {
        let file = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
        ([(header::CONTENT_DISPOSITION, file)], Json(&export)).into_response()
    })
}

/// The way from the choices to having everything erased, good for an hour.
pub(super) fn way(state: &State, guest: &Guest) -> String {
    let link = Link::new(
        LinkKind::Erase,
        guest.link.customer,
        guest.link.message,
        state.now(),
    );
    format!("/e/{}", guest.pages.key.sign(&link))
}

pub(super) async fn ask(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
) -> Response {
    let page = question(&state, &word, &headers).await;
    answered(&state, &headers, page)
}

async fn question(state: &State, word: &str, headers: &HeaderMap) -> Page {
    let guest = erasing(state, word, headers).await?;
    html(&Ask {
        frame: guest.frame(),
    })
}

async fn erasing(state: &State, word: &str, headers: &HeaderMap) -> Result<Guest, Gone> {
    let guest = guest(state, word, headers).await?;
    match guest.link.kind {
        LinkKind::Erase => Ok(guest),
        _ => Err(Gone::Link),
    }
}

pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let page = erased(&state, &word, &headers, body).await;
    answered(&state, &headers, page)
}

async fn erased(state: &State, word: &str, headers: &HeaderMap, body: Body) -> Page {
    let guest = erasing(state, word, headers).await?;
    agreed(headers, body).await?;
    let gone = (state.erase)(guest.link.customer, state.now()).await;
    gone.map_err(|error| {
        tracing::error!(%error, "a customer asked to be erased, and was not");
        Gone::Busy
    })?;
    html(&Told {
        frame: guest.frame(),
        title: guest.words.erased.to_owned(),
        text: guest.words.erased_text.to_owned(),
        next: None,
    })
}
