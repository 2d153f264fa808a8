//! What support does to a customer: to runs, messages and consents. Each becomes an event of the customer's, and their turn
//! decides it in its order; what came of it is one entry of the timeline.

pub(crate) mod bodies;
pub(crate) mod checks;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use journey::{
    action::{Act, Action, MAX_REASON, is_same},
    ids::{CustomerId, InputId, MessageId, RunId},
    intake::SegmentCall,
    machine::SUPPORT_ACTION,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use store::read::CustomerView;
use uuid::Uuid;

use self::{
    bodies::{ActionAsked, ActionReason, MoveToVersion, OptOutOf},
    checks::Wanted,
};
use crate::{
    State,
    access::{self, mask},
    extract::{Path, Query},
    idempotency,
    intake::{accepted, authorised, not_accepted},
    problem::Problem,
    request,
    support::{Entry, LanguageQuery, found, language},
};

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/customers/{key}/runs/{run}/pause", post(pause))
        .route("/v1/customers/{key}/runs/{run}/resume", post(resume))
        .route("/v1/customers/{key}/runs/{run}/advance", post(advance))
        .route("/v1/customers/{key}/runs/{run}/exit", post(exit))
        .route("/v1/customers/{key}/runs/{run}/move", post(move_to))
        .route("/v1/customers/{key}/messages/{id}/resend", post(resend))
        .route("/v1/customers/{key}/opt-out", post(opt_out))
        .route("/v1/customers/{key}/inputs/{id}", get(input))
}

type Ids = Path<(String, Uuid)>;

async fn pause(state: Shared<State>, ids: Ids, headers: HeaderMap, body: Body) -> Response {
    on_run(state, ids, headers, body, |run| Act::Pause { run }).await
}

async fn resume(state: Shared<State>, ids: Ids, headers: HeaderMap, body: Body) -> Response {
    on_run(state, ids, headers, body, |run| Act::Resume { run }).await
}

async fn advance(state: Shared<State>, ids: Ids, headers: HeaderMap, body: Body) -> Response {
    on_run(state, ids, headers, body, |run| Act::Advance { run }).await
}

async fn exit(state: Shared<State>, ids: Ids, headers: HeaderMap, body: Body) -> Response {
    on_run(state, ids, headers, body, |run| Act::Exit { run }).await
}

async fn on_run(
    Shared(state): Shared<State>,
    Path((key, run)): Ids,
    headers: HeaderMap,
    body: Body,
    act: fn(RunId) -> Act,
) -> Response {
    let asked = async {
        let ActionReason { reason } = read(&state, &headers, body).await?;
        let customer = found(&state, &key).await?;
        let run = checks::run(&state, customer.row.id, RunId(run)).await?;
        let act = act(run.id);
        let may = checks::on_run(&run, act.asked());
        Ok((customer, Wanted { act, may }, reason))
    };
    answered(&state, &headers, asked.await).await
}

async fn move_to(
    Shared(state): Shared<State>,
    Path((key, run)): Ids,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = async {
        let MoveToVersion { version, reason } = read(&state, &headers, body).await?;
        let customer = found(&state, &key).await?;
        let run = checks::run(&state, customer.row.id, RunId(run)).await?;
        let wanted = checks::to_version(&state, &run, version).await?;
        Ok((customer, wanted, reason))
    };
    answered(&state, &headers, asked.await).await
}

async fn resend(
    Shared(state): Shared<State>,
    Path((key, id)): Ids,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = async {
        let ActionReason { reason } = read(&state, &headers, body).await?;
        let customer = found(&state, &key).await?;
        let wanted = checks::again(&state, customer.row.id, MessageId(id)).await?;
        Ok((customer, wanted, reason))
    };
    answered(&state, &headers, asked.await).await
}

async fn opt_out(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = async {
        let OptOutOf {
            purpose,
            channel,
            reason,
        } = read(&state, &headers, body).await?;
        let customer = found(&state, &key).await?;
        let wanted = checks::out_of(&state, &purpose, channel).await?;
        Ok((customer, wanted, reason))
    };
    answered(&state, &headers, asked.await).await
}

