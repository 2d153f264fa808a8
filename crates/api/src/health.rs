//! Whether the process lives, and whether it can work.

use axum::{Json, Router, extract::State as Shared, http::StatusCode, routing::get};
use serde::Serialize;

use crate::State;

/// Whether one part can work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Which: `broker`, `dispatch`.
    pub part: &'static str,
    /// Whether it can.
    pub ready: bool,
    /// What is missing, without addresses or secrets; empty if nothing is.
    pub detail: String,
}

#[derive(Serialize)]
struct Report {
    ready: bool,
    parts: Vec<Readiness>,
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

async fn ready(Shared(state): Shared<State>) -> (StatusCode, Json<Report>) {
    let database = state.reader.ping().await;
    let mut parts = vec![Readiness {
        part: "database",
        ready: database.is_ok(),
        detail: database.map_or_else(|e| e.to_string(), |()| String::new()),
    }];
    parts.extend((state.ready)());
    let ready = parts.iter().all(|p| p.ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Report { ready, parts }))
}
