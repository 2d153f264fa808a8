//! How the cost of a step, memory and bytes on disk grow with customers and journeys.

use std::{fmt, time::Instant};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Report,
    engine::{Bench, ROUNDS, copies, copy, events, workspace},
    median,
    rig::{self, Cpu, Happening},
    sink::Sink,
    whole::Running,
    work,
};

/// Bytes on disk for a waiting customer, and for a sent message with its history.
pub(super) async fn storage(n: u32) -> Result<Report> {
    const WAITING: f64 = 600.0;
    let mut bench = Bench::start(None).await?;
    let before = bench.rig.store.size().await?.bytes;
    bench.turns("bench.timer", "s", n).await?;
    let waiting = bench.rig.store.size().await?.bytes - before;
    bench.turns("bench.welcome", "m", n).await?;
    bench.rig.store.settle().await?;
    let entered = bench.rig.store.size().await?.bytes;
    // Their next message: its row, the event that brought it, and what moving their runs leaves behind.
    bench.turns("bench.back", "m", n).await?;
    bench.rig.store.settle().await?;
    let sent = bench.rig.store.size().await?.bytes - entered;
    bench.stop().await?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = |bytes: i64| (bytes as f64 / f64::from(n)).round();
    let ours = each(waiting);
    Ok(Report {
        aim: WAITING,
        ratio: WAITING / ours,
        bytes_of_a_message: Some(each(sent)),
        ..Report::new("storage", "bytes", ours, n, vec![ours])
    })
}

/// What a step costs at one size.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cost {
    /// Customers inside a journey.
    in_flight: u32,
    /// Live journeys.
    journeys: u32,
    /// Microseconds for each step: the median of the rounds.
    us: f64,
    /// Microseconds of CPU for each, by process.
    cpu_us: Cpu,
    /// Bytes of write-ahead log for each.
    wal_bytes: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            in_flight,
            journeys,
            us,
            cpu_us,
            wal_bytes,
        } = self;
        let Cpu {
            engine,
            postgres,
            rabbitmq,
        } = cpu_us;
        write!(
            f,
            "{in_flight} in flight, {journeys} live: {us:.1} µs a step (CPU: engine {engine}, PostgreSQL {postgres}, \
             RabbitMQ {rabbitmq}; {wal_bytes:.0} bytes of log)"
        )
    }
}

/// How many steps are measured at once, each of another customer; all rounds together fit into the smallest size.
const STEPS: u32 = 3_000;
/// The smallest number of customers in flight.
const SMALLEST: u32 = 10_000;

/// What a step costs among ten thousand, a million and `n` customers in flight, and with 1, 100 and 1,000 live journeys.
pub(super) async fn scale(n: u32) -> Result<Report> {
    const AIM: f64 = 1.3;
    let mut flight = Vec::new();
    let mut bench = Bench::start(None).await?;
    bench.turns("bench.welcome", "rest", SMALLEST).await?;
    let mut filled = 0;
    for size in [SMALLEST, 1_000_000, n].map(|size| size.clamp(SMALLEST, n.max(SMALLEST))) {
        if size > filled {
            copies(&bench, "rest-0", "f", filled..size).await?;
            filled = size;
            bench.rig.store.settle().await?;
            flight.push(moved(&mut bench, size).await?);
        }
    }
    bench.stop().await?;
    let mut live = Vec::new();
    for journeys in [1, 100, 1_000] {
        live.push(entered(journeys).await?);
    }
    let worst = growth(&flight).max(growth(&live));
    Ok(Report {
        aim: AIM,
        ratio: AIM / worst,
        costs: flight.into_iter().chain(live).collect(),
        memory_mb: Some(rig::peak_memory().round()),
        ..Report::new("scale", "times the smallest's cost", worst, n, vec![worst])
    })
}

/// What measures one size: its rounds, and what they took.
struct Rounds {
    took: Vec<f64>,
    cpu: Cpu,
    wal: f64,
}

impl Rounds {
    fn new() -> Self {
        Self {
            took: Vec::new(),
            cpu: Cpu::default(),
            wal: 0.0,
        }
    }

