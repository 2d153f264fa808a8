//! How the system does, for operators: as JSON here, as a page in [`crate::console`]. What is said is the same for both,
//! and the same whichever process is asked: the engines write what they see into the database.

mod providers;
pub(crate) mod samples;
pub(crate) mod troubles;
pub(crate) mod view;

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State as Shared, routing::get};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::{EngineRow, read::DatabaseView};

pub(crate) use self::{providers::ProviderView, troubles::Trouble, view::View};
use crate::{Readiness, State};

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/operations", get(operations))
        .route("/v1/operations/samples", get(samples::samples))
}

/// How the system does.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Operations {
    /// When it was looked at.
    at: Timestamp,
    /// Whether there is nothing that somebody should look at.
    well: bool,
    /// What there is, the most urgent first; in the language that is asked for (`lang`, `Accept-Language`).
    troubles: Vec<Trouble>,
    /// The parts of the process that answers, as `/readyz` says them.
    parts: Vec<Readiness>,
    /// The processes that run, or were seen within the last hour; `null`: the database does not answer.
    engines: Option<Vec<Engine>>,
    /// The providers of all processes that run.
    providers: Vec<ProviderView>,
    /// The newest values, by name; of each the largest that a process has seen.
    values: BTreeMap<String, f64>,
    /// The database; `null`: it does not answer.
    database: Option<DatabaseView>,
}

/// One process.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EngineProcess")]
struct Engine {
    /// Whether it was not seen for a minute: it died, or cannot reach the database.
    missing: bool,
    #[serde(flatten)]
    row: EngineRow,
}

async fn operations(Shared(state): Shared<State>) -> Json<Operations> {
    let view = view::look(&state).await;
    let troubles = troubles::of(&view);
    let engine = |row: &EngineRow| Engine {
        missing: view.is_missing(row),
        row: row.clone(),
    };
    let kept = view.kept.as_ref();
    Json(Operations {
        at: view.at,
        well: troubles.is_empty(),
        engines: kept.map(|kept| kept.engines.iter().map(engine).collect()),
        providers: providers::of(&view),
        values: view.values(),
        database: kept.and_then(|kept| kept.database.clone()),
        parts: view.parts,
        troubles,
    })
}

/// As [`providers::of`].
pub(crate) fn providers(view: &View) -> Vec<ProviderView> {
    providers::of(view)
}
