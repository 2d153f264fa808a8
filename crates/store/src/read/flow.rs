//! A journey as it runs: its versions, who waits where, who took which way, and what became of its messages.

mod cached;
mod counted;
mod versions;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date};
use journey::machine::Machine;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, Row as _, postgres::PgRow};

pub(super) use self::cached::Cache;
pub use self::versions::{Fallen, VersionSource};
use super::{ReadError, Reader, SUMMARY_DEADLINE, moment, moment_or_none};
use crate::counts::Outcome;

/// The most versions that are told, the newest first.
const MOST_VERSIONS: i64 = 50;

/// A journey, as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JourneyRow {
    /// Its name.
    pub journey: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// Which version new runs enter.
    pub version: i32,
    /// When that was published.
    pub published_at: Timestamp,
    /// Since when it is paused, if it is.
    pub paused_at: Option<Timestamp>,
}

/// One version of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VersionRow {
    /// Its number, from 1.
    pub version: i32,
    /// When it was first published.
    pub published_at: Timestamp,
    /// Whether new runs enter it.
    pub current: bool,
    /// Runs that are inside on it.
    pub inside: u64,
    /// Runs that entered since, and are or ended on it.
    pub entered: u64,
    /// Of those, how many reached the goal.
    pub goals: u64,
}

/// What became of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepFlow {
    /// Runs that wait there now, on whatever version.
    pub inside: u64,
    /// How often a run came to it; more than once in rounds.
    pub came: u64,
    /// How often a run went on, by the way it took: an arm, an answer, `then` or `else`; `""` where there is one way.
    pub took: BTreeMap<Arc<str>, u64>,
    /// Of a split with an id: how many runs of each arm reached the goal.
    pub goals: BTreeMap<Arc<str>, u64>,
    /// Messages of it that a provider took.
    pub sent: u64,
    /// Messages of it that are on their way.
    pub queued: u64,
    /// Messages of it that did not go, by reason; `failed` among them.
    pub held: BTreeMap<Arc<str>, u64>,
}

/// What happened on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DayFlow {
    /// Runs that entered.
    pub entered: u64,
    /// Runs that left, whenever they entered.
    pub left: u64,
    /// Runs that reached their goal, whenever they entered.
    pub goals: u64,
}

/// What was counted of a journey. Runs are counted by the day on which they entered, from when on there were counts; messages by
/// when they were decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Counted {
    /// When it was counted: some seconds ago at the most.
    pub counted_at: Timestamp,
    /// Its versions, the newest first, at most 50.
    pub versions: Vec<VersionRow>,
    /// Runs that began.
    pub entered: u64,
    /// Runs inside now, whenever they entered.
    pub inside: u64,
    /// Runs that reached their goal.
    pub goals: u64,
    /// Runs that left, by reason.
    pub left: BTreeMap<Arc<str>, u64>,
    /// By the step's id in the version that is entered; a step that is gone there by the id that it had.
    pub steps: BTreeMap<Arc<str>, StepFlow>,
    /// Day by day (UTC), those on which something happened.
    pub days: BTreeMap<Date, DayFlow>,
}

/// A journey, as it runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Flow {
    /// As in a list.
    #[serde(flatten)]
    pub row: JourneyRow,
    /// The machine that new runs enter.
    #[serde(skip)]
    pub machine: Machine,
    /// The first day (UTC) that is counted; `None`: from the first on.
    pub since: Option<Date>,
    /// The numbers.
    #[serde(flatten)]
    pub counted: Arc<Counted>,
}

impl Flow {
    /// A word for all that it tells, but for the moment: another word means that something has changed.
    pub fn fingerprint(&self) -> String {
        let mut counted = Counted::clone(&self.counted);
        counted.counted_at = Timestamp::UNIX_EPOCH;
        // It is data of ours, and becomes JSON without fail.
        let told = serde_json::to_vec(&(&self.row, &counted)).unwrap_or_default();
        let digest = Sha256::digest(told);
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Reader {
    /// The journeys that are published, in order of name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn published(&self) -> Result<Vec<JourneyRow>, ReadError> {
        let mut tx = self.page().await?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(published("", "")))
            .fetch_all(&mut *tx)
            .await?;
        rows.iter().map(row).collect()
    }

