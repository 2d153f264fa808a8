//! The runs of one customer: where they are and what they wait for.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    customer::{RunState, StepState},
    failure::Failure,
    ids::{CallId, CustomerId, MachineId, RunId},
    machine::{Machine, Node, NodeId},
    value::{Map, Value},
    waiting::{Progress, Waiting},
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{ReadError, Reader, moment, moment_or_none};
use crate::packed::unpack;

/// The most open runs, and the most ended ones, that are shown.
const LIMIT: i64 = 100;

/// The runs of one customer, newest first; at most 100 of each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Runs {
    /// Inside, or out with a goal still open.
    pub open: Vec<RunView>,
    /// Over.
    pub ended: Vec<RunView>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunView {
    /// Which.
    pub id: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title; the name where the machine is gone.
    pub title: Arc<str>,
    /// The version it entered with; `None` where the machine is gone.
    pub version: Option<i32>,
    /// What tells it from the customer's other runs of this journey; may be empty.
    pub key: Arc<str>,
    /// When it entered.
    pub entered_at: Timestamp,
    /// When it left. An open run that left only watches for its goal.
    pub left_at: Option<Timestamp>,
    /// Why it left.
    pub reason: Option<Arc<str>>,
    /// When it reached its goal.
    pub goal_at: Option<Timestamp>,
    /// When its next timer is due.
    pub due_at: Option<Timestamp>,
    /// The machine that it is on.
    #[serde(skip)]
    pub(super) machine: MachineId,
    /// How long it was paused before, in all.
    #[serde(skip)]
    pub(super) paused_for: SignedDuration,
    /// The step it is at; `None` once it has left, or where the machine cannot be read.
    pub step: Option<StepView>,
    /// Since when it is paused; `None`: it is not.
    pub paused_since: Option<Timestamp>,
    /// Since when a person has paused it, beside its journey or alone: only a person lets it go on.
    pub paused_by_person: Option<Timestamp>,
    /// What the step waits for.
    pub waiting: Option<Waiting>,
    /// Variables.
    pub variables: Map,
    /// `run.event`.
    pub event: Value,
    /// What became of each named step.
    pub steps: BTreeMap<Arc<str>, StepState>,
}

/// A step, as support needs to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepView {
    /// Its id, declared or generated.
    pub id: Arc<str>,
    /// What authors write for it: `wait`, `send`, `ask` and so on.
    pub verb: &'static str,
    /// The line in `journey.yaml`, from 1.
    pub line: u32,
    /// The step that follows it, unless it leads somewhere else itself; `None`: none does.
    pub then: Option<Arc<str>>,
}

pub(super) type Machines = BTreeMap<Uuid, (i32, Option<Machine>)>;
type Calls = BTreeMap<CallId, Progress>;

impl Reader {
    /// The runs of a customer.
    ///
    /// # Errors
    /// If the database cannot be read, or a run's state is of another version.
    pub async fn runs(&self, customer: CustomerId) -> Result<Runs, ReadError> {
        let mut tx = self.page().await?;
        let Found { open, ended, .. } = found(&mut tx, customer).await?;
        Ok(Runs { open, ended })
    }
}

impl Reader {
    /// One run of a customer, open or over.
    ///
    /// # Errors
    /// If the database cannot be read, or its state is of another version.
    pub async fn run(
        &self,
        customer: CustomerId,
        run: RunId,
    ) -> Result<Option<RunView>, ReadError> {
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, machine, entered_at, left_at, goal_at, due_at, node, journey, key, reason, state
             from run where customer = $1 and id = $2
             union all
             select id, machine, entered_at, left_at, goal_at, null, -1, journey, key, reason, state
             from run_ended where customer = $1 and id = $2",
        )
        .bind(customer.0)
        .bind(run.0)
        .fetch_all(&mut *tx)
        .await?;
        let machines = machines(&mut tx, rows.iter()).await?;
        let calls = calls(&mut tx, customer).await?;
        Ok(views(&rows, &machines, &calls)?.pop())
    }
}

/// The runs of a customer, with their machines.
pub(super) struct Found {
    pub(super) open: Vec<RunView>,
    pub(super) ended: Vec<RunView>,
    machines: Machines,
}

impl Found {
    /// The machine of a run, if it can be read.
    pub(super) fn machine(&self, run: &RunView) -> Option<&Machine> {
        self.machines.get(&run.machine.0)?.1.as_ref()
    }

    /// When the newest of them entered.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        let all = self.open.iter().chain(&self.ended);
        all.map(|run| run.entered_at).max()
    }
}

