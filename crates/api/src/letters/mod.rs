//! Dead letters by HTTP: what could not be taken, why, and what is done about it.

mod body;
pub(crate) mod change;
pub(crate) mod list;
mod shown;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use jiff::Timestamp;
use journey::{ids::LetterId, intake::Cause};
use store::{JobBegun, LetterFilter, NewJob, Sender};
use uuid::Uuid;

use crate::{BoxFuture, State, access, problem::Problem};

pub(crate) use self::{
    change::{NotDone, all_discarded, begun, cancelled, discarded, submitted},
    list::{LettersQuery, STATUSES, id_of},
    shown::{Shown, mask, may_see, shown},
};

/// What became of a letter that was to be submitted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// It was taken over.
    Taken,
    /// It was refused again, and is still open.
    Refused(Cause),
    /// What was to be submitted instead is not taken; nothing was changed.
    NotEdited(Cause),
    /// It is not there, not open, or somebody else is at it.
    NotOpen,
}

/// The database or the broker is away: it is open, and may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dead letters cannot be changed now")]
pub struct LettersAway;

/// Changes dead letters; the binary has the engine do it.
pub trait Letters: Send + Sync {
    /// Submits one again, with another body if one is given.
    fn replay(
        &self,
        id: LetterId,
        edited: Option<Vec<u8>>,
        by: Sender,
    ) -> BoxFuture<'_, Result<Replay, LettersAway>>;

    /// Discards one. False: it is not there, or not open.
    fn discard(&self, id: LetterId, by: Sender) -> BoxFuture<'_, Result<bool, LettersAway>>;

    /// Discards those that are open and that the filter lets through; how many.
    fn discard_all(
        &self,
        filter: LetterFilter,
        by: Sender,
    ) -> BoxFuture<'_, Result<u64, LettersAway>>;

    /// Has an engine submit many.
    fn begin(&self, job: NewJob) -> BoxFuture<'_, Result<JobBegun, LettersAway>>;

    /// Has that end where it is. False: it is not there, or over.
    fn cancel(&self, job: Uuid) -> BoxFuture<'_, Result<bool, LettersAway>>;
}

/// Who asks, and why.
pub(crate) fn sender(note: &str) -> Sender {
    Sender {
        who: access::by(),
        note: note.trim().chars().take(access::REASON).collect(),
    }
}

/// Who changes them.
fn letters(state: &State) -> Result<&Arc<dyn Letters>, Problem> {
    let none = || Problem::unavailable("Dead letters cannot be changed here.");
    state.letters.as_ref().ok_or_else(none)
}

/// A moment, or the beginning of a day (UTC).
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let day = |text: &str| {
        let day: jiff::civil::Date = text.parse().ok()?;
        Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(|| day(text))
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/v1/dead-letters", get(list::page))
        .route("/v1/dead-letters/causes", get(list::causes))
        .route("/v1/dead-letters/replay", post(change::replay_all))
        .route("/v1/dead-letters/discard", post(change::discard_all))
        .route("/v1/dead-letters/jobs/{id}", get(list::job))
        .route("/v1/dead-letters/jobs/{id}/cancel", post(change::cancel))
        .route("/v1/dead-letters/{id}", get(list::one))
        .route("/v1/dead-letters/{id}/replay", post(change::replay))
        .route("/v1/dead-letters/{id}/discard", post(change::discard))
}
