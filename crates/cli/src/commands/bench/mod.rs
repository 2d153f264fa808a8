//! `parcours bench`: how fast the parts are, each against its aim (`docs/performance.md`).

mod check;
mod simulate;
mod work;

use std::time::{Duration, Instant};

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
    /// How large: journeys for `check`, customers for `simulate`
    #[arg(long)]
    n: Option<u32>,
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
}

/// The largest workload: memory is a bound as well.
const MAX_N: u32 = 1_000_000;
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
}

/// Runs `parcours bench`.
///
/// # Errors
/// If the workload is too large, or does not do what it should.
pub fn run(args: &BenchArgs) -> Result<()> {
    if args.n.is_some_and(|n| n == 0 || n > MAX_N) {
        bail!("--n goes from 1 to {MAX_N}");
    }
    let report = match args.bench {
        Bench::Check => check::measure(args.n.unwrap_or(check::JOURNEYS))?,
        Bench::Simulate => simulate::measure(args.n.unwrap_or(simulate::CUSTOMERS))?,
    };
    if args.format == Format::Text {
        output::text(&said(&report));
    }
    output::json(&report)
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
    let mut text = format!("{bench}: {ours:.3} {unit}, aim {aim} {unit}: ratio {ratio:.2}");
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
