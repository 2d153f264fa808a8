//! Runs in flight that pass to another version, or are paused: what is written down, and how engines
//! work through it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journey::{
    ids::{CustomerId, MachineId},
    input::Passage,
    machine::{InFlight, Lost, Machine},
};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    row::{Moment, after, moment},
};

/// What an apply, or a pause, has in store for runs on some machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPassage {
    /// Counts up; of two that name one machine, the later holds.
    pub id: i64,
    /// The workspace that it was published with.
    pub revision: i64,
    /// The journey.
    pub journey: Arc<str>,
    /// The machines whose runs pass.
    pub sources: Vec<MachineId>,
    /// Where to.
    pub passage: Passage,
    /// Customers up to this one are done in this round.
    pub cursor: CustomerId,
    /// Whether every customer was looked at.
    pub done: bool,
    /// Runs that have passed so far.
    pub runs: u64,
}

/// A stretch of customers, in order of id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Those with a run that is to pass.
    pub customers: Vec<CustomerId>,
    /// The last that was looked at; `None`: there are no more.
    pub last: Option<CustomerId>,
}

const COLUMNS: &str = "id, revision, at, journey, sources, target, version, in_flight, lost, cursor, \
                       done_at is not null as done, runs";

impl Store {
    /// Everything that applies and pauses have in store for runs in flight, done or not, in order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn passages(&self) -> Result<Vec<StoredPassage>, Error> {
        let sql = format!(
            "select {COLUMNS} from passage
             where sources <> '{{}}' or in_flight in ('pause', 'resume') order by id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&self.pool)
            .await
            .map_err(during("loading passages"))?;
        rows.iter().map(stored).collect()
    }

    /// Takes up the oldest passage that is not done and that nobody is at, for the time of `lease`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn claim_passage(
        &self,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<StoredPassage>, Error> {
        let sql = format!(
            "update passage set leased_until = $2, pass_at = coalesce(pass_at, $1),
                    first_at = coalesce(first_at, $1)
             where id = (select id from passage
                         where done_at is null and (leased_until is null or leased_until <= $1)
                         order by id limit 1 for update skip locked)
             returning {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(moment(now))
            .bind(moment(after(now, lease)))
            .fetch_optional(&self.pool)
            .await
            .map_err(during("taking a passage up"))?;
        row.as_ref().map(stored).transpose()
    }

    /// The next customers behind the cursor with a run that is to pass. Looks at no more than
    /// `limit` open runs, by the key of their table, however few of them are meant.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn stretch(&self, passage: &StoredPassage, limit: u32) -> Result<Stretch, Error> {
        let sources: Vec<_> = passage.sources.iter().map(|m| m.0).collect();
        let rows: Vec<(Uuid, bool)> = sqlx::query_as(
            "select customer, left_at is null and machine = any($2) from run
             where customer > $1 order by customer limit $3",
        )
        .bind(passage.cursor.0)
        .bind(sources)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(during("looking for runs in flight"))?;
        let full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = rows.last().map(|(id, _)| CustomerId(*id)).filter(|_| full);
        // The last one may have further runs behind the limit.
        let meant = rows.into_iter().map(|(id, meant)| (CustomerId(id), meant));
        let meant = meant.filter(|(id, meant)| *meant || last == Some(*id));
        let mut customers: Vec<_> = meant.map(|(id, _)| id).collect();
        customers.dedup();
        Ok(Stretch { customers, last })
    }

    /// Records that the customers up to `to` were looked at, of whom `runs` runs have passed, and
    /// keeps the passage for as long again.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn passed(
        &self,
        passage: &StoredPassage,
        to: CustomerId,
        runs: u64,
        leased_until: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "update passage set cursor = $2, runs = runs + $3, pass_runs = pass_runs + $3,
                    leased_until = $4
             where id = $1",
        )
        .bind(passage.id)
        .bind(to.0)
        .bind(i64::try_from(runs).unwrap_or(i64::MAX))
        .bind(moment(leased_until))
        .execute(&self.pool)
        .await
        .map_err(during("recording a passage"))?;
        Ok(())
    }

    /// Records that the last customers were looked at, of whom `runs` runs have passed. The passage
    /// is done if nothing had to pass in a whole round that began `settle` or more after the first
    /// round; else it may be taken up again at `again`. Until then an engine that has not heard of
    /// it may enter another run on an old machine. Returns whether it is done.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn passed_round(
        &self,
        passage: &StoredPassage,
        runs: u64,
        settle: SignedDuration,
        now: Timestamp,
        again: Timestamp,
    ) -> Result<bool, Error> {
        let done: Option<(bool,)> = sqlx::query_as(
            "update passage
             set cursor = '00000000-0000-0000-0000-000000000000', runs = runs + $2,
                 pass_runs = 0, pass_at = null, leased_until = $5,
                 done_at = case when pass_runs + $2 = 0
                                     and pass_at >= first_at + make_interval(secs => $3)
                                then $4 end
             where id = $1
             returning done_at is not null",
        )
        .bind(passage.id)
        .bind(i64::try_from(runs).unwrap_or(i64::MAX))
        .bind(settle.as_secs_f64())
        .bind(moment(now))
        .bind(moment(again))
        .fetch_optional(&self.pool)
        .await
        .map_err(during("recording a passage"))?;
        Ok(done.is_some_and(|(done,)| done))
    }
}

