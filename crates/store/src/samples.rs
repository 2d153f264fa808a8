//! What engines saw of themselves and of what is around them, kept for a week: rows that operators look back on, and
//! on which nothing else rests.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Error, Store,
    begin::begin,
    error::during,
    row::{before, moment},
};

/// The finer stretch that values are kept by, in seconds; kept for a day and an hour.
pub const MINUTE: i16 = 60;
/// The coarser stretch, in seconds; kept for a week and an hour.
pub const QUARTER: i16 = 900;

/// Stretches, and how long they are kept, in hours.
const KEPT: [(i16, i64); 2] = [(MINUTE, 25), (QUARTER, 7 * 24 + 1)];
/// The most values that are written at once.
const MOST_VALUES: usize = 500;
/// The most rows that one write removes.
const MOST_REMOVED: i64 = 5_000;
/// How long an engine that says nothing more is still listed.
const LISTED: SignedDuration = SignedDuration::from_hours(1);

/// One value of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its name, in parts with `/` between them; at most 200 bytes.
    pub name: String,
    /// What it is; what is no finite number is not written, and shows as a gap.
    pub value: f64,
    /// Whether the values of a stretch are added; else the largest one counts.
    pub sums: bool,
}

impl Sample {
    /// How often something happened since the last look.
    pub fn count(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
            sums: true,
        }
    }

    /// How something is at the moment.
    pub fn level(name: impl Into<String>, value: f64) -> Self {
        Self {
            sums: false,
            ..Self::count(name, value)
        }
    }
}

/// One process, as it tells of itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EngineRow {
    /// Drawn when it started.
    pub id: Uuid,
    /// When it started.
    pub started_at: Timestamp,
    /// When it wrote last.
    pub seen_at: Timestamp,
    /// The machine, container or pod that it runs in, as that calls itself.
    pub host: String,
    /// Of the binary.
    pub version: String,
    /// `intake`, `timers`, `dispatch`, `api`.
    pub roles: Vec<String>,
    /// What it saw last.
    pub seen: EngineSeen,
}

/// What a process saw when it wrote last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EngineSeen {
    /// Messages that are with providers: it has leased them.
    pub handed_over: u64,
    /// Which workspace is in force in it.
    pub revision: Option<i64>,
    /// Connections to PostgreSQL that are at work.
    pub connections_used: u32,
    /// How many it may open.
    pub connections_max: u32,
    /// Whether it has to do with RabbitMQ.
    pub broker: bool,
    /// Why RabbitMQ takes nothing from it for now; empty: it does, or was not asked to.
    pub broker_refuses: String,
    /// Its loops, by name.
    pub loops: Vec<LoopSeen>,
    /// The providers that it may hand messages to.
    pub providers: Vec<ProviderSeen>,
    /// The newest values, by name.
    pub values: BTreeMap<String, f64>,
}

/// One loop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoopSeen {
    /// `intake`, `timers`, `dispatch` and so on.
    pub name: String,
    /// Whether it runs, and its last round went well.
    pub well: bool,
    /// For how many seconds its rounds have failed; 0 where it is well.
    pub failing_seconds: u64,
    /// What the last failed round said, without addresses.
    pub error: String,
}

/// One provider of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProviderSeen {
    /// `email`, `sms`, `push`, `chat`.
    pub channel: String,
    /// Its name in the settings.
    pub provider: String,
    /// Whether its circuit is closed: it does what it should.
    pub closed: bool,
    /// For how many seconds more it is left alone; 0: it is not.
    pub left_alone_seconds: u64,
    /// Messages that are with it.
    pub busy: u64,
}

/// What one look has to tell: a process's own row, without `seen_at`, and the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The process.
    pub engine: EngineRow,
    /// What it saw, at most 500 values; those beyond are dropped.
    pub samples: Vec<Sample>,
}

