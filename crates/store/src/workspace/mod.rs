//! Workspaces and machines: what is published.

mod entries;
mod passages;
mod pauses;
mod running;

pub use passages::{StoredPassage, Stretch};
pub use pauses::{Paused, PausedJourney};
pub use running::{Base, Snapshot};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use journey::{diagnostic::SourceFile, ids::MachineId, machine::Machine};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::{during, malformed},
    row::{Moment, moment},
};

/// Where the revision is announced.
pub(crate) const CHANNEL: &str = "parcours_workspace";

/// The advisory lock under which workspaces are applied: `parcours` as a number.
const LOCK: i64 = i64::from_be_bytes(*b"parcours");

/// What is to be published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publication<'a> {
    /// The workspace's files.
    pub files: &'a [SourceFile],
    /// Its machines, each with its source.
    pub machines: &'a [(Arc<Machine>, Arc<str>)],
    /// Journeys without a machine whose runs are to end (rule 54).
    pub stop: &'a [Arc<str>],
    /// Only if this revision still holds, or none (`Some(None)`); `None`: whatever holds.
    pub over: Option<Option<i64>>,
}

impl<'a> Publication<'a> {
    /// In order of the journeys' names, each machine once.
    fn by_journey(&self) -> Vec<(&'a Machine, &'a str)> {
        let machines = self.machines.iter();
        let machines: BTreeMap<_, _> = machines
            .map(|(m, source)| ((m.journey.clone(), m.id), (m.as_ref(), source.as_ref())))
            .collect();
        machines.into_values().collect()
    }

    /// A short name of what is to be published: its files, machines and stops. Two publications of
    /// one name do the same.
    pub fn fingerprint(&self) -> String {
        let ids: Vec<_> = self.by_journey().iter().map(|(m, _)| m.id.0).collect();
        let files = self.files.iter().map(|f| (&*f.path, &*f.text));
        let stops = self.stop.iter().map(|s| (&**s, "stop"));
        digest(&files.chain(stops).collect(), &ids)
            .simple()
            .to_string()[..12]
            .to_owned()
    }

    /// Whether what it is to be published over still holds. Under the lock, so it stays so.
    async fn expect(&self, tx: &mut PgConnection) -> Result<(), Error> {
        let Some(over) = self.over else { return Ok(()) };
        let (holds,): (Option<i64>,) = sqlx::query_as("select max(revision) from workspace")
            .fetch_one(tx)
            .await
            .map_err(during("looking for a workspace"))?;
        match holds == over {
            true => Ok(()),
            false => Err(Error::Moved {
                holds: holds.unwrap_or_default(),
            }),
        }
    }
}

/// What an apply did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The revision that now holds.
    pub revision: i64,
    /// Whether it is new; false if this very workspace was applied last.
    pub changed: bool,
    /// The machines that now hold, in order of their journeys' names.
    pub machines: Vec<Published>,
}

/// A machine and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Which.
    pub machine: MachineId,
    /// Its journey.
    pub journey: Arc<str>,
    /// Counts the journey's machines from 1.
    pub version: i32,
    /// Whether this apply published it.
    pub new: bool,
}

/// The workspace that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWorkspace {
    /// Counts up; not without gaps.
    pub revision: i64,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Its files in order of path.
    pub files: Vec<SourceFile>,
    /// The machines that new runs enter.
    pub machines: Vec<MachineId>,
}

/// What engines are to hear of. Both count up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The revision that holds.
    pub revision: Option<i64>,
    /// The last word on a journey that is paused or goes on.
    pub pause: Option<i64>,
}

/// A machine that was published.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMachine {
    /// The machine.
    pub machine: Arc<Machine>,
    /// Counts the journey's machines from 1.
    pub version: i32,
    /// Whether new runs enter it: it is of the workspace that holds.
    pub current: bool,
    /// When it was first published.
    pub published_at: Timestamp,
    /// Since when new runs enter it without a break; `None` where they do not.
    pub since: Option<Timestamp>,
}

impl Store {
    /// Makes this workspace the one that holds: see [`Store::publish`].
    ///
    /// # Errors
    /// If the database fails or refuses a text (NUL in a file).
    pub async fn apply(
        &self,
        files: &[SourceFile],
        machines: &[(Arc<Machine>, Arc<str>)],
        now: Timestamp,
    ) -> Result<Applied, Error> {
        let publication = Publication {
            files,
            machines,
            ..Publication::default()
        };
        self.publish(&publication, now).await
    }

