//! The benchmarks of turns and timers, beside the floor.

use std::{ops::Range, sync::Arc, time::Instant};

use anyhow::{Result, bail};
use broker::{Broker, Consumer};
use engine::{Engine, Intake};
use jiff::{SignedDuration, Timestamp};
use journey::{diagnostic::SourceFile, ids::CustomerId};
use store::Floor;

use super::{
    Report, median, noisy,
    rig::{self, Cpu, Happening, Rig},
    sink::Sink,
};

/// How often each is measured, beside the floor each time.
pub(super) const ROUNDS: u32 = 3;
/// How many customers are made at once.
const PAGE: u32 = 5_000;

const POLICIES: &str = "\
purposes:
  marketing: { consent: opt_out }
caps:
  - { name: marketing_week, purpose: marketing, max: 20, per: 7d, window: rolling, capped: skip }
";

/// One event: enters, takes a branch, decides a message, and waits; the next moves it on to another message.
const WELCOME: &str = "\
journey: bench-welcome
purpose: marketing
enter: { event: bench.welcome }
steps:
  - if: event.total >= 20
    then: [ { id: big, send: push, template: bench/hello, with: { cart: event } } ]
    else: [ { id: small, send: push, template: bench/hello, with: { cart: event } } ]
  - id: back
    wait_for: { event: bench.back, if: event.cart_id == run.event.cart_id, within: 30d }
    else: [ { exit: silent } ]
  - { id: again, send: push, template: bench/hello, with: { cart: run.event } }
  - { wait: 30d }
";

/// One event enters and waits; the timer decides a message.
const TIMER: &str = "\
journey: bench-timer
purpose: marketing
enter: { event: bench.timer }
steps:
  - { wait: 1h }
  - { id: due, send: push, template: bench/hello, with: { cart: run.event } }
  - { wait: 30d }
";

const EVENT: &str = "properties: { cart_id: { type: string }, total: { type: number } }\n";
const PUSH: &str = "title: Cart {{ cart.cart_id }}\nbody: \"{{ cart.total }} is what it costs.\"\n";

pub(super) fn workspace() -> Vec<SourceFile> {
    [
        ("config/policies.yaml", POLICIES),
        ("config/events/bench.welcome.yaml", EVENT),
        ("config/events/bench.back.yaml", EVENT),
        ("config/events/bench.timer.yaml", EVENT),
        ("journeys/bench-welcome/journey.yaml", WELCOME),
        ("journeys/bench-timer/journey.yaml", TIMER),
        ("templates/bench/hello/push.fr.yaml", PUSH),
    ]
    .map(|(path, text)| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    })
    .into()
}

/// One event of each of `n` customers.
pub(super) fn events<'e>(
    event: &'e str,
    of: &'e str,
    n: u32,
) -> impl Iterator<Item = Happening<'e>> {
    (0..n).map(move |i| Happening {
        customer: format!("{of}-{i}"),
        event,
        id: format!("{event}-{of}-{i}"),
    })
}

/// What the rounds have found.
#[derive(Default)]
struct Found {
    ours: Vec<f64>,
    floor: Vec<f64>,
    cpu: Cpu,
    wal: f64,
}

/// The engine with its broker and a consumer, and the floor with its own.
pub(super) struct Bench {
    pub(super) rig: Rig,
    pub(super) engine: Arc<Engine>,
    pub(super) ours: (Broker, Intake),
    floor: (Broker, Consumer),
    table: Floor,
}

impl Bench {
    pub(super) async fn start(sink: Option<&Sink>) -> Result<Self> {
        Self::with(&workspace(), sink).await
    }

    pub(super) async fn with(files: &[SourceFile], sink: Option<&Sink>) -> Result<Self> {
        let rig = Rig::start().await?;
        let engine = rig.engine(files, sink).await?;
        let table = Floor::new(&rig.store).await?;
        let (ours, floor) = (rig.broker("bench").await?, rig.floor().await?);
        let (our_consumer, floor_consumer) = (ours.consumer().await?, floor.consumer().await?);
        let intake = Intake::new(&engine, our_consumer);
        Ok(Self {
            rig,
            engine,
            ours: (ours, intake),
            floor: (floor, floor_consumer),
            table,
        })
    }

    pub(super) async fn stop(self) -> Result<()> {
        self.ours.1.close().await?;
        self.floor.1.close().await?;
        self.ours.0.close().await;
        self.floor.0.close().await;
        self.rig.store.pool().close().await;
        self.rig.stop().await
    }

    /// The floor's rate, of this minute. The events are on its queue before it begins.
    async fn floor(&mut self, of: &str, n: u32) -> Result<f64> {
        rig::publish(&self.floor.0, events("bench.welcome", of, n)).await?;
        let start = Instant::now();
        rig::floor(&self.table, &mut self.floor.1, n).await?;
        Ok(rig::rate(n, start.elapsed()))
    }

    /// Turns of the engine over events that wait for it; their rate.
    pub(super) async fn turns(&mut self, event: &str, of: &str, n: u32) -> Result<f64> {
        rig::publish(&self.ours.0, events(event, of, n)).await?;
        let start = Instant::now();
        rig::take_in(&mut self.ours.1, n).await?;
        Ok(rig::rate(n, start.elapsed()))
    }

