//! Intake: Segment's calls and CloudEvents, as producers' tools already send them.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use journey::{
    intake::{MAX_BODY, Refused, SegmentCall, parse_value, reserved, to_json},
    machine::STARTED,
    world::Startable,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Accepted, NotAccepted, State, cloudevents,
    extract::Path,
    problem::{Problem, RefusedItem},
    request::{self, BATCH, SINGLE},
};

/// The most events of one batch.
const BATCH_EVENTS: usize = 5_000;

/// What a producer reads when its events are safe.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Taken {
    /// Whether all were taken.
    success: bool,
    /// How many were taken; those already known count too.
    accepted: usize,
    /// Of a batch, the events that were not taken: do not send them again as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedItem>,
}

pub(crate) fn routes() -> Router<State> {
    let single = |call| post(move |state, headers, body| segment(state, headers, body, call));
    Router::new()
        .route("/v1/track", single(SegmentCall::Track))
        .route("/v1/identify", single(SegmentCall::Identify))
        .route("/v1/page", single(SegmentCall::Page))
        .route("/v1/screen", single(SegmentCall::Screen))
        .route("/v1/alias", single(SegmentCall::Alias))
        .route("/v1/journeys/{name}/enter", post(enter))
        .route("/v1/batch", post(segment_batch))
        .route("/v1/events", post(cloud_events))
}

async fn segment(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
    call: SegmentCall,
) -> Result<Response, Problem> {
    segment_head(&state, &headers)?;
    let body = request::bytes(&headers, body, SINGLE).await?;
    one(&state, request::json(&body)?, Some(call), &headers).await
}

/// A customer enters a journey by its `api` entry: a `track` call whose `properties` the journey is
/// given. It becomes the event `journey.start`, as a producer could send it as well.
async fn enter(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    segment_head(&state, &headers)?;
    let body = request::bytes(&headers, body, SINGLE).await?;
    let Value::Object(mut call) = request::json(&body)? else {
        return Err(Problem::bad(
            "not_an_object",
            "The body is an object with `userId`, `messageId` and `properties`.",
        ));
    };
    enterable(&state, &name).await?;
    let given = call.remove("properties").unwrap_or_default();
    if !(given.is_object() || given.is_null()) {
        return Err(Problem::bad(
            "properties",
            "`properties` is an object: what the journey is given.",
        ));
    }
    let started = serde_json::json!({ "journey": name, "with": given });
    call.insert("event".to_owned(), Value::from(STARTED));
    call.insert("properties".to_owned(), started);
    one(
        &state,
        Value::Object(call),
        Some(SegmentCall::Track),
        &headers,
    )
    .await
}

async fn enterable(state: &State, name: &str) -> Result<(), Problem> {
    match (state.startable)(Arc::from(name)).await {
        Startable::Yes => Ok(()),
        Startable::NoEntry => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_api_entry",
            format!("Nobody enters `{name}` by the API: its `enter` has no `api: true`."),
        )),
        Startable::Paused => Err(Problem::new(
            StatusCode::CONFLICT,
            "journey_paused",
            format!("`{name}` is paused: nobody enters it until it goes on."),
        )),
        Startable::Unknown { meant } => {
            let near = meant.map_or_else(String::new, |m| format!(" There is `{m}`."));
            Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no_such_journey",
                format!("No journey is published as `{name}`.{near}"),
            ))
        }
    }
}

async fn segment_batch(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    segment_head(&state, &headers)?;
    let body = request::bytes(&headers, body, BATCH).await?;
    match request::json(&body)? {
        Value::Object(mut fields) => match fields.remove("batch") {
            Some(Value::Array(items)) => many(&state, items, &headers).await,
            _ => Err(Problem::bad(
                "no_batch",
                "A batch is an object whose field `batch` is a list of calls.",
            )),
        },
        _ => Err(Problem::bad(
            "no_batch",
            "A batch is an object whose field `batch` is a list of calls.",
        )),
    }
}

fn segment_head(state: &State, headers: &HeaderMap) -> Result<(), Problem> {
    authorised(state, headers)?;
    match request::media_type(headers)?.as_deref() {
        // Beacons of browsers send JSON as text/plain.
        None | Some("application/json" | "text/plain") => Ok(()),
        Some(kind) => Err(request::unsupported(format!(
            "The body must be application/json, not {kind}."
        ))),
    }
}

