//! Operations: whether all is well, and what to do where it is not.

use askama::Template;
use axum::extract::State as Shared;

use super::{Frame, Page, html};
use crate::{State, health::Readiness};

#[derive(Template)]
#[template(path = "operations/health.html")]
struct Health {
    frame: Frame,
    parts: Vec<Readiness>,
}

pub(super) async fn page(Shared(state): Shared<State>) -> Page {
    html(&Health {
        frame: Frame::new(&state, "operations"),
        parts: (state.ops.ready)().await,
    })
}
