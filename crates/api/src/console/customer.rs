//! One customer: who they are, where they are, and all that happened.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    http::HeaderMap,
};
use journey::{
    customer::{ConsentState, Customer as Profile, Ledger},
    explain::{Language, Tongue},
    ids::{CustomerId, InputId, MessageId},
    message::Channel,
    trace::{Fact, Line},
};
use serde::Deserialize;
use store::read::{
    CustomerView, ExpectedEntry, InputName, JourneyName, MessageRow, RunView, TimelineEntry,
    TimelinePage,
};
use uuid::Uuid;

use super::{Frame, Page, PageError, customers, html, words, words::When};
use crate::{
    State,
    access::mask,
    support::{PAGE, language},
};

#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<i64>,
    /// The input from which on the timeline is shown.
    input: Option<Uuid>,
    lang: Option<String>,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct CustomerPage {
    frame: Frame,
    id: CustomerId,
    key: String,
    title: String,
    seen: When,
    /// Since when their processing is restricted, if it is.
    restricted: Option<When>,
    /// Why they get fewer messages than others, if they do.
    slowed: Option<String>,
    traits: Vec<(Arc<str>, String)>,
    channels: Vec<Reach>,
    /// Addresses are hidden, and may be shown for a reason.
    hidden: bool,
    consents: Vec<ConsentRow>,
    open: Vec<OpenRun>,
    expected: Vec<ExpectedRow>,
    ended: Vec<EndedRun>,
    /// Those that can be asked about.
    journeys: Vec<JourneyName>,
    language: Language,
    days: Vec<Day>,
    first: bool,
    next: Option<i64>,
}

struct Reach {
    channel: String,
    address: String,
    suppressed: String,
}

struct ConsentRow {
    purpose: Arc<str>,
    channel: String,
    state: &'static str,
    tone: &'static str,
    since: When,
}

struct OpenRun {
    title: Arc<str>,
    journey: Arc<str>,
    version: String,
    key: Arc<str>,
    entered: When,
    step: String,
    line: Option<u32>,
    waits: String,
    /// Since when, if it is paused.
    paused: Option<When>,
    held: bool,
    until: Option<When>,
}

struct ExpectedRow {
    title: Arc<str>,
    at: When,
}

struct EndedRun {
    title: Arc<str>,
    journey: Arc<str>,
    key: Arc<str>,
    entered: When,
    left: Option<When>,
    reason: String,
    goal: bool,
}

struct Day {
    name: String,
    entries: Vec<Entry>,
}

struct Entry {
    iso: String,
    clock: String,
    kind: &'static str,
    title: String,
    groups: Vec<Group>,
    unreadable: bool,
    seq: i64,
    input: String,
    detail: String,
}

/// Facts in a row that are about the same run.
struct Group {
    journey: String,
    facts: Vec<Said>,
}

struct Said {
    step: String,
    text: String,
    tone: &'static str,
    message: Option<Link>,
}

struct Link {
    id: MessageId,
    status: &'static str,
    tone: &'static str,
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let view = state.reader.customer(&key).await?;
    let mut view = view.ok_or(PageError::NotFound("customer"))?;
    let id = view.row.id;
    let runs = state.reader.runs(id).await?;
    let expected = state.reader.expected(&view.ledger).await?;
    let before = match asked.input {
        Some(input) => state.reader.before(id, InputId(input)).await?,
        None => asked.before,
    };
    let mut timeline = state.reader.timeline(id, before, PAGE).await?;
    let language = language(asked.lang.as_deref(), &headers);
    let tongue = state.reader.tongue(&view, language).await?;
    let slowed = state.reader.slowed(&view, language, state.now()).await?;
    mask::entries(&mut timeline.entries, id, state.now());
    mask::view(&mut view, state.now());
    let name = customers::name(&view.row.traits);
    html(&CustomerPage {
        frame: Frame::new(&state, "customers"),
        id,
        key: view.row.key.to_string(),
        title: if name.is_empty() {
            view.row.key.to_string()
        } else {
            name
        },
        seen: When(view.row.seen_at),
        restricted: view.ledger.restricted.map(When),
        slowed: slowed.map(|s| s.sentence),
        traits: traits(&view),
        channels: reach(&view),
        hidden: mask::may_ask(id, state.now()),
        consents: consents(&view.ledger),
        open: runs.open.iter().map(|run| open(run, &tongue)).collect(),
        journeys: state.reader.journeys().await?,
        expected: expected.into_iter().map(expects).collect(),
        ended: runs.ended.iter().map(ended).collect(),
        first: before.is_none(),
        next: timeline.next,
        language,
        days: days(&timeline, &tongue),
    })
}

fn traits(view: &CustomerView) -> Vec<(Arc<str>, String)> {
    let shown = |(name, value): (&Arc<str>, &_)| (name.clone(), words::value(value));
    view.row.traits.iter().map(shown).collect()
}