/// One entry of the timeline: what was decided on an input.
async fn input(
    Shared(state): Shared<State>,
    Path((key, id)): Ids,
    headers: HeaderMap,
    Query(asked): Query<LanguageQuery>,
) -> Result<Json<Entry>, Problem> {
    let customer = found(&state, &key).await?;
    let entry = state.reader.input(customer.row.id, InputId(id)).await?;
    let mut entry = entry.ok_or_else(|| {
        let detail = "No such input has been decided, as yet.";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    })?;
    let language = language(asked.lang, &headers);
    let tongue = state.reader.tongue(&customer, language).await?;
    mask::entries(std::slice::from_mut(&mut entry), &customer, state.now());
    Ok(Json(Entry::of(entry, &tongue)))
}

async fn read<T: DeserializeOwned>(
    state: &State,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    authorised(state, headers)?;
    request::parsed(headers, body).await
}

type Prepared = Result<(CustomerView, Wanted, String), Problem>;

/// Submits it, and has the audit log told why, done or not.
async fn answered(state: &State, headers: &HeaderMap, prepared: Prepared) -> Response {
    let (customer, wanted, reason) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return problem.into_response(),
    };
    let (what, kept) = (told(&wanted.act), reason.clone());
    let asked = match idempotency::key(headers) {
        Ok(key) => ask(state, &customer, wanted, reason, key.map(|k| k.word())).await,
        Err(problem) => Err(problem),
    };
    match asked {
        Ok(asked) => {
            let what = format!("{what} input={}", asked.id);
            let response = (StatusCode::ACCEPTED, Json(asked)).into_response();
            access::noted(response, what.trim(), cut(&kept))
        }
        Err(problem) => access::noted(problem.into_response(), what, cut(&kept)),
    }
}

/// What the audit log is told beside the address.
pub(crate) fn told(act: &Act) -> String {
    match act {
        Act::Move { version, .. } => format!("version={version}"),
        Act::OptOut {
            purpose, channel, ..
        } => match channel {
            Some(channel) => format!("purpose={purpose} channel={channel}"),
            None => format!("purpose={purpose}"),
        },
        _ => String::new(),
    }
}

/// A reason, as long as one may be, and as a column takes it.
pub(crate) fn cut(reason: &str) -> String {
    let kept = reason.trim().chars().filter(|c| *c != '\0');
    kept.take(MAX_REASON).collect()
}

/// Submits an action, unless the same was submitted under that key before.
pub(crate) async fn ask(
    state: &State,
    customer: &CustomerView,
    wanted: Wanted,
    reason: String,
    key: Option<String>,
) -> Result<ActionAsked, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().nth(MAX_REASON).is_some() {
        let detail = format!("`reason` says why, in 1 to {MAX_REASON} characters.");
        return Err(Problem::bad("reason", detail));
    }
    let action = Action {
        act: wanted.act,
        by: Arc::from(access::by()),
        reason: Arc::from(reason),
    };
    let message_id = format!(
        "action:{}",
        key.unwrap_or_else(|| Uuid::new_v4().to_string())
    );
    let now = state.now();
    let call = json!({
        "messageId": message_id,
        "userId": customer.row.key,
        "event": SUPPORT_ACTION,
        "timestamp": now,
        "properties": action.properties().map_err(|_| Problem::fault())?,
    });
    let event = accepted(state, call, Some(SegmentCall::Track), now)
        .map_err(|refused| Problem::bad(refused.code, refused.message))?;
    let id = event.id;
    if !was_asked(state, customer.row.id, id, &event.event.properties).await? {
        wanted.may?;
        state
            .accept
            .accept(vec![event])
            .await
            .map_err(not_accepted)?;
    }
    Ok(ActionAsked { id, message_id })
}

/// Whether the same was decided before under that id; another under that id is refused.
async fn was_asked(
    state: &State,
    customer: CustomerId,
    id: InputId,
    properties: &journey::value::Value,
) -> Result<bool, Problem> {
    let Some(before) = state.reader.input(customer, id).await? else {
        return Ok(false);
    };
    match is_same(&before.body.field("properties"), properties) {
        true => Ok(true),
        false => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This `Idempotency-Key` came with another request before. Send this one with a key of its own.",
        )),
    }
}