pub(super) async fn found(tx: &mut PgConnection, customer: CustomerId) -> Result<Found, ReadError> {
    let open = sqlx::query(
        "select id, machine, entered_at, left_at, goal_at, due_at, node, journey, key,
                    reason, state
             from run where customer = $1 order by entered_at desc, id limit $2",
    )
    .bind(customer.0)
    .bind(LIMIT)
    .fetch_all(&mut *tx)
    .await?;
    let ended = sqlx::query(
        "select id, machine, entered_at, left_at, goal_at, null::timestamptz as due_at,
                    -1 as node, journey, key, reason, state
             from run_ended where customer = $1 order by left_at desc, id limit $2",
    )
    .bind(customer.0)
    .bind(LIMIT)
    .fetch_all(&mut *tx)
    .await?;
    let machines = machines(tx, open.iter().chain(&ended)).await?;
    let calls = calls(tx, customer).await?;
    Ok(Found {
        open: views(&open, &machines, &calls)?,
        ended: views(&ended, &machines, &calls)?,
        machines,
    })
}

pub(super) async fn machines(
    tx: &mut PgConnection,
    runs: impl Iterator<Item = &PgRow>,
) -> Result<Machines, ReadError> {
    let mut ids = runs
        .map(|row| row.try_get("machine"))
        .collect::<Result<Vec<Uuid>, _>>()?;
    ids.sort();
    ids.dedup();
    let rows = sqlx::query("select id, version, content from machine where id = any($1)")
        .bind(&ids)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let machine = Machine::from_content(row.try_get("content")?).ok();
            Ok((row.try_get("id")?, (row.try_get("version")?, machine)))
        })
        .collect()
}

/// The customer's calls that are not over: no more than they have runs.
async fn calls(tx: &mut PgConnection, customer: CustomerId) -> Result<Calls, ReadError> {
    let rows: Vec<(Uuid, i16, Option<String>)> = sqlx::query_as(
        "select id, attempt, error from call
         where customer = $1 and status in ('queued', 'leased') order by at desc limit $2",
    )
    .bind(customer.0)
    .bind(LIMIT)
    .fetch_all(tx)
    .await?;
    let attempts = |n| u16::try_from(n).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|(id, n, error)| {
            (
                CallId(id),
                (attempts(n), error.as_deref().map(Failure::read)),
            )
        })
        .collect())
}

fn views(rows: &[PgRow], machines: &Machines, calls: &Calls) -> Result<Vec<RunView>, ReadError> {
    rows.iter().map(|row| view(row, machines, calls)).collect()
}

fn view(row: &PgRow, machines: &Machines, calls: &Calls) -> Result<RunView, ReadError> {
    let id: Uuid = row.try_get("id")?;
    let known = machines.get(&MachineId(row.try_get("machine")?).0);
    let machine = known.and_then(|(_, machine)| machine.as_ref());
    let state: RunState = unpack(row.try_get("state")?).map_err(|_| ReadError::Unreadable {
        what: "the state of a run",
        id,
    })?;
    let left_at = moment_or_none(row, "left_at")?;
    let node = u32::try_from(row.try_get::<i32, _>("node")?)
        .ok()
        .filter(|_| left_at.is_none())
        .and_then(|node| machine?.node(NodeId(node)));
    let journey: Arc<str> = Arc::from(row.try_get::<&str, _>("journey")?);
    let call = state.pending.as_ref().and_then(|p| p.call);
    let progress = call.and_then(|id| calls.get(&id));
    Ok(RunView {
        id: RunId(id),
        title: machine.map_or_else(|| journey.clone(), |m| m.title.clone()),
        machine: MachineId(row.try_get("machine")?),
        paused_for: state.paused_for,
        journey,
        version: known.map(|(version, _)| *version),
        key: Arc::from(row.try_get::<&str, _>("key")?),
        entered_at: moment(row, "entered_at")?,
        reason: row.try_get::<Option<&str>, _>("reason")?.map(Arc::from),
        goal_at: moment_or_none(row, "goal_at")?,
        due_at: moment_or_none(row, "due_at")?,
        step: node.map(|node| step(node, machine)),
        waiting: Waiting::of(&state, node, progress).filter(|_| left_at.is_none()),
        paused_since: state.paused.filter(|_| left_at.is_none()),
        paused_by_person: state
            .by_person
            .map(|p| p.since)
            .filter(|_| left_at.is_none()),
        left_at,
        variables: state.vars,
        event: state.event,
        steps: state.steps.into_iter().collect(),
    })
}

fn step(node: &Node, machine: Option<&Machine>) -> StepView {
    let then = machine.and_then(|m| m.node(node.next));
    StepView {
        then: then.map(|n| n.id.clone()),
        id: node.id.clone(),
        verb: node.op.verb(),
        line: node.line,
    }
}
