//! A journey as it runs: its versions, who waits where, and what became of its messages, step by step.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{ids::MachineId, machine::Machine};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _};

use super::{ReadError, Reader, SUMMARY_DEADLINE, moment, moment_or_none};

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
}

/// What became of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepFlow {
    /// Runs that wait there now, on whatever version.
    pub inside: u64,
    /// Messages of it that a provider took.
    pub sent: u64,
    /// Messages of it that are on their way.
    pub queued: u64,
    /// Messages of it that did not go, by reason; `failed` among them.
    pub held: BTreeMap<Arc<str>, u64>,
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
    /// Its versions, the newest first, at most 50.
    pub versions: Vec<VersionRow>,
    /// Runs that ever began.
    pub entered: u64,
    /// Runs inside now.
    pub inside: u64,
    /// Runs that reached their goal.
    pub goals: u64,
    /// Runs that left, by reason.
    pub left: BTreeMap<Arc<str>, u64>,
    /// By the step's id: those of the machine, and of versions before.
    pub steps: BTreeMap<Arc<str>, StepFlow>,
}

impl Reader {
    /// The journeys that are published, in order of name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn published(&self) -> Result<Vec<JourneyRow>, ReadError> {
        let mut tx = self.page().await?;
        Ok(rows(&mut tx, None)
            .await?
            .into_iter()
            .map(|r| r.0)
            .collect())
    }

    /// A journey as it runs; `None`: none is published by that name. Reads all its runs and messages, under a deadline of 30 s.
    ///
    /// # Errors
    /// [`ReadError::TooSlow`] on tables too large for it; or if the database cannot be read.
    pub async fn flow(&self, journey: &str) -> Result<Option<Flow>, ReadError> {
        let mut tx = self.snapshot(SUMMARY_DEADLINE).await?;
        let Some((row, machine)) = rows(&mut tx, Some(journey)).await?.pop() else {
            return Ok(None);
        };
        let mut flow = Flow {
            versions: Vec::new(),
            entered: 0,
            inside: 0,
            goals: 0,
            left: BTreeMap::new(),
            steps: BTreeMap::new(),
            row,
            machine,
        };
        runs(&mut tx, &mut flow).await?;
        ended(&mut tx, &mut flow).await?;
        messages(&mut tx, &mut flow).await?;
        Ok(Some(flow))
    }
}

/// One that cannot be read by this version is left out.
async fn rows(
    tx: &mut PgConnection,
    journey: Option<&str>,
) -> Result<Vec<(JourneyRow, Machine)>, ReadError> {
    let rows = sqlx::query(
        "select m.journey, m.version, m.published_at, m.content,
                (select case when p.in_flight = 'pause' then p.at end from passage p
                 where p.journey = m.journey and p.in_flight in ('pause', 'resume')
                 order by p.id desc limit 1) as paused_at
         from machine m
         join (select machines from workspace order by revision desc limit 1) w
           on m.id = any(w.machines)
         where $1::text is null or m.journey = $1
         order by m.journey",
    )
    .bind(journey)
    .fetch_all(tx)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let Ok(machine) = Machine::from_content(row.try_get("content")?) else {
            continue;
        };
        let told = JourneyRow {
            journey: machine.journey.clone(),
            title: machine.title.clone(),
            version: row.try_get("version")?,
            published_at: moment(row, "published_at")?,
            paused_at: moment_or_none(row, "paused_at")?,
        };
        found.push((told, machine));
    }
    Ok(found)
}

/// Who is inside, by machine and step.
async fn runs(tx: &mut PgConnection, flow: &mut Flow) -> Result<(), ReadError> {
    let versions = sqlx::query(
        "select id, version, published_at, content from machine where journey = $1
         order by version desc limit $2",
    )
    .bind(&*flow.row.journey)
    .bind(MOST_VERSIONS)
    .fetch_all(&mut *tx)
    .await?;
    let counted: Vec<(uuid::Uuid, i32, i64)> = sqlx::query_as(
        "select machine, node, count(*) from run
         where journey = $1 and left_at is null group by machine, node",
    )
    .bind(&*flow.row.journey)
    .fetch_all(&mut *tx)
    .await?;
    for row in &versions {
        let id = MachineId(row.try_get("id")?);
        let machine = Machine::from_content(row.try_get("content")?).ok();
        let mut inside = 0;
        for (_, node, n) in counted.iter().filter(|(of, ..)| *of == id.0) {
            inside += n.unsigned_abs();
            let node = u32::try_from(*node).ok();
            let step = machine
                .as_ref()
                .zip(node)
                .and_then(|(m, node)| m.node(journey::machine::NodeId(node)));
            if let Some(step) = step {
                flow.steps.entry(step.id.clone()).or_default().inside += n.unsigned_abs();
            }
        }
        flow.versions.push(VersionRow {
            version: row.try_get("version")?,
            published_at: moment(row, "published_at")?,
            current: id == flow.machine.id,
            inside,
        });
    }
    flow.inside = counted.iter().map(|(.., n)| n.unsigned_abs()).sum();
    Ok(())
}

async fn ended(tx: &mut PgConnection, flow: &mut Flow) -> Result<(), ReadError> {
    let rows: Vec<(Option<String>, i64, i64)> = sqlx::query_as(
        "select reason, count(*), count(goal_at)
         from (select reason, goal_at from run where journey = $1
               union all select reason, goal_at from run_ended where journey = $1) all_runs
         group by reason",
    )
    .bind(&*flow.row.journey)
    .fetch_all(tx)
    .await?;
    for (reason, runs, goals) in rows {
        flow.entered += runs.unsigned_abs();
        flow.goals += goals.unsigned_abs();
        if let Some(reason) = reason {
            flow.left.insert(Arc::from(reason), runs.unsigned_abs());
        }
    }
    Ok(())
}

async fn messages(tx: &mut PgConnection, flow: &mut Flow) -> Result<(), ReadError> {
    let rows: Vec<(String, String, Option<String>, i64)> = sqlx::query_as(
        "select step, status::text, reason, count(*) from message where journey = $1
         group by step, status, reason",
    )
    .bind(&*flow.row.journey)
    .fetch_all(tx)
    .await?;
    for (step, status, reason, n) in rows {
        let step = flow.steps.entry(Arc::from(step)).or_default();
        let n = n.unsigned_abs();
        match (&*status, reason) {
            ("sent", _) => step.sent += n,
            ("queued" | "leased", _) => step.queued += n,
            (status, reason) => {
                let reason = reason.map_or_else(|| Arc::from(status), Arc::from);
                *step.held.entry(reason).or_default() += n;
            }
        }
    }
    Ok(())
}
