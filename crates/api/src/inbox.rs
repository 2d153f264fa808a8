//! What waits for people: who was handed over, and tasks; as JSON. What people say and answer becomes events.

use axum::{
    Json, Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use journey::{
    ids::{CallId, CustomerId},
    intake::SegmentCall,
    machine::{HANDED_BACK, PERSON_SAID},
    message::Channel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::read::{InboxItem, Speaker, Utterance};
use uuid::Uuid;

use crate::{
    State,
    access::mask,
    etag::{Tagged, still},
    extract::{Path, Query},
    idempotency,
    intake::{accepted, authorised, not_accepted},
    page::{Cursor, Page},
    problem::Problem,
    request,
    support::ListQuery,
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

async fn list(
    Shared(state): Shared<State>,
    Query(asked): Query<ListQuery>,
) -> Result<Json<Page<InboxItem>>, Problem> {
    let after = asked.cursor.map(|c| c.read()).transpose()?;
    let page = state.reader.inbox(after, asked.limit.0).await?;
    let mut items = page.items;
    items
        .iter_mut()
        .for_each(|item| mask::item(item, state.now()));
    let next = page.next.map(Cursor::of);
    Ok(Json(Page { items, next }))
}

/// A thing to do, with what was said around it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct InboxEntry {
    /// What is to be done, or was.
    item: InboxItem,
    /// The last things that were said by chat and text message, oldest first, at most 100 of each kind.
    conversation: Vec<Utterance>,
}

async fn one(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
) -> Result<Tagged<InboxEntry>, Problem> {
    let item = item(&state, customer, call).await?;
    Ok(Tagged(entry(&state, item).await?))
}

/// As who asks is shown it; what its `ETag` is made of.
async fn entry(state: &State, mut item: InboxItem) -> Result<InboxEntry, Problem> {
    let mut conversation = state.reader.conversation(item.customer, SHOWN).await?;
    mask::talk(&mut conversation, &item, state.now());
    mask::item(&mut item, state.now());
    Ok(InboxEntry { item, conversation })
}

async fn item(state: &State, customer: Uuid, call: Uuid) -> Result<InboxItem, Problem> {
    let found = state.reader.inbox_item(CustomerId(customer), CallId(call));
    found.await?.ok_or_else(|| {
        let detail = "Nothing of that name waits, or waited, in an inbox.";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    })
}

/// What is written to a customer who was handed over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// The words, as they are sent.
    #[schemars(length(min = 1, max = LONGEST))]
    text: String,
    /// By which channel, `chat` or `sms`; else by the one on which the customer spoke last.
    channel: Option<Channel>,
}

async fn say(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    authorised(&state, &headers)?;
    let key = idempotency::needed(&headers)?;
    let line: Line = request::parsed(&headers, body).await?;
    let item = item(&state, customer, call).await?;
    let channel = match line.channel {
        Some(channel) => channel,
        None => channel(&state.reader.conversation(item.customer, SHOWN).await?),
    };
    let id = format!("inbox:{call}:{}", key.word());
    speak(&state, &item, &id, &line.text, channel).await?;
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
    id: &str,
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
    submit(state, item, PERSON_SAID, id, fields).await
}

/// How a hand-over or a task is ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    /// What the journey reads as `steps.ID.answer`; of the form that it asks for.
    #[serde(default)]
    answer: Value,
}

async fn end(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    authorised(&state, &headers)?;
    let Ending { answer } = request::parsed(&headers, body).await?;
    let item = item(&state, customer, call).await?;
    if headers.contains_key(header::IF_MATCH) {
        still(&headers, &entry(&state, item.clone()).await?)?;
    }
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
