//! Journeys as JSON: how they do, what their versions differ in, what their tests say; a simulation; pausing.

use std::collections::BTreeMap;

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use journey::{
    action::MAX_REASON,
    plan::{Diff, unpublished},
    testing::{
        play::Played,
        show::{self, Look, data::PlayedData},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Paused,
    read::{Fallen, Flow, JourneyRow, ReadError, Reader},
};

use crate::{
    NotPaused, State, access,
    etag::Tagged,
    extract::{Path, Query},
    intake::authorised,
    page::{Cursor, Page},
    problem::{Problem, RefusedItem},
    request,
    support::{ListQuery, no_such},
    trial::{Asked, Bench, NotTried, TestsTold},
};

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

/// The journeys that are published, in order of name.
async fn journeys(
    Shared(state): Shared<State>,
    Query(asked): Query<ListQuery>,
) -> Result<Json<Page<JourneyRow>>, Problem> {
    let after: Option<String> = asked.cursor.map(|c| c.read()).transpose()?;
    let mut items = state.reader.published().await?;
    items.retain(|row| after.as_deref().is_none_or(|after| *row.journey > *after));
    let most = usize::try_from(asked.limit.0).unwrap_or(usize::MAX);
    let more = items.len() > most;
    items.truncate(most);
    let next = items.last().filter(|_| more);
    let next = next.map(|last| Cursor::of(&last.journey));
    Ok(Json(Page { items, next }))
}

/// Over which days something is counted (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Days {
    /// Today and the six days before.
    #[serde(rename = "7")]
    Week,
    /// Today and the 29 days before.
    #[serde(rename = "30")]
    Month,
    /// Today and the 89 days before.
    #[serde(rename = "90")]
    Quarter,
    /// From the first day on.
    #[default]
    #[serde(rename = "all")]
    All,
}

impl Days {
    /// As they are offered.
    pub(crate) const EACH: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::All];

    /// How many there are; `None`: all.
    pub(crate) const fn number(self) -> Option<u8> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::All => None,
        }
    }

    /// As an address spells it.
    pub(crate) fn word(self) -> String {
        self.number()
            .map_or_else(|| "all".to_owned(), |n| n.to_string())
    }

    /// The first day that counts; `None`: all do.
    pub(crate) fn since(self, now: Timestamp) -> Option<Date> {
        let before = 24 * (i64::from(self.number()?) - 1);
        let first = now.checked_sub(SignedDuration::from_hours(before));
        first.ok().map(journey::counts::day)
    }
}

/// What may be asked of a journey's numbers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DaysQuery {
    /// Who entered on these days is counted; all do unless it is said.
    #[serde(default)]
    pub(crate) days: Days,
}

/// One journey, as it runs: who waits where, who took which way, and what became of its messages.
async fn journey(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    Query(asked): Query<DaysQuery>,
) -> Result<Tagged<Flow>, Problem> {
    let since = asked.days.since(state.now());
    let flow = state.reader.flow(&name, since).await?;
    flow.map(Tagged).ok_or_else(no_such_journey)
}

fn no_such_journey() -> Problem {
    let detail = "No journey is published by that name.";
    Problem::new(StatusCode::NOT_FOUND, "no_such_journey", detail)
}

/// What two versions of a journey differ in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// What an author would call the difference, as `parcours plan` tells it; `null`: this version of Parcours cannot read one of
    /// them.
    pub(crate) difference: Option<Diff>,
    /// What became of runs that were inside when the later one was published; `null`: they finished on their version.
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
) -> Result<Option<Difference>, ReadError> {
    let pair = pair.split_once("..");
    let pair = pair.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let Some((from, to)) = pair else {
        return Ok(None);
    };
    let (before, after) = (
        reader.written(name, from).await?,
        reader.written(name, to).await?,
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
                "unreadable_workspace",
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SimulationAsked {
    /// The `customer` of a test: traits, and `consent`, `reachable`, `control`; or the same as YAML. Nothing: somebody.
    customer: serde_json::Value,
    /// The `events` of a test, or the same as YAML.
    events: serde_json::Value,
    /// When it begins, on the customer's clock; nothing: Monday 2026-01-05, 09:00.
    at: String,
    /// How long the clock runs, such as `30d`; nothing: until nothing is pending.
    run_for: String,
    /// The arms that splits take, by the split's id.
    arms: BTreeMap<String, String>,
}

/// What was played.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SimulationTold<'p> {
    /// As `parcours simulate` tells it to people.
    text: String,
    /// As it tells it to programs.
    #[serde(flatten)]
    played: PlayedData<'p>,
}

impl<'p> SimulationTold<'p> {
    fn of(played: &'p Played) -> Self {
        Self {
            text: show::whole(played, Look::default()),
            played: show::data::played(played),
        }
    }
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
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body: SimulationAsked = request::parsed(&headers, body).await?;
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
    Ok(Json(SimulationTold::of(&played)).into_response())
}

/// Why a journey is paused, or goes on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PauseAsked {
    /// In a sentence: it stands in the audit log.
    #[schemars(length(max = 500))]
    pub(crate) reason: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PausedTold {
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
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    turn(state, name, &headers, body, true).await
}

async fn resume(
    state: Shared<State>,
    name: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    turn(state, name, &headers, body, false).await
}

async fn turn(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    headers: &HeaderMap,
    body: Body,
    paused: bool,
) -> Result<Response, Problem> {
    authorised(&state, headers)?;
    let PauseAsked { reason } = request::parsed(headers, body).await?;
    if reason.chars().nth(MAX_REASON).is_some() {
        let detail = format!("A reason has at most {MAX_REASON} characters.");
        return Err(Problem::bad("reason", detail));
    }
    let done = (state.pause)(name.as_str().into(), paused, state.now()).await?;
    let (changed, inside) = match done {
        Paused::Done { inside } => (true, Some(inside)),
        Paused::Already { .. } => (false, None),
        Paused::Unknown { journeys } => {
            let why = unpublished(&name, journeys.iter().map(|j| &**j));
            let detail = format!("{why}.");
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no_such_journey",
                detail,
            ));
        }
    };
    let told = PausedTold {
        journey: name.clone(),
        paused,
        changed,
        inside,
    };
    Ok(access::noted(Json(told).into_response(), name, reason))
}
