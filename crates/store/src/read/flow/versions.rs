//! The versions of a journey, with the files they were made of.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{diagnostic::SourceFile, ids::MachineId, machine::Machine};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _, types::Json};

use super::{super::ReadError, MOST_VERSIONS, Reader, moment};

/// A version as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionSource {
    /// Its number, from 1.
    pub version: i32,
    /// When it was first published.
    pub published_at: Timestamp,
    /// The text of its `journey.yaml`.
    pub source: Arc<str>,
    /// What became of runs that were inside when it was published; `None`: they finished on their version.
    pub fallen: Option<Fallen>,
    /// What was made of it; `None`: this version of Parcours cannot read it.
    pub machine: Option<Machine>,
}

/// What was to become of runs in flight when a version was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fallen {
    /// Whether they moved to it; else they left.
    pub moves: bool,
    /// Of those that moved: whether those left whose step was gone; else they finished on their version.
    pub exits: bool,
    /// How many have passed so far.
    pub runs: u64,
}

/// A version, as it is counted.
pub(super) struct Version {
    pub(super) id: MachineId,
    pub(super) number: i32,
    pub(super) published_at: Timestamp,
    /// `None`: this version of Parcours cannot read it.
    pub(super) machine: Option<Machine>,
}

pub(super) async fn all(tx: &mut PgConnection, journey: &str) -> Result<Vec<Version>, ReadError> {
    let rows = sqlx::query(
        "select id, version, published_at, content from machine where journey = $1
         order by version desc limit $2",
    )
    .bind(journey)
    .bind(MOST_VERSIONS)
    .fetch_all(tx)
    .await?;
    let read = |row| -> Result<Version, ReadError> {
        let row: &sqlx::postgres::PgRow = row;
        Ok(Version {
            id: MachineId(row.try_get("id")?),
            number: row.try_get("version")?,
            published_at: moment(row, "published_at")?,
            machine: Machine::from_content(row.try_get("content")?).ok(),
        })
    };
    rows.iter().map(read).collect()
}

impl Reader {
    /// The revision of the workspace that holds; `None`: none was ever applied.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn revision(&self) -> Result<Option<i64>, ReadError> {
        let mut tx = self.page().await?;
        let revision = sqlx::query_scalar("select max(revision) from workspace");
        Ok(revision.fetch_one(&mut *tx).await?)
    }

    /// The files of the workspace of that revision, in order of path, the journeys' tests among them. Empty where it is gone.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn files(&self, revision: i64) -> Result<Vec<SourceFile>, ReadError> {
        let mut tx = self.page().await?;
        let files: Option<Json<BTreeMap<Arc<str>, Arc<str>>>> =
            sqlx::query_scalar("select files from workspace where revision = $1")
                .bind(revision)
                .fetch_optional(&mut *tx)
                .await?;
        let files = files.into_iter().flat_map(|Json(files)| files);
        Ok(files
            .map(|(path, text)| SourceFile { path, text })
            .collect())
    }

    /// A version of a journey as it was written, whether it is still published or not; `None`: there was none.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn written(
        &self,
        journey: &str,
        version: i32,
    ) -> Result<Option<VersionSource>, ReadError> {
        let mut tx = self.page().await?;
        let row = sqlx::query(
            "select m.version, m.published_at, m.source, m.content, p.in_flight, p.lost, p.runs
             from machine m
             left join lateral (
                 select in_flight, lost, runs from passage
                 where target = m.id order by id desc limit 1) p on true
             where m.journey = $1 and m.version = $2",
        )
        .bind(journey)
        .bind(version)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let fallen = row
            .try_get::<Option<&str>, _>("in_flight")?
            .map(|in_flight| {
                let exits = row.try_get::<&str, _>("lost")? == "exit";
                let runs: i64 = row.try_get("runs")?;
                Ok::<_, ReadError>(Fallen {
                    moves: in_flight == "move",
                    exits,
                    runs: runs.unsigned_abs(),
                })
            });
        Ok(Some(VersionSource {
            fallen: fallen.transpose()?,
            version: row.try_get("version")?,
            published_at: moment(&row, "published_at")?,
            source: Arc::from(row.try_get::<&str, _>("source")?),
            machine: Machine::from_content(row.try_get("content")?).ok(),
        }))
    }
}
