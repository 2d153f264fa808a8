//! `parcours bench`: how fast the parts are, each against its aim (`docs/performance.md`).

mod check;
mod engine;
mod rig;
mod search;
mod simulate;
mod sink;
mod size;
mod whole;
mod work;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::output::{self, Format};

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Which benchmark
    #[arg(value_enum)]
    bench: Bench,
    /// How large: journeys for `check`, customers for all others
    #[arg(long)]
    n: Option<u32>,
    /// The most events in a batch of ours; those of the floor have at most 500
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    batch: Option<u16>,
    /// Batches that are taken in side by side
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=16))]
    lanes: Option<u8>,
    /// For `search`: a database of its own to fill and to keep, which has nothing else in it
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// Compile 1,000 journeys of 30 steps: under a second
    Check,
    /// Pure steps per second on one core: at least 1,000,000
    Simulate,
    /// New customers, one event each: 0.8 of the floor
    Welcome,
    /// An event moves a run and queues a message: 0.6 of the floor
    Advance,
    /// Waiting runs that fall due together: the floor's rate
    Timers,
    /// Drain the outbox to a provider that accepts at once: at least 15,000 messages a second
    Dispatch,
    /// From publish to provider, everything on: at least 10,000 customers a second
    EndToEnd,
    /// From publish to the provider's request at 500 events a second: the median under 8 ms, 99 of 100 under 40 ms
    Latency,
    /// Bytes on disk: a waiting customer under 600, a message with its history under 1,200
    Storage,
    /// The cost of a step with up to 10,000,000 customers in flight and 1,000 journeys: 1.3 times the smallest's
    Scale,
    /// Memory of this process with 1,000,000 customers in flight: under 150 MB
    Memory,
    /// Find one of 10,000,000 customers by whatever is told of them: 95 of 100 under 50 ms; exit status 1 above it
    Search,
}

/// The largest workload: memory is a bound as well.
const MAX_N: u32 = 10_000_000;
/// How often each workload is measured; the median counts.
const ROUNDS: usize = 5;
/// From how far apart the rounds lie on the machine counts as noisy: the spread by the median.
const NOISE: f64 = 0.2;

/// One measurement; its JSON is the last line.
#[derive(Debug, Serialize)]
struct Report {
    /// Which benchmark.
    bench: &'static str,
    /// Of `ours` and `aim`.
    unit: &'static str,
    /// The median of the rounds.
    ours: f64,
    /// What is to be reached.
    aim: f64,
    /// Ours to the aim, turned so that 1 means reached and more is better.
    ratio: f64,
    /// Whether the rounds lie too far apart to mean much.
    noisy: bool,
    /// How large the workload was.
    n: u32,
    /// Each round, in the same unit.
    rounds: Vec<f64>,
    /// Whether this binary is an optimised one.
    optimised: bool,
    /// The floor of the same run, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<f64>,
    /// Whether the aim is a share of the floor.
    #[serde(skip)]
    aim_is_a_ratio: bool,
    /// Microseconds of CPU for each, by process.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_us: Option<rig::Cpu>,
    /// Bytes of write-ahead log for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    wal_bytes: Option<f64>,
    /// The most memory of this process, which holds engine, publisher and sink.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mb: Option<f64>,
    /// 99 of 100 took no longer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ms: Option<f64>,
    /// Bytes on disk of one more message of a customer, with the event that brought it and what was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_of_a_message: Option<f64>,
    /// What a step costs at each size.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    costs: Vec<size::Cost>,
    /// What each kind of search takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked: Vec<search::Asked>,
}

impl Report {
    fn new(bench: &'static str, unit: &'static str, ours: f64, n: u32, rounds: Vec<f64>) -> Self {
        Self {
            bench,
            unit,
            ours,
            aim: 0.0,
            ratio: 0.0,
            noisy: noisy(&rounds),
            n,
            rounds,
            optimised: !cfg!(debug_assertions),
            floor: None,
            aim_is_a_ratio: false,
            cpu_us: None,
            wal_bytes: None,
            memory_mb: None,
            p99_ms: None,
            bytes_of_a_message: None,
            costs: Vec::new(),
            asked: Vec::new(),
        }
    }
}

