//! What runs, in one snapshot: what a plan is made against.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use journey::{
    diagnostic::SourceFile,
    ids::{CustomerId, MachineId},
    machine::{Machine, NodeId},
    plan::{Flight, Published, Running},
};
use sqlx::{Postgres, Transaction, types::Json};
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin_snapshot,
    error::during,
    row::{Moment, node_from_column, node_to_column},
};

/// The workspace that a plan is made against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its revision.
    pub revision: i64,
    /// When it was applied.
    pub applied_at: Timestamp,
}

/// One moment of the database, read only. Dropping it ends it.
#[derive(Debug)]
pub struct Snapshot {
    tx: Transaction<'static, Postgres>,
}

type Workspace = (i64, Moment, Vec<Uuid>, Json<BTreeMap<Arc<str>, Arc<str>>>);

impl Store {
    /// Holds the database still for a reader, for whom one statement may take `deadline`. Writers
    /// go on; nothing is locked.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn snapshot(&self, deadline: Duration) -> Result<Snapshot, Error> {
        let doing = during("beginning to read");
        let mut tx = begin_snapshot(&self.pool).await.map_err(&doing)?;
        // Counting goes over all open runs once, and not over one of them at a time by an index.
        sqlx::query(
            "select set_config('statement_timeout', $1, true), set_config('enable_seqscan', 'on', true),
                    set_config('enable_hashjoin', 'on', true)",
        )
        .bind(deadline.as_millis().clamp(1, 2_147_483_647).to_string())
        .execute(&mut *tx)
        .await
        .map_err(&doing)?;
        Ok(Snapshot { tx })
    }
}

impl Snapshot {
    /// What runs: the files, every version, and how many runs stand at which step. Reads every open
    /// run once; what comes back is bounded by the number of steps of all versions.
    ///
    /// # Errors
    /// If the database fails, or takes longer than the snapshot's deadline.
    pub async fn running(&mut self) -> Result<(Option<Base>, Running), Error> {
        let workspace = self.workspace().await?;
        let flights = self.flights().await?;
        let (base, current, files) = match workspace {
            None => (None, Vec::new(), Vec::new()),
            Some((revision, at, machines, Json(files))) => {
                let applied_at = at.to_jiff();
                let base = Base {
                    revision,
                    applied_at,
                };
                let files = files.into_iter();
                let files = files.map(|(path, text)| SourceFile { path, text });
                (Some(base), machines, files.collect())
            }
        };
        let running = Running {
            files,
            published: self.published(&current, &flights).await?,
            flights,
            ..Running::default()
        };
        Ok((base, running))
    }

    async fn workspace(&mut self) -> Result<Option<Workspace>, Error> {
        sqlx::query_as(
            "select revision, applied_at, machines, files from workspace
             order by revision desc limit 1",
        )
        .fetch_optional(&mut *self.tx)
        .await
        .map_err(during("loading the workspace"))
    }

    async fn flights(&mut self) -> Result<Vec<Flight>, Error> {
        let rows: Vec<(Uuid, i32, i64)> = sqlx::query_as(
            "select machine, node, count(*) from run where left_at is null group by machine, node
             order by machine, node",
        )
        .fetch_all(&mut *self.tx)
        .await
        .map_err(during("counting runs in flight"))?;
        let flights = rows.into_iter().map(|(machine, node, runs)| Flight {
            machine: MachineId(machine),
            node: node_from_column(node),
            runs: runs.unsigned_abs(),
        });
        Ok(flights.collect())
    }

    /// Every version; with its machine where it is current or somebody is on it.
    async fn published(
        &mut self,
        current: &[Uuid],
        flights: &[Flight],
    ) -> Result<Vec<Published>, Error> {
        let wanted: BTreeSet<Uuid> = flights.iter().map(|f| f.machine.0).collect();
        let wanted: Vec<Uuid> = wanted.into_iter().chain(current.iter().copied()).collect();
        let rows: Vec<(Uuid, String, i32, Option<Vec<u8>>)> = sqlx::query_as(
            "select id, journey, version, case when id = any($1) then content end
             from machine order by journey, version",
        )
        .bind(wanted)
        .fetch_all(&mut *self.tx)
        .await
        .map_err(during("loading machines"))?;
        let published = rows.into_iter().map(|(id, journey, version, content)| {
            let machine = content.and_then(|content| Machine::from_content(&content).ok());
            Published {
                id: MachineId(id),
                journey: Arc::from(journey),
                version: version.unsigned_abs(),
                current: current.contains(&id),
                // One whose id is another now was made by another version of Parcours.
                machine: machine.filter(|m| m.id.0 == id).map(Arc::new),
            }
        });
        Ok(published.collect())
    }

    /// The customers of runs that stand at a step, at most `limit`, in no order; one entry per run.
    ///
    /// # Errors
    /// If the database fails, or takes longer than the snapshot's deadline.
    pub async fn customers_at(
        &mut self,
        machine: MachineId,
        node: NodeId,
        limit: u32,
    ) -> Result<Vec<CustomerId>, Error> {
        let rows: Vec<(Uuid,)> = sqlx::query_as(
            "select customer from run where left_at is null and machine = $1 and node = $2 limit $3",
        )
        .bind(machine.0)
        .bind(node_to_column(node))
        .bind(i64::from(limit))
        .fetch_all(&mut *self.tx)
        .await
        .map_err(during("looking for runs in flight"))?;
        Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
    }
}
