//! What visitors say, and that they have opened the chat: events, as a provider's would become.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
};
use jiff::Timestamp;
use journey::{ids::CustomerId, intake::SegmentCall, machine};
use serde::Deserialize;
use serde_json::{Map, Value as Json_, json};
use store::chat::{NewLine, Said, Who};
use uuid::Uuid;

use super::{
    Chat, chat,
    session::BODY,
    unread, visitor,
    visitor::{Visitor, gone},
};
use crate::{
    State,
    intake::{accepted, not_accepted},
    problem::Problem,
    request,
};

/// The longest line, in characters.
const LONGEST: usize = 2_000;
/// The longest name of a choice or a page, in characters.
const LONGEST_NAME: usize = 500;

/// A line of the visitor's.
#[derive(Debug, Deserialize)]
struct Line {
    /// Chosen by the widget, so that a line that is sent again is the same.
    id: Uuid,
    text: String,
    /// The name of the answer that was chosen, whose label the text is.
    choice: Option<String>,
    /// The line that it answers.
    to: Option<Uuid>,
    #[serde(flatten)]
    page: OnPage,
}

/// Where the visitor is.
#[derive(Debug, Default, Deserialize)]
struct OnPage {
    /// The page's address, without what stands behind `?` and `#`.
    page: Option<String>,
    /// Its language.
    locale: Option<String>,
}

pub(super) async fn say(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Json_>, Problem> {
    let who = visitor(&state, &headers)?;
    let (chat, now) = (chat(&state)?, state.now());
    let body = request::bytes(&headers, body, BODY).await?;
    let line: Line = serde_json::from_value(request::json(&body)?)
        .map_err(|_| Problem::bad("line", "A line has an `id` (a UUID) and a `text`."))?;
    let text = words(&line.text, LONGEST);
    if text.is_empty() {
        return Err(Problem::bad("text", "An empty line says nothing."));
    }
    if !chat.rates.line(who.id(), now) {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            "Too many lines at once; try again in a minute.",
        ));
    }
    // An answer to a journey of the stranger that they were is the stranger's.
    let said_by = chat
        .lines
        .answers(who.id(), line.to)
        .await
        .map_err(|e| unread(&e))?;
    let answers = line.to.filter(|_| said_by.is_some());
    let listens = said_by.unwrap_or_else(|| who.id());
    let key = key(&state, &who, listens).await?;
    let choice = line.choice.as_deref().map(|c| words(c, LONGEST_NAME));
    let mut fields = json!({
        "channel": "chat",
        "provider": chat.name,
        "text": choice.as_deref().unwrap_or(&text),
    });
    if let Some(message) = answers {
        fields["message_id"] = json!(message);
    }
    if let Some(page) = page(&line.page) {
        fields["page"] = json!(page);
    }
    let call = Call {
        key: &key,
        event: machine::REPLIED,
        id: line.id.to_string(),
        fields,
    };
    let traits = traits(&state, chat, listens, &line.page).await?;
    submit(&state, chat, call, traits, now).await?;
    let said = Said {
        text,
        options: Vec::new(),
        to: answers,
    };
    let new = NewLine {
        id: line.id,
        at: now,
        who: Who::Customer,
        said,
    };
    let known = chat
        .lines
        .put(listens, &new)
        .await
        .map_err(|e| unread(&e))?;
    match known {
        true => Ok(Json(json!({ "at": now }))),
        // They were erased: who goes on is somebody else.
        false => Err(gone()),
    }
}

