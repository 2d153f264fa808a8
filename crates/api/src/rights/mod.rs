//! The rights of a customer: all that is held on them, and its erasure.

mod page;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State as Shared,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use journey::ids::CustomerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::read::Export;

use crate::{
    State,
    etag::still,
    extract::{Path, Query},
    i18n,
    intake::authorised,
    problem::Problem,
    support::{no_such, shown},
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

/// In which form something is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// Data, or a page to read; else what `Accept` names first of the two, else data.
    format: Option<ExportFormat>,
}

/// See [`ExportQuery`].
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExportFormat {
    /// Data.
    Json,
    /// A page to read.
    Html,
}

async fn export(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Query(asked): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let page = wants_page(asked.format, &headers);
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
fn wants_page(format: Option<ExportFormat>, headers: &HeaderMap) -> bool {
    if let Some(format) = format {
        return format == ExportFormat::Html;
    }
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let accept = accept.unwrap_or_default();
    let place = |kind| accept.find(kind).unwrap_or(usize::MAX);
    place("text/html") < place("application/json")
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

/// That a customer is erased.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Erased {
    /// Always true.
    erased: bool,
    /// How many rows of each table were taken away.
    rows: BTreeMap<String, u64>,
}

async fn erase(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Erased>, Problem> {
    authorised(&state, &headers)?;
    if headers.contains_key(header::IF_MATCH) {
        still(&headers, &shown(&state, &key, &headers).await?)?;
    }
    let id = state.reader.customer_id(&key).await?;
    // What is left of somebody without a profile is found by their key all the same.
    let id = id.unwrap_or_else(|| CustomerId::of(&key));
    let rows = (state.erase)(id, state.now()).await?;
    let rows = rows.ok_or_else(|| no_such("customer"))?;
    Ok(Json(Erased { erased: true, rows }))
}
