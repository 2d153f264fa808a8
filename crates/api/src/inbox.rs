//! What waits for people: who was handed over, and tasks; as JSON. What people say and answer becomes events.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use jiff::Timestamp;
use journey::{
    ids::{CallId, CustomerId},
    intake::SegmentCall,
    machine::{HANDED_BACK, PERSON_SAID},
    message::Channel,
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::read::{InboxCursor, InboxItem, InboxPage, Speaker, Utterance};
use uuid::Uuid;

use crate::{
    State,
    access::mask,
    intake::{accepted, authorised, not_accepted},
    problem::Problem,
    request,
    support::PAGE,
};

/// The longest that a person writes at once, in characters.
pub(crate) const LONGEST: usize = 4_000;
/// The last things that were said, as many as are shown.
pub(crate) const SHOWN: u32 = 100;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/inbox", get(list))
        .route("/v1/inbox/{customer}/{call}", get(one))
        .route("/v1/inbox/{customer}/{call}/say", post(say))
        .route("/v1/inbox/{customer}/{call}/end", post(end))
}

#[derive(Deserialize)]
struct Asked {
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(
    Shared(state): Shared<State>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(asked) = asked.map_err(|e| Problem::bad("query", e.body_text()))?;
    let after = asked.after.as_deref().map(cursor).transpose()?;
    let page = state
        .reader
        .inbox(after, asked.limit.unwrap_or(PAGE))
        .await?;
    let InboxPage { mut items, next } = page;
    items
        .iter_mut()
        .for_each(|item| mask::item(item, state.now()));
    Ok(Json(json!({ "items": items, "next": next.map(written) })))
}

/// `MICROSECONDS.CALL`.
pub(crate) fn written(cursor: InboxCursor) -> String {
    format!("{}.{}", cursor.at.as_microsecond(), cursor.call)
}

pub(crate) fn cursor(text: &str) -> Result<InboxCursor, Problem> {
    let read = || {
        let (at, call) = text.split_once('.')?;
        Some(InboxCursor {
            at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
            call: CallId(call.parse().ok()?),
        })
    };
    read().ok_or_else(|| Problem::bad("after", "`after` is the `next` of a page."))
}

async fn one(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
) -> Result<Json<Value>, Problem> {
    let mut item = item(&state, customer, call).await?;
    let talk = state.reader.conversation(item.customer, SHOWN).await?;
    mask::item(&mut item, state.now());
    Ok(Json(json!({ "item": item, "conversation": talk })))
}

async fn item(state: &State, customer: Uuid, call: Uuid) -> Result<InboxItem, Problem> {
    let found = state.reader.inbox_item(CustomerId(customer), CallId(call));
    found.await?.ok_or_else(|| {
        let detail = "Nothing of that name waits, or waited, in an inbox.";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    })
}

/// What is written to a customer who was handed over.
#[derive(Deserialize)]
struct Written {
    /// Chosen by whoever writes, so that the same twice is one.
    id: Uuid,
    text: String,
    channel: Option<Channel>,
}

async fn say(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    authorised(&state, &headers)?;
    let body = request::bytes(&headers, body, request::SINGLE).await?;
    let written: Written = serde_json::from_value(request::json(&body)?)
        .map_err(|_| Problem::bad("line", "A line has an `id` (a UUID) and a `text`."))?;
    let item = item(&state, customer, call).await?;
    let channel = match written.channel {
        Some(channel) => channel,
        None => channel(&state.reader.conversation(item.customer, SHOWN).await?),
    };
    speak(&state, &item, written.id, &written.text, channel).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Where the customer spoke last.
pub(crate) fn channel(talk: &[Utterance]) -> Channel {
    let theirs = talk.iter().rev().find(|u| u.who == Speaker::Customer);
    let channel = theirs.and_then(|u| u.channel.parse().ok());
    channel
        .filter(|c| matches!(c, Channel::Sms | Channel::Chat))
        .unwrap_or(Channel::Chat)
}

/// Submits what a person writes.
pub(crate) async fn speak(
    state: &State,
    item: &InboxItem,
    id: Uuid,
    text: &str,
    channel: Channel,
) -> Result<(), Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(LONGEST).is_some() {
        let detail = format!("A line has from 1 to {LONGEST} characters.");
        return Err(Problem::bad("text", detail));
    }
    if !matches!(channel, Channel::Sms | Channel::Chat) {
        return Err(Problem::bad("channel", "People write by `chat` and `sms`."));
    }
    if !item.hand_over {
        return Err(Problem::bad(
            "task",
            "A task is no conversation: only who is handed over is written to.",
        ));
    }
    still_open(item)?;
    let fields = json!({ "call": item.call, "text": text, "channel": channel });
    submit(state, item, PERSON_SAID, &format!("inbox:{id}"), fields).await
}

async fn end(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    authorised(&state, &headers)?;
    let body = request::bytes(&headers, body, request::SINGLE).await?;
    let answer = match request::json(&body)? {
        Value::Object(mut fields) => fields.remove("answer").unwrap_or_default(),
        _ => {
            return Err(Problem::bad(
                "answer",
                "The body is an object, with an `answer` if there is one.",
            ));
        }
    };
    let item = item(&state, customer, call).await?;
    finish(&state, &item, answer).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Hands the customer back, or says that a task is done: once.
pub(crate) async fn finish(state: &State, item: &InboxItem, answer: Value) -> Result<(), Problem> {
    still_open(item)?;
    let id = format!("inbox:ended:{}", item.call);
    let mut fields = json!({ "call": item.call });
    if !answer.is_null() {
        fields["answer"] = answer;
    }
    submit(state, item, HANDED_BACK, &id, fields).await
}

fn still_open(item: &InboxItem) -> Result<(), Problem> {
    if item.open {
        return Ok(());
    }
    let detail = "Somebody has answered this already, or the journey waits for it no more.";
    Err(Problem::new(StatusCode::CONFLICT, "over", detail))
}

async fn submit(
    state: &State,
    item: &InboxItem,
    event: &str,
    id: &str,
    fields: Value,
) -> Result<(), Problem> {
    let now = state.now();
    let call = json!({
        "messageId": id,
        "userId": item.key,
        "event": event,
        "timestamp": now,
        "properties": fields,
    });
    let event = accepted(state, call, Some(SegmentCall::Track), now)
        .map_err(|refused| Problem::bad(refused.code, refused.message))?;
    state.accept.accept(vec![event]).await.map_err(not_accepted)
}
