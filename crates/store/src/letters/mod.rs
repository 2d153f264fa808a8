//! Dead letters: kept where they can be found, submitted again one by one or all together, and put away.
//!
//! A letter is open until it was submitted again or discarded. While it is being submitted it stays open and is
//! *claimed*; `tries`, which grows with each claim, says whose word about it counts. If it comes back, whenever that
//! is, it is open again: so none is forgotten, whoever was killed in between.

mod discard;
mod jobs;
mod keep;
mod replay;
mod trim;

use jiff::Timestamp;
use sqlx::{Postgres, QueryBuilder};

pub use jobs::{JobBatch, JobBegun, NewJob};
pub use keep::{KeptLetters, NewLetter};
pub use replay::{ClaimedLetter, EditedLetter, Fence, LetterEnd, Sender};
pub use trim::LetterBounds;

use crate::row::moment;

/// Which letters are meant; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Of this status.
    pub status: Option<String>,
    /// Of this cause's code.
    pub cause: Option<String>,
    /// Of events of this name.
    pub name: Option<String>,
    /// That were published to this exchange, or read from this queue.
    pub source: Option<String>,
    /// That were first put aside at this moment or later.
    pub since: Option<Timestamp>,
}

/// Adds the filter to a statement on `dead_letter` that has a `where` already.
pub(crate) fn filtered(query: &mut QueryBuilder<Postgres>, filter: &LetterFilter) {
    for (column, wanted) in [
        (" and status = ", &filter.status),
        (" and cause = ", &filter.cause),
        (" and name = ", &filter.name),
    ] {
        if let Some(wanted) = wanted {
            query.push(column).push_bind(wanted.clone());
        }
    }
    if let Some(source) = &filter.source {
        query.push(" and ").push_bind(source.clone());
        query.push(" in (exchange, queue)");
    }
    if let Some(since) = filter.since {
        query.push(" and at >= ").push_bind(moment(since));
    }
}
