//! What the journey's own tests say, as they were published.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State as Shared},
};

use super::{Head, not_tried};
use crate::{
    State,
    console::{Frame, Page, html, words::When},
    i18n,
    trial::{Bench, NotTried, TestsTold},
};

#[derive(Template)]
#[template(path = "journeys/tests.html")]
struct Tests {
    frame: Frame,
    head: Head,
    told: Option<Arc<TestsTold>>,
    /// Why there is nothing to tell.
    why: &'static str,
    ran: i18n::Html,
}

pub(in crate::console) async fn page(
    Shared(state): Shared<State>,
    Extension(bench): Extension<Bench>,
    Path(name): Path<String>,
) -> Page {
    let head = Head::read(&state, &name, "tests").await?;
    let told = bench.tests(&state.reader, &name, state.now()).await;
    let (told, why) = match told {
        Ok(told) => (Some(told), ""),
        Err(error @ (NotTried::Unreadable | NotTried::Busy)) => (None, not_tried(&error)),
        Err(error) => return Err(error.into()),
    };
    let at = told.as_ref().map_or_else(|| state.now(), |t| t.ran_at);
    html(&Tests {
        frame: Frame::new(&state, "journeys"),
        head,
        told,
        why,
        ran: i18n::timed("Run here, on the published workspace, at {0}.", &[When(at)]),
    })
}
