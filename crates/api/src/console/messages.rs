//! Decided messages: the list, and one with its reasons.

use askama::Template;
use axum::extract::{Path, Query, State as Shared, rejection::QueryRejection};
use journey::{
    explain::Explanation,
    ids::{CustomerId, MessageId},
    message::{Channel, Reason},
};
use serde::Deserialize;
use store::{
    counts::Heard,
    read::{MessageCursor, MessageRow, MessageView},
};
use uuid::Uuid;

use super::{
    Frame, Page, PageError, html,
    mailbox::{Shown, as_sent, with_pictures},
    words,
    words::When,
};
use crate::{
    State,
    access::mask,
    i18n,
    page::PAGE,
    support::lists::{MessagesQuery, STATUSES},
};

/// Whose message it is.
#[derive(Deserialize)]
pub(super) struct Of {
    of: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct Messages {
    frame: Frame,
    filters: Vec<Filter>,
    /// What is typed: name, label and what stands in it.
    typed: Vec<Typed>,
    /// Whether one of those that are folded away is used.
    narrowed: bool,
    asked: MessagesQuery,
    rows: Vec<Row>,
    /// Nobody is found by what stands under `customer`, or several are.
    nobody: bool,
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
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

struct Typed {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
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
    provider: String,
    /// What was told of it.
    heard: Vec<&'static str>,
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
    query: Result<Query<MessagesQuery>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let found = asked.page(&state, PAGE).await?;
    let nobody = found.is_none();
    let page = found.unwrap_or_default();
    let link = |at: Option<(&str, MessageCursor)>| {
        let place = at.map(|(name, place)| format!("&{name}={place}"));
        format!("/messages?{}{}", chosen(&asked), place.unwrap_or_default())
    };
    let somewhere = !asked.before.is_empty() || !asked.after.is_empty();
    html(&Messages {
        frame: Frame::new(&state, "messages"),
        filters: filters(&asked),
        typed: typed(&asked),
        narrowed: is_narrowed(&asked),
        rows: page.messages.iter().map(row).collect(),
        nobody,
        newest: somewhere.then(|| link(None)),
        newer: page.prev.map(|place| link(Some(("after", place)))),
        older: page.next.map(|place| link(Some(("before", place)))),
        asked,
    })
}

/// Whether one of the filters is used that are folded away.
fn is_narrowed(asked: &MessagesQuery) -> bool {
    let MessagesQuery {
        purpose,
        provider,
        provider_id,
        template,
        failure,
        ..
    } = asked;
    let folded = [purpose, provider, provider_id, template, failure];
    folded.iter().any(|text| !text.is_empty())
}

/// The filters that are set, as they stand in an address.
fn chosen(asked: &MessagesQuery) -> String {
    let all = [
        ("customer", &asked.customer),
        ("journey", &asked.journey),
        ("step", &asked.step),
        ("channel", &asked.channel),
        ("purpose", &asked.purpose),
        ("status", &asked.status),
        ("reason", &asked.reason),
        ("failure", &asked.failure),
        ("provider", &asked.provider),
        ("provider_id", &asked.provider_id),
        ("template", &asked.template),
        ("heard", &asked.heard),
        ("from", &asked.from),
        ("to", &asked.to),
    ];
    let set = all.into_iter().filter(|(_, value)| !value.is_empty());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(set).finish()
}

fn typed(asked: &MessagesQuery) -> Vec<Typed> {
    let field = |name, label, kind, value: &str| Typed {
        name,
        label,
        kind,
        value: value.to_owned(),
    };
    vec![
        field("journey", i18n::say("Journey"), "text", &asked.journey),
        field("step", i18n::say("Step"), "text", &asked.step),
        field("from", i18n::say("From (day, UTC)"), "date", &asked.from),
        field("to", i18n::say("To"), "date", &asked.to),
        field("purpose", i18n::say("Purpose"), "text", &asked.purpose),
        field("provider", i18n::say("Provider"), "text", &asked.provider),
        field(
            "provider_id",
            i18n::say("Its id there"),
            "text",
            &asked.provider_id,
        ),
        field("template", i18n::say("Template"), "text", &asked.template),
        field(
            "failure",
            i18n::say("Kind of failure"),
            "text",
            &asked.failure,
        ),
    ]
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
    let heard = Heard::ALL.map(|h| (h.as_str(), heard(h.as_str()).to_owned()));
    vec![
        filter(
            "channel",
            i18n::say("Channel"),
            &asked.channel,
            channels.into(),
        ),
        filter(
            "status",
            i18n::say("Status"),
            &asked.status,
            statuses.into(),
        ),
        filter("reason", i18n::say("Reason"), &asked.reason, reasons.into()),
        filter("heard", i18n::say("Told of it"), &asked.heard, heard.into()),
    ]
}

/// What is told of a message, in words.
pub(super) fn heard(word: &str) -> &'static str {
    match word {
        "delivered" => i18n::say("Delivered"),
        "opened" => i18n::say("Opened"),
        "clicked" => i18n::say("Clicked"),
        "replied" => i18n::say("Answered"),
        "undelivered" => i18n::say("Not delivered"),
        "bounced" => i18n::say("Bounced"),
        _ => i18n::say("Complained of"),
    }
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
        provider: message.provider.as_deref().unwrap_or_default().to_owned(),
        heard: message.heard.iter().map(|word| heard(word)).collect(),
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
        provider: text(&message.row.provider),
        provider_id: text(&message.provider_id),
        why,
        captured: None,
        resend: (*message.row.status == *"failed").then(Uuid::new_v4),
        detail: decision
            .and_then(|d| serde_json::to_string_pretty(d).ok())
            .unwrap_or_default(),
    }
}
