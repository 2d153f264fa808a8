//! The first page: what became of everybody.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::extract::State as Shared;
use store::read::Summary;

use super::{Frame, Page, html, words};
use crate::{
    State,
    i18n::{count, fill, say},
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    empty: bool,
    figures: Vec<Figure>,
    panels: [Panel; 3],
    journeys: Vec<Row>,
}

struct Figure {
    name: &'static str,
    value: String,
    note: String,
}

struct Panel {
    title: &'static str,
    /// What to say where there are no bars.
    none: &'static str,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    value: String,
    /// Of the longest, in percent.
    share: u64,
    link: String,
}

struct Row {
    name: Arc<str>,
    counts: [String; 5],
}

pub(super) async fn page(Shared(state): Shared<State>) -> Page {
    let summary = state.reader.summary().await?;
    html(&Overview {
        frame: Frame::new(&state, "overview"),
        empty: summary.customers == 0 && summary.entered == 0,
        figures: figures(&summary),
        panels: panels(&summary),
        journeys: journeys(&summary),
    })
}

fn panels(summary: &Summary) -> [Panel; 3] {
    [
        Panel {
            title: say("Sent, by channel"),
            none: say("No message has been sent yet."),
            bars: bars(&summary.sent, words::channel, |w| {
                format!("/messages?status=sent&channel={w}")
            }),
        },
        Panel {
            title: say("Held back, by reason"),
            none: say("No message has been held back."),
            bars: bars(&summary.suppressed, words::reason, |w| {
                format!("/messages?status=suppressed&reason={w}")
            }),
        },
        Panel {
            title: say("Left, by reason"),
            none: say("Nobody has left a journey yet."),
            bars: bars(&summary.left, words::reason, |_| String::new()),
        },
    ]
}

fn figures(summary: &Summary) -> Vec<Figure> {
    let sent = summary.sent.values().sum();
    let held: u64 = summary.suppressed.values().sum();
    let figure = |name, n, note: String| Figure {
        name,
        value: words::number(n),
        note,
    };
    vec![
        figure(
            say("Customers"),
            summary.customers,
            match summary.customers_estimated {
                true => say("as PostgreSQL estimates").to_owned(),
                false => String::new(),
            },
        ),
        figure(say("Entered a journey"), summary.entered, String::new()),
        figure(say("Inside now"), summary.inside, String::new()),
        figure(
            say("Reached the goal"),
            summary.goals,
            share(summary.goals, summary.entered),
        ),
        figure(say("Messages sent"), sent, on_their_way(summary)),
        figure(say("Held back"), held, lost(summary)),
    ]
}

fn share(part: u64, whole: u64) -> String {
    match (part * 100).checked_div(whole) {
        Some(percent) if part > 0 => fill("{0} % of entries", &[&percent]),
        _ => String::new(),
    }
}

fn on_their_way(summary: &Summary) -> String {
    match summary.queued {
        0 => String::new(),
        n => count(n, "{0} on its way", "{0} on their way"),
    }
}

fn lost(summary: &Summary) -> String {
    let mut parts = Vec::new();
    if summary.failed > 0 {
        parts.push(count(summary.failed, "{0} has failed", "{0} have failed"));
    }
    if summary.recalled > 0 {
        parts.push(count(
            summary.recalled,
            "{0} was taken back",
            "{0} were taken back",
        ));
    }
    parts.join(", ")
}

fn bars(
    counts: &BTreeMap<Arc<str>, u64>,
    name: fn(&str) -> String,
    link: fn(&str) -> String,
) -> Vec<Bar> {
    let longest = counts.values().copied().max().unwrap_or(0).max(1);
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    sorted
        .into_iter()
        .map(|(word, n)| Bar {
            name: name(word),
            value: words::number(*n),
            share: (n * 100 / longest).max(1),
            link: link(word),
        })
        .collect()
}

fn journeys(summary: &Summary) -> Vec<Row> {
    let row = |(name, j): (&Arc<str>, &store::read::JourneySummary)| Row {
        name: name.clone(),
        counts: [j.entered, j.inside, j.goals, j.sent, j.suppressed].map(words::number),
    };
    summary.journeys.iter().map(row).collect()
}
