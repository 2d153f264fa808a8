//! Journeys as JSON: how they do, what their versions differ in, what their tests say; a simulation; pausing.

use axum::{
    Extension, Json, Router,
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use jiff::{Timestamp, civil::Date};
use journey::{
    plan::{Diff, unpublished},
    testing::show::{self, Look},
};
use serde::{Deserialize, Serialize};
use store::{
    Paused,
    read::{Fallen, Flow, JourneyRow, Reader},
};

use crate::{
    NotPaused, State,
    problem::{Problem, RefusedItem},
    support::{checked, no_such},
    trial::{Asked, Bench, NotTried, TestsTold},
};

/// The longest reason for a pause, in characters.
pub(crate) const LONGEST_REASON: usize = 500;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/journeys", get(journeys))
        .route("/v1/journeys/{name}", get(journey))
        .route("/v1/journeys/{name}/versions/{pair}", get(versions))
        .route("/v1/journeys/{name}/tests", get(tests))
        .route("/v1/journeys/{name}/simulate", post(simulate))
        .route("/v1/journeys/{name}/pause", post(pause))
        .route("/v1/journeys/{name}/resume", post(resume))
}

/// The journeys that are published.
#[derive(Serialize)]
struct Journeys {
    /// In order of name.
    journeys: Vec<JourneyRow>,
}

async fn journeys(Shared(state): Shared<State>) -> Result<Json<Journeys>, Problem> {
    let journeys = state.reader.published().await?;
    Ok(Json(Journeys { journeys }))
}

/// Over which days something is counted.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RangeQuery {
    /// `7`, `30` or `90` days, today among them; `all`, or nothing: from the first on.
    #[serde(default)]
    pub(crate) days: String,
}

impl RangeQuery {
    /// The first day that counts; `None`: all do.
    pub(crate) fn since(&self, now: Timestamp) -> Result<Option<Date>, Problem> {
        let days: i64 = match &*self.days {
            "" | "all" => return Ok(None),
            "7" => 7,
            "30" => 30,
            "90" => 90,
            _ => {
                let detail = "`days` is 7, 30, 90 or all.";
                return Err(Problem::bad("no_such_word", detail));
            }
        };
        let first = now.checked_sub(jiff::SignedDuration::from_hours(24 * (days - 1)));
        Ok(first.ok().map(journey::counts::day))
    }
}

/// One journey, as it runs: who waits where, who took which way, and what became of its messages.
async fn journey(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    query: Result<Query<RangeQuery>, QueryRejection>,
) -> Result<Json<Flow>, Problem> {
    let since = checked(query)?.since(state.now())?;
    let flow = state.reader.flow(&name, since).await?;
    flow.map(Json).ok_or_else(no_such_journey)
}

fn no_such_journey() -> Problem {
    let detail = "No journey is published by that name.";
    Problem::new(StatusCode::NOT_FOUND, "no_such_journey", detail)
}

/// What two versions of a journey differ in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Difference {
    /// The journey's name.
    pub(crate) journey: String,
    /// The version before.
    pub(crate) from: i32,
    /// When it was published.
    pub(crate) from_published_at: Timestamp,
    /// The version after.
    pub(crate) to: i32,
    /// When it was published.
    pub(crate) to_published_at: Timestamp,
    /// What an author would call the difference, as `parcours plan` tells it; `None`: this version of Parcours cannot read one of
    /// them.
    pub(crate) difference: Option<Diff>,
    /// What became of runs that were inside when the later one was published; `None`: they finished on their version.
    pub(crate) fallen: Option<Fallen>,
    /// The source before.
    pub(crate) before: String,
    /// The source after.
    pub(crate) after: String,
}

/// Reads both versions of `3..4`; `None`: it is no such pair, or one of them never was.
pub(crate) async fn difference(
    reader: &Reader,
    name: &str,
    pair: &str,
) -> Result<Option<Difference>, store::read::ReadError> {
    let pair = pair.split_once("..");
    let pair = pair.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let Some((from, to)) = pair else {
        return Ok(None);
    };
    let (before, after) = (
        reader.version(name, from).await?,
        reader.version(name, to).await?,
    );
    let Some((before, after)) = before.zip(after) else {
        return Ok(None);
    };
    let machines = before.machine.as_ref().zip(after.machine.as_ref());
    Ok(Some(Difference {
        journey: name.to_owned(),
        from,
        from_published_at: before.published_at,
        to,
        to_published_at: after.published_at,
        difference: machines.map(|(old, new)| Diff::between(old, new)),
        fallen: after.fallen,
        before: before.source.to_string(),
        after: after.source.to_string(),
    }))
}

async fn versions(
    Shared(state): Shared<State>,
    Path((name, pair)): Path<(String, String)>,
) -> Result<Json<Difference>, Problem> {
    let found = difference(&state.reader, &name, &pair).await?;
    found.map(Json).ok_or_else(|| no_such("version"))
}

