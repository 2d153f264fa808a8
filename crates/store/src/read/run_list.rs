//! Runs of everybody, by journey, step and state: page by page, in order of their table's key.
//!
//! No index leads with the journey, for runs move all the time and each would be written at every step. So a page is looked for in
//! stretches of the key, and says where it stopped when it has looked at enough of them: the next one goes on from there.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use journey::{
    customer::RunState,
    ids::{CustomerId, MachineId, RunId},
    machine::NodeId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    ReadError, Reader, bounded, moment, moment_or_none,
    runs::{Machines, machines},
};
use crate::packed::unpack;

/// How many rows one stretch of the key has.
const STRETCH: i64 = 5_000;
/// How many stretches one page looks at.
const STRETCHES: usize = 40;
/// The most runs that a list of customers tells of.
const INSIDE: i64 = 1_000;

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Inside its journey, or out of it with a goal still open.
    Open,
    /// Inside, and its journey is paused: it takes no step.
    Paused,
    /// Over.
    Ended,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Paused, Self::Ended];

    /// Its word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

impl FromStr for RunStatus {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        let all = Self::ALL.into_iter();
        all.clone().find(|s| s.as_str() == word).ok_or(())
    }
}

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this customer alone.
    pub customer: Option<CustomerId>,
    /// In this journey.
    pub journey: Option<String>,
    /// Standing at this step; nobody who has left stands anywhere.
    pub step: Option<String>,
    /// In this state; `None`: all that are not over.
    pub status: Option<RunStatus>,
}

/// One run, as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunRow {
    /// Which.
    pub id: RunId,
    /// Whose.
    pub customer: CustomerId,
    /// What producers call them; the id where the profile is gone.
    pub customer_key: Arc<str>,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The version that it is on; `None` where the machine is gone.
    pub version: Option<i32>,
    /// What tells it from the customer's other runs of this journey; may be empty.
    pub key: Arc<str>,
    /// Its state.
    pub status: RunStatus,
    /// The id of the step that it stands at; `None` once it has left.
    pub step: Option<Arc<str>>,
    /// When it entered.
    pub entered_at: Timestamp,
    /// When its next timer is due.
    pub due_at: Option<Timestamp>,
    /// When it left. An open run that left only watches for its goal.
    pub left_at: Option<Timestamp>,
    /// Why it left.
    pub reason: Option<Arc<str>>,
    /// When it reached its goal.
    pub goal_at: Option<Timestamp>,
}

/// A place in a list of runs. As text: `CUSTOMER.RUN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunCursor {
    /// Whose run was looked at last.
    pub customer: CustomerId,
    /// Which.
    pub run: RunId,
}

impl RunCursor {
    const START: Self = Self {
        customer: CustomerId(Uuid::nil()),
        run: RunId(Uuid::nil()),
    };
}

impl fmt::Display for RunCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.customer, self.run)
    }
}

impl FromStr for RunCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (customer, run) = text.split_once('.').ok_or(())?;
        let id = |text| Uuid::try_parse(text).map_err(|_| ());
        Ok(Self {
            customer: CustomerId(id(customer)?),
            run: RunId(id(run)?),
        })
    }
}

impl Serialize for RunCursor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// A page of runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunPage {
    /// In order of customer, who are in no order of time. May be fewer than asked for, even none, with a `next`.
    pub runs: Vec<RunRow>,
    /// The `after` of the next page; `None`: this is the last.
    pub next: Option<RunCursor>,
}

