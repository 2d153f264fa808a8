//! The inbox: who waits for a person, the conversation with them, and tasks.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Form, Path, Query, State as Shared, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use journey::{
    ids::{CallId, CustomerId},
    message::Channel,
    value::Value,
};
use serde::Deserialize;
use serde_json::json;
use store::read::{InboxItem, Speaker, Utterance};
use uuid::Uuid;

use super::{
    Frame, Page, PageError, customers, html, place, reply::is_foreign, words, words::When,
};
use crate::{
    State,
    access::mask,
    i18n, inbox,
    page::{Cursor, PAGE},
    problem::Problem,
};

const SCRIPT: &str = include_str!("../../static/inbox.js");

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    first: bool,
    next: Option<Cursor>,
}

/// What waits, as a line.
struct Row {
    path: String,
    who: String,
    what: String,
    hand_over: bool,
    inbox: Arc<str>,
    journey: Arc<str>,
    step: Arc<str>,
    since: When,
    /// How long it has waited.
    waits: String,
    due: Option<Due>,
}

/// By when it should be done.
struct Due {
    at: When,
    late: bool,
}

#[derive(Template)]
#[template(path = "inbox_item.html")]
struct One {
    frame: Frame,
    row: Row,
    customer: CustomerId,
    open: bool,
    said: Vec<(Arc<str>, String)>,
    outcomes: Vec<String>,
    traits: Vec<(Arc<str>, String)>,
    talk: String,
    by: String,
    line: Uuid,
    expires: Option<When>,
    empty: bool,
}

#[derive(Template)]
#[template(path = "inbox_talk.html")]
struct Talk {
    days: Vec<Day>,
}

struct Day {
    name: String,
    lines: Vec<Line>,
}

struct Line {
    who: &'static str,
    from: &'static str,
    text: Option<String>,
    template: String,
    channel: String,
    clock: String,
    iso: String,
    /// How it stands, where that is not that it arrived.
    status: String,
    message: Option<String>,
}

pub(super) async fn list(Shared(state): Shared<State>, Query(asked): Query<Asked>) -> Page {
    let after = place(asked.cursor.as_ref())?;
    let page = state.reader.inbox(after, PAGE).await?;
    let (now, mut items) = (state.now(), page.items);
    items.iter_mut().for_each(|item| mask::item(item, now));
    html(&List {
        frame: Frame::new(&state, "inbox"),
        rows: items.iter().map(|item| row(item, now)).collect(),
        first: after.is_none(),
        next: page.next.map(Cursor::of),
    })
}

fn row(item: &InboxItem, now: Timestamp) -> Row {
    let name = customers::name(&item.traits);
    let who = match name.is_empty() {
        true => called(&item.key),
        false => name,
    };
    let title = item.with.field("title");
    let what = title.as_text().map_or_else(
        || match item.hand_over {
            true => i18n::say("Wants to talk to a person").to_owned(),
            false => i18n::fill("Task of {0}", &[&item.journey]),
        },
        str::to_owned,
    );
    Row {
        path: format!("/inbox/{}/{}", item.customer, item.call),
        who,
        what,
        hand_over: item.hand_over,
        inbox: item.inbox.clone(),
        journey: item.journey.clone(),
        step: item.step.clone(),
        since: When(item.at),
        waits: long(now.duration_since(item.at)),
        due: item.wanted_at.map(|at| Due {
            at: When(at),
            late: at < now && item.open,
        }),
    }
}

/// A stranger of the widget is called `web:` and 32 digits, of which the first tell enough.
fn called(key: &str) -> String {
    let stranger = key
        .split_once(':')
        .filter(|(_, name)| name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()));
    stranger.map_or_else(
        || key.to_owned(),
        |(_, name)| i18n::fill("Visitor {0}", &[&&name[..6]]),
    )
}

/// `2 h`, `5 min`, `3 days`.
fn long(span: SignedDuration) -> String {
    let minutes = u64::try_from(span.as_mins()).unwrap_or(0);
    match (minutes / 60, minutes / 1_440) {
        (0, _) => i18n::fill("{0} min", &[&minutes]),
        (hours, 0 | 1) => i18n::fill("{0} h", &[&hours]),
        (_, days) => i18n::count(days, "{0} day", "{0} days"),
    }
}

