//! Beginning to talk: who the visitor is, and what was said before.

use axum::{
    Json,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
};
use journey::{intake::SegmentCall, localized};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::chat::From;

use super::{
    Chat, chat,
    lines::{PAGE, Shown},
    origin, unread,
    visitor::Visitor,
};
use crate::{
    State,
    intake::{accepted, not_accepted},
    problem::Problem,
    request,
};

/// The most bytes of a request.
pub(super) const BODY: usize = 16 << 10;

/// What the widget knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The token that it was given before.
    token: Option<String>,
    /// Whom the shop says that it is.
    user: Option<User>,
    /// The language of the page.
    locale: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    id: String,
    proof: String,
}

/// What the widget shows.
#[derive(Debug, Serialize)]
pub(super) struct Session {
    token: String,
    known: bool,
    title: String,
    accent: String,
    greeting: Option<String>,
    lines: Vec<Shown>,
    more: bool,
}

pub(super) async fn open(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Session>, Problem> {
    let chat = chat(&state)?;
    origin::allowed(chat, &headers)?;
    let body = request::bytes(&headers, body, BODY).await?;
    let asked: Asked = serde_json::from_value(request::json(&body)?)
        .map_err(|_| Problem::bad("session", "`token`, `user` and `locale` are what is asked."))?;
    let visitor = whose(&state, chat, &asked).await?;
    let of = state.reader.stays(visitor.id()).await?;
    let mut lines = chat
        .lines
        .lines(of, From::Before(i64::MAX), PAGE + 1)
        .await
        .map_err(|e| unread(&e))?;
    let more = lines.len() > PAGE as usize;
    if more {
        lines.remove(0);
    }
    let locale = asked.locale.as_deref().unwrap_or(&chat.locale);
    let greeting = localized::read(&chat.greeting, locale, &chat.locale);
    Ok(Json(Session {
        token: visitor.token(chat, state.now()),
        known: visitor.known,
        title: chat.title.to_string(),
        accent: chat.accent.to_string(),
        greeting: greeting.map(ToString::to_string),
        lines: lines.iter().map(Shown::of).collect(),
        more,
    }))
}

/// The customer whom the shop names, else whoever has been here before, else somebody new. A stranger who turns out to be a
/// customer takes their conversation along.
async fn whose(state: &State, chat: &Chat, asked: &Asked) -> Result<Visitor, Problem> {
    let now = state.now();
    let before = asked
        .token
        .as_deref()
        .and_then(|token| Visitor::read(chat, token, now));
    let Some(user) = &asked.user else {
        return match before {
            // Who was a customer and is named by nobody now has logged out.
            Some(visitor) if !visitor.known => Ok(visitor),
            _ if chat.rates.stranger(now) => Ok(Visitor::stranger(chat)),
            _ => Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many",
                "Too many visitors at once; try again in a minute.",
            )),
        };
    };
    let customer = Visitor::proven(chat, &user.id, &user.proof)?;
    if let Some(stranger) = before.filter(|visitor| !visitor.known) {
        adopt(state, chat, &stranger, &customer).await?;
    }
    Ok(customer)
}

/// Only a stranger who has said something is anybody.
async fn adopt(
    state: &State,
    chat: &Chat,
    stranger: &Visitor,
    customer: &Visitor,
) -> Result<(), Problem> {
    let now = state.now();
    let said = chat
        .lines
        .lines(stranger.id(), From::After(0), 1)
        .await
        .map_err(|e| unread(&e))?;
    if said.is_empty() {
        return Ok(());
    }
    // The customer is there before anything is theirs, so that an erasure finds it.
    let call = json!({
        "messageId": format!("{}:adopts:{}", chat.name, stranger.id()),
        "userId": customer.key,
        "timestamp": now,
        "traits": { "chat_id": address(chat, customer) },
    });
    let event = accepted(state, call, Some(SegmentCall::Identify), now)
        .map_err(|refused| Problem::bad(refused.code, refused.message))?;
    chat.turn.accept(vec![event]).await.map_err(not_accepted)?;
    let adopted = chat
        .lines
        .adopt(stranger.id(), customer.id(), now)
        .await
        .map_err(|e| unread(&e))?;
    if !adopted {
        tracing::info!("a visitor of the chat is another customer than before");
    }
    Ok(())
}

/// Where their chat is, as the trait `chat_id` has it.
pub(super) fn address(chat: &Chat, visitor: &Visitor) -> String {
    format!("{}:{}", chat.name, visitor.id())
}
