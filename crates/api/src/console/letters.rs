//! Dead letters: by cause, one of them, and what is done about it.

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State as Shared, rejection::FormRejection, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use journey::{ids::LetterId, intake::Cause};
use serde::Deserialize;
use store::read::{LetterCount, LetterJob, LetterRow, LetterView};
use uuid::Uuid;

use super::{
    Frame, Live, Page, PageError, html,
    live::{Seen, tell},
    reply::is_foreign,
    words::{self, When},
};
use crate::{
    State,
    access::noted,
    i18n::{self, language},
    letters::{self as rooms, LettersQuery, NotDone, STATUSES, Shown},
    page::{Cursor, PAGE},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "letters/list.html")]
struct List {
    frame: Frame,
    seen: String,
    groups: Vec<Group>,
    statuses: Vec<Choice>,
    causes: Vec<Choice>,
    asked: LettersQuery,
    rows: Vec<Row>,
    next: Option<Cursor>,
    first: bool,
    job: Option<Job>,
    /// How many open letters of the chosen cause there are.
    open: i64,
    may_act: bool,
}

/// The letters of one cause.
struct Group {
    code: String,
    words: &'static str,
    open: i64,
    /// Of all that are open, in hundredths.
    share: i64,
    /// The days on which they were put aside, and how many.
    days: String,
}

struct Choice {
    word: String,
    text: String,
    chosen: bool,
}

struct Row {
    id: LetterId,
    at: When,
    cause: &'static str,
    reason: String,
    name: String,
    key: String,
    tries: i32,
    status: &'static str,
    tone: &'static str,
}

/// A replay of many.
struct Job {
    id: Uuid,
    running: bool,
    state: &'static str,
    total: i32,
    over: i32,
    counts: String,
    at: When,
    trouble: String,
}

#[derive(Template)]
#[template(path = "letters/one.html")]
struct One {
    frame: Frame,
    row: Row,
    open: bool,
    may_act: bool,
    field: String,
    customer: Option<String>,
    source: String,
    routing_key: String,
    content_type: String,
    headers: Vec<(String, String)>,
    last: When,
    replayed: Option<When>,
    done: Option<When>,
    by: String,
    note: String,
    body: Shown,
    edited: Option<Shown>,
    /// What the form begins with.
    draft: Option<String>,
    /// Why it was not taken, and at which field.
    wrong: Option<(String, String)>,
}