    /// One event of each, from when they are on the queue.
    async fn round<'a>(
        &mut self,
        bench: &mut Bench,
        events: impl Iterator<Item = Happening<'a>>,
    ) -> Result<()> {
        rig::publish(&bench.ours.0, events).await?;
        let (cpu, wal) = (bench.rig.cpu(), bench.wal().await?);
        let start = Instant::now();
        rig::take_in(&mut bench.ours.1, STEPS).await?;
        let took = start.elapsed().as_secs_f64() * 1e6 / f64::from(STEPS);
        self.took.push(took);
        self.cpu = self.cpu.plus(bench.rig.cpu().since(cpu));
        self.wal += bench.wal_since(wal).await?;
        Ok(())
    }

    fn cost(self, in_flight: u32, journeys: u32) -> Cost {
        let steps = f64::from(STEPS * ROUNDS);
        Cost {
            in_flight,
            journeys,
            us: median(&self.took),
            cpu_us: self.cpu.each(steps),
            wal_bytes: (self.wal / steps).round(),
        }
    }
}

/// The dearest size by the smallest.
fn growth(costs: &[Cost]) -> f64 {
    let first = costs.first().map_or(1.0, |c| c.us);
    costs.iter().map(|c| c.us / first).fold(1.0, f64::max)
}

/// How many customers, of each that has been moved since the last checkpoint. PostgreSQL logs a page whole when it is first
/// written after one; in service, between two checkpoints, customers come back to pages that others have written.
const MOVED_BEFORE: u32 = 20;

/// Moves customers who lie evenly among all that are in flight, after others who lie evenly among them.
async fn moved(bench: &mut Bench, size: u32) -> Result<Cost> {
    let apart = (size / (STEPS * ROUNDS)).max(1);
    let back = |at: u32| {
        let customer = copy("f", at);
        Happening {
            id: format!("{size}-{customer}"),
            customer,
            event: "bench.back",
        }
    };
    // Next to nobody is moved a second time: sizes have offsets of their own, and the others lie apart from those that are measured.
    let offset = size.ilog10();
    let others = (0..size / MOVED_BEFORE).map(|n| n * MOVED_BEFORE + offset + 4);
    let before: Vec<u32> = others.filter(|at| at % apart > offset).collect();
    rig::publish(&bench.ours.0, before.iter().map(|at| back(*at))).await?;
    rig::take_in(&mut bench.ours.1, u32::try_from(before.len())?).await?;
    let mut rounds = Rounds::new();
    for round in 0..ROUNDS {
        let chosen = (0..STEPS).map(|step| (step * ROUNDS + round) * apart);
        let chosen = chosen.map(|at| (at + offset).min(size - 1));
        rounds.round(bench, chosen.map(back)).await?;
    }
    Ok(rounds.cost(size, 1))
}

/// New customers enter one of so many live journeys.
async fn entered(journeys: u32) -> Result<Cost> {
    let mut files = workspace();
    let here: Vec<_> = files.iter().map(|f| f.path.clone()).collect();
    let others = work::workspace(journeys.saturating_sub(1)).into_iter();
    files.extend(others.filter(|f| !here.contains(&f.path)));
    let mut bench = Bench::with(&files, None).await?;
    bench.turns("bench.welcome", "warm", SMALLEST).await?;
    let mut rounds = Rounds::new();
    for round in 0..ROUNDS {
        let of = format!("j{round}");
        let events = events("bench.welcome", &of, STEPS);
        rounds.round(&mut bench, events).await?;
    }
    bench.stop().await?;
    Ok(rounds.cost(SMALLEST, journeys))
}

/// The most memory that the engine's process takes with `n` customers in flight, while twenty thousand more enter and
/// get a message each, and as many wait for a timer.
pub(super) async fn memory(n: u32) -> Result<Report> {
    const MOST: f64 = 150.0;
    const LIVELY: u32 = 20_000;
    let mut sink = Sink::start().await?;
    let mut bench = Bench::start(Some(&sink)).await?;
    bench.turns("bench.timer", "rest", 1).await?;
    copies(&bench, "rest-0", "f", 0..n).await?;
    let running = Running::start(&bench).await?;
    rig::publish(&running.broker, events("bench.welcome", "m", LIVELY)).await?;
    sink.has(LIVELY as usize).await?;
    running.stop().await?;
    let due = Timestamp::now() + SignedDuration::from_hours(2);
    let mut fired = 0;
    while fired < LIVELY.min(n) as usize {
        fired += bench.engine.timers_once(due).await?.timers;
    }
    bench.stop().await?;
    let ours = rig::peak_memory().round();
    Ok(Report {
        aim: MOST,
        ratio: MOST / ours,
        memory_mb: Some(ours),
        ..Report::new("memory", "MB", ours, n, vec![ours])
    })
}
