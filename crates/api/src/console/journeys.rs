//! Journeys as they run: the picture with who took which way, versions, tests, a simulation, and pausing.

mod chart;
mod conversion;
mod funnel;
mod overview;
mod pause;
mod picture;
mod simulate;
mod tests;
mod versions;

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use store::read::{JourneyRow, JourneySummary};

pub(super) use self::{
    overview::{live, one},
    pause::{pause, resume},
    picture::picture,
    simulate::{form, run},
    tests::page as tests,
    versions::{list as versions, pair as difference},
};
use super::{Frame, Page, PageError, html, words, words::When};
use crate::{State, i18n, trial::NotTried};

#[derive(Template)]
#[template(path = "journeys/list.html")]
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

/// What stands above every page of a journey.
struct Head {
    name: Arc<str>,
    title: Arc<str>,
    /// Which version is entered.
    version: i32,
    published: When,
    paused: Option<When>,
    /// Which tab is open.
    tab: &'static str,
}

impl Head {
    fn of(row: &JourneyRow, tab: &'static str) -> Self {
        Self {
            name: row.journey.clone(),
            title: row.title.clone(),
            version: row.version,
            published: When(row.published_at),
            paused: row.paused_at.map(When),
            tab,
        }
    }

    /// Of the journey that is published by that name.
    async fn read(state: &State, name: &str, tab: &'static str) -> Result<Self, PageError> {
        let published = state.reader.published().await?;
        let row = published.iter().find(|row| *row.journey == *name);
        row.map(|row| Self::of(row, tab))
            .ok_or(PageError::NotFound("journey"))
    }
}

impl From<NotTried> for PageError {
    fn from(error: NotTried) -> Self {
        match error {
            NotTried::NoSuchJourney => Self::NotFound("journey"),
            NotTried::Read(error) => error.into(),
            error => Self::Busy(not_tried(&error).into()),
        }
    }
}

/// Why nothing was tried out, in a sentence.
fn not_tried(error: &NotTried) -> &'static str {
    match error {
        NotTried::Unreadable => {
            i18n::say("This version of Parcours cannot read the workspace that is published.")
        }
        NotTried::Wrong(_) => i18n::say("Something that was filled in is wrong; it is said below."),
        _ => i18n::say(
            "Others are trying something out, or it takes too long. Try again in a moment.",
        ),
    }
}