/// Runs `parcours bench`.
///
/// # Errors
/// If the workload is too large, or does not do what it should.
pub async fn run(args: &BenchArgs) -> Result<()> {
    if args.n.is_some_and(|n| n == 0 || n > MAX_N) {
        bail!("--n goes from 1 to {MAX_N}");
    }
    rig::tune(args.batch, args.lanes);
    let report = match args.bench {
        Bench::Check => check::measure(args.n.unwrap_or(check::JOURNEYS))?,
        Bench::Simulate => simulate::measure(args.n.unwrap_or(simulate::CUSTOMERS))?,
        Bench::Welcome => engine::welcome(args.n.unwrap_or(50_000)).await?,
        Bench::Advance => engine::advance(args.n.unwrap_or(100_000)).await?,
        Bench::Timers => engine::timers(args.n.unwrap_or(100_000)).await?,
        Bench::Dispatch => whole::dispatch(args.n.unwrap_or(50_000)).await?,
        Bench::EndToEnd => whole::end_to_end(args.n.unwrap_or(50_000)).await?,
        Bench::Latency => whole::latency(args.n.unwrap_or(10_000)).await?,
        Bench::Scale => size::scale(args.n.unwrap_or(MAX_N)).await?,
        Bench::Memory => size::memory(args.n.unwrap_or(1_000_000)).await?,
        Bench::Storage => size::storage(args.n.unwrap_or(50_000)).await?,
        Bench::Search => search::measure(args.n.unwrap_or(MAX_N), args.database.as_deref()).await?,
    };
    if args.format == Format::Text {
        output::text(&said(&report));
    }
    output::json(&report)?;
    let missed = args.bench == Bench::Search && report.ratio < 1.0;
    if missed {
        Err(output::Refused.into())
    } else {
        Ok(())
    }
}

fn said(report: &Report) -> String {
    let Report {
        bench,
        unit,
        ours,
        aim,
        ratio,
        ..
    } = report;
    let mut text = match (report.floor, report.aim_is_a_ratio) {
        (Some(floor), true) => {
            format!("{bench}: {ours:.0} {unit}, floor {floor:.0}: ratio {ratio:.2}, aim {aim}")
        }
        _ => format!("{bench}: {ours:.3} {unit}, aim {aim} {unit}: ratio {ratio:.2}"),
    };
    // Writing into a string cannot fail.
    if let Some(p99) = report.p99_ms {
        let _ = write!(text, "\n99 of 100 within {p99:.1} ms, aim 40");
    }
    if let Some(bytes) = report.bytes_of_a_message {
        let _ = write!(
            text,
            "\n{bytes:.0} bytes for a decided message with its history, aim 1,200"
        );
    }
    if !report.asked.is_empty() {
        let _ = write!(
            text,
            "\n{:<44} {:>8} {:>8} {:>8}",
            "milliseconds", "median", "95 %", "most"
        );
    }
    for asked in &report.asked {
        let _ = write!(text, "\n{asked}");
    }
    for cost in &report.costs {
        let _ = write!(text, "\n{cost}");
    }
    if let Some(cpu) = report.cpu_us {
        let (engine, postgres, rabbitmq) = (cpu.engine, cpu.postgres, cpu.rabbitmq);
        let _ = write!(
            text,
            "\nCPU for each, in microseconds: engine {engine}, PostgreSQL {postgres}, RabbitMQ {rabbitmq}"
        );
    }
    if let Some(wal) = report.wal_bytes {
        let _ = write!(text, "\n{wal:.0} bytes of write-ahead log for each");
    }
    if let Some(memory) = report.memory_mb {
        let _ = write!(text, "\nat most {memory:.0} MB in this process");
    }
    if report.noisy {
        text.push_str("\nthe machine was noisy: the rounds lie far apart");
    }
    if !report.optimised {
        text.push_str("\nthis is a development build: measure with `cargo run --release -p parcours -- bench …`");
    }
    text
}

/// How long a piece of work takes, over several rounds after one that does not count.
fn rounds(mut work: impl FnMut() -> Result<()>) -> Result<Vec<Duration>> {
    work()?;
    let mut found = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work()?;
        found.push(start.elapsed());
    }
    Ok(found)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn noisy(values: &[f64]) -> bool {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    (most - least) / median(values) > NOISE
}
