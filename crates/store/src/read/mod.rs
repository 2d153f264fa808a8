//! What support and the console read: customers, timelines, runs, messages and counts.
//!
//! What leads with the customer is found by a table's key and is quick however large the table is. Customers by what is told
//! of them (`find`) and the newest messages of everybody have indexes of their own; lists of runs and messages are looked for in
//! bounded stretches, and say where they stopped; what became of runs and messages is counted as it happens (`funnel`,
//! `flow`, `summary`), but for who is inside, which is counted of the open runs and kept for a while. Every statement runs under a deadline that PostgreSQL itself enforces: on a table too
//! large for it the answer is [`ReadError::TooSlow`], never a query that eats the server.

mod audit;
mod content;
mod counted;
mod customers;
mod expected;
mod export;
mod find;
mod flow;
mod fresh;
mod funnel;
mod inbox;
mod journeys;
mod letters;
mod messages;
mod operations;
mod run_list;
mod runs;
mod summary;
mod timeline;
mod versions;
mod ways;
mod why;

use std::time::Duration;

use sqlx::{PgPool, Postgres, Transaction, postgres::PgRow};

use crate::begin::begin_snapshot;
use fresh::Fresh;

pub use customers::{CustomerPage, CustomerRow, CustomerView, TakenOver};
pub use expected::ExpectedEntry;
pub use export::{
    Export, ExportedCall, ExportedCustomer, ExportedFact, ExportedInput, ExportedMessage,
    ExportedRun, Rows,
};
pub use find::{Depth, Found, FoundCustomer, Matched};
pub use flow::{Counted, DayFlow, Fallen, Flow, JourneyRow, StepFlow, VersionRow, VersionSource};
pub use funnel::{
    Funnel, FunnelBy, FunnelCounts, FunnelFailure, FunnelFilter, FunnelReason, FunnelRow,
};
pub use inbox::{InboxCursor, InboxItem, InboxPage, Speaker, Utterance};
pub use journeys::{JourneyName, JourneyWhy};
pub use letters::{LetterCount, LetterCursor, LetterJob, LetterPage, LetterRow, LetterView};
pub use messages::{MessageCursor, MessageFilter, MessagePage, MessageRow, MessageView};
pub use operations::{DatabaseView, MOST_POINTS, Point, Series, Span};
pub use run_list::{RunCursor, RunFilter, RunPage, RunRow, RunStatus};
pub use runs::{RunView, Runs, StepView};
pub use summary::{JourneySummary, Summary};
pub use timeline::{InputName, SCANNED, Show, TimelineEntry, TimelineFilter, TimelinePage};
pub use versions::Version;
pub use ways::{Branch, Ways};
pub use why::Slowed;

/// The most rows that one page holds, whatever is asked for.
pub const MAX_PAGE: u32 = 200;

/// How long one statement for a page may take.
const PAGE_DEADLINE: Duration = Duration::from_secs(3);

/// How long one statement of the summary may take.
const SUMMARY_DEADLINE: Duration = Duration::from_secs(30);

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database did not answer, or refused.
    #[error("the database could not be read")]
    Database(#[source] sqlx::Error),
    /// The deadline passed: the tables are too large for a search without a customer.
    #[error("this search takes too long; name a customer")]
    TooSlow,
    /// A row holds what this version of Parcours cannot read.
    #[error("{what} of {id} cannot be read by this version")]
    Unreadable {
        /// Which column.
        what: &'static str,
        /// Whose.
        id: uuid::Uuid,
    },
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        // 57014 is query_canceled: `statement_timeout` is the only one who cancels here.
        let cancelled = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code == "57014");
        if cancelled {
            Self::TooSlow
        } else {
            Self::Database(error)
        }
    }
}

/// Support's view of the database. Cloning is cheap: the pool is shared.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: PgPool,
    deadline: Duration,
    /// What was counted of journeys last.
    cache: flow::Cache,
    /// What was summed up last.
    summed: Fresh<Summary>,
}

impl Reader {
    /// A reader over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            deadline: PAGE_DEADLINE,
            cache: flow::Cache::default(),
            summed: Fresh::default(),
        }
    }

    /// The same reader with another limit on each statement of a page (default 3 s; at least 1 ms).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), ReadError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// A read-only snapshot whose statements each end after `deadline`.
    async fn snapshot(
        &self,
        deadline: Duration,
    ) -> Result<Transaction<'static, Postgres>, ReadError> {
        let mut tx = begin_snapshot(&self.pool).await?;
        sqlx::query("select set_config('statement_timeout', $1, true)")
            .bind(deadline.as_millis().max(1).to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    pub(crate) async fn page(&self) -> Result<Transaction<'static, Postgres>, ReadError> {
        self.snapshot(self.deadline).await
    }
}

/// The limit of a page: at least one row, at most [`MAX_PAGE`].
fn bounded(limit: u32) -> i64 {
    i64::from(limit.clamp(1, MAX_PAGE))
}

fn moment(row: &PgRow, column: &str) -> Result<jiff::Timestamp, sqlx::Error> {
    use sqlx::Row as _;
    row.try_get::<jiff_sqlx::Timestamp, _>(column)
        .map(jiff_sqlx::Timestamp::to_jiff)
}

fn moment_or_none(row: &PgRow, column: &str) -> Result<Option<jiff::Timestamp>, sqlx::Error> {
    use sqlx::Row as _;
    Ok(row
        .try_get::<Option<jiff_sqlx::Timestamp>, _>(column)?
        .map(jiff_sqlx::Timestamp::to_jiff))
}
