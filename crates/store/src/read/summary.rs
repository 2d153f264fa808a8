//! Counts over everything.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use journey::counts::What;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;

use super::{ReadError, Reader, SUMMARY_DEADLINE};
use crate::counts::Outcome;

/// More customers than this are estimated: counting them would take longer than a page may.
const MOST_COUNTED: f64 = 1_000_000.0;

/// What has become of everybody so far, from one snapshot: counted, not recounted, so that erased customers, and what is not
/// kept any longer, are in the numbers of what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Customers known; above a million as the database last estimated it.
    pub customers: u64,
    /// Whether `customers` is an estimate.
    pub customers_estimated: bool,
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
    /// Counts over all customers: what turns and dispatch have counted, so that it takes no longer however many there are, but
    /// for who is inside, which is read of the open runs. What took long is kept for twenty times as long.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] after 30 s; or if the database cannot be read.
    pub async fn summary(&self) -> Result<Arc<Summary>, ReadError> {
        self.summed.of(Duration::ZERO, self.sum_up()).await
    }

    async fn sum_up(&self) -> Result<Summary, ReadError> {
        let mut tx = self.snapshot(SUMMARY_DEADLINE).await?;
        let mut summary = Summary::default();
        customers(&mut tx, &mut summary).await?;
        inside(&mut tx, &mut summary).await?;
        runs(&mut tx, &mut summary).await?;
        messages(&mut tx, &mut summary).await?;
        Ok(summary)
    }
}

/// Exactly, or as PostgreSQL last estimated it where there are more than [`MOST_COUNTED`].
async fn customers(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let estimated: f64 = sqlx::query_scalar(
        "select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8
         from pg_partition_tree('customer'::regclass) t join pg_class c on c.oid = t.relid
         where t.isleaf",
    )
    .fetch_one(&mut *tx)
    .await?;
    summary.customers_estimated = estimated > MOST_COUNTED;
    summary.customers = if summary.customers_estimated {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "as many as a table has rows"
        )]
        let about = estimated as u64;
        about
    } else {
        let exactly = sqlx::query_scalar("select count(*) from customer");
        count(exactly.fetch_one(tx).await?)
    };
    Ok(())
}

async fn inside(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let open: Vec<(String, i64)> =
        sqlx::query_as("select journey, count(*) from run where left_at is null group by journey")
            .fetch_all(tx)
            .await?;
    for (name, n) in open {
        journey(summary, &name).inside = count(n);
        summary.inside += count(n);
    }
    Ok(())
}

async fn runs(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let counted: Vec<(String, String, String, i64)> = sqlx::query_as(
        "select journey, what, way, sum(n)::bigint
         from (select journey, what, way, n from journey_day
               where step = '' and what in ('entered', 'goal', 'left')
               union all
               select journey, c->>0, c->>2, (c->>3)::bigint
               from journey_counted, jsonb_array_elements(counts) c
               where c->>1 = '' and c->>0 in ('entered', 'goal', 'left')) all_counts
         group by 1, 2, 3",
    )
    .fetch_all(tx)
    .await?;
    for (name, what, way, n) in counted {
        let n = u64::try_from(n).unwrap_or_default();
        match What::of(&what) {
            Some(What::Entered) => {
                journey(summary, &name).entered += n;
                summary.entered += n;
            }
            Some(What::Goal) => {
                journey(summary, &name).goals += n;
                summary.goals += n;
            }
            Some(What::Left) if n > 0 => *summary.left.entry(Arc::from(way)).or_default() += n,
            _ => {}
        }
    }
    Ok(())
}

async fn messages(tx: &mut PgConnection, summary: &mut Summary) -> Result<(), ReadError> {
    let counted: Vec<(String, String, String, String, i64)> = sqlx::query_as(
        "select journey, channel, outcome, reason, sum(n)::bigint
         from (select journey, channel, outcome, reason, n from message_total
               union all
               select journey, channel, outcome, reason, n from message_count) all_counts
         where outcome in ('decided', 'sent', 'suppressed', 'failed', 'recalled')
         group by 1, 2, 3, 4",
    )
    .fetch_all(tx)
    .await?;
    let (mut decided, mut ended) = (0, 0);
    for (name, channel, outcome, reason, n) in counted {
        let n = count(n);
        let Some(outcome) = Outcome::of(&outcome) else {
            continue;
        };
        match outcome {
            Outcome::Decided => decided += n,
            Outcome::Sent => {
                journey(summary, &name).sent += n;
                *summary.sent.entry(Arc::from(channel)).or_default() += n;
            }
            Outcome::Suppressed => {
                journey(summary, &name).suppressed += n;
                *summary.suppressed.entry(Arc::from(reason)).or_default() += n;
            }
            Outcome::Failed => summary.failed += n,
            Outcome::Recalled => summary.recalled += n,
            _ => {}
        }
        if outcome != Outcome::Decided {
            ended += n;
        }
    }
    summary.queued = u64::saturating_sub(decided, ended);
    Ok(())
}

fn journey<'a>(summary: &'a mut Summary, name: &str) -> &'a mut JourneySummary {
    summary.journeys.entry(Arc::from(name)).or_default()
}

/// Counts are never negative.
fn count(n: i64) -> u64 {
    n.unsigned_abs()
}
