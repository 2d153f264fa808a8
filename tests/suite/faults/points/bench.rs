//! One turn, done over and over from the same beginning.

use std::sync::Arc;

use engine::Engine;
use parcours_tests::kit::Fault;
use sqlx::AssertSqlSafe;

use super::{
    super::stage::{Clock, Stage},
    turns::Turn,
};

/// Monday, before the first journeys.
const START: &str = "2026-03-02T09:00:00Z";

/// What a row does not keep over a repetition: its place in the log, how often it was tried, and
/// numbers that a transaction has taken that came to nothing.
const PASSING: &str = "'{seq,attempt,revision}'::text[]";

/// How a turn is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The connection is gone; the engine goes on by itself.
    Lost,
    /// The process is gone; another takes its place.
    Killed,
}

pub struct Bench {
    turn: Turn,
    stage: Stage,
    clock: Clock,
    /// With the columns that are written.
    tables: Vec<(String, String)>,
}

impl Bench {
    /// A database in which the turn is due, and a copy of it.
    pub async fn set(turn: Turn) -> Self {
        let stage = Stage::new().await;
        let clock = Clock::at(START);
        let mut tables = Vec::new();
        for table in stage.tables().await {
            let columns = stage.columns(&table).await;
            tables.push((table, columns));
        }
        let bench = Self {
            turn,
            stage,
            clock,
            tables,
        };
        turn.prepare(&bench.stage, &bench.clock).await;
        let copies = bench.tables.iter().map(|(t, columns)| {
            format!("create table saved.{t} as select {columns} from public.{t};")
        });
        let sql = format!("create schema saved; {}", copies.collect::<String>());
        bench.stage.execute(&sql).await;
        bench
    }

    /// Back to the beginning.
    async fn restore(&self) {
        // Tables refer to tables before them.
        let gone = self
            .tables
            .iter()
            .map(|(t, _)| format!("delete from public.{t};"));
        let there = self.tables.iter().rev().map(|(t, columns)| {
            format!("insert into public.{t} ({columns}) overriding system value table saved.{t};")
        });
        self.stage
            .execute(&gone.chain(there).collect::<String>())
            .await;
        self.turn.outside(&self.stage.outside);
    }

    async fn engine(&self) -> Arc<Engine> {
        self.stage.engine(turns_settings(&self.clock)).await
    }

    async fn act(&self, engine: &Engine) {
        self.turn
            .act(engine, &self.stage, &self.clock)
            .await
            .unwrap();
    }

    /// What a turn leaves that nothing happens to.
    pub async fn undisturbed(&self) -> Vec<String> {
        self.restore().await;
        self.act(&*self.engine().await).await;
        self.contents().await
    }

    /// The same input once more, to an engine that knows nothing of the first time.
    pub async fn act_again(&self) {
        self.act(&*self.engine().await).await;
    }

    /// From the beginning: cut off at that round trip, and done again. False: there is no such round trip.
    pub async fn cut(&self, trip: u64, fault: Fault, how: How) -> bool {
        self.restore().await;
        let mut engine = self.engine().await;
        self.stage.proxy.arm(trip, fault);
        let done = tokio::select! {
            biased;
            () = self.stage.proxy.struck(), if how == How::Killed => None,
            done = self.turn.act(&engine, &self.stage, &self.clock) => Some(done),
        };
        if self.stage.proxy.disarm() {
            done.expect("nothing was cut").unwrap();
            return false;
        }
        if done.is_none() {
            drop(engine);
            engine = self.engine().await;
        }
        self.leases_run_out().await;
        self.act(&engine).await;
        true
    }

    /// What time would do; but the clock stands, so that moments are the same.
    async fn leases_run_out(&self) {
        for table in ["message", "call"] {
            let now = self.clock.now();
            let sql = format!("update {table} set due_at = '{now}' where status = 'leased'");
            self.stage.execute(&sql).await;
        }
        self.stage
            .execute("update passage set leased_until = null")
            .await;
        let now = self.clock.now();
        let sql = format!("update sweep set due_at = '{now}' where due_at is not null");
        self.stage.execute(&sql).await;
    }

    /// Every row of every table; each customer's inputs with their place instead of their number. The id
    /// of a receipt, and what it says, name the attempt. How many runs have passed is counted for people,
    /// and does not know of those whose count was lost.
    pub async fn contents(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for (table, _) in &self.tables {
            let row = match table.as_str() {
                "input" => format!(
                    "(to_jsonb(t) - {PASSING} - case when kind = 2 then '{{id,body}}' else '{{}}' end::text[])
                     || jsonb_build_object('place', row_number() over (partition by customer order by seq))"
                ),
                "passage" => format!("to_jsonb(t) - {PASSING} - '{{id,leased_until,done_at,runs}}'::text[]"),
                // Their number is a sequence's, which does not go back.
                "journey_counted" => format!("to_jsonb(t) - {PASSING} - 'id'::text"),
                _ => format!("to_jsonb(t) - {PASSING}"),
            };
            let sql =
                format!("select '{table} ' || ({row})::text from public.{table} t order by 1");
            let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(self.stage.store.pool())
                .await
                .unwrap();
            rows.extend(found);
        }
        rows
    }

    /// # Panics
    /// The database holds something else.
    pub async fn holds(&self, wanted: &[String], after: &str) {
        let found = self.contents().await;
        let (turn, missing) = (self.turn, without(wanted, &found));
        let strange = without(&found, wanted);
        assert!(
            found == wanted,
            "{turn:?}, {after}\nmissing: {missing:#?}\nstrange: {strange:#?}"
        );
        self.turn.audit(&self.stage.outside, after);
    }
}

fn turns_settings(clock: &Clock) -> engine::Settings {
    engine::Settings {
        // Whatever attempt it is, it is tried again at the same moment.
        first_retry: jiff::SignedDuration::ZERO,
        passage_settle: jiff::SignedDuration::ZERO,
        sweep_settle: jiff::SignedDuration::ZERO,
        ..clock.settings()
    }
}

fn without<'r>(rows: &'r [String], others: &[String]) -> Vec<&'r String> {
    rows.iter().filter(|row| !others.contains(row)).collect()
}