    /// A journey as it runs, of the runs that entered on a day (UTC) or later; `None` as a result: none is published by that name.
    /// What is read of whole tables (who is inside, what became of messages) is some seconds old at the most, under a
    /// deadline of 30 s.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] on tables too large for it; or if the database cannot be read.
    pub async fn flow(
        &self,
        journey: &str,
        since: Option<Date>,
    ) -> Result<Option<Flow>, ReadError> {
        let Some((row, machine)) = self.current(journey).await? else {
            return Ok(None);
        };
        let counted = self.cache.of(self, &machine, since).await?;
        Ok(Some(Flow {
            row,
            machine,
            since,
            counted,
        }))
    }

    /// A journey that is published, and the machine that new runs enter; `None` as well where this version cannot read it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn current(&self, journey: &str) -> Result<Option<(JourneyRow, Machine)>, ReadError> {
        let mut tx = self.page().await?;
        let sql = published(", m.content", "where m.journey = $1");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(journey)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let machine = Machine::from_content(found.try_get("content")?).ok();
        machine
            .map(|machine| Ok((row(&found)?, machine)))
            .transpose()
    }

    async fn count(&self, machine: &Machine, since: Option<Date>) -> Result<Counted, ReadError> {
        let mut tx = self.snapshot(SUMMARY_DEADLINE).await?;
        let now = sqlx::query("select now() as now")
            .fetch_one(&mut *tx)
            .await?;
        let mut counted = Counted {
            counted_at: moment(&now, "now")?,
            ..Counted::default()
        };
        let versions = versions::all(&mut tx, &machine.journey).await?;
        counted::inside(&mut tx, machine, &versions, &mut counted).await?;
        counted::runs(&mut tx, machine, &versions, since, &mut counted).await?;
        messages(&mut tx, &machine.journey, since, &mut counted).await?;
        Ok(counted)
    }
}

/// The journeys that are published, with further columns and a condition, both words of ours.
fn published(columns: &str, which: &str) -> String {
    format!(
        "select m.journey, coalesce(m.title, m.journey) as title, m.version, m.published_at{columns},
                (select case when p.in_flight = 'pause' then p.at end from passage p
                 where p.journey = m.journey and p.in_flight in ('pause', 'resume')
                 order by p.id desc limit 1) as paused_at
         from machine m
         join (select machines from workspace order by revision desc limit 1) w
           on m.id = any(w.machines)
         {which} order by m.journey"
    )
}

fn row(row: &PgRow) -> Result<JourneyRow, ReadError> {
    Ok(JourneyRow {
        journey: Arc::from(row.try_get::<&str, _>("journey")?),
        title: Arc::from(row.try_get::<&str, _>("title")?),
        version: row.try_get("version")?,
        published_at: moment(row, "published_at")?,
        paused_at: moment_or_none(row, "paused_at")?,
    })
}

async fn messages(
    tx: &mut PgConnection,
    journey: &str,
    since: Option<Date>,
    counted: &mut Counted,
) -> Result<(), ReadError> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "select step, outcome, reason, sum(n)::bigint
         from (select journey, step, outcome, reason, day, n from message_total
               union all
               select journey, step, outcome, reason, day, n from message_count) all_counts
         where journey = $1 and ($2::date is null or day >= $2)
               and outcome in ('decided', 'sent', 'suppressed', 'failed', 'recalled')
         group by 1, 2, 3",
    )
    .bind(journey)
    .bind(since.map(jiff_sqlx::ToSqlx::to_sqlx))
    .fetch_all(tx)
    .await?;
    for (step, outcome, reason, n) in rows {
        let step = counted.steps.entry(Arc::from(step)).or_default();
        let n = n.unsigned_abs();
        match Outcome::of(&outcome) {
            Some(Outcome::Decided) => step.queued += n,
            Some(Outcome::Sent) => step.sent += n,
            Some(Outcome::Suppressed) => *step.held.entry(Arc::from(reason)).or_default() += n,
            // Failed and recalled: of those the word is the reason.
            _ => *step.held.entry(Arc::from(outcome)).or_default() += n,
        }
    }
    // What was decided and has come to nothing yet is on its way.
    for step in counted.steps.values_mut() {
        let ended = step.sent + step.held.values().sum::<u64>();
        step.queued = step.queued.saturating_sub(ended);
    }
    Ok(())
}
