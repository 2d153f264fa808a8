//! Pausing, and going on, by a form.

use axum::{
    extract::{Form, Path, State as Shared, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse, Redirect},
};
use journey::action::MAX_REASON;
use store::Paused;

use crate::{
    State, access,
    console::{Page, PageError, reply::is_foreign},
    i18n::{self, say},
    journeys::PauseAsked,
};

type Given = Result<Form<PauseAsked>, FormRejection>;

pub(in crate::console) async fn pause(
    state: Shared<State>,
    name: Path<String>,
    headers: HeaderMap,
    given: Given,
) -> Page {
    turn(state, name, &headers, given, true).await
}

pub(in crate::console) async fn resume(
    state: Shared<State>,
    name: Path<String>,
    headers: HeaderMap,
    given: Given,
) -> Page {
    turn(state, name, &headers, given, false).await
}

async fn turn(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    headers: &HeaderMap,
    given: Given,
    pauses: bool,
) -> Page {
    if is_foreign(headers) {
        let why = say("Journeys are paused from their own page.");
        return Err(PageError::Wrong(why.into()));
    }
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let reason = given.reason.trim();
    if reason.is_empty() || reason.chars().nth(MAX_REASON).is_some() {
        let why = i18n::fill("Say why, in at most {0} characters.", &[&MAX_REASON]);
        return Err(PageError::Wrong(why));
    }
    let done = (state.pause)(name.as_str().into(), pauses, state.now()).await;
    match done {
        Ok(Paused::Unknown { .. }) => Err(PageError::NotFound("journey")),
        // Somebody else was faster: it is as it was asked for.
        Ok(_) => {
            let page = Redirect::to(&format!("/journeys/{name}")).into_response();
            Ok(access::noted(page, name, reason))
        }
        Err(_) => Err(PageError::Busy(
            say("Nothing was changed: the database is busy or away. Try again in a moment.").into(),
        )),
    }
}