fn stored(row: &PgRow) -> Result<StoredPassage, Error> {
    let get = || -> Result<StoredPassage, sqlx::Error> {
        let sources: Vec<Uuid> = row.try_get("sources")?;
        Ok(StoredPassage {
            id: row.try_get("id")?,
            revision: row.try_get("revision")?,
            journey: Arc::from(row.try_get::<&str, _>("journey")?),
            sources: sources.into_iter().map(MachineId).collect(),
            passage: passage(row)?,
            cursor: CustomerId(row.try_get("cursor")?),
            done: row.try_get("done")?,
            runs: row.try_get::<i64, _>("runs")?.unsigned_abs(),
        })
    };
    get().map_err(during("loading passages"))
}

fn passage(row: &PgRow) -> Result<Passage, sqlx::Error> {
    let target: Option<Uuid> = row.try_get("target")?;
    let version = row.try_get::<Option<i32>, _>("version")?;
    let version = version.map_or(0, i32::unsigned_abs);
    let at = row.try_get::<Moment, _>("at")?.to_jiff();
    let in_flight = row.try_get("in_flight")?;
    let Some(to) = target.map(MachineId) else {
        return Ok(match in_flight {
            "pause" => Passage::Pause { since: at },
            "resume" => Passage::Resume { at, again: None },
            _ => Passage::Stop,
        });
    };
    Ok(match in_flight {
        "exit" => Passage::Exit { to, version },
        _ => Passage::Move {
            to,
            version,
            lost: match row.try_get("lost")? {
                "exit" => Lost::Exit,
                _ => Lost::Finish,
            },
        },
    })
}

/// Writes down what the new machines say of runs in flight (rule 51: once, for they are new), and
/// which journeys are to stop.
pub(super) async fn add(
    tx: &mut PgConnection,
    machines: &[&Machine],
    stop: &[Arc<str>],
    revision: i64,
    now: Timestamp,
) -> Result<(), Error> {
    for machine in machines {
        let Some(migrate) = &machine.migrate else {
            continue;
        };
        let in_flight = match migrate.in_flight {
            InFlight::Finish => continue,
            InFlight::Move => "move",
            InFlight::Exit => "exit",
        };
        let lost = match migrate.lost {
            Lost::Finish => "finish",
            Lost::Exit => "exit",
        };
        let from = migrate.from.iter().filter_map(|v| i32::try_from(*v).ok());
        let from = from.collect();
        let row = New {
            journey: &machine.journey,
            target: Some(machine.id),
            in_flight,
            lost,
            from,
        };
        row.insert(tx, revision, now).await?;
    }
    for journey in stop {
        let row = New {
            journey,
            target: None,
            in_flight: "stop",
            lost: "exit",
            from: Vec::new(),
        };
        row.insert(tx, revision, now).await?;
    }
    Ok(())
}

/// Writes down that a journey is paused, or goes on.
pub(super) async fn pause(
    tx: &mut PgConnection,
    journey: &str,
    pauses: bool,
    revision: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let row = New {
        journey,
        target: None,
        in_flight: if pauses { "pause" } else { "resume" },
        lost: "finish",
        from: Vec::new(),
    };
    row.insert(tx, revision, now).await
}

struct New<'a> {
    journey: &'a str,
    target: Option<MachineId>,
    in_flight: &'static str,
    lost: &'static str,
    /// All where empty.
    from: Vec<i32>,
}

impl New<'_> {
    async fn insert(
        self,
        tx: &mut PgConnection,
        revision: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(
            "insert into passage (revision, at, journey, target, version, in_flight, lost, sources)
             select $1, $2, $3, $4, (select m.version from machine m where m.id = $4), $5, $6,
                    coalesce(array_agg(s.id order by s.version), '{}')
             from machine s
             where s.journey = $3 and s.id is distinct from $4
               and ($7::int[] = '{}' or s.version = any($7))",
        )
        .bind(revision)
        .bind(moment(now))
        .bind(self.journey)
        .bind(self.target.map(|m| m.0))
        .bind(self.in_flight)
        .bind(self.lost)
        .bind(self.from)
        .execute(tx)
        .await
        .map_err(during("writing down passages"))?;
        Ok(())
    }
}

/// A machine that is current again keeps its runs, whatever was said of them before. They stay paused.
pub(super) async fn forget(tx: &mut PgConnection, current: &[Uuid]) -> Result<(), Error> {
    sqlx::query(
        "update passage
         set sources = (select coalesce(array_agg(s), '{}') from unnest(sources) s
                        where s <> all($1)),
             done_at = case when sources <@ $1 then coalesce(done_at, at) else done_at end
         where sources && $1 and in_flight not in ('pause', 'resume')",
    )
    .bind(current)
    .execute(tx)
    .await
    .map_err(during("taking passages back"))?;
    Ok(())
}
