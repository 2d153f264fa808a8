//! The rights of a customer: all that is held on them, and its erasure.

mod page;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use journey::ids::CustomerId;
use serde::{Deserialize, Serialize};
use store::read::Export;

use crate::{
    State, i18n,
    intake::authorised,
    problem::Problem,
    support::{checked, no_such},
};

pub use page::export_page;

/// The page has a sheet of its own, so that it is the same when it is kept as a file.
pub(crate) const STYLED: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Why nobody was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotErased {
    /// No secret is set to hash what is erased with.
    #[error("no secret is set")]
    NoSecret,
    /// Others were in the way, or the database is away.
    #[error("the database is busy or away")]
    Busy,
    /// A fault of ours, which was logged.
    #[error("a fault of ours")]
    Fault,
}

impl From<NotErased> for Problem {
    fn from(error: NotErased) -> Self {
        match error {
            NotErased::NoSecret => Self::new(
                StatusCode::CONFLICT,
                "no_privacy_secret",
                "Nothing was erased: set PARCOURS_PRIVACY_SECRET, under which what is erased is hashed, so that \
                 an import does not write to it again.",
            ),
            NotErased::Busy => {
                Self::unavailable("Nothing was erased: the database is busy or away.")
            }
            NotErased::Fault => Self::fault(),
        }
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/customers/{key}/export", get(export))
        .route("/v1/customers/{key}", axum::routing::delete(erase))
}

#[derive(Deserialize)]
struct Asked {
    format: Option<String>,
}

async fn export(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let page = wants_page(checked(query)?.format.as_deref(), &headers)?;
    let export = state.reader.export(&key, state.now()).await?;
    let export = export.ok_or_else(|| no_such("customer"))?;
    if !page {
        return Ok(named(Json(&export).into_response(), &export, "json"));
    }
    let html = export_page(&export, i18n::language()).map_err(|error| {
        tracing::error!(%error, "an export could not be rendered");
        Problem::fault()
    })?;
    let mut response = Html(html).into_response();
    let policy = HeaderValue::from_static(STYLED);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The word in the query, else what is accepted first of the two.
fn wants_page(format: Option<&str>, headers: &HeaderMap) -> Result<bool, Problem> {
    match format {
        Some("html") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::bad(
            "no_such_word",
            "`format` is `json` or `html`.",
        )),
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
            let accept = accept.unwrap_or_default();
            let place = |kind| accept.find(kind).unwrap_or(usize::MAX);
            Ok(place("text/html") < place("application/json"))
        }
    }
}

/// Offered as a file of that name: the id, for a key may be anything.
fn named(mut response: Response, export: &Export, kind: &str) -> Response {
    let name = format!("attachment; filename=\"{}.{kind}\"", export.customer.id);
    if let Ok(name) = HeaderValue::from_str(&name) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

#[derive(Serialize)]
struct Gone {
    erased: bool,
    /// How many rows of each table.
    rows: BTreeMap<String, u64>,
}

async fn erase(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Gone>, Problem> {
    authorised(&state, &headers)?;
    let id = state.reader.customer_id(&key).await?;
    // What is left of somebody without a profile is found by their key all the same.
    let id = id.unwrap_or_else(|| CustomerId::of(&key));
    let rows = (state.erase)(id, state.now()).await?;
    let rows = rows.ok_or_else(|| no_such("customer"))?;
    Ok(Json(Gone { erased: true, rows }))
}
