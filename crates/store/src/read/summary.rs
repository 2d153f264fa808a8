//! Counts over everything.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _};

use super::{ReadError, Reader, SUMMARY_DEADLINE};

/// What has become of everybody so far. Exact, from one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Customers known.
    pub customers: u64,
    /// Runs that ever began.
    pub entered: u64,
    /// Runs inside their journey now.
    pub inside: u64,
    /// Runs that left, by reason.
    pub left: BTreeMap<Arc<str>, u64>,
    /// Runs that reached their goal.
    pub goals: u64,
    /// Messages accepted by a provider, by channel.
    pub sent: BTreeMap<Arc<str>, u64>,
    /// Messages decided not to go, or stopped at dispatch, by reason.
    pub suppressed: BTreeMap<Arc<str>, u64>,
    /// Messages that failed for good.
    pub failed: u64,
    /// Messages taken back because their run left.
    pub recalled: u64,
    /// Messages on their way: queued, or with a dispatcher.
    pub queued: u64,
    /// The same by journey, in order of name.
    pub journeys: BTreeMap<Arc<str>, JourneySummary>,
}

/// The counts of one journey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JourneySummary {
    /// Runs that ever began.
    pub entered: u64,
    /// Runs inside now.
    pub inside: u64,
    /// Runs that reached their goal.
    pub goals: u64,
    /// Messages accepted by a provider.
    pub sent: u64,
    /// Messages decided not to go, or stopped at dispatch.
    pub suppressed: u64,
}

impl Reader {
    /// Counts over all customers: scans the tables, under a deadline of 30 s.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] on tables too large for it; or if the database cannot be read.
    pub async fn summary(&self) -> Result<Summary, ReadError> {
        let mut tx = self.snapshot(SUMMARY_DEADLINE).await?;
        let mut summary = Summary {
            customers: count(
                sqlx::query_scalar("select count(*) from customer")
                    .fetch_one(&mut *tx)
                    .await?,
            ),
            ..Summary::default()
        };
        runs(&mut tx, &mut summary).await?;
        messages(&mut tx, &mut summary).await?;
        Ok(summary)
    }
}

async fn runs(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let rows = sqlx::query(
        "select journey, reason, count(*) as runs, count(goal_at) as goals
         from (select journey, reason, goal_at from run
               union all select journey, reason, goal_at from run_ended) all_runs
         group by journey, reason",
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let (runs, goals) = (count(row.try_get("runs")?), count(row.try_get("goals")?));
        let journey = journey(summary, row.try_get("journey")?);
        journey.entered += runs;
        journey.goals += goals;
        match row.try_get::<Option<&str>, _>("reason")? {
            None => {
                journey.inside += runs;
                summary.inside += runs;
            }
            Some(reason) => *summary.left.entry(Arc::from(reason)).or_default() += runs,
        }
        summary.entered += runs;
        summary.goals += goals;
    }
    Ok(())
}

async fn messages(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let rows = sqlx::query(
        "select journey, status::text as status, channel, reason, count(*) as messages
         from message group by journey, status, channel, reason",
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let n = count(row.try_get("messages")?);
        let name = row.try_get("journey")?;
        match row.try_get::<&str, _>("status")? {
            "sent" => {
                journey(summary, name).sent += n;
                let channel = Arc::from(row.try_get::<&str, _>("channel")?);
                *summary.sent.entry(channel).or_default() += n;
            }
            "suppressed" => {
                journey(summary, name).suppressed += n;
                let reason = Arc::from(row.try_get::<&str, _>("reason")?);
                *summary.suppressed.entry(reason).or_default() += n;
            }
            "failed" => summary.failed += n,
            "recalled" => summary.recalled += n,
            _ => summary.queued += n,
        }
    }
    Ok(())
}

fn journey<'a>(summary: &'a mut Summary, name: &str) -> &'a mut JourneySummary {
    summary.journeys.entry(Arc::from(name)).or_default()
}

/// Counts are never negative.
fn count(n: i64) -> u64 {
    n.unsigned_abs()
}
