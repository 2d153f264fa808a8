//! Journeys as they run: the picture with who waits where, versions, and what became of messages.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, State as Shared},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use journey::graph::{self, Graph};
use store::read::{Flow, JourneyRow, JourneySummary, StepFlow, VersionRow};

use super::{Frame, Page, PageError, html, words, words::When};
use crate::State;

/// A picture brings its own style, and is shown as a picture: nothing of it runs.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

#[derive(Template)]
#[template(path = "journeys.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    name: Arc<str>,
    title: Arc<str>,
    version: i32,
    published: When,
    paused: bool,
    entered: String,
    inside: String,
    goals: String,
    sent: String,
    held: String,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct OnePage {
    frame: Frame,
    name: Arc<str>,
    title: Arc<str>,
    version: i32,
    published: When,
    paused: Option<When>,
    figures: Vec<(&'static str, String, String)>,
    /// Whether it can be drawn.
    drawn: bool,
    steps: Vec<Step>,
    left: Vec<(String, String, u64)>,
    versions: Vec<Version>,
}

struct Step {
    id: Arc<str>,
    title: String,
    inside: String,
    sent: String,
    queued: String,
    held: String,
}

struct Version {
    number: i32,
    published: When,
    current: bool,
    inside: String,
}

pub(super) async fn list(Shared(state): Shared<State>) -> Page {
    let published = state.reader.published().await?;
    let summary = state.reader.summary().await?;
    let none = JourneySummary::default();
    let row = |row: &JourneyRow| {
        let counts = summary.journeys.get(&row.journey).unwrap_or(&none);
        Row {
            name: row.journey.clone(),
            title: row.title.clone(),
            version: row.version,
            published: When(row.published_at),
            paused: row.paused_at.is_some(),
            entered: words::number(counts.entered),
            inside: words::number(counts.inside),
            goals: words::number(counts.goals),
            sent: words::number(counts.sent),
            held: words::number(counts.suppressed),
        }
    };
    html(&List {
        frame: Frame::new(&state, "journeys"),
        rows: published.iter().map(row).collect(),
    })
}

pub(super) async fn one(Shared(state): Shared<State>, Path(name): Path<String>) -> Page {
    let flow = flow(&state, &name).await?;
    let graph = Graph::of(&flow.machine);
    html(&OnePage {
        frame: Frame::new(&state, "journeys"),
        name: flow.row.journey.clone(),
        title: flow.row.title.clone(),
        version: flow.row.version,
        published: When(flow.row.published_at),
        paused: flow.row.paused_at.map(When),
        figures: figures(&flow),
        drawn: graph::svg(&graph).is_ok(),
        steps: steps(&graph, &flow.steps),
        left: left(&flow.left),
        versions: flow.versions.iter().map(version).collect(),
    })
}

/// The picture, with who waits where.
pub(super) async fn picture(Shared(state): Shared<State>, Path(name): Path<String>) -> Page {
    let flow = flow(&state, &name).await?;
    let mut graph = Graph::of(&flow.machine);
    for shown in &mut graph.boxes {
        if let Some(counts) = flow.steps.get(&shown.id) {
            shown.details.extend(line(counts));
        }
    }
    let drawn = graph::svg(&graph).map_err(|_| PageError::NotFound("picture"))?;
    Ok(svg(drawn))
}

fn svg(drawn: String) -> Response {
    let kind = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("image/svg+xml; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(PICTURE_POLICY),
        ),
    ];
    (kind, drawn).into_response()
}

async fn flow(state: &State, name: &str) -> Result<Flow, PageError> {
    let found = state.reader.flow(name).await?;
    found.ok_or(PageError::NotFound("journey"))
}

/// `3 inside · 12 sent · 2 held back`.
fn line(counts: &StepFlow) -> Option<String> {
    let held: u64 = counts.held.values().sum();
    let parts = [
        (counts.inside, "inside"),
        (counts.sent, "sent"),
        (counts.queued, "on their way"),
        (held, "held back"),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts
        .map(|(n, what)| format!("{} {what}", words::number(n)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn figures(flow: &Flow) -> Vec<(&'static str, String, String)> {
    let sent = flow.steps.values().map(|s| s.sent).sum();
    let held = flow.steps.values().flat_map(|s| s.held.values()).sum();
    let share = match (flow.goals * 100).checked_div(flow.entered) {
        Some(percent) if flow.goals > 0 => format!("{percent} % of entries"),
        _ => String::new(),
    };
    vec![
        ("Entered", words::number(flow.entered), String::new()),
        ("Inside now", words::number(flow.inside), String::new()),
        ("Reached the goal", words::number(flow.goals), share),
        ("Messages sent", words::number(sent), String::new()),
        ("Held back", words::number(held), String::new()),
    ]
}

/// The steps of the version that is entered, in the order of the file, where there is something to tell; then those of versions before.
fn steps(graph: &Graph, counts: &BTreeMap<Arc<str>, StepFlow>) -> Vec<Step> {
    let mut rest = counts.clone();
    let mut told = Vec::new();
    for shown in graph.boxes.iter().filter(|b| b.is_step()) {
        let counts = rest.remove(&shown.id).unwrap_or_default();
        if counts != StepFlow::default() {
            told.push(step(&shown.id, shown.title.clone(), &counts));
        }
    }
    let before = rest
        .iter()
        .map(|(id, counts)| step(id, "Of an earlier version".to_owned(), counts));
    told.extend(before);
    told
}

fn step(id: &Arc<str>, title: String, counts: &StepFlow) -> Step {
    let mut held: Vec<_> = counts.held.iter().collect();
    held.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let held: Vec<String> = held
        .iter()
        .map(|(why, n)| {
            format!(
                "{} {}",
                words::number(**n),
                words::reason(why).to_lowercase()
            )
        })
        .collect();
    let number = |n: u64| {
        if n == 0 {
            String::new()
        } else {
            words::number(n)
        }
    };
    Step {
        id: id.clone(),
        title,
        inside: number(counts.inside),
        sent: number(counts.sent),
        queued: number(counts.queued),
        held: held.join(", "),
    }
}

/// By reason, the most frequent first, each with its share of the most frequent in percent.
fn left(counts: &BTreeMap<Arc<str>, u64>) -> Vec<(String, String, u64)> {
    let most = counts.values().copied().max().unwrap_or(0).max(1);
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let told = |(why, n): (&Arc<str>, &u64)| {
        (
            words::reason(why),
            words::number(*n),
            (n * 100 / most).max(1),
        )
    };
    sorted.into_iter().map(told).collect()
}

fn version(row: &VersionRow) -> Version {
    Version {
        number: row.version,
        published: When(row.published_at),
        current: row.current,
        inside: words::number(row.inside),
    }
}