impl Reader {
    /// Runs, in order of their customers. One page looks at 200,000 at most, and says where it stopped.
    ///
    /// # Errors
    /// If the database cannot be read, or a run's state is of another version.
    pub async fn run_list(
        &self,
        filter: &RunFilter,
        after: Option<RunCursor>,
        limit: u32,
    ) -> Result<RunPage, ReadError> {
        let wanted = usize::try_from(bounded(limit)).unwrap_or(usize::MAX);
        let mut tx = self.page().await?;
        let at = standing(&mut tx, filter).await?;
        let table = match filter.status {
            Some(RunStatus::Ended) => "run_ended",
            _ => "run",
        };
        let (mut from, mut runs) = (after.unwrap_or(RunCursor::START), Vec::new());
        for _ in 0..STRETCHES {
            let end = end(&mut tx, table, filter.customer, from).await?;
            let found = stretch(&mut tx, table, filter, at.as_deref(), from, end).await?;
            runs.extend(found.into_iter().filter(|run| shows(filter, run)));
            if runs.len() > wanted {
                runs.truncate(wanted);
                let next = runs.last().map(place);
                return Ok(RunPage { runs, next });
            }
            let Some(end) = end else {
                return Ok(RunPage { runs, next: None });
            };
            from = end;
        }
        let next = Some(from);
        Ok(RunPage { runs, next })
    }

    /// The runs that these customers are inside of, the newest first; at most 1,000 in all.
    ///
    /// # Errors
    /// If the database cannot be read, or a run's state is of another version.
    pub async fn inside(
        &self,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, Vec<RunRow>>, ReadError> {
        let ids: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
        let mut query = selected("run");
        query.push(" where r.left_at is null and r.customer = any(");
        query
            .push_bind(ids)
            .push(") order by r.entered_at desc, r.id limit ");
        query.push_bind(INSIDE);
        let mut tx = self.page().await?;
        let rows = query.build().fetch_all(&mut *tx).await?;
        let mut found: BTreeMap<_, Vec<RunRow>> = BTreeMap::new();
        for run in views(&mut tx, &rows).await? {
            found.entry(run.customer).or_default().push(run);
        }
        Ok(found)
    }
}

fn place(run: &RunRow) -> RunCursor {
    RunCursor {
        customer: run.customer,
        run: run.id,
    }
}

/// What SQL does not know of a run: whether it is paused.
fn shows(filter: &RunFilter, run: &RunRow) -> bool {
    filter.status != Some(RunStatus::Paused) || run.status == RunStatus::Paused
}

/// Where runs stand that stand at the step, by machine: the step's place differs from version to version.
async fn standing(
    tx: &mut PgConnection,
    filter: &RunFilter,
) -> Result<Option<Vec<(Uuid, i32)>>, ReadError> {
    let Some(step) = &filter.step else {
        return Ok(None);
    };
    let rows =
        sqlx::query("select id, content from machine where $1::text is null or journey = $1")
            .bind(&filter.journey)
            .fetch_all(tx)
            .await?;
    let mut found = Vec::new();
    for row in &rows {
        let Ok(machine) = journey::machine::Machine::from_content(row.try_get("content")?) else {
            continue;
        };
        let id = row.try_get("id")?;
        let nodes = machine.nodes.iter().zip(0..);
        let nodes = nodes.filter(|(node, _)| *node.id == **step);
        found.extend(nodes.map(|(_, place)| (id, place)));
    }
    Ok(Some(found))
}

/// The last row of the next stretch; `None`: there are not that many.
async fn end(
    tx: &mut PgConnection,
    table: &'static str,
    customer: Option<CustomerId>,
    from: RunCursor,
) -> Result<Option<RunCursor>, ReadError> {
    let query = AssertSqlSafe(format!(
        "select customer, id from {table}
         where (customer, id) > ($1, $2) and ($3::uuid is null or customer = $3)
         order by customer, id offset $4 - 1 limit 1"
    ));
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(query)
        .bind(from.customer.0)
        .bind(from.run.0)
        .bind(customer.map(|id| id.0))
        .bind(STRETCH)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|(customer, run)| RunCursor {
        customer: CustomerId(customer),
        run: RunId(run),
    }))
}