impl Store {
    /// Writes a look down as seen at `engine.seen_at`, and removes what is too old. Values join those that are kept of
    /// the same minute and quarter of an hour, of whichever engine.
    ///
    /// # Errors
    /// If the database fails; nothing is written then.
    pub async fn tell(&self, told: &Told) -> Result<(), Error> {
        let mut tx = begin(&self.pool).await.map_err(during("telling"))?;
        own_row(&mut tx, &told.engine).await?;
        for (seconds, hours) in KEPT {
            values(&mut tx, told, seconds).await?;
            let kept = before(told.engine.seen_at, SignedDuration::from_hours(hours));
            // Engines that do so at once pass over each other's rows.
            sqlx::query(
                "delete from sample where (seconds, at, name) in
                     (select seconds, at, name from sample where seconds = $1 and at < $2
                      order by at, name limit $3 for update skip locked)",
            )
            .bind(seconds)
            .bind(moment(kept))
            .bind(MOST_REMOVED)
            .execute(&mut *tx)
            .await
            .map_err(during("removing old samples"))?;
        }
        tx.commit().await.map_err(during("telling"))
    }

    /// A process stops in order, and is not missed.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn farewell(&self, engine: Uuid) -> Result<(), Error> {
        sqlx::query("delete from engine where id = $1")
            .bind(engine)
            .execute(&self.pool)
            .await
            .map_err(during("saying goodbye"))?;
        Ok(())
    }
}

async fn own_row(tx: &mut sqlx::PgConnection, engine: &EngineRow) -> Result<(), Error> {
    sqlx::query(
        "insert into engine (id, started_at, seen_at, host, version, roles, seen)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set seen_at = excluded.seen_at, seen = excluded.seen",
    )
    .bind(engine.id)
    .bind(moment(engine.started_at))
    .bind(moment(engine.seen_at))
    .bind(&engine.host)
    .bind(&engine.version)
    .bind(&engine.roles)
    .bind(Json(&engine.seen))
    .execute(&mut *tx)
    .await
    .map_err(during("telling of an engine"))?;
    // Those that died, and those that this one stands in for: it began in the same place after they had said their last. One
    // that was only slow writes its row anew.
    sqlx::query(
        "delete from engine where id in
             (select id from engine where seen_at < $1
                 or (host = $2 and roles = $3 and id <> $4 and seen_at < $5)
              for update skip locked)",
    )
    .bind(moment(before(engine.seen_at, LISTED)))
    .bind(&engine.host)
    .bind(&engine.roles)
    .bind(engine.id)
    .bind(moment(engine.started_at))
    .execute(&mut *tx)
    .await
    .map_err(during("removing engines that are gone"))?;
    Ok(())
}

/// In order of names, so that engines that write at once wait for each other and not in a circle.
async fn values(tx: &mut sqlx::PgConnection, told: &Told, seconds: i16) -> Result<(), Error> {
    let mut merged: BTreeMap<&str, (f64, bool)> = BTreeMap::new();
    let fit = |s: &&Sample| s.value.is_finite() && (1..=200).contains(&s.name.len());
    for sample in told.samples.iter().filter(fit).take(MOST_VALUES) {
        merged.insert(&sample.name, (sample.value, sample.sums));
    }
    let names: Vec<&str> = merged.keys().copied().collect();
    let (values, sums): (Vec<f64>, Vec<bool>) = merged.into_values().unzip();
    sqlx::query(
        "insert into sample (at, seconds, name, value, sums)
         select to_timestamp(floor(extract(epoch from $1::timestamptz) / $2::smallint) * $2::smallint), $2::smallint, s.name, s.value, s.sums
         from unnest($3::text[], $4::float8[], $5::boolean[]) as s (name, value, sums)
         order by s.name
         on conflict (seconds, at, name) do update set value =
             case when excluded.sums then sample.value + excluded.value
                  else greatest(sample.value, excluded.value) end",
    )
    .bind(moment(told.engine.seen_at))
    .bind(seconds)
    .bind(&names)
    .bind(&values)
    .bind(&sums)
    .execute(tx)
    .await
    .map_err(during("keeping samples"))?;
    Ok(())
}