pub(super) async fn one(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
) -> Page {
    let mut item = item(&state, customer, call).await?;
    let mut talk = state
        .reader
        .conversation(item.customer, inbox::SHOWN)
        .await?;
    mask::talk(&mut talk, &item, state.now());
    mask::item(&mut item, state.now());
    let by = inbox::channel(&talk);
    let named = ["title", "outcomes"];
    let said = fields(&item.with, &named);
    let outcomes = item.with.field("outcomes");
    let outcomes = match &outcomes {
        Value::List(all) => all
            .iter()
            .filter_map(Value::as_text)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    let page = One {
        frame: Frame::new(&state, "inbox"),
        row: row(&item, state.now()),
        customer: item.customer,
        open: item.open,
        said,
        outcomes,
        traits: item
            .traits
            .iter()
            .map(|(name, v)| (name.clone(), words::value(v)))
            .collect(),
        empty: talk.is_empty(),
        talk: shown(&talk)?,
        by: words::channel(by.as_str()),
        line: Uuid::new_v4(),
        expires: item.expires_at.map(When),
    };
    html(&page)
}

fn fields(value: &Value, but: &[&str]) -> Vec<(Arc<str>, String)> {
    let map = value.as_map().into_iter().flat_map(|m| m.iter());
    let map = map.filter(|(name, value)| !but.contains(&&***name) && !value.is_null());
    map.map(|(name, value)| (name.clone(), words::value(value)))
        .collect()
}

/// What was said, alone: the script puts it into the page again and again.
pub(super) async fn talk(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
) -> Page {
    let item = item(&state, customer, call).await?;
    let mut talk = state
        .reader
        .conversation(item.customer, inbox::SHOWN)
        .await?;
    mask::talk(&mut talk, &item, state.now());
    let open = [("x-open", if item.open { "yes" } else { "no" })];
    Ok((open, Html(shown(&talk)?)).into_response())
}

async fn item(state: &State, customer: Uuid, call: Uuid) -> Result<InboxItem, PageError> {
    let found = state
        .reader
        .inbox_item(CustomerId(customer), CallId(call))
        .await?;
    found.ok_or(PageError::NotFound("item of the inbox"))
}

fn shown(talk: &[Utterance]) -> Result<String, PageError> {
    let mut days: Vec<Day> = Vec::new();
    for said in talk {
        let name = words::day(said.at);
        if days.last().is_none_or(|day| day.name != name) {
            let lines = Vec::new();
            days.push(Day { name, lines });
        }
        if let Some(day) = days.last_mut() {
            day.lines.push(line(said));
        }
    }
    Ok(Talk { days }.render()?)
}

fn line(said: &Utterance) -> Line {
    let (who, from) = match said.who {
        Speaker::Customer => ("customer", i18n::say("Customer")),
        Speaker::Journey => ("journey", i18n::say("Journey")),
        Speaker::Person => ("person", i18n::say("You or a colleague")),
    };
    let status = said.status.as_deref().unwrap_or("sent");
    Line {
        who,
        from,
        text: said.text.clone(),
        template: said.template.as_deref().unwrap_or_default().to_owned(),
        channel: words::channel(&said.channel),
        clock: said.at.strftime("%H:%M").to_string(),
        iso: said.at.to_string(),
        status: match status {
            "sent" => String::new(),
            "queued" | "leased" => i18n::say("on its way").to_owned(),
            other => words::status(other).to_owned(),
        },
        message: said.message.map(|id| id.to_string()),
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    id: Uuid,
    text: String,
    by: Option<Channel>,
}

pub(super) async fn say(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    given: Result<Form<Given>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|_| PageError::unreadable())?;
    let item = item(&state, customer, call).await?;
    let by = match given.by {
        Some(by) => by,
        None => inbox::channel(
            &state
                .reader
                .conversation(item.customer, inbox::SHOWN)
                .await?,
        ),
    };
    let said = inbox::speak(
        &state,
        &item,
        &format!("inbox:{}", given.id),
        &given.text,
        by,
    )
    .await;
    said.map_err(|problem| refused(&problem))?;
    Ok(Redirect::to(&format!("/inbox/{customer}/{call}#write")).into_response())
}

/// The customer sees that somebody types, where they have the widget open.
pub(super) async fn types(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<StatusCode, PageError> {
    ours(&headers)?;
    let item = item(&state, customer, call).await?;
    if let (Some(chat), true) = (&state.typing, item.open && item.hand_over) {
        let told = chat.types(item.customer).await;
        told.map_err(|error| {
            tracing::warn!(%error, "that somebody types could not be told");
            PageError::Fault
        })?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct Ended {
    outcome: Option<String>,
    note: Option<String>,
}

pub(super) async fn end(
    Shared(state): Shared<State>,
    Path((customer, call)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
    given: Result<Form<Ended>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|_| PageError::unreadable())?;
    let item = item(&state, customer, call).await?;
    let text = |given: Option<String>| {
        let given = given.map(|text| text.trim().to_owned());
        given.filter(|text| !text.is_empty())
    };
    let mut answer = serde_json::Map::new();
    for (name, value) in [("outcome", text(given.outcome)), ("note", text(given.note))] {
        answer.extend(value.map(|v| (name.to_owned(), json!(v))));
    }
    let answer = match answer.is_empty() {
        true => serde_json::Value::Null,
        false => answer.into(),
    };
    inbox::finish(&state, &item, answer)
        .await
        .map_err(|problem| refused(&problem))?;
    Ok(Redirect::to("/inbox").into_response())
}

fn ours(headers: &HeaderMap) -> Result<(), PageError> {
    match is_foreign(headers) {
        true => Err(PageError::wrong(i18n::say(
            "This is taken from the page of the inbox.",
        ))),
        false => Ok(()),
    }
}

/// What the API says to programs, to the person who did it on a page.
fn refused(problem: &Problem) -> PageError {
    PageError::wrong(match problem.code() {
        "over" => {
            i18n::say("Somebody has answered this already, or the journey waits for it no more.")
        }
        "task" => i18n::say("A task is no conversation: only who is handed over is written to."),
        "text" => {
            return PageError::Wrong(i18n::fill(
                "A line has from 1 to {0} characters.",
                &[&inbox::LONGEST],
            ));
        }
        code => {
            tracing::warn!(
                code,
                detail = problem.detail(),
                "what a person did was not taken"
            );
            return PageError::Busy(i18n::say("It was not taken. Try again in a moment.").into());
        }
    })
}

pub(super) async fn script() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, SCRIPT).into_response()
}
