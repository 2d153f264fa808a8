//! Decided messages: the list, and one with its reasons.

use askama::Template;
use axum::extract::{Path, Query, State as Shared, rejection::QueryRejection};
use journey::{
    explain::Explanation,
    ids::{CustomerId, MessageId},
    message::{Channel, Reason},
};
use store::read::{MessageCursor, MessageRow, MessageView};
use uuid::Uuid;

use super::{
    Frame, Page, PageError, html,
    mailbox::{Shown, with_pictures},
    words,
    words::When,
};
use crate::{
    State, i18n,
    support::{MessagesQuery, OfQuery, PAGE, STATUSES},
};

#[derive(Template)]
#[template(path = "messages.html")]
struct Messages {
    frame: Frame,
    filters: Vec<Filter>,
    customer: String,
    rows: Vec<Row>,
    first: bool,
    asked: MessagesQuery,
    next: Option<MessageCursor>,
}

struct Filter {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

struct Choice {
    word: &'static str,
    text: String,
    chosen: bool,
}

struct Row {
    id: MessageId,
    customer: CustomerId,
    key: String,
    at: When,
    channel: String,
    journey: String,
    step: String,
    status: &'static str,
    tone: &'static str,
    reason: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    customer: CustomerId,
    row: Row,
    purpose: String,
    template: String,
    due: Option<When>,
    done: Option<When>,
    expires: Option<When>,
    attempt: i16,
    provider: String,
    provider_id: String,
    why: Explanation,
    captured: Option<Shown>,
    detail: String,
}

pub(super) async fn list(
    Shared(state): Shared<State>,
    query: Result<Query<MessagesQuery>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let (filter, before) = asked.read().map_err(|_| {
        PageError::Wrong("The address asks for something that does not exist.".into())
    })?;
    let page = state.reader.messages(&filter, before, PAGE).await?;
    html(&Messages {
        frame: Frame::new(&state, "messages"),
        filters: filters(&asked),
        customer: asked.customer.clone(),
        rows: page.messages.iter().map(row).collect(),
        first: before.is_none(),
        next: page.next,
        asked,
    })
}

fn filters(asked: &MessagesQuery) -> Vec<Filter> {
    let filter = |name, label, chosen: &str, words: Vec<(&'static str, String)>| Filter {
        name,
        label,
        options: words
            .into_iter()
            .map(|(word, text)| Choice {
                word,
                text,
                chosen: word == chosen,
            })
            .collect(),
    };
    let channels = Channel::ALL.map(|c| (c.as_str(), words::channel(c.as_str())));
    let statuses = STATUSES.map(|s| (s, words::status(s).to_owned()));
    let reasons = Reason::ALL.map(|r| (r.as_str(), words::reason(r.as_str())));
    vec![
        filter("channel", "Channel", &asked.channel, channels.into()),
        filter("status", "Status", &asked.status, statuses.into()),
        filter("reason", "Reason", &asked.reason, reasons.into()),
    ]
}

fn row(message: &MessageRow) -> Row {
    Row {
        id: message.id,
        customer: message.customer,
        key: message.customer_key.to_string(),
        at: When(message.at),
        channel: words::channel(&message.channel),
        journey: message.journey.to_string(),
        step: message.step.to_string(),
        status: words::status(&message.status),
        tone: words::tone(&message.status),
        reason: message
            .reason
            .as_deref()
            .map(words::reason)
            .unwrap_or_default(),
    }
}

pub(super) async fn one(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    query: Result<Query<OfQuery>, QueryRejection>,
) -> Page {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound("message"))?;
    let of = query.ok().and_then(|Query(q)| q.of).map(CustomerId);
    let found = state.reader.message(MessageId(id), of).await?;
    let message = found.ok_or(PageError::NotFound("message"))?;
    let captured = match &state.mailbox {
        Some(mailbox) => mailbox.of_message(message.row.id).await?,
        None => None,
    };
    let captured = match captured {
        Some(captured) => Some(Shown::with_question(&state, captured).await?),
        None => None,
    };
    let why = state.reader.why(&message, i18n::language()).await?;
    let page = html(&Message {
        captured,
        ..page(&state, &message, why)
    })?;
    Ok(with_pictures(page))
}

fn page(state: &State, message: &MessageView, why: Explanation) -> Message {
    let text = |t: &Option<std::sync::Arc<str>>| t.as_deref().unwrap_or_default().to_owned();
    let decision = message.decision.as_ref();
    Message {
        frame: Frame::new(state, "messages"),
        customer: message.row.customer,
        row: row(&message.row),
        purpose: message.row.purpose.to_string(),
        template: decision.map(|d| d.template.to_string()).unwrap_or_default(),
        due: message.due_at.map(When),
        done: message.row.done_at.map(When),
        expires: decision.and_then(|d| d.expires_at).map(When),
        attempt: message.attempt,
        provider: text(&message.provider),
        provider_id: text(&message.provider_id),
        why,
        captured: None,
        detail: decision
            .and_then(|d| serde_json::to_string_pretty(d).ok())
            .unwrap_or_default(),
    }
}
