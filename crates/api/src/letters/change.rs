//! Submitting dead letters again, and discarding them.

use axum::{
    Json,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use journey::{ids::LetterId, intake::Cause};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::{JobBegun, LetterFilter, NewJob};
use uuid::Uuid;

use super::{
    LettersAway, LettersQuery, Replay, letters, sender,
    shown::{may_see, restored},
};
use crate::{
    State,
    access::noted,
    extract::Path,
    problem::{Problem, RefusedItem},
    request::{self, SINGLE},
    support::no_such,
};

impl From<LettersAway> for Problem {
    fn from(_: LettersAway) -> Self {
        Self::unavailable("Nothing is lost: the database or RabbitMQ does not answer. Try again.")
    }
}

/// Why nothing, or not that, was done.
pub(crate) enum NotDone {
    /// A problem of any kind.
    Problem(Problem),
    /// The letter is refused, as it is or as it was edited.
    Refused(Cause),
}

impl From<Problem> for NotDone {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Submits a letter again.
///
/// # Errors
/// [`NotDone`] if it is refused, or not open.
pub(crate) async fn submitted(
    state: &State,
    id: LetterId,
    edited: Option<Vec<u8>>,
    note: &str,
) -> Result<(), NotDone> {
    let edited = match edited {
        Some(edited) => Some(whole(state, id, edited).await?),
        None => None,
    };
    let replayed = letters(state)?.replay(id, edited, sender(note)).await;
    match replayed.map_err(Problem::from)? {
        Replay::Taken => Ok(()),
        Replay::Refused(cause) | Replay::NotEdited(cause) => Err(NotDone::Refused(cause)),
        Replay::NotOpen => Err(not_open().into()),
    }
}

/// What somebody has edited, with what was hidden from them.
async fn whole(state: &State, id: LetterId, edited: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let found = state.reader.letter(id).await?;
    let letter = found.ok_or_else(|| no_such("dead letter"))?;
    if may_see(&letter.row, state.now()) {
        return Ok(edited);
    }
    let was = letter.edited.as_ref().unwrap_or(&letter.body);
    Ok(restored(&edited, was).unwrap_or(edited))
}

/// Discards a letter.
///
/// # Errors
/// If no reason is given, or it is not open.
pub(crate) async fn discarded(state: &State, id: LetterId, reason: &str) -> Result<(), Problem> {
    reasoned(reason)?;
    match letters(state)?.discard(id, sender(reason)).await? {
        true => Ok(()),
        false => Err(not_open()),
    }
}

/// Discards those that are open and that the filter lets through.
///
/// # Errors
/// If no reason is given.
pub(crate) async fn all_discarded(
    state: &State,
    filter: LetterFilter,
    reason: &str,
) -> Result<u64, Problem> {
    reasoned(reason)?;
    Ok(letters(state)?.discard_all(filter, sender(reason)).await?)
}

/// Has an engine submit those that are open and that the filter lets through. Returns which replay it is, and how many.
///
/// # Errors
/// If another is under way.
pub(crate) async fn begun(
    state: &State,
    filter: LetterFilter,
    note: &str,
) -> Result<(Uuid, u32), Problem> {
    let id = Uuid::new_v4();
    let job = NewJob {
        id,
        filter,
        letter: None,
        by: sender(note),
    };
    match letters(state)?.begin(job).await? {
        JobBegun::Begun { total } => Ok((id, total)),
        JobBegun::Running => Err(Problem::new(
            StatusCode::CONFLICT,
            "replay_running",
            "Another replay is under way. Wait until it is over, or cancel it.",
        )),
    }
}

/// Has a replay end where it is.
///
/// # Errors
/// If it is over.
pub(crate) async fn cancelled(state: &State, id: Uuid) -> Result<(), Problem> {
    match letters(state)?.cancel(id).await? {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::CONFLICT,
            "not_running",
            "There is no such replay, or it is over.",
        )),
    }
}

