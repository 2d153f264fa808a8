//! What an operator's tools ask: whether the process lives, whether it can work, and what happened, in numbers.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State as Shared,
    http::{StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{BoxFuture, State, console};

/// Whether one part can work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Readiness {
    /// Which: `database`, `schema`, `workspace`, `broker`, or a loop, such as `dispatch`.
    pub part: &'static str,
    /// Whether it can.
    pub ready: bool,
    /// What is missing, without addresses or secrets; empty if nothing is.
    pub detail: String,
    /// Since when it has been as it is, as far as this process has seen; left out where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Readiness {
    /// A part that can work, unless something is missing.
    pub fn of(part: &'static str, missing: Option<String>) -> Self {
        Self {
            part,
            ready: missing.is_none(),
            detail: missing.unwrap_or_default(),
            since: None,
        }
    }

    /// The same, known to be so since then.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self {
            since: Some(since),
            ..self
        }
    }
}

/// Looks at every part.
pub type Looks = dyn Fn() -> BoxFuture<'static, Vec<Readiness>> + Send + Sync;

/// Metrics as text, and the media type of it.
pub type Numbers = dyn Fn() -> BoxFuture<'static, (String, &'static str)> + Send + Sync;

/// What is answered to an operator's tools. Cloning is cheap.
#[derive(Clone)]
pub struct Ops {
    /// Looks at every part.
    pub ready: Arc<Looks>,
    /// What happened, in numbers; `None`: not at this address.
    pub metrics: Option<Arc<Numbers>>,
}

/// Whether the process can work.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReadinessReport")]
pub(crate) struct Report {
    /// Whether every part can.
    ready: bool,
    /// Each part.
    parts: Vec<Readiness>,
}

/// `/healthz`, `/readyz` and `/metrics` alone: for a process without HTTP of its own, or an address that only an
/// operator's tools reach.
pub fn ops_router(ops: Ops) -> Router {
    paths(&ops)
        .layer(middleware::map_response(console::guarded))
        .with_state(ops)
}

/// The same beside everything else.
pub(crate) fn routes(ops: &Ops) -> Router<State> {
    paths(ops).with_state(ops.clone())
}

fn paths(ops: &Ops) -> Router<Ops> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    match ops.metrics {
        Some(_) => router.route("/metrics", get(metrics)),
        None => router,
    }
}

async fn ready(Shared(ops): Shared<Ops>) -> (StatusCode, Json<Report>) {
    let parts = (ops.ready)().await;
    let ready = parts.iter().all(|p| p.ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Report { ready, parts }))
}

async fn metrics(Shared(ops): Shared<Ops>) -> impl IntoResponse {
    let (text, kind) = match ops.metrics {
        Some(metrics) => metrics().await,
        None => (String::new(), "text/plain"),
    };
    ([(header::CONTENT_TYPE, kind)], text)
}
