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
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            in_flight,
            journeys,
            us,
            cpu_us,
        } = self;
        let Cpu {
            engine,
            postgres,
            rabbitmq,
        } = cpu_us;
        write!(
            f,
            "{in_flight} in flight, {journeys} live: {us:.1} µs a step (CPU: engine {engine}, PostgreSQL {postgres}, \
             RabbitMQ {rabbitmq})"
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

/// The dearest size by the smallest.
fn growth(costs: &[Cost]) -> f64 {
    let first = costs.first().map_or(1.0, |c| c.us);
    costs.iter().map(|c| c.us / first).fold(1.0, f64::max)
}

/// Moves customers who lie evenly among all that are in flight.
async fn moved(bench: &mut Bench, size: u32) -> Result<Cost> {
    let apart = size / (STEPS * ROUNDS);
    let (mut took, mut cpu_used) = (Vec::new(), Cpu::default());
    for round in 0..ROUNDS {
        let chosen = (0..STEPS).map(|step| (step * ROUNDS + round) * apart);
        // Nobody is moved a second time: sizes have offsets of their own.
        let offset = size.ilog10();
        let customers = chosen.map(|at| copy("f", (at + offset).min(size - 1)));
        let events = customers.map(|customer| Happening {
            id: format!("{size}-{round}-{customer}"),
            customer,
            event: "bench.back",
        });
        rig::publish(&bench.ours.0, events).await?;
        let (cpu, start) = (bench.rig.cpu(), Instant::now());
        rig::take_in(&mut bench.ours.1, STEPS).await?;
        took.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(STEPS));
        cpu_used = cpu_used.plus(bench.rig.cpu().since(cpu));
    }
    Ok(Cost {
        in_flight: size,
        journeys: 1,
        us: median(&took),
        cpu_us: cpu_used.each(f64::from(STEPS * ROUNDS)),
    })
}

/// New customers enter one of so many live journeys.
async fn entered(journeys: u32) -> Result<Cost> {
    let mut files = workspace();
    let here: Vec<_> = files.iter().map(|f| f.path.clone()).collect();
    let others = work::workspace(journeys.saturating_sub(1)).into_iter();
    files.extend(others.filter(|f| !here.contains(&f.path)));
    let mut bench = Bench::with(&files, None).await?;
    bench.turns("bench.welcome", "warm", SMALLEST).await?;
    let (mut took, mut cpu_used) = (Vec::new(), Cpu::default());
    for round in 0..ROUNDS {
        let of = format!("j{round}");
        rig::publish(&bench.ours.0, events("bench.welcome", &of, STEPS)).await?;
        let (cpu, start) = (bench.rig.cpu(), Instant::now());
        rig::take_in(&mut bench.ours.1, STEPS).await?;
        took.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(STEPS));
        cpu_used = cpu_used.plus(bench.rig.cpu().since(cpu));
    }
    bench.stop().await?;
    Ok(Cost {
        in_flight: SMALLEST,
        journeys,
        us: median(&took),
        cpu_us: cpu_used.each(f64::from(STEPS * ROUNDS)),
    })
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
