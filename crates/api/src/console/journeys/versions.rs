//! Versions, and what two of them differ in: in an author's words, and line by line.

use askama::Template;
use axum::{
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    response::{IntoResponse, Redirect},
};
use journey::plan::{Change, Diff, StepDiff, StepRef};
use serde::Deserialize;
use similar::{ChangeTag, TextDiff};
use store::read::{Fallen, Flow};

use super::Head;
use crate::{
    State,
    console::{
        Frame, Page, PageError, html,
        words::{self, When},
    },
    i18n::{self, say},
    journeys::{Difference, difference},
};

/// The most lines that are shown whole; of longer sources, what stands around a change.
const MOST_LINES: usize = 600;
/// How many lines around a change.
const AROUND: usize = 4;

#[derive(Template)]
#[template(path = "journeys/versions.html")]
struct Versions {
    frame: Frame,
    head: Head,
    rows: Vec<Row>,
}

struct Row {
    number: i32,
    published: When,
    current: bool,
    entered: String,
    inside: String,
    goals: String,
    /// The version before it, in the list; itself where there is none.
    since: i32,
    pair: String,
    first: bool,
    /// Whether it is the one before the newest.
    before: bool,
}

/// Two versions that somebody has picked.
#[derive(Deserialize)]
pub(in crate::console) struct Picked {
    from: Option<i32>,
    to: Option<i32>,
}

pub(in crate::console) async fn list(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    query: Result<Query<Picked>, QueryRejection>,
) -> Page {
    let Query(picked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let flow = super::overview::flow(&state, &name, None).await?;
    if let Some((from, to)) = picked.from.zip(picked.to) {
        let journey = &flow.row.journey;
        let page = format!("/journeys/{journey}/versions/{from}..{to}");
        return Ok(Redirect::to(&page).into_response());
    }
    html(&Versions {
        frame: Frame::new(&state, "journeys"),
        head: Head::of(&flow.row, "versions"),
        rows: rows(&flow),
    })
}

/// The newest first, each beside the one before it.
fn rows(flow: &Flow) -> Vec<Row> {
    let versions = &flow.counted.versions;
    let row = |(at, v): (usize, &store::read::VersionRow)| {
        let since = versions
            .get(at + 1)
            .map_or(v.version, |before| before.version);
        Row {
            number: v.version,
            published: When(v.published_at),
            current: v.current,
            entered: words::number(v.entered),
            inside: words::number(v.inside),
            goals: words::number(v.goals),
            since,
            pair: format!("{since}..{}", v.version),
            first: since == v.version,
            before: at == 1,
        }
    };
    versions.iter().enumerate().map(row).collect()
}

#[derive(Template)]
#[template(path = "journeys/difference.html")]
struct OneDifference {
    frame: Frame,
    head: Head,
    title: String,
    between: i18n::Html,
    from: i32,
    to: i32,
    /// Whether it is one version, whose source is shown.
    same: bool,
    /// Whether both can be read.
    readable: bool,
    changes: Vec<Changed>,
    fate: String,
    lines: Vec<Line>,
}

struct Changed {
    kind: &'static str,
    tone: &'static str,
    step: String,
    line: String,
    says: Vec<String>,
}

/// One line of either source, or of both.
struct Line {
    class: &'static str,
    sign: &'static str,
    said: &'static str,
    old: String,
    new: String,
    text: String,
}

pub(in crate::console) async fn pair(
    Shared(state): Shared<State>,
    Path((name, pair)): Path<(String, String)>,
) -> Page {
    let head = Head::read(&state, &name, "versions").await?;
    let found = difference(&state.reader, &name, &pair).await?;
    let found = found.ok_or(PageError::NotFound("version"))?;
    let same = found.from == found.to;
    let title = match same {
        true => i18n::fill("Version {0}", &[&found.to]),
        false => i18n::fill("From version {0} to version {1}", &[&found.from, &found.to]),
    };
    let times = [found.from_published_at, found.to_published_at].map(When);
    let between = match same {
        true => i18n::timed("Published {0}", &times),
        false => i18n::timed("Published {0}, and {1}", &times),
    };
    html(&OneDifference {
        frame: Frame::new(&state, "journeys"),
        head,
        title,
        between,
        from: found.from,
        to: found.to,
        same,
        readable: found.difference.is_some(),
        changes: found.difference.as_ref().map(changes).unwrap_or_default(),
        fate: fate(found.fallen.as_ref()),
        lines: lines(&found),
    })
}

/// What became of runs in flight when the later version was published.
fn fate(fallen: Option<&Fallen>) -> String {
    let Some(fallen) = fallen else {
        return say("They finished on the version on which they entered.").into();
    };
    let runs = i18n::count(
        fallen.runs,
        "{0} run has passed so far.",
        "{0} runs have passed so far.",
    );
    let what = match (fallen.moves, fallen.exits) {
        (true, false) => say(
            "They moved to the same step of the new version; those whose step was gone finished on theirs.",
        ),
        (true, true) => say(
            "They moved to the same step of the new version; those whose step was gone left as migrated.",
        ),
        (false, _) => say("They left as migrated."),
    };
    format!("{what} {runs}")
}

/// The head first, then steps in the order of the text, then variables.
fn changes(diff: &Diff) -> Vec<Changed> {
    let mut all = Vec::new();
    let sentences = |changes: &[Change]| changes.iter().map(Change::sentence).collect();
    let plain = |step: &str, changes: &[Change]| Changed {
        kind: "changed",
        tone: "calm",
        step: step.to_owned(),
        line: String::new(),
        says: sentences(changes),
    };
    if !diff.head.is_empty() {
        all.push(plain("the head of the journey", &diff.head));
    }
    all.extend(diff.steps.iter().map(step));
    if !diff.variables.is_empty() {
        all.push(plain("variables", &diff.variables));
    }
    all
}

fn step(diff: &StepDiff) -> Changed {
    let changed = |kind, tone, step: &StepRef, says| Changed {
        kind,
        tone,
        step: step.name(),
        line: format!("line {}", step.line),
        says,
    };
    match diff {
        StepDiff::Added { step, says } => changed("new", "good", step, vec![says.clone()]),
        StepDiff::Removed { step, says } => changed("removed", "bad", step, vec![says.clone()]),
        StepDiff::Changed {
            step,
            changes,
            redrawn,
        } => {
            let mut says: Vec<String> = changes.iter().map(Change::sentence).collect();
            says.extend(redrawn.as_ref().map(|share| {
                format!(
                    "{} of all customers would get another arm than before",
                    share.percent()
                )
            }));
            changed("changed", "calm", step, says)
        }
    }
}

/// Both sources as one.
fn lines(found: &Difference) -> Vec<Line> {
    let diff = TextDiff::from_lines(&found.before, &found.after);
    let number = |n: Option<usize>| n.map_or_else(String::new, |n| (n + 1).to_string());
    let line = |change: similar::Change<&str>| {
        let (class, sign, said) = match change.tag() {
            ChangeTag::Equal => ("", "", ""),
            ChangeTag::Delete => ("gone", "−", say("removed")),
            ChangeTag::Insert => ("new", "+", say("added")),
        };
        Line {
            class,
            sign,
            said,
            old: number(change.old_index()),
            new: number(change.new_index()),
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        }
    };
    if found.after.lines().count() <= MOST_LINES {
        return diff.iter_all_changes().map(line).collect();
    }
    let groups = diff.grouped_ops(AROUND).into_iter().flatten();
    let parts = groups.flat_map(|op| diff.iter_changes(&op).collect::<Vec<_>>());
    parts.take(2 * MOST_LINES).map(line).collect()
}