    /// The floor, and then turns over one event of each customer.
    async fn round(&mut self, event: &str, of: &str, n: u32, found: &mut Found) -> Result<()> {
        found.floor.push(self.floor(of, n).await?);
        rig::publish(&self.ours.0, events(event, of, n)).await?;
        let (cpu, wal) = (self.rig.cpu(), self.wal().await?);
        let start = Instant::now();
        rig::take_in(&mut self.ours.1, n).await?;
        found.ours.push(rig::rate(n, start.elapsed()));
        found.add(cpu, wal, self).await
    }

    pub(super) async fn wal(&self) -> Result<i64> {
        Ok(self.rig.store.size().await?.wal)
    }

    /// Bytes of write-ahead log since then.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) async fn wal_since(&self, before: i64) -> Result<f64> {
        Ok((self.wal().await? - before) as f64)
    }
}

impl Found {
    fn report(self, bench: &'static str, unit: &'static str, aim: f64, n: u32) -> Report {
        let (ours, floor) = (median(&self.ours), median(&self.floor));
        let each = f64::from(n) * f64::from(ROUNDS);
        Report {
            floor: Some(floor),
            ratio: ours / floor,
            aim,
            aim_is_a_ratio: true,
            cpu_us: Some(self.cpu.each(each)),
            wal_bytes: Some((self.wal / each).round()),
            memory_mb: Some(rig::peak_memory().round()),
            noisy: noisy(&self.ours) || noisy(&self.floor),
            ..Report::new(bench, unit, ours, n, self.ours)
        }
    }
}

/// N new customers, one event each.
pub(super) async fn welcome(n: u32) -> Result<Report> {
    let mut bench = Bench::start(None).await?;
    let mut found = Found::default();
    // One that does not count.
    bench.floor("warm", n / 10 + 1).await?;
    bench.turns("bench.welcome", "warm", n / 10 + 1).await?;
    for round in 0..ROUNDS {
        let of = format!("w{round}");
        bench.round("bench.welcome", &of, n, &mut found).await?;
    }
    decided(&bench, n / 10 + 1 + n * ROUNDS).await?;
    bench.stop().await?;
    Ok(found.report("welcome", "steps/s", 0.8, n))
}

/// N customers who have a run each; an event moves it one step and queues a message.
pub(super) async fn advance(n: u32) -> Result<Report> {
    let mut bench = Bench::start(None).await?;
    let mut found = Found::default();
    for round in 0..ROUNDS {
        let of = format!("a{round}");
        bench.turns("bench.welcome", &of, n).await?;
        bench.rig.store.settle().await?;
        bench.round("bench.back", &of, n, &mut found).await?;
    }
    decided(&bench, 2 * n * ROUNDS).await?;
    bench.stop().await?;
    Ok(found.report("advance", "steps/s", 0.6, n))
}

/// Ten times N waiting runs, of which N fall due together.
pub(super) async fn timers(n: u32) -> Result<Report> {
    let mut bench = Bench::start(None).await?;
    let mut found = Found::default();
    bench.turns("bench.welcome", "rest", 1).await?;
    copies(&bench, "rest-0", "rest", 0..9 * n).await?;
    for round in 0..ROUNDS {
        let of = format!("t{round}");
        bench.turns("bench.timer", &of, 1).await?;
        copies(&bench, &format!("{of}-0"), &of, 0..n).await?;
        bench.rig.store.settle().await?;
        found.floor.push(bench.floor(&of, n).await?);
        let due = Timestamp::now() + SignedDuration::from_hours(2);
        let (cpu, wal) = (bench.rig.cpu(), bench.wal().await?);
        let (start, mut fired) = (Instant::now(), 0);
        loop {
            let one = bench.engine.timers_once(due).await?;
            if one.timers == 0 {
                break;
            }
            fired += one.timers;
        }
        let took = start.elapsed();
        if fired != n as usize + 1 {
            bail!("{fired} timers fired of {}", n + 1);
        }
        found.ours.push(rig::rate(n, took));
        found.add(cpu, wal, &bench).await?;
    }
    bench.stop().await?;
    Ok(found.report("timers", "timers/s", 1.0, n))
}

impl Found {
    async fn add(&mut self, cpu: Cpu, wal: i64, bench: &Bench) -> Result<()> {
        self.cpu = self.cpu.plus(bench.rig.cpu().since(cpu));
        self.wal += bench.wal_since(wal).await?;
        Ok(())
    }
}

/// Every customer of the workload has a message in the outbox: nothing was skipped to be fast.
async fn decided(bench: &Bench, messages: u32) -> Result<()> {
    let queued = bench.rig.store.messages_that_are("queued").await?;
    if queued != i64::from(messages) {
        bail!("{queued} messages were decided of {messages}");
    }
    Ok(())
}

/// The key of a customer that was copied.
pub(super) fn copy(of: &str, number: u32) -> String {
    format!("{of}-copy-{number}")
}

/// Customers as one is, with these numbers.
pub(super) async fn copies(bench: &Bench, like: &str, of: &str, numbers: Range<u32>) -> Result<()> {
    for start in numbers.clone().step_by(PAGE as usize) {
        let page = start..numbers.end.min(start + PAGE);
        let others: Vec<(CustomerId, String)> = page
            .map(|i| copy(of, i))
            .map(|key| (CustomerId::of(&key), key))
            .collect();
        let like = CustomerId::of(like);
        bench.rig.store.multiply(like, &others).await?;
    }
    Ok(())
}