async fn stretch(
    tx: &mut PgConnection,
    table: &'static str,
    filter: &RunFilter,
    at: Option<&[(Uuid, i32)]>,
    from: RunCursor,
    end: Option<RunCursor>,
) -> Result<Vec<RunRow>, ReadError> {
    let mut query = selected(table);
    query.push(" where ");
    beyond(&mut query, ">", from);
    if let Some(end) = end {
        beyond(query.push(" and "), "<=", end);
    }
    if let Some(customer) = filter.customer {
        query.push(" and r.customer = ").push_bind(customer.0);
    }
    if let Some(journey) = &filter.journey {
        query.push(" and r.journey = ").push_bind(journey.clone());
    }
    if let Some(at) = at {
        let (machines, nodes): (Vec<Uuid>, Vec<i32>) = at.iter().copied().unzip();
        query.push(" and r.left_at is null and (r.machine, r.node) in (select * from unnest(");
        query
            .push_bind(machines)
            .push(", ")
            .push_bind(nodes)
            .push("))");
    }
    query.push(" order by r.customer, r.id limit ");
    query.push_bind(STRETCH);
    let rows = query.build().fetch_all(&mut *tx).await?;
    views(tx, &rows).await
}

fn beyond(query: &mut QueryBuilder<Postgres>, than: &str, place: RunCursor) {
    query.push(format!("(r.customer, r.id) {than} ("));
    query.push_bind(place.customer.0).push(", ");
    query.push_bind(place.run.0).push(")");
}

fn selected(table: &str) -> QueryBuilder<Postgres> {
    let columns = match table {
        "run" => "r.left_at, r.due_at, r.node, r.reason",
        _ => "r.left_at, null::timestamptz as due_at, -1 as node, r.reason",
    };
    let over = table != "run";
    QueryBuilder::new(format!(
        "select r.customer, c.key as customer_key, r.id, r.machine, r.entered_at, r.goal_at, r.journey, r.key, r.state,
                {over} as over, {columns}
         from {table} r left join customer c on c.id = r.customer"
    ))
}

async fn views(tx: &mut PgConnection, rows: &[PgRow]) -> Result<Vec<RunRow>, ReadError> {
    let machines = machines(tx, rows.iter()).await?;
    rows.iter().map(|row| view(row, &machines)).collect()
}

fn view(row: &PgRow, machines: &Machines) -> Result<RunRow, ReadError> {
    let id: Uuid = row.try_get("id")?;
    let state: RunState = unpack(row.try_get("state")?).map_err(|_| ReadError::Unreadable {
        what: "the state of a run",
        id,
    })?;
    let known = machines.get(&MachineId(row.try_get("machine")?).0);
    let left_at = moment_or_none(row, "left_at")?;
    let node = u32::try_from(row.try_get::<i32, _>("node")?).ok();
    let node = node.filter(|_| left_at.is_none()).map(NodeId);
    let step = known
        .zip(node)
        .and_then(|((_, m), node)| m.as_ref()?.node(node));
    let customer = CustomerId(row.try_get("customer")?);
    let key: Option<&str> = row.try_get("customer_key")?;
    Ok(RunRow {
        id: RunId(id),
        customer_key: key.map_or_else(|| Arc::from(customer.to_string()), Arc::from),
        customer,
        journey: Arc::from(row.try_get::<&str, _>("journey")?),
        version: known.map(|(version, _)| *version),
        key: Arc::from(row.try_get::<&str, _>("key")?),
        status: match (row.try_get("over")?, state.paused) {
            (true, _) => RunStatus::Ended,
            (false, Some(_)) if left_at.is_none() => RunStatus::Paused,
            (false, _) => RunStatus::Open,
        },
        step: step.map(|node| node.id.clone()),
        entered_at: moment(row, "entered_at")?,
        due_at: moment_or_none(row, "due_at")?,
        left_at,
        reason: row.try_get::<Option<&str>, _>("reason")?.map(Arc::from),
        goal_at: moment_or_none(row, "goal_at")?,
    })
}
