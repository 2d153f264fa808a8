//! The first tab: who came, where they went, and what became of them.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    response::Response,
};
use jiff::civil::Date;
use journey::graph::{self, Graph};
use serde::Deserialize;
use store::read::{Flow, StepFlow};

use super::{
    Head, chart,
    conversion::{self, Conversion},
    funnel::{self, Stage},
};
use crate::{
    State,
    console::{
        Frame, Page, PageError,
        chart::Chart,
        html,
        live::{self, Live, Seen},
        words::{self, When, percent},
    },
    i18n::{self, say},
    journeys::Days,
    problem::Problem,
};

#[derive(Template)]
#[template(path = "journeys/overview.html")]
struct OnePage {
    frame: Frame,
    head: Head,
    ranges: [Range; 4],
    days: String,
    /// Who tells that something has changed.
    live: String,
    seen: String,
    counted_at: When,
    figures: Vec<(&'static str, String, String)>,
    /// Whether it can be drawn.
    drawn: bool,
    chart: Chart,
    left: Vec<Bar>,
    held: Vec<Bar>,
    funnel: Vec<Stage>,
    conversion: Vec<Conversion>,
    steps: Vec<Step>,
}

/// Over which days a page counts.
#[derive(Deserialize)]
pub(in crate::console) struct RangeQuery {
    pub(super) days: Option<String>,
}

struct Range {
    word: String,
    name: String,
    here: bool,
}

struct Bar {
    name: String,
    value: String,
    /// Of the longest, in percent.
    share: u64,
}

struct Step {
    id: Arc<str>,
    title: String,
    came: String,
    /// The way, how many took it, and their share of all who went on.
    ways: Vec<(Arc<str>, String, String)>,
    inside: String,
    sent: String,
    queued: String,
    held: String,
}

/// The days that a page is asked for; without a word, 30.
pub(super) fn days(query: &RangeQuery) -> Result<Days, PageError> {
    let word = query.days.as_deref().unwrap_or("30");
    let known = Days::EACH.into_iter().find(|days| days.word() == word);
    known.ok_or_else(|| PageError::Wrong(say("A range is 7, 30 or 90 days, or all.").into()))
}

fn ranges(here: Days) -> [Range; 4] {
    Days::EACH.map(|days| Range {
        word: days.word(),
        name: match days.number() {
            None => say("All").into(),
            Some(days) => i18n::fill("{0} days", &[&days]),
        },
        here: days == here,
    })
}

pub(in crate::console) async fn one(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    query: Result<Query<RangeQuery>, QueryRejection>,
) -> Page {
    let Query(query) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let asked = days(&query)?;
    let (days, since) = (asked.word(), asked.since(state.now()));
    let flow = flow(&state, &name, since).await?;
    let graph = Graph::of(&flow.machine);
    let seen = flow.fingerprint();
    let counted = &flow.counted;
    html(&OnePage {
        frame: Frame::new(&state, "journeys"),
        head: Head::of(&flow.row, "overview"),
        ranges: ranges(asked),
        live: format!(
            "/journeys/{}/live?days={days}&seen={seen}",
            flow.row.journey
        ),
        days,
        seen,
        counted_at: When(counted.counted_at),
        figures: figures(&flow),
        drawn: graph::svg(&graph).is_ok(),
        chart: chart::of(&counted.days, since, journey::counts::day(state.now())),
        left: bars(&counted.left),
        held: bars(&held(&flow)),
        funnel: funnel::of(&flow.machine, &graph, counted),
        conversion: conversion::of(&flow),
        steps: steps(&graph, &counted.steps),
    })
}

#[derive(Deserialize)]
pub(in crate::console) struct LiveQuery {
    days: Option<String>,
    seen: Option<String>,
}

/// Tells the page when its numbers are others. They are counted once for all pages that look.
pub(in crate::console) async fn live(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    live: Option<Extension<Live>>,
    Query(query): Query<LiveQuery>,
) -> Result<Response, Problem> {
    let days = days(&RangeQuery { days: query.days }).unwrap_or(Days::Month);
    let seen = Seen::new(query.seen);
    live::tell(live, seen, move || {
        let (state, name) = (state.clone(), name.clone());
        async move {
            let flow = state.reader.flow(&name, days.since(state.now())).await?;
            Ok(flow.map_or_else(String::new, |flow| flow.fingerprint()))
        }
    })
}

pub(super) async fn flow(
    state: &State,
    name: &str,
    since: Option<Date>,
) -> Result<Flow, PageError> {
    let found = state.reader.flow(name, since).await?;
    found.ok_or(PageError::NotFound("journey"))
}

fn figures(flow: &Flow) -> Vec<(&'static str, String, String)> {
    let counted = &flow.counted;
    let sent = counted.steps.values().map(|s| s.sent).sum();
    let held = counted.steps.values().flat_map(|s| s.held.values()).sum();
    let share = match counted.goals {
        0 => String::new(),
        goals => i18n::fill(
            "{0} of those who entered",
            &[&percent(goals, counted.entered)],
        ),
    };
    let plain = |name, n| (name, words::number(n), String::new());
    vec![
        plain(say("Entered"), counted.entered),
        plain(say("Inside now"), counted.inside),
        (say("Reached the goal"), words::number(counted.goals), share),
        plain(say("Messages sent"), sent),
        plain(say("Held back"), held),
    ]
}

/// Messages that did not go, by reason, of all steps.
fn held(flow: &Flow) -> BTreeMap<Arc<str>, u64> {
    let mut all = BTreeMap::new();
    for (why, n) in flow.counted.steps.values().flat_map(|s| &s.held) {
        *all.entry(why.clone()).or_default() += n;
    }
    all
}

/// By reason, the most frequent first.
fn bars(counts: &BTreeMap<Arc<str>, u64>) -> Vec<Bar> {
    let most = counts.values().copied().max().unwrap_or(0).max(1);
    let mut sorted: Vec<_> = counts.iter().filter(|(_, n)| **n > 0).collect();
    sorted.sort_by_key(|(_, n)| Reverse(**n));
    let bar = |(why, n): (&Arc<str>, &u64)| Bar {
        name: words::reason(why),
        value: words::number(*n),
        share: (n * 100 / most).max(1),
    };
    sorted.into_iter().map(bar).collect()
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
        .map(|(id, counts)| step(id, say("Of an earlier version").to_owned(), counts));
    told.extend(before);
    told
}

fn step(id: &Arc<str>, title: String, counts: &StepFlow) -> Step {
    let mut held: Vec<_> = counts.held.iter().collect();
    held.sort_by_key(|(_, n)| Reverse(**n));
    let reason = |(why, n): (&Arc<str>, &u64)| {
        format!(
            "{} {}",
            words::number(*n),
            words::reason(why).to_lowercase()
        )
    };
    let held: Vec<String> = held.into_iter().map(reason).collect();
    let number = |n: u64| {
        if n == 0 {
            String::new()
        } else {
            words::number(n)
        }
    };
    let on: u64 = counts.took.values().sum();
    let way = |(way, n): (&Arc<str>, &u64)| {
        let share = if way.is_empty() {
            String::new()
        } else {
            percent(*n, on)
        };
        (way.clone(), words::number(*n), share)
    };
    Step {
        id: id.clone(),
        title,
        came: number(counts.came),
        ways: counts.took.iter().map(way).collect(),
        inside: number(counts.inside),
        sent: number(counts.sent),
        queued: number(counts.queued),
        held: held.join(", "),
    }
}