fn not_open() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not_open",
        "It is not there, not open, or somebody else is submitting it at this moment.",
    )
}

fn reasoned(reason: &str) -> Result<(), Problem> {
    match reason.trim().is_empty() {
        true => Err(Problem::bad(
            "no_reason",
            "Say why, in `reason`: it is kept.",
        )),
        false => Ok(()),
    }
}

async fn read<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = request::bytes(headers, body, SINGLE).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    request::formed(&bytes)
}

/// How one letter is to be submitted.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "LetterReplay")]
pub(crate) struct HowOne {
    /// Another body: an object, or a text that is JSON. Without it, the letter goes as it is.
    body: Option<Value>,
    /// Why.
    note: String,
}

/// What became of one letter.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LetterDone")]
pub(crate) struct Done {
    id: LetterId,
    /// `replayed` or `discarded`.
    status: &'static str,
}

fn done(id: LetterId, status: &'static str, reason: &str) -> Response {
    noted(Json(Done { id, status }).into_response(), "", reason)
}

pub(super) async fn replay(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = LetterId(id);
    let how: HowOne = read(&headers, body).await?;
    let edited = how.body.map(|body| match body {
        Value::String(text) => text.into_bytes(),
        json => json.to_string().into_bytes(),
    });
    match submitted(&state, id, edited, &how.note).await {
        Ok(()) => Ok(done(id, "replayed", &how.note)),
        Err(NotDone::Problem(problem)) => Err(problem),
        Err(NotDone::Refused(cause)) => Err(Problem::of_item(RefusedItem {
            index: 0,
            code: cause.code,
            field: cause.field,
            message: cause.sentence,
        })),
    }
}

/// Why a letter is discarded.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "LetterDiscard")]
pub(crate) struct WhyOne {
    /// It is kept, and audited.
    reason: String,
}

pub(super) async fn discard(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = LetterId(id);
    let why: WhyOne = read(&headers, body).await?;
    discarded(&state, id, &why.reason).await?;
    Ok(done(id, "discarded", &why.reason))
}

/// Which letters, and why.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "LettersMeant")]
pub(crate) struct Many {
    /// Of this cause's code.
    cause: String,
    /// Of events of this name.
    name: String,
    /// From this exchange or queue.
    source: String,
    /// First put aside at this moment, or on this day, or later.
    since: String,
    /// Why they are submitted again.
    note: String,
    /// Why they are discarded.
    reason: String,
}

impl Many {
    fn filter(&self) -> Result<LetterFilter, Problem> {
        let query = LettersQuery {
            cause: self.cause.clone(),
            name: self.name.clone(),
            source: self.source.clone(),
            since: self.since.clone(),
            ..LettersQuery::default()
        };
        Ok(query.read()?.0)
    }
}

/// A replay that an engine takes up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LetterJobBegun")]
pub(crate) struct Begun {
    /// Which: `GET /v1/dead-letters/jobs/{id}` says how far it is.
    id: Uuid,
    /// How many letters are meant.
    total: u32,
}

pub(super) async fn replay_all(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let many: Many = read(&headers, body).await?;
    let (id, total) = begun(&state, many.filter()?, &many.note).await?;
    let response = (StatusCode::ACCEPTED, Json(Begun { id, total })).into_response();
    Ok(noted(response, format!("job={id}"), many.note))
}

/// How many were discarded.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LettersDiscarded")]
pub(crate) struct Discarded {
    discarded: u64,
}

pub(super) async fn discard_all(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let many: Many = read(&headers, body).await?;
    let discarded = all_discarded(&state, many.filter()?, &many.reason).await?;
    let response = Json(Discarded { discarded }).into_response();
    Ok(noted(response, format!("letters={discarded}"), many.reason))
}

pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
) -> Result<Json<store::read::LetterJob>, Problem> {
    cancelled(&state, id).await?;
    let job = state.reader.letter_job(id).await?;
    job.map(Json).ok_or_else(|| no_such("replay"))
}