impl From<NotTried> for Problem {
    fn from(error: NotTried) -> Self {
        match error {
            NotTried::NoSuchJourney => no_such_journey(),
            NotTried::Unreadable => Self::new(
                StatusCode::CONFLICT,
                "unreadable",
                "This version of Parcours cannot read the workspace that is published.",
            ),
            NotTried::Busy => {
                Self::unavailable("Others are trying something out, or it takes too long.")
            }
            NotTried::Read(error) => error.into(),
            NotTried::Wrong(wrong) => {
                let refused = wrong.iter().enumerate().map(|(index, wrong)| RefusedItem {
                    index,
                    code: "wrong".to_owned(),
                    field: Some(wrong.field.as_str().to_owned()),
                    message: wrong.what.clone(),
                });
                let detail = "What was filled in cannot be played; `refused` says why.";
                Self::bad("wrong_simulation", detail).with_refused(refused.collect())
            }
        }
    }
}

/// The results of the journey's own tests, as they are published: run in this process, once for each revision.
async fn tests(
    Shared(state): Shared<State>,
    Extension(bench): Extension<Bench>,
    Path(name): Path<String>,
) -> Result<Json<TestsTold>, Problem> {
    let told = bench.tests(&state.reader, &name, state.now()).await?;
    Ok(Json(TestsTold::clone(&told)))
}

/// What is to be played.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Simulation {
    /// The customer of a test: traits, and `consent`, `reachable`, `control`. Nothing: somebody.
    customer: serde_json::Value,
    /// The events of a test.
    events: serde_json::Value,
    /// When it begins; nothing: Monday 2026-01-05, 09:00.
    at: String,
    /// How long the clock runs, such as `30d`; nothing: until nothing is pending.
    run_for: String,
    /// The arms that splits take, by the split's id.
    arms: std::collections::BTreeMap<String, String>,
}

/// As YAML, of which JSON is a part; a text is YAML already.
fn yaml(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        value => value.to_string(),
    }
}

/// Plays one customer, as `parcours simulate` does: nothing is kept, and nothing leaves.
async fn simulate(
    Shared(state): Shared<State>,
    Extension(bench): Extension<Bench>,
    Path(journey): Path<String>,
    body: Result<Json<Simulation>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|e| Problem::bad("bad_body", e.body_text()))?;
    let asked = Asked {
        journey,
        customer: yaml(body.customer),
        events: yaml(body.events),
        at: body.at,
        run_for: body.run_for,
        arms: body.arms.into_iter().collect(),
    };
    if state.reader.current(&asked.journey).await?.is_none() {
        return Err(no_such_journey());
    }
    let played = bench.simulate(&state.reader, asked).await?;
    let mut told =
        serde_json::to_value(show::data::played(&played)).map_err(|_| Problem::fault())?;
    told["text"] = show::whole(&played, Look::default()).into();
    Ok(Json(told).into_response())
}

/// Why a journey is paused, or goes on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reason {
    /// In a sentence, at most 500 characters: it stands in the audit log.
    pub(crate) reason: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
struct PausedTold {
    /// The journey's name.
    journey: String,
    /// Whether it is paused now.
    paused: bool,
    /// Whether that is new.
    changed: bool,
    /// How many runs are inside, where it is new.
    inside: Option<u64>,
}

impl From<NotPaused> for Problem {
    fn from(_: NotPaused) -> Self {
        Self::unavailable("Nothing was changed: the database is busy or away.")
    }
}

async fn pause(
    state: Shared<State>,
    name: Path<String>,
    reason: Option<Json<Reason>>,
) -> Result<Response, Problem> {
    turn(state, name, reason, true).await
}

async fn resume(
    state: Shared<State>,
    name: Path<String>,
    reason: Option<Json<Reason>>,
) -> Result<Response, Problem> {
    turn(state, name, reason, false).await
}

async fn turn(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    reason: Option<Json<Reason>>,
    paused: bool,
) -> Result<Response, Problem> {
    let reason = reason.map(|Json(body)| body.reason).unwrap_or_default();
    if reason.chars().nth(LONGEST_REASON).is_some() {
        let detail = format!("A reason has at most {LONGEST_REASON} characters.");
        return Err(Problem::bad("too_long", detail));
    }
    let done = (state.pause)(name.as_str().into(), paused, state.now()).await?;
    let (changed, inside) = match done {
        Paused::Done { inside } => (true, Some(inside)),
        Paused::Already { .. } => (false, None),
        Paused::Unknown { journeys } => {
            let why = unpublished(&name, journeys.iter().map(|j| &**j));
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no_such_journey",
                format!("{why}."),
            ));
        }
    };
    let told = PausedTold {
        journey: name.clone(),
        paused,
        changed,
        inside,
    };
    Ok(crate::access::noted(
        Json(told).into_response(),
        name,
        reason,
    ))
}
