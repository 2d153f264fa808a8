//! Runs, open and ended.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    customer::RunState,
    ids::{CustomerId, RunId},
    machine::{Machine, NodeId},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{PAGE, kept, text, text_or_none};
use crate::read::{ReadError, moment, moment_or_none};

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedRun {
    /// Which.
    pub id: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// Its title; the name where the machine is gone.
    pub title: Arc<str>,
    /// The version it is on; `None` where the machine is gone.
    pub version: Option<i32>,
    /// What tells it from the customer's other runs of this journey; may be empty.
    pub key: Arc<str>,
    /// When it entered.
    pub entered_at: Timestamp,
    /// When it left.
    pub left_at: Option<Timestamp>,
    /// Why it left.
    pub reason: Option<Arc<str>>,
    /// When it reached its goal.
    pub goal_at: Option<Timestamp>,
    /// When its next timer is due.
    pub due_at: Option<Timestamp>,
    /// The id of the step that it is at; `None` once it has left.
    pub step: Option<Arc<str>>,
    /// What it remembers: the entering event, variables, what became of each step.
    pub state: Value,
}

/// The runs of one customer, each list oldest first.
pub(super) struct All {
    pub open: Vec<ExportedRun>,
    pub ended: Vec<ExportedRun>,
}

type Machines = BTreeMap<Uuid, (i32, Option<Machine>)>;

pub(super) async fn all(tx: &mut PgConnection, customer: CustomerId) -> Result<All, ReadError> {
    let mut machines = Machines::new();
    let mut lists = Vec::with_capacity(2);
    for sql in [OPEN, ENDED] {
        let rows = rows(tx, sql, customer).await?;
        load(tx, &rows, &mut machines).await?;
        let list = rows.iter().map(|row| run(row, &machines));
        let mut list = list.collect::<Result<Vec<_>, _>>()?;
        list.sort_by_key(|r| (r.entered_at, r.id));
        lists.push(list);
    }
    let ended = lists.pop().unwrap_or_default();
    let open = lists.pop().unwrap_or_default();
    Ok(All { open, ended })
}

const OPEN: &str =
    "select id, machine, entered_at, due_at, left_at, goal_at, node, journey, key, reason,
        state
 from run where customer = $1 and id > $2 order by id limit $3";

const ENDED: &str = "select id, machine, entered_at, null::timestamptz as due_at, left_at, goal_at,
        -1 as node, journey, key, reason, state
 from run_ended where customer = $1 and id > $2 order by id limit $3";

async fn rows(
    tx: &mut PgConnection,
    sql: &'static str,
    customer: CustomerId,
) -> Result<Vec<PgRow>, ReadError> {
    let (mut found, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let rows = sqlx::query(sql)
            .bind(customer.0)
            .bind(last)
            .bind(PAGE)
            .fetch_all(&mut *tx)
            .await?;
        let Some(end) = rows.last() else {
            return Ok(found);
        };
        last = end.try_get("id")?;
        found.extend(rows);
    }
}

/// The machines of these runs that are not at hand yet.
async fn load(
    tx: &mut PgConnection,
    rows: &[PgRow],
    machines: &mut Machines,
) -> Result<(), ReadError> {
    let mut ids = rows
        .iter()
        .map(|row| row.try_get("machine"))
        .collect::<Result<Vec<Uuid>, _>>()?;
    ids.sort();
    ids.dedup();
    ids.retain(|id| !machines.contains_key(id));
    let rows = sqlx::query("select id, version, content from machine where id = any($1)")
        .bind(&ids)
        .fetch_all(tx)
        .await?;
    for row in rows {
        let machine = Machine::from_content(row.try_get("content")?).ok();
        machines.insert(row.try_get("id")?, (row.try_get("version")?, machine));
    }
    Ok(())
}

fn run(row: &PgRow, machines: &Machines) -> Result<ExportedRun, sqlx::Error> {
    let known = machines.get(&row.try_get("machine")?);
    let machine = known.and_then(|(_, machine)| machine.as_ref());
    let left_at = moment_or_none(row, "left_at")?;
    let node = u32::try_from(row.try_get::<i32, _>("node")?).ok();
    let node = node.filter(|_| left_at.is_none());
    let step = node.and_then(|node| machine?.node(NodeId(node)));
    let journey = text(row, "journey")?;
    Ok(ExportedRun {
        id: RunId(row.try_get("id")?),
        title: machine.map_or_else(|| journey.clone(), |m| m.title.clone()),
        journey,
        version: known.map(|(version, _)| *version),
        key: text(row, "key")?,
        entered_at: moment(row, "entered_at")?,
        left_at,
        reason: text_or_none(row, "reason")?,
        goal_at: moment_or_none(row, "goal_at")?,
        due_at: moment_or_none(row, "due_at")?,
        step: step.map(|node| node.id.clone()),
        state: kept::<RunState>(row.try_get("state")?),
    })
}
