//! What operators look at: the engines that run, values as they were, and the database itself.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{Row as _, postgres::PgRow, types::Json};

use super::{ReadError, Reader};
use crate::{
    migrations,
    row::{Moment, moment},
    samples::{EngineRow, EngineSeen, MINUTE, QUARTER},
};

/// The most points that one question is answered with, over all names.
pub const MOST_POINTS: usize = 50_000;
/// The most engines that are listed.
const MOST_ENGINES: i64 = 100;

/// A stretch of time, cut into equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// How long one step is, in seconds: a multiple of a minute, and of a quarter of an hour where `from` is more than a
    /// day ago.
    pub step: u32,
}

impl Span {
    /// Which of the stretches that are kept it is made of, in seconds.
    fn kept(self) -> i16 {
        let coarse = self.step.is_multiple_of(QUARTER.unsigned_abs().into());
        if coarse { QUARTER } else { MINUTE }
    }
}

/// One value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// When its step began.
    pub at: Timestamp,
    /// How often it happened in the step, or the largest that it was.
    pub value: f64,
}

/// One value over time. Steps of which nothing is known have no point.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Series {
    /// The value's name.
    pub name: String,
    /// Whether it counts what happened in a step; else it is the largest value in it.
    pub counts: bool,
    /// In order of time.
    pub points: Vec<Point>,
}

/// How the database is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DatabaseView {
    /// PostgreSQL's version, as it says it.
    pub version: String,
    /// Bytes of the whole database on disk; `None`: the account may not ask.
    pub bytes: Option<u64>,
    /// For how many seconds the oldest transaction has been open, as far as the account can see; `None`: there is none.
    pub oldest_transaction_seconds: Option<u64>,
    /// Statements that wait for a lock at the moment, as far as the account can see.
    pub waiting_for_locks: u64,
    /// The newest migration that was applied.
    pub migration: i64,
    /// The newest that this version knows.
    pub migration_known: i64,
}

impl Reader {
    /// The processes that run, or were seen within the last hour, those that started first foremost; at most 100.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn engines(&self) -> Result<Vec<EngineRow>, ReadError> {
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select id, started_at, seen_at, host, version, roles, seen from engine order by started_at, id limit $1",
        )
        .bind(MOST_ENGINES)
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(engine).collect()
    }

    /// A word that is another one whenever an engine has told something.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn told(&self) -> Result<String, ReadError> {
        let newest: Option<Moment> = sqlx::query_scalar("select max(seen_at) from engine")
            .fetch_one(&self.pool)
            .await?;
        Ok(newest.map_or_else(String::new, |at| at.to_jiff().to_string()))
    }

    /// Values over time, in order of name. A name that ends with `/` stands for all that begin so. At most
    /// [`MOST_POINTS`], the earliest of the last names being cut off.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn samples(&self, names: &[&str], span: Span) -> Result<Vec<Series>, ReadError> {
        let (families, exact): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|n| n.ends_with('/'));
        let mut tx = self.page().await?;
        let rows = sqlx::query(
            "select name, sums, to_timestamp(floor(extract(epoch from at) / $4::bigint) * $4::bigint) as step,
                    case when sums then sum(value) else max(value) end as value
             from sample
             where seconds = $1 and at >= $2 and at < $3
               and (name = any($5) or exists (select from unnest($6::text[]) f (name) where starts_with(sample.name, f.name)))
             group by 1, 2, 3 order by 1, 3 limit $7",
        )
        .bind(span.kept())
        .bind(moment(span.from))
        .bind(moment(span.to))
        .bind(i64::from(span.step.max(1)))
        .bind(&exact)
        .bind(&families)
        .bind(i64::try_from(MOST_POINTS).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        let mut all: Vec<Series> = Vec::new();
        for row in rows {
            let (name, counts): (String, bool) = (row.try_get("name")?, row.try_get("sums")?);
            if all.last().is_none_or(|last| last.name != name) {
                let points = Vec::new();
                all.push(Series {
                    name,
                    counts,
                    points,
                });
            }
            let at: Moment = row.try_get("step")?;
            let (at, value) = (at.to_jiff(), row.try_get("value")?);
            if let Some(last) = all.last_mut() {
                last.points.push(Point { at, value });
            }
        }
        Ok(all)
    }

    /// How the database is. Nothing here counts rows or takes a lock.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn database(&self) -> Result<DatabaseView, ReadError> {
        let mut tx = self.page().await?;
        let row = sqlx::query(
            "select current_setting('server_version') as version,
                    case when has_database_privilege(current_database(), 'connect')
                         then pg_database_size(current_database()) end as bytes,
                    (select extract(epoch from max(clock_timestamp() - xact_start))::bigint from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid()
                       and xact_start is not null) as oldest,
                    (select count(*) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock') as waiting,
                    (select coalesce(max(version), 0) from _sqlx_migrations where success) as migration",
        )
        .fetch_one(&mut *tx)
        .await?;
        let known = migrations::all().migrations.iter().map(|m| m.version).max();
        let oldest: Option<i64> = row.try_get("oldest")?;
        Ok(DatabaseView {
            version: row.try_get("version")?,
            bytes: row
                .try_get::<Option<i64>, _>("bytes")?
                .map(i64::unsigned_abs),
            oldest_transaction_seconds: oldest.map(|s| s.max(0).unsigned_abs()),
            waiting_for_locks: row.try_get::<i64, _>("waiting")?.unsigned_abs(),
            migration: row.try_get("migration")?,
            migration_known: known.unwrap_or_default(),
        })
    }
}

fn engine(row: &PgRow) -> Result<EngineRow, ReadError> {
    let (started, seen): (Moment, Moment) = (row.try_get("started_at")?, row.try_get("seen_at")?);
    // A newer version may tell in other words.
    let told: Json<serde_json::Value> = row.try_get("seen")?;
    let told: EngineSeen = serde_json::from_value(told.0).unwrap_or_default();
    Ok(EngineRow {
        id: row.try_get("id")?,
        started_at: started.to_jiff(),
        seen_at: seen.to_jiff(),
        host: row.try_get("host")?,
        version: row.try_get("version")?,
        roles: row.try_get("roles")?,
        seen: told,
    })
}