pub(super) async fn list(
    Shared(state): Shared<State>,
    query: Result<Query<LettersQuery>, QueryRejection>,
) -> Page {
    let Query(mut asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    // Those that are to be dealt with, unless all are asked for by name.
    match asked.status.as_str() {
        "" => asked.status = "open".to_owned(),
        "any" => asked.status = String::new(),
        _ => {}
    }
    let (filter, before) = asked.read().map_err(|p| wrong(&p))?;
    let seen = state.reader.letter_news().await?;
    let page = state.reader.letters(&filter, before, PAGE).await?;
    let counts = state.reader.letter_causes().await?;
    let job = state.reader.latest_letter_job().await?;
    let now = state.now();
    let mut letters = page.letters;
    letters.iter_mut().for_each(|row| rooms::mask(row, now));
    let frame = Frame::new(&state, "operations");
    let groups = groups(&counts);
    let of_cause = |g: &&Group| asked.cause.is_empty() || g.code == asked.cause;
    html(&List {
        may_act: frame.may("operations:act") && state.letters.is_some(),
        open: groups.iter().filter(of_cause).map(|g| g.open).sum(),
        frame,
        seen,
        statuses: statuses(&asked.status),
        causes: causes(&counts, &asked.cause),
        groups,
        rows: letters.iter().map(row).collect(),
        next: page.next.map(Cursor::of),
        first: before.is_none(),
        job: job.map(|j| shown_job(&j)),
        asked,
    })
}

fn statuses(chosen: &str) -> Vec<Choice> {
    let choice = |word: &str, text: &str, chosen: bool| Choice {
        word: word.to_owned(),
        text: text.to_owned(),
        chosen,
    };
    let any = choice("any", i18n::say("Any"), chosen.is_empty());
    let all = STATUSES
        .iter()
        .map(|s| choice(s, status(s).0, *s == chosen));
    all.chain([any]).collect()
}

fn causes(counts: &[LetterCount], chosen: &str) -> Vec<Choice> {
    let mut codes: Vec<&str> = counts.iter().map(|c| &*c.cause).collect();
    codes.extend(Some(chosen).filter(|c| !c.is_empty()));
    codes.sort_unstable();
    codes.dedup();
    let choice = |code: &str| Choice {
        word: code.to_owned(),
        text: Cause::words(code, language()).to_owned(),
        chosen: code == chosen,
    };
    codes.into_iter().map(choice).collect()
}

/// The causes with open letters, the most frequent first.
fn groups(counts: &[LetterCount]) -> Vec<Group> {
    let all: i64 = counts.iter().map(|c| c.open).sum();
    let mut groups: Vec<Group> = Vec::new();
    for count in counts.iter().filter(|c| c.open > 0) {
        let day = format!("{} ({})", count.day, count.open);
        match groups.iter_mut().find(|g| g.code == *count.cause) {
            Some(group) => {
                group.open += count.open;
                group.days = format!("{}, {day}", group.days);
            }
            None => groups.push(Group {
                code: count.cause.to_string(),
                words: Cause::words(&count.cause, language()),
                open: count.open,
                share: 0,
                days: day,
            }),
        }
    }
    for group in &mut groups {
        group.share = (group.open * 100 / all.max(1)).max(1);
    }
    groups.sort_by_key(|g| -g.open);
    groups
}

fn status(word: &str) -> (&'static str, &'static str) {
    match word {
        "open" => (i18n::say("Still open"), "bad"),
        "replayed" => (i18n::say("Submitted again"), "good"),
        _ => (i18n::say("Discarded"), "calm"),
    }
}

fn row(letter: &LetterRow) -> Row {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let (status, tone) = status(&letter.status);
    Row {
        id: letter.id,
        at: When(letter.at),
        cause: Cause::words(&letter.cause, language()),
        reason: words::marked(&letter.reason),
        name: text(&letter.name),
        key: text(&letter.key),
        tries: letter.tries,
        status,
        tone,
    }
}

fn shown_job(job: &LetterJob) -> Job {
    let number = |n: i32| words::number(u64::from(n.unsigned_abs()));
    Job {
        id: job.id,
        running: &*job.status == "running",
        state: match &*job.status {
            "running" => i18n::say("Under way"),
            "done" => i18n::say("Done"),
            _ => i18n::say("Cancelled"),
        },
        total: job.total,
        over: (job.done + job.failed).min(job.total),
        counts: i18n::fill(
            "{0} of {1} submitted again, {2} refused again",
            &[&number(job.done), &number(job.total), &number(job.failed)],
        ),
        at: When(job.at),
        trouble: job.trouble.as_deref().unwrap_or_default().to_owned(),
    }
}

/// Tells the list when something has changed.
pub(super) async fn live(
    Shared(state): Shared<State>,
    live: Option<Extension<Live>>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    tell(live, seen, move || {
        let reader = state.reader.clone();
        async move { reader.letter_news().await }
    })
}

pub(super) async fn one(Shared(state): Shared<State>, Path(id): Path<String>) -> Page {
    let letter = found(&state, &id).await?;
    html(&page(&state, letter, None, None))
}

async fn found(state: &State, id: &str) -> Result<LetterView, PageError> {
    let none = PageError::NotFound("dead letter");
    let id = rooms::id_of(id).ok_or(PageError::NotFound("dead letter"))?;
    state.reader.letter(id).await?.ok_or(none)
}

/// With what was sent and why it was not taken, if something was.
fn page(state: &State, mut letter: LetterView, sent: Option<String>, wrong: Option<Cause>) -> One {
    let now = state.now();
    let sees = rooms::may_see(&letter.row, now);
    rooms::mask(&mut letter.row, now);
    let (text, shown_row) = (|t: &str| t.to_owned(), &letter.row);
    let show = |bytes: &[u8]| {
        let field = shown_row.field.as_deref();
        rooms::shown(bytes, sees, field, &shown_row.reason)
    };
    let (body, edited) = (show(&letter.body), letter.edited.as_deref().map(show));
    let frame = Frame::new(state, "operations");
    let draft = sent.or_else(|| edited.as_ref().unwrap_or(&body).text.clone());
    let headers = letter.headers.into_iter();
    One {
        may_act: frame.may("operations:act") && state.letters.is_some(),
        frame,
        open: &*shown_row.status == "open",
        row: row(shown_row),
        field: shown_row.field.as_deref().map(text).unwrap_or_default(),
        customer: shown_row.customer.map(|c| c.to_string()),
        source: [&*shown_row.exchange, &*shown_row.queue]
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
            .join(" → "),
        routing_key: text(&shown_row.routing_key),
        last: When(shown_row.last_at),
        replayed: shown_row.replayed_at.map(When),
        done: shown_row.done_at.map(When),
        by: shown_row.by.as_deref().map(text).unwrap_or_default(),
        note: shown_row.note.as_deref().map(text).unwrap_or_default(),
        content_type: letter.content_type,
        headers: headers
            .map(|(n, v)| (n, if sees { v } else { "…".to_owned() }))
            .collect(),
        body,
        edited,
        draft,
        wrong: wrong.map(|cause| {
            (
                cause.field.unwrap_or_default(),
                words::marked(&cause.sentence),
            )
        }),
    }
}

/// What a form of one letter sends.
#[derive(Deserialize)]
pub(super) struct GivenOne {
    body: Option<String>,
    #[serde(default)]
    note: String,
}

pub(super) async fn replay(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Result<Form<GivenOne>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let letter = found(&state, &id).await?;
    let edited = given.body.clone().map(String::into_bytes);
    match rooms::submitted(&state, letter.row.id, edited, &given.note).await {
        Ok(()) => Ok(seen(&letter.row.id, &given.note)),
        Err(NotDone::Problem(problem)) => Err(wrong(&problem)),
        Err(NotDone::Refused(cause)) => {
            let again = found(&state, &id).await?;
            let shown = page(&state, again, given.body, Some(cause));
            let response = (StatusCode::UNPROCESSABLE_ENTITY, html(&shown)?).into_response();
            Ok(noted(response, "", given.note))
        }
    }
}

pub(super) async fn discard(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Result<Form<GivenOne>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let letter = found(&state, &id).await?;
    let done = rooms::discarded(&state, letter.row.id, &given.note).await;
    done.map_err(|p| wrong(&p))?;
    Ok(seen(&letter.row.id, &given.note))
}

fn seen(id: &LetterId, note: &str) -> Response {
    noted(
        Redirect::to(&format!("/dead-letters/{id}")).into_response(),
        "",
        note,
    )
}

/// What a form of many letters sends.
#[derive(Deserialize)]
pub(super) struct GivenMany {
    #[serde(flatten)]
    query: LettersQuery,
    #[serde(default)]
    note: String,
}

pub(super) async fn replay_all(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    given: Result<Form<GivenMany>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let (filter, _) = given.query.read().map_err(|p| wrong(&p))?;
    let begun = rooms::begun(&state, filter, &given.note).await;
    let (id, _) = begun.map_err(|p| wrong(&p))?;
    let response = Redirect::to("/dead-letters").into_response();
    Ok(noted(response, format!("job={id}"), given.note))
}

pub(super) async fn discard_all(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    given: Result<Form<GivenMany>, FormRejection>,
) -> Page {
    ours(&headers)?;
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let (filter, _) = given.query.read().map_err(|p| wrong(&p))?;
    let done = rooms::all_discarded(&state, filter, &given.note).await;
    let count = done.map_err(|p| wrong(&p))?;
    let response = Redirect::to("/dead-letters").into_response();
    Ok(noted(response, format!("letters={count}"), given.note))
}

pub(super) async fn cancel(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Page {
    ours(&headers)?;
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound("replay"))?;
    rooms::cancelled(&state, id).await.map_err(|p| wrong(&p))?;
    Ok(Redirect::to("/dead-letters").into_response())
}

fn ours(headers: &HeaderMap) -> Result<(), PageError> {
    match is_foreign(headers) {
        true => Err(PageError::Wrong(
            "This is taken from the console's own page.".into(),
        )),
        false => Ok(()),
    }
}

fn wrong(problem: &Problem) -> PageError {
    PageError::Wrong(problem.detail().to_owned())
}