/// The chat was opened: once in an hour, whatever the widget says.
pub(super) async fn opened(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let who = visitor(&state, &headers)?;
    let (chat, now) = (chat(&state)?, state.now());
    let body = request::bytes(&headers, body, BODY).await?;
    let on: OnPage = serde_json::from_value(request::json(&body)?)
        .map_err(|_| Problem::bad("opened", "`page` and `locale` are what is said."))?;
    let hour = now.as_second().div_euclid(3_600);
    let mut fields = json!({ "channel": "chat", "provider": chat.name, "known": who.known });
    if let Some(page) = page(&on) {
        fields["page"] = json!(page);
    }
    let call = Call {
        key: &who.key,
        event: machine::CHAT_OPENED,
        id: format!("opened:{}:{hour}", who.id()),
        fields,
    };
    let traits = traits(&state, chat, who.id(), &on).await?;
    submit(&state, chat, call, traits, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What producers call the customer who hears it.
async fn key(state: &State, who: &Visitor, listens: CustomerId) -> Result<Arc<str>, Problem> {
    if listens == who.id() {
        return Ok(who.key.clone());
    }
    let keys = state.reader.keys(&[listens]).await?;
    // A stranger who was erased says nothing any more.
    Ok(keys.get(&listens).cloned().unwrap_or(who.key.clone()))
}

/// What the profile does not have yet: where the chat is, and the language.
async fn traits(
    state: &State,
    chat: &Chat,
    id: CustomerId,
    on: &OnPage,
) -> Result<Map<String, Json_>, Problem> {
    let view = state.reader.customer(&id.to_string()).await?;
    let profile = view.filter(|view| view.row.id == id).map(|v| v.row.traits);
    let text = |name: &str| {
        let value = profile.as_ref()?.get(name)?;
        value.as_text().map(str::to_owned)
    };
    let mut traits = Map::new();
    let here = format!("{}:{id}", chat.name);
    if text("chat_id").as_ref() != Some(&here) {
        traits.insert("chat_id".to_owned(), here.into());
    }
    if let Some(locale) = on.locale.as_deref().filter(|l| is_locale(l))
        && text("locale").is_none()
    {
        traits.insert("locale".to_owned(), locale.into());
    }
    Ok(traits)
}

/// A `track` call of the widget's.
struct Call<'a> {
    key: &'a str,
    event: &'a str,
    id: String,
    fields: Json_,
}

async fn submit(
    state: &State,
    chat: &Chat,
    call: Call<'_>,
    traits: Map<String, Json_>,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut body = json!({
        "messageId": format!("{}:{}", chat.name, call.id),
        "userId": call.key,
        "event": call.event,
        "timestamp": now,
        "properties": call.fields,
    });
    if !traits.is_empty() {
        body["context"] = json!({ "traits": traits });
    }
    let event = accepted(state, body, Some(SegmentCall::Track), now)
        .map_err(|refused| Problem::bad(refused.code, refused.message))?;
    chat.turn.accept(vec![event]).await.map_err(not_accepted)
}

/// What was typed, without signs that are none, cut to so many.
fn words(text: &str, most: usize) -> String {
    let is_sign = |c: &char| !c.is_control() || *c == '\n';
    let kept: String = text.chars().filter(is_sign).take(most).collect();
    kept.trim().to_owned()
}

/// Without what may tell more of the visitor than where they are.
fn page(on: &OnPage) -> Option<String> {
    let page = on.page.as_deref()?;
    let page = page.split(['?', '#']).next().unwrap_or_default();
    let web = page.starts_with("https://") || page.starts_with("http://");
    web.then(|| words(page, LONGEST_NAME))
}

fn is_locale(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_keeps_its_lines_and_nothing_odd() {
        assert_eq!(words("  a\u{0}b\r\nc\u{7} ", 10), "ab\nc");
        assert_eq!(words("éééé", 2), "éé");
    }

    #[test]
    fn a_page_is_told_without_its_query() {
        let of = |page: &str| {
            let page = Some(page.to_owned());
            super::page(&OnPage { page, locale: None })
        };
        let plain = Some("https://shop.example/cart".to_owned());
        assert_eq!(of("https://shop.example/cart?token=1#x"), plain);
        assert_eq!(of("javascript:alert(1)"), None);
    }
}
