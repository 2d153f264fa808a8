//! Journeys that are paused (rule 53).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::{CHANNEL, LOCK, passages};
use crate::{Error, Store, begin::begin, error::during, row::Moment};

/// What came of an order to pause a journey, or to let it go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// It is done: engines hear of it within a second.
    Done {
        /// How many runs are inside.
        inside: u64,
    },
    /// It was so before.
    Already {
        /// Since when; `None` where it was never paused.
        since: Option<Timestamp>,
    },
    /// No such journey was ever published.
    Unknown {
        /// Those that are there, in order.
        journeys: Vec<Arc<str>>,
    },
}

/// A journey that is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedJourney {
    /// Its name.
    pub journey: Arc<str>,
    /// Since when.
    pub since: Timestamp,
}

/// The last word on each journey of which there is one.
const LAST: &str = "select distinct on (journey) journey, at, in_flight = 'pause' as paused
    from passage where in_flight in ('pause', 'resume') order by journey, id desc";

impl Store {
    /// Pauses a journey, or lets it go on, also one that was removed and whose runs finish. What
    /// several processes order takes place one after another.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn pause(
        &self,
        journey: &str,
        pauses: bool,
        now: Timestamp,
    ) -> Result<Paused, Error> {
        let doing = during("pausing a journey");
        let mut tx = begin(&self.pool).await.map_err(&doing)?;
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut *tx)
            .await
            .map_err(&doing)?;
        let journeys: Vec<String> =
            sqlx::query_scalar("select distinct journey from machine order by journey")
                .fetch_all(&mut *tx)
                .await
                .map_err(&doing)?;
        if journeys.iter().all(|name| name != journey) {
            let journeys = journeys.into_iter().map(Arc::from).collect();
            return Ok(Paused::Unknown { journeys });
        }
        let sql = format!("select at, paused from ({LAST}) p where journey = $1");
        let last: Option<(Moment, bool)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(journey)
            .fetch_optional(&mut *tx)
            .await
            .map_err(&doing)?;
        if last.as_ref().is_some_and(|(_, paused)| *paused) == pauses {
            let since = last.map(|(at, _)| at.to_jiff());
            return Ok(Paused::Already { since });
        }
        // A run heeds the later word: clocks that differ must not make this one the earlier.
        let after = last.map(|(at, _)| at.to_jiff() + SignedDuration::from_micros(1));
        let at = after.map_or(now, |after| now.max(after));
        tell(&mut tx, journey, pauses, at).await?;
        tx.commit().await.map_err(&doing)?;
        // Engines have heard of it by now: counting reads every open run.
        let inside = self.inside(journey).await?;
        Ok(Paused::Done { inside })
    }

    async fn inside(&self, journey: &str) -> Result<u64, Error> {
        let doing = during("counting runs in flight");
        let mut tx = begin(&self.pool).await.map_err(&doing)?;
        sqlx::query("select set_config('enable_seqscan', 'on', true)")
            .execute(&mut *tx)
            .await
            .map_err(&doing)?;
        let inside: i64 = sqlx::query_scalar(
            "select count(*) from run r join machine m on m.id = r.machine
             where m.journey = $1 and r.left_at is null",
        )
        .bind(journey)
        .fetch_one(&mut *tx)
        .await
        .map_err(&doing)?;
        Ok(inside.unsigned_abs())
    }

    /// The journeys that are paused, in order of their names.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn paused(&self) -> Result<Vec<PausedJourney>, Error> {
        let sql = format!("select journey, at from ({LAST}) p where paused order by journey");
        let rows: Vec<(String, Moment)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .fetch_all(&self.pool)
            .await
            .map_err(during("looking for paused journeys"))?;
        let paused = rows.into_iter().map(|(journey, at)| PausedJourney {
            journey: Arc::from(journey),
            since: at.to_jiff(),
        });
        Ok(paused.collect())
    }
}

/// Writes it down and tells everybody.
async fn tell(
    tx: &mut PgConnection,
    journey: &str,
    pauses: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let doing = during("pausing a journey");
    let revision: i64 = sqlx::query_scalar("select max(revision) from workspace")
        .fetch_one(&mut *tx)
        .await
        .map_err(&doing)?;
    passages::pause(tx, journey, pauses, revision, now).await?;
    sqlx::query("select pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(revision.to_string())
        .execute(&mut *tx)
        .await
        .map_err(&doing)?;
    Ok(())
}
