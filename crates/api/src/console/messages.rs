//! Decided messages: the list, and one with its reasons.

use askama::Template;
use axum::extract::{Path, Query, State as Shared, rejection::QueryRejection};
use journey::{
    explain::{Explanation, Status},
    ids::{CustomerId, MessageId},
    message::{Channel, Reason},
};
use serde::Deserialize;
use store::read::{MessageCursor, MessageFilter, MessageRow, MessageView};
use uuid::Uuid;

use super::{
    Frame, Page, PageError, html,
    mailbox::{Shown, as_sent, with_pictures},
    place, words,
    words::When,
};
use crate::{
    State,
    access::mask,
    i18n,
    page::{Cursor, PAGE},
    support::id_of,
};

/// The filters of the list, as a form sends them: empty ones do not filter.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    customer: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    reason: String,
    cursor: Option<Cursor>,
}

impl Asked {
    /// The filter, or that a word of it is none.
    fn filter(&self) -> Result<MessageFilter, PageError> {
        let known = |word: &str, is: bool| match (word.is_empty(), is) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(word.to_owned())),
            (false, false) => Err(PageError::Wrong(
                "The address asks for something that does not exist.".into(),
            )),
        };
        Ok(MessageFilter {
            customer: (!self.customer.is_empty()).then(|| id_of(&self.customer)),
            channel: known(&self.channel, self.channel.parse::<Channel>().is_ok())?,
            status: known(&self.status, self.status.parse::<Status>().is_ok())?,
            reason: known(&self.reason, self.reason.parse::<Reason>().is_ok())?,
        })
    }
}

/// Whose message it is, and how it is explained.
#[derive(Deserialize)]
pub(super) struct Of {
    of: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct Messages {
    frame: Frame,
    filters: Vec<Filter>,
    customer: String,
    rows: Vec<Row>,
    first: bool,
    asked: Asked,
    next: Option<Cursor>,
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
    /// If it failed, the id of the form by which it is sent again.
    resend: Option<Uuid>,
    detail: String,
}

pub(super) async fn list(
    Shared(state): Shared<State>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let filter = asked.filter()?;
    let before: Option<MessageCursor> = place(asked.cursor.as_ref())?;
    let mut page = state.reader.messages(&filter, before, PAGE).await?;
    for row in &mut page.messages {
        mask::message_row(row, state.now());
    }
    html(&Messages {
        frame: Frame::new(&state, "messages"),
        filters: filters(&asked),
        customer: asked.customer.clone(),
        rows: page.messages.iter().map(row).collect(),
        first: before.is_none(),
        next: page.next.map(Cursor::of),
        asked,
    })
}

fn filters(asked: &Asked) -> Vec<Filter> {
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
    let statuses = Status::ALL.map(|s| (s.as_str(), words::status(s.as_str()).to_owned()));
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
    query: Result<Query<Of>, QueryRejection>,
) -> Page {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound("message"))?;
    let of = query.ok().and_then(|Query(q)| q.of).map(CustomerId);
    let found = state.reader.message(MessageId(id), of).await?;
    let mut message = found.ok_or(PageError::NotFound("message"))?;
    let mut why = state.reader.why(&message, i18n::language()).await?;
    let now = state.now();
    let quoted = mask::quoted(&state, message.row.customer, now).await?;
    let (id, of) = (message.row.id, message.row.customer);
    let captured = as_sent(&state, id, of, quoted.as_ref()).await?;
    mask::explanation(&mut why, quoted.as_ref());
    mask::message(&mut message, quoted.as_ref(), now);
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
        resend: (*message.row.status == *"failed").then(Uuid::new_v4),
        detail: decision
            .and_then(|d| serde_json::to_string_pretty(d).ok())
            .unwrap_or_default(),
    }
}
