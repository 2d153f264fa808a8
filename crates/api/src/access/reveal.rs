//! Names and addresses of one customer, shown for a reason, for a while.

use axum::{
    Form,
    extract::{Path, State as Shared},
    response::Response,
};
use serde::Deserialize;

use super::{access, noted, see, user};
use crate::{State, console::PageError, i18n::say};

/// The longest reason, in characters.
const REASON: usize = 200;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    reason: String,
}

/// Shows them, for a reason that the audit log is told.
pub(super) async fn reveal(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Response, PageError> {
    let (_, _, session) = user()?;
    let reason: String = asked.reason.trim().chars().take(REASON).collect();
    if reason.is_empty() {
        return Err(PageError::wrong(say(
            "Say why: it is kept in the audit log.",
        )));
    }
    let id = state.reader.customer_id(&key).await?;
    let id = id.ok_or(PageError::NotFound("customer"))?;
    access(&state)?
        .store
        .reveal(&session, id.0, state.now())
        .await?;
    Ok(noted(see(&format!("/customers/{id}")), "", reason))
}