    /// Makes a workspace the one that holds: its files, its machines with the source of each, and
    /// what becomes of runs in flight, in one transaction. A machine that is stored already keeps
    /// its version, a new one gets the next of its journey, without gaps. Publications by several
    /// processes take place one after another.
    ///
    /// # Errors
    /// [`Error::Moved`] if another workspace holds than the one that was asked for; else if the
    /// database fails or refuses a text (NUL in a file). Nothing is published then.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        now: Timestamp,
    ) -> Result<Applied, Error> {
        let machines = publication.by_journey();
        let ids: Vec<_> = machines.iter().map(|(m, _)| m.id.0).collect();
        let mut tx = begin(&self.pool).await.map_err(during("applying"))?;
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut *tx)
            .await
            .map_err(during("waiting to apply"))?;
        publication.expect(&mut tx).await?;
        let new = publish(&mut tx, &machines, now).await?;
        let (revision, changed) = revise(&mut tx, publication, &ids, now).await?;
        if changed {
            let fresh = machines.iter().map(|(m, _)| *m);
            let fresh: Vec<_> = fresh.filter(|m| new.contains(&m.id.0)).collect();
            passages::forget(&mut tx, &ids).await?;
            passages::add(&mut tx, &fresh, publication.stop, revision, now).await?;
        }
        let machines = published(&mut tx, &ids, &new).await?;
        tx.commit().await.map_err(during("applying"))?;
        Ok(Applied {
            revision,
            changed,
            machines,
        })
    }

    /// The workspace that holds, if one was ever applied.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn workspace(&self) -> Result<Option<StoredWorkspace>, Error> {
        type Files = Json<BTreeMap<Arc<str>, Arc<str>>>;
        let row: Option<(i64, Moment, Vec<Uuid>, Files)> = sqlx::query_as(
            "select revision, applied_at, machines, files from workspace
             order by revision desc limit 1",
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(during("loading the workspace"))?;
        Ok(row.map(|(revision, applied_at, machines, Json(files))| {
            let files = files.into_iter();
            StoredWorkspace {
                revision,
                applied_at: applied_at.to_jiff(),
                files: files
                    .map(|(path, text)| SourceFile { path, text })
                    .collect(),
                machines: machines.into_iter().map(MachineId).collect(),
            }
        }))
    }

    /// What there is to hear of.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn news(&self) -> Result<News, Error> {
        let row: (Option<i64>, Option<i64>) = sqlx::query_as(
            "select (select max(revision) from workspace),
                    (select max(id) from passage where in_flight in ('pause', 'resume'))",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(during("looking for a workspace"))?;
        Ok(News {
            revision: row.0,
            pause: row.1,
        })
    }

    /// Every machine that is current, that is the newest of its journey, or that an open run is
    /// on; in order of journey and version. Reads every open run: for the start of an engine and
    /// for each new workspace, not for a turn. See [`Store::machine`] for one that turns up later.
    ///
    /// # Errors
    /// If the database fails or a machine is of another version of Parcours.
    pub async fn machines(&self) -> Result<Vec<StoredMachine>, Error> {
        let mut tx = begin(&self.pool)
            .await
            .map_err(during("loading machines"))?;
        // One pass over the runs is what is wanted here, not one of them at a time by the index.
        sqlx::query("select set_config('enable_seqscan', 'on', true)")
            .execute(&mut *tx)
            .await
            .map_err(during("loading machines"))?;
        let sql = format!(
            "{MACHINES}
             where m.id = any(w.machines)
                or m.id in (select distinct machine from run)
                or m.version = (select max(n.version) from machine n where n.journey = m.journey)
             order by m.journey, m.version"
        );
        let rows: Vec<MachineRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut *tx)
            .await
            .map_err(during("loading machines"))?;
        tx.commit().await.map_err(during("loading machines"))?;
        rows.into_iter().map(stored).collect()
    }

    /// One machine, whoever is on it: another process may have entered a run on a machine that
    /// nobody was on when [`Store::machines`] looked.
    ///
    /// # Errors
    /// If the database fails or the machine is of another version of Parcours.
    pub async fn machine(&self, id: MachineId) -> Result<Option<StoredMachine>, Error> {
        let sql = format!("{MACHINES} where m.id = $1");
        let row: Option<MachineRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(during("loading a machine"))?;
        row.map(stored).transpose()
    }
}

/// Machines with what the workspaces say of them. One is held since the first workspace behind the
/// last that was without it.
const MACHINES: &str = "
select m.id, m.version, m.content, m.id = any(w.machines), m.published_at, s.since
from machine m
left join lateral (
    select machines from workspace order by revision desc limit 1
) w on true
left join lateral (
    select min(applied_at) as since from workspace
    where revision > (select coalesce(max(revision), 0) from workspace
                      where m.id <> all(machines))
) s on m.id = any(w.machines)";