/// Reachability by the pure crate's own rule, so that the page cannot disagree with the engine.
fn reach(view: &CustomerView) -> Vec<Reach> {
    let profile = Profile {
        traits: view.row.traits.clone(),
        ..Profile::new(&view.row.key)
    };
    Channel::ALL
        .into_iter()
        .map(|channel| {
            let address = profile.address(channel);
            let suppressed = view.ledger.suppressed.get(&channel);
            Reach {
                channel: words::channel(channel.as_str()),
                address: address.as_ref().map(words::value).unwrap_or_default(),
                suppressed: suppressed
                    .map(|s| format!("{} {}", words::reason(&s.reason), words::moment(s.at)))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn consents(ledger: &Ledger) -> Vec<ConsentRow> {
    let mut rows = Vec::new();
    for (purpose, channels) in &ledger.consents {
        for (channel, consent) in channels {
            let (state, tone) = match consent.state {
                ConsentState::Granted => ("Granted", "good"),
                ConsentState::Unconfirmed => ("Not confirmed", "warn"),
                ConsentState::Withdrawn => ("Withdrawn", "bad"),
            };
            rows.push(ConsentRow {
                purpose: purpose.clone(),
                channel: words::channel(channel.as_str()),
                state,
                tone,
                since: When(consent.at),
            });
        }
    }
    rows
}

fn open(run: &RunView, tongue: &Tongue) -> OpenRun {
    let step = run.step.as_ref();
    OpenRun {
        title: run.title.clone(),
        journey: run.journey.clone(),
        version: run
            .version
            .map(|v| format!("version {v}"))
            .unwrap_or_default(),
        key: run.key.clone(),
        entered: When(run.entered_at),
        step: step.map(|s| s.id.to_string()).unwrap_or_default(),
        line: step.map(|s| s.line),
        paused: run.paused_since.map(When),
        waits: match (&run.left_at, &run.waiting) {
            (Some(_), _) => format!(
                "Has left ({}); only watches for its goal",
                words::reason(run.reason.as_deref().unwrap_or_default()).to_lowercase()
            ),
            (None, Some(waiting)) => words::capital(&waiting.say(tongue)),
            (None, None) => "Not waiting".into(),
        },
        held: run.paused_since.is_some() || run.waiting.as_ref().is_some_and(|w| w.held.is_some()),
        until: run
            .waiting
            .as_ref()
            .map_or(run.due_at, |w| w.until)
            .map(When),
    }
}

fn expects(entry: ExpectedEntry) -> ExpectedRow {
    ExpectedRow {
        title: entry.title,
        at: When(entry.at),
    }
}

/// What made a run pass, as a heading.
fn passage(entry: &TimelineEntry) -> &'static str {
    match entry.trace.first().map(|line| &line.fact) {
        Some(Fact::Paused { .. }) => "The journey was paused",
        Some(Fact::Resumed { .. }) => "The journey goes on",
        _ => "A new version was published",
    }
}

fn ended(run: &RunView) -> EndedRun {
    EndedRun {
        title: run.title.clone(),
        journey: run.journey.clone(),
        key: run.key.clone(),
        entered: When(run.entered_at),
        left: run.left_at.map(When),
        reason: words::reason(run.reason.as_deref().unwrap_or_default()),
        goal: run.goal_at.is_some(),
    }
}

fn days(page: &TimelinePage, tongue: &Tongue) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for entry in &page.entries {
        let name = words::day(entry.at);
        let shown = shown(entry, page, tongue);
        match days.last_mut() {
            Some(day) if day.name == name => day.entries.push(shown),
            _ => days.push(Day {
                name,
                entries: vec![shown],
            }),
        }
    }
    days
}

fn shown(entry: &TimelineEntry, page: &TimelinePage, tongue: &Tongue) -> Entry {
    let (kind, title) = match entry.kind {
        InputName::Event => ("event", entry.name.to_string()),
        InputName::Timer => ("timer", "Time had come".into()),
        InputName::Receipt => ("receipt", "News of a message".into()),
        InputName::Passage => ("passage", passage(entry).into()),
        InputName::Date => ("timer", occasion(entry, "A date had come")),
        InputName::Sweep => ("timer", occasion(entry, "Its turn had come")),
        InputName::Answer => ("receipt", "News of a call".into()),
    };
    let mut groups: Vec<Group> = Vec::new();
    for line in &entry.trace {
        let journey = line.journey.as_deref().unwrap_or_default();
        let said = said(line, page, tongue);
        match groups.last_mut() {
            Some(group) if group.journey == journey => group.facts.push(said),
            _ => groups.push(Group {
                journey: journey.to_owned(),
                facts: vec![said],
            }),
        }
    }
    Entry {
        iso: entry.at.to_string(),
        clock: words::clock(entry.at),
        kind,
        title,
        groups,
        unreadable: entry.unreadable,
        seq: entry.seq,
        input: entry.id.to_string(),
        detail: if entry.body.is_null() {
            String::new()
        } else {
            serde_json::to_string_pretty(&entry.body).unwrap_or_default()
        },
    }
}

fn occasion(entry: &TimelineEntry, otherwise: &str) -> String {
    let said = entry.occasion();
    said.map_or_else(|| otherwise.into(), |words| words::sentence(&words))
}

fn said(line: &Line, page: &TimelinePage, tongue: &Tongue) -> Said {
    let (tone, message) = match &line.fact {
        Fact::Sends { message, .. } => ("good", Some(*message)),
        Fact::Suppressed { message, .. } => ("warn", Some(*message)),
        Fact::Recalled { message } => ("warn", Some(*message)),
        Fact::Failed { message, .. } => ("bad", Some(*message)),
        Fact::Noted { message, .. } => ("calm", Some(*message)),
        Fact::Held { .. } => ("warn", None),
        Fact::Goal => ("good", None),
        _ => ("calm", None),
    };
    Said {
        step: line.step.as_deref().unwrap_or_default().to_owned(),
        text: words::capital(&line.fact.say(tongue)),
        tone,
        message: message.and_then(|id| page.messages.get(&id)).map(link),
    }
}

fn link(message: &MessageRow) -> Link {
    Link {
        id: message.id,
        status: words::status(&message.status),
        tone: words::tone(&message.status),
    }
}
