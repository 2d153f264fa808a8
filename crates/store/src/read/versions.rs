//! The versions of a journey, for whoever puts a run on another one.

use jiff::Timestamp;
use journey::ids::MachineId;
use serde::Serialize;
use sqlx::Row as _;

use super::{ReadError, Reader, moment};

/// The most versions that are told, the newest first.
const MOST: i64 = 50;

/// One version of a journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its number, from 1.
    pub version: u32,
    /// Its machine.
    pub machine: MachineId,
    /// When it was first published.
    pub published_at: Timestamp,
}

impl Reader {
    /// The versions of a journey, the newest first; at most 50. None: there is no such journey.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn versions(&self, journey: &str) -> Result<Vec<Version>, ReadError> {
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, version, published_at from machine where journey = $1
             order by version desc limit $2",
        )
        .bind(journey)
        .bind(MOST)
        .fetch_all(&mut *tx)
        .await?;
        let version = |row: &sqlx::postgres::PgRow| {
            Ok(Version {
                version: row.try_get::<i32, _>("version")?.unsigned_abs(),
                machine: MachineId(row.try_get("id")?),
                published_at: moment(row, "published_at")?,
            })
        };
        rows.iter().map(version).collect()
    }

    /// That version of a journey; `None`: there is none.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn version(&self, journey: &str, version: u32) -> Result<Option<Version>, ReadError> {
        let Ok(number) = i32::try_from(version) else {
            return Ok(None);
        };
        let mut tx = self.page().await?;
        let row =
            sqlx::query("select id, published_at from machine where journey = $1 and version = $2")
                .bind(journey)
                .bind(number)
                .fetch_optional(&mut *tx)
                .await?;
        let found = |row: &sqlx::postgres::PgRow| {
            Ok(Version {
                version,
                machine: MachineId(row.try_get("id")?),
                published_at: moment(row, "published_at")?,
            })
        };
        row.as_ref().map(found).transpose()
    }
}