async fn cloud_events(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    authorised(&state, &headers)?;
    if cloudevents::is_binary(&headers) {
        let body = request::bytes(&headers, body, SINGLE).await?;
        let event = cloudevents::structured(&headers, &body)?;
        return one(&state, event, None, &headers).await;
    }
    let kind = request::media_type(&headers)?;
    let limit = match kind.as_deref() {
        Some("application/cloudevents-batch+json") => BATCH,
        None | Some("application/cloudevents+json" | "application/json") => SINGLE,
        Some(kind) => {
            return Err(request::unsupported(format!(
                "Events come as application/cloudevents+json or \
                 application/cloudevents-batch+json, not {kind}."
            )));
        }
    };
    let body = request::bytes(&headers, body, limit).await?;
    match (request::json(&body)?, limit) {
        (Value::Array(events), BATCH) => many(&state, events, &headers).await,
        (_, BATCH) => Err(Problem::bad(
            "no_batch",
            "A batch of CloudEvents is a list.",
        )),
        (event, _) => one(&state, event, None, &headers).await,
    }
}

pub(crate) fn authorised(state: &State, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(key) = &state.write_key else {
        return Ok(());
    };
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:")));
    let given = headers
        .get(header::AUTHORIZATION)
        .map_or(&b""[..], header::HeaderValue::as_bytes);
    if same(expected.as_bytes(), given) {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "write_key",
            "Send the write key as the user name of HTTP Basic, with an empty password.",
        ))
    }
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

async fn one(
    state: &State,
    event: Value,
    call: Option<SegmentCall>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let event = produced(state, event, call, state.now())
        .map_err(|refused| Problem::of_item(item(0, refused)))?;
    taken(state, vec![of_trace(event, headers)], Vec::new()).await
}

/// The request's own trace context is nearer than the one that a CloudEvent brought from its origin.
fn of_trace(event: Accepted, headers: &HeaderMap) -> Accepted {
    let header = headers.get("traceparent").and_then(|v| v.to_str().ok());
    Accepted {
        traceparent: header.map(Arc::from).or(event.traceparent),
        ..event
    }
}

async fn many(state: &State, events: Vec<Value>, headers: &HeaderMap) -> Result<Response, Problem> {
    if events.len() > BATCH_EVENTS {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_events",
            format!("A batch holds at most {BATCH_EVENTS} events; split it."),
        ));
    }
    let now = state.now();
    let (mut good, mut refused) = (Vec::with_capacity(events.len()), Vec::new());
    for (index, event) in events.into_iter().enumerate() {
        match produced(state, event, None, now) {
            Ok(event) => good.push(of_trace(event, headers)),
            Err(why) => refused.push(item(index, why)),
        }
    }
    if good.is_empty() && !refused.is_empty() {
        return Err(
            Problem::bad("all_refused", "No event of this batch could be taken.")
                .with_refused(refused),
        );
    }
    taken(state, good, refused).await
}

/// As [`accepted`], of a producer: what people here do is no producer's to say. It is asked for, by who may.
fn produced(
    state: &State,
    event: Value,
    call: Option<SegmentCall>,
    now: Timestamp,
) -> Result<Accepted, Refused> {
    let alias = SegmentCall::Alias;
    let is_alias = call == Some(alias) || event["type"] == alias.as_str();
    let event = accepted(state, event, call, now)?;
    match reserved(&event.event.name) {
        // Which says the same in a way that they may.
        Some(_) if is_alias => Ok(event),
        Some(refused) => Err(refused),
        None => Ok(event),
    }
}

pub(crate) fn accepted(
    state: &State,
    event: Value,
    call: Option<SegmentCall>,
    now: Timestamp,
) -> Result<Accepted, Refused> {
    let parsed = parse_value(event, call, now)?;
    if let Some(message) = (state.refuse)(&parsed.event) {
        return Err(Refused {
            code: "schema",
            field: None,
            message,
        });
    }
    let body = to_json(&parsed.event);
    if body.len() > MAX_BODY {
        // An item of a batch, which as a whole may be longer.
        return Err(Refused::too_large(body.len()));
    }
    Ok(Accepted {
        id: parsed.id,
        event: parsed.event,
        body,
        traceparent: parsed.traceparent,
    })
}

fn item(index: usize, refused: Refused) -> RefusedItem {
    RefusedItem {
        index,
        code: refused.code.to_string(),
        field: refused.field,
        message: refused.message,
    }
}

async fn taken(
    state: &State,
    events: Vec<Accepted>,
    refused: Vec<RefusedItem>,
) -> Result<Response, Problem> {
    let count = events.len();
    if count > 0 {
        state.accept.accept(events).await.map_err(not_accepted)?;
    }
    let body = Taken {
        success: refused.is_empty(),
        accepted: count,
        refused,
    };
    Ok(Json(body).into_response())
}

pub(crate) fn not_accepted(error: NotAccepted) -> Problem {
    match error {
        NotAccepted::Unavailable(why) => {
            tracing::warn!(reason = %why, "intake is closed for now");
            Problem::unavailable("Events cannot be taken at the moment; send them again shortly.")
        }
        NotAccepted::Failed(why) => {
            tracing::error!(reason = %why, "intake failed");
            Problem::fault()
        }
    }
}