type MachineRow = (Uuid, i32, Vec<u8>, Option<bool>, Moment, Option<Moment>);

fn stored(
    (id, version, content, current, published_at, since): MachineRow,
) -> Result<StoredMachine, Error> {
    let machine = Machine::from_content(&content).map_err(malformed("machine", id))?;
    if machine.id.0 != id {
        let why = "its content has another id in this version of Parcours";
        return Err(Error::corrupt("machine", id, why));
    }
    Ok(StoredMachine {
        machine: Arc::new(machine),
        version,
        current: current.unwrap_or(false),
        published_at: published_at.to_jiff(),
        since: since.map(Moment::to_jiff),
    })
}

/// Stores the machines that are new. Returns which these are.
async fn publish(
    tx: &mut PgConnection,
    machines: &[(&Machine, &str)],
    now: Timestamp,
) -> Result<BTreeSet<Uuid>, Error> {
    let rows: Vec<(Uuid,)> = sqlx::query_as(
        "insert into machine (id, published_at, version, journey, content, source, title)
         select a.id, $5, 1 + coalesce(
                    (select max(m.version) from machine m where m.journey = a.journey), 0),
                a.journey, a.content, a.source, a.title
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $6::text[])
              a (id, journey, content, source, title)
         where not exists (select from machine m where m.id = a.id)
         returning id",
    )
    .bind(machines.iter().map(|(m, _)| m.id.0).collect::<Vec<_>>())
    .bind(
        machines
            .iter()
            .map(|(m, _)| &*m.journey)
            .collect::<Vec<_>>(),
    )
    .bind(
        machines
            .iter()
            .map(|(m, _)| m.content())
            .collect::<Vec<_>>(),
    )
    .bind(machines.iter().map(|(_, s)| *s).collect::<Vec<_>>())
    .bind(moment(now))
    .bind(machines.iter().map(|(m, _)| &*m.title).collect::<Vec<_>>())
    .fetch_all(tx)
    .await
    .map_err(during("publishing machines"))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes the workspace and tells everybody, unless it is the one that holds and nothing is to stop.
async fn revise(
    tx: &mut PgConnection,
    publication: &Publication<'_>,
    machines: &[Uuid],
    now: Timestamp,
) -> Result<(i64, bool), Error> {
    let files = publication.files.iter();
    let files: BTreeMap<&str, &str> = files.map(|f| (&*f.path, &*f.text)).collect();
    let digest = digest(&files, machines);
    let last: Option<(i64, Uuid)> =
        sqlx::query_as("select revision, digest from workspace order by revision desc limit 1")
            .fetch_optional(&mut *tx)
            .await
            .map_err(during("looking for a workspace"))?;
    if let Some((revision, last)) = last
        && last == digest
        && publication.stop.is_empty()
    {
        return Ok((revision, false));
    }
    let (revision, _): (i64, ()) = sqlx::query_as(
        "with added as (
             insert into workspace (applied_at, digest, machines, files) values ($1, $2, $3, $4)
             returning revision
         )
         select revision, pg_notify($5, revision::text) from added",
    )
    .bind(moment(now))
    .bind(digest)
    .bind(machines)
    .bind(Json(&files))
    .bind(CHANNEL)
    .fetch_one(tx)
    .await
    .map_err(during("storing the workspace"))?;
    Ok((revision, true))
}

/// The machines too: another version of Parcours may compile the same files to others.
fn digest(files: &BTreeMap<&str, &str>, machines: &[Uuid]) -> Uuid {
    let mut sha = Sha256::new();
    for (path, text) in files {
        for part in [path, text] {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part);
        }
    }
    for machine in machines {
        sha.update(machine.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha.finalize()[..16]);
    Uuid::from_bytes(bytes)
}

async fn published(
    tx: &mut PgConnection,
    ids: &[Uuid],
    new: &BTreeSet<Uuid>,
) -> Result<Vec<Published>, Error> {
    let rows: Vec<(Uuid, String, i32)> = sqlx::query_as(
        "select id, journey, version from machine where id = any($1) order by journey, version",
    )
    .bind(ids)
    .fetch_all(tx)
    .await
    .map_err(during("loading machines"))?;
    let machines = rows.into_iter().map(|(id, journey, version)| Published {
        machine: MachineId(id),
        journey: Arc::from(journey),
        version,
        new: new.contains(&id),
    });
    Ok(machines.collect())
}
