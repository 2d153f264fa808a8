//! Operations: whether all is well, and what to do where it is not.

mod lines;
mod pictures;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use askama::Template;
use axum::{
    Extension,
    extract::{Query, State as Shared},
    response::Response,
};
use serde::Deserialize;
use tokio::{sync::Mutex, time::timeout};

use self::{
    lines::{DatabaseLines, EngineLine, PartLine, ProviderLine},
    pictures::{Choice, Long},
};
use super::{
    Frame, Page,
    chart::Chart,
    html,
    live::{Live, Seen, tell},
    words::When,
};
use crate::{
    State, i18n,
    operations::{self, Trouble, troubles, view},
    problem::Problem,
};

/// How long what a page is told by may be old.
const FRESH: Duration = Duration::from_secs(3);
/// How long the database may take to say whether there is news.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
pub(super) struct Asked {
    span: Option<String>,
}

#[derive(Template)]
#[template(path = "operations/health.html")]
struct Health {
    frame: Frame,
    /// What the page was made with, for [`live`].
    seen: String,
    /// When it was looked, in a sentence.
    looked: i18n::Html,
    troubles: Vec<Trouble>,
    /// How many processes run.
    running: String,
    parts: Vec<PartLine>,
    /// What waits in RabbitMQ; `None`: there is none.
    queues: Option<[String; 2]>,
    /// What the database says; `None`: it does not answer, or may not be asked.
    database: Option<DatabaseLines>,
    /// `None`: the database does not answer.
    engines: Option<Vec<EngineLine>>,
    providers: Vec<ProviderLine>,
    choices: Vec<Choice>,
    charts: Vec<Chart>,
}

pub(super) async fn page(Shared(state): Shared<State>, Query(asked): Query<Asked>) -> Page {
    let long = Long::of(asked.span.as_deref().unwrap_or_default());
    let seen = word(&state).await;
    let view = view::look(&state).await;
    let charts = match view.kept {
        Some(_) => pictures::of(&state, &view, long).await,
        None => Vec::new(),
    };
    let frame = Frame::new(&state, "operations");
    html(&Health {
        seen,
        looked: i18n::timed("Looked at {0}.", &[When(view.at)]),
        troubles: troubles::of(&view),
        running: lines::running(&view),
        parts: view.parts.iter().map(lines::part).collect(),
        queues: view.has_broker().then(|| lines::queues(&view)),
        database: lines::database(&view),
        engines: lines::engines(&view),
        providers: lines::providers(&operations::providers(&view), frame.may("messages:read")),
        choices: pictures::choices(long),
        charts,
        frame,
    })
}

/// Tells the page when an engine has told something, or a part has failed or come back.
pub(super) async fn live(
    Shared(state): Shared<State>,
    live: Option<Extension<Live>>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let kept: Arc<Mutex<Option<(Instant, String)>>> = Arc::default();
    tell(live, seen, move || {
        let (state, kept) = (state.clone(), kept.clone());
        async move {
            let mut kept = kept.lock().await;
            if let Some((_, word)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
                return Ok(word.clone());
            }
            let word = word(&state).await;
            *kept = Some((Instant::now(), word.clone()));
            Ok(word)
        }
    })
}

/// Stands for what the page shows.
async fn word(state: &State) -> String {
    let parts = (state.ops.ready)().await;
    let lacking = parts.iter().filter(|p| !p.ready).map(|p| p.part);
    let mut word: Vec<&str> = lacking.collect();
    let told = match word.contains(&"database") {
        true => None,
        false => timeout(PATIENCE, state.reader.told()).await.ok(),
    };
    let told = told.and_then(Result::ok).unwrap_or_default();
    word.push(&told);
    word.join(" ")
}
