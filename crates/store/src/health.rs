//! What an operator asks of the database: whether it is of this version, how much is due, and how its
//! connections are used. Nothing here counts a whole table.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    Error, Store,
    error::during,
    migrations::{self, Until},
    row::{Moment, moment},
};

/// Which migrations the database has, beside those that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The newest migration that was applied; 0: none was.
    pub newest: i64,
    /// How many of this version's migrations are missing.
    pub missing: usize,
}

/// One kind of work that has a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueWork {
    /// Messages that wait to be handed over.
    Messages,
    /// Runs whose timer is due.
    Timers,
    /// Calls that wait to be made.
    Calls,
    /// What merged customers have for those whom they were merged into.
    Forwards,
}

impl DueWork {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Timers, Self::Calls, Self::Forwards];

    /// As metrics call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Timers => "timers",
            Self::Calls => "calls",
            Self::Forwards => "forwards",
        }
    }

    /// The index on `due_at` says how many are due, as far as the bound, and which is the oldest.
    fn query(self) -> &'static str {
        match self {
            Self::Messages => {
                // Each channel has its own stretch of the index.
                "select count(*), min(due.due_at)
                 from unnest(array['email', 'sms', 'push', 'chat']) r (channel) cross join lateral
                     (select due_at from message where channel = r.channel and due_at <= $1
                      order by due_at limit $2) due"
            }
            Self::Timers => {
                "select count(*), min(due_at) from
                     (select due_at from run where due_at <= $1 order by due_at limit $2) due"
            }
            Self::Calls => {
                "select count(*), min(due_at) from
                     (select due_at from call where due_at <= $1 order by due_at limit $2) due"
            }
            Self::Forwards => {
                "select count(*), min(due_at) from
                     (select due_at from forward where due_at <= $1 order by due_at limit $2) due"
            }
        }
    }
}

/// How much is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// How many, as far as was counted.
    pub count: u64,
    /// Since when the oldest is.
    pub oldest: Option<Timestamp>,
}

/// The connections of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// At work.
    pub used: u32,
    /// Open and free.
    pub idle: u32,
    /// How many there may be.
    pub max: u32,
}

impl Store {
    /// Compares the database's migrations with those of this version. A newer database has more, and none is
    /// missing.
    ///
    /// # Errors
    /// If the database fails, or was never migrated.
    pub async fn schema(&self) -> Result<Schema, Error> {
        let applied: Vec<(i64,)> =
            sqlx::query_as("select version from _sqlx_migrations where success")
                .fetch_all(&self.pool)
                .await
                .map_err(during("looking for its version"))?;
        let applied: BTreeSet<i64> = applied.into_iter().map(|(version,)| version).collect();
        let known = Until::Expanded.of(migrations::all());
        let missing = known.iter().filter(|m| !applied.contains(&m.version));
        Ok(Schema {
            newest: applied.last().copied().unwrap_or_default(),
            missing: missing.count(),
        })
    }

    /// How many dead letters are open, by the code of their cause.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn open_letters(&self) -> Result<Vec<(String, u64)>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "select cause, count(*) from dead_letter where status = 'open' group by cause",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(during("counting dead letters"))?;
        let rows = rows.into_iter();
        Ok(rows.map(|(cause, n)| (cause, n.unsigned_abs())).collect())
    }

    /// How much of that work is due at `now`, counted up to `most`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn due_work(&self, work: DueWork, now: Timestamp, most: u32) -> Result<Due, Error> {
        let (count, oldest): (i64, Option<Moment>) = sqlx::query_as(work.query())
            .bind(moment(now))
            .bind(i64::from(most))
            .fetch_one(&self.pool)
            .await
            .map_err(during("looking for what is due"))?;
        Ok(Due {
            count: count.unsigned_abs(),
            oldest: oldest.map(Moment::to_jiff),
        })
    }

    /// How the connections of this process are used at the moment.
    pub fn pool_use(&self) -> PoolUse {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        PoolUse {
            used: self.pool.size().saturating_sub(idle),
            idle,
            max: self.pool.options().get_max_connections(),
        }
    }
}
