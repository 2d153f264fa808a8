//! The benchmarks of the engine: turns, timers, dispatch, and all of it together.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result, bail};
use broker::{Broker, Consumer};
use engine::{Engine, Intake, Roles};
use jiff::{SignedDuration, Timestamp};
use journey::{diagnostic::SourceFile, ids::CustomerId};
use store::Floor;
use tokio_util::sync::CancellationToken;

use super::{
    Report, median, noisy,
    rig::{self, Cpu, Happening, Rig},
    sink::Sink,
};

/// How often each is measured, beside the floor each time.
const ROUNDS: u32 = 3;
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

fn workspace() -> Vec<SourceFile> {
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
fn events<'e>(event: &'e str, of: &'e str, n: u32) -> impl Iterator<Item = Happening<'e>> {
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
struct Bench {
    rig: Rig,
    engine: Arc<Engine>,
    ours: (Broker, Intake),
    floor: (Broker, Consumer),
    table: Floor,
}

impl Bench {
    async fn start(sink: Option<&Sink>) -> Result<Self> {
        let rig = Rig::start().await?;
        let engine = rig.engine(&workspace(), sink).await?;
        let table = Floor::new(&rig.store).await?;
        let (ours, floor) = (rig.broker("bench").await?, rig.broker("floor").await?);
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

    async fn stop(self) -> Result<()> {
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
    async fn turns(&mut self, event: &str, of: &str, n: u32) -> Result<f64> {
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

    async fn wal(&self) -> Result<i64> {
        Ok(self.rig.store.size().await?.wal)
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
    copies(&bench, "rest-0", "rest", 9 * n).await?;
    for round in 0..ROUNDS {
        let of = format!("t{round}");
        bench.turns("bench.timer", &of, 1).await?;
        copies(&bench, &format!("{of}-0"), &of, n).await?;
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

/// Drains an outbox of N messages to a provider that accepts at once.
pub(super) async fn dispatch(n: u32) -> Result<Report> {
    let mut sink = Sink::start().await?;
    let mut bench = Bench::start(Some(&sink)).await?;
    let (mut rates, mut cpu_used, mut sent) = (Vec::new(), Cpu::default(), 0);
    for round in 0..ROUNDS {
        bench
            .turns("bench.welcome", &format!("d{round}"), n)
            .await?;
        bench.rig.store.settle().await?;
        let cpu = bench.rig.cpu();
        let (start, stop) = (Instant::now(), CancellationToken::new());
        let before = sent;
        while sent < before + n as usize {
            let done = bench.engine.dispatch_once(&stop).await?;
            if done.leased != done.sent {
                bail!("a message was not accepted: {done:?}");
            }
            sent += done.sent;
        }
        rates.push(rig::rate(n, start.elapsed()));
        cpu_used = cpu_used.plus(bench.rig.cpu().since(cpu));
    }
    sink.has(sent).await?;
    exact(&bench, &sink, sent).await?;
    bench.stop().await?;
    let ours = median(&rates);
    Ok(Report {
        aim: 15_000.0,
        ratio: ours / 15_000.0,
        cpu_us: Some(cpu_used.each(f64::from(n) * f64::from(ROUNDS))),
        memory_mb: Some(rig::peak_memory().round()),
        ..Report::new("dispatch", "messages/s", ours, n, rates)
    })
}

/// From the first publish to the last message at the provider, with everything on.
pub(super) async fn end_to_end(n: u32) -> Result<Report> {
    let mut sink = Sink::start().await?;
    let bench = Bench::start(Some(&sink)).await?;
    let running = Running::start(&bench).await?;
    let (mut rates, mut cpu_used) = (Vec::new(), Cpu::default());
    for round in 0..ROUNDS {
        let of = format!("e{round}");
        let cpu = bench.rig.cpu();
        let start = Instant::now();
        rig::publish(&running.broker, events("bench.welcome", &of, n)).await?;
        sink.has(((round + 1) * n) as usize).await?;
        rates.push(rig::rate(n, start.elapsed()));
        cpu_used = cpu_used.plus(bench.rig.cpu().since(cpu));
    }
    running.stop().await?;
    exact(&bench, &sink, (n * ROUNDS) as usize).await?;
    bench.stop().await?;
    let ours = median(&rates);
    Ok(Report {
        aim: 10_000.0,
        ratio: ours / 10_000.0,
        cpu_us: Some(cpu_used.each(f64::from(n) * f64::from(ROUNDS))),
        memory_mb: Some(rig::peak_memory().round()),
        ..Report::new("end-to-end", "customers/s", ours, n, rates)
    })
}

/// From publish to the provider's request, at 500 events a second.
pub(super) async fn latency(n: u32) -> Result<Report> {
    const EVERY: std::time::Duration = std::time::Duration::from_millis(2);
    const P50: f64 = 8.0;
    let mut sink = Sink::start().await?;
    let bench = Bench::start(Some(&sink)).await?;
    let running = Running::start(&bench).await?;
    let publisher = running.broker.publisher().await?;
    let warm = 500;
    let mut begun = std::collections::HashMap::new();
    let mut tick = tokio::time::interval(EVERY);
    for happening in events("bench.welcome", "l", warm + n) {
        tick.tick().await;
        let key = happening.customer.clone();
        begun.insert(key, Instant::now());
        let (key, body) = happening.body();
        publisher.publish(&key, body).await?;
    }
    sink.has((warm + n) as usize).await?;
    let mut took: Vec<f64> = Vec::new();
    for (key, arrived) in sink.arrivals() {
        let number = key
            .rsplit_once('-')
            .and_then(|(_, n)| n.parse::<u32>().ok());
        let begun = begun
            .get(&key)
            .filter(|_| number.is_some_and(|n| n >= warm));
        took.extend(begun.map(|begun| arrived.duration_since(*begun).as_secs_f64() * 1e3));
    }
    running.stop().await?;
    exact(&bench, &sink, (warm + n) as usize).await?;
    bench.stop().await?;
    took.sort_by(f64::total_cmp);
    let at = |share: usize| {
        took.get(took.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let (p50, p99) = (at(50), at(99));
    Ok(Report {
        aim: P50,
        ratio: P50 / p50,
        p99_ms: Some(p99),
        memory_mb: Some(rig::peak_memory().round()),
        ..Report::new("latency", "ms", p50, n, vec![p50])
    })
}

/// Bytes on disk for a waiting customer, and for a sent message with its history.
pub(super) async fn storage(n: u32) -> Result<Report> {
    const WAITING: f64 = 600.0;
    let mut bench = Bench::start(None).await?;
    let before = bench.rig.store.size().await?.bytes;
    bench.turns("bench.timer", "s", n).await?;
    let waiting = bench.rig.store.size().await?.bytes - before;
    bench.turns("bench.welcome", "m", n).await?;
    let sent = bench.rig.store.size().await?.bytes - before - waiting;
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

/// The engine's loops, on a queue of their own.
struct Running {
    broker: Broker,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), engine::Error>>,
}

impl Running {
    async fn start(bench: &Bench) -> Result<Self> {
        let broker = bench.rig.broker("live").await?;
        let (engine, stop) = (bench.engine.clone(), CancellationToken::new());
        let (own, stopped) = (bench.rig.broker("live").await?, stop.clone());
        let task = tokio::spawn(async move {
            let ended = engine.run(Some(&own), Roles::ALL, stopped).await;
            own.close().await;
            ended
        });
        Ok(Self { broker, stop, task })
    }

    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.task.await.context("the engine has died")??;
        self.broker.close().await;
        Ok(())
    }
}

impl Found {
    async fn add(&mut self, cpu: Cpu, wal: i64, bench: &Bench) -> Result<()> {
        self.cpu = self.cpu.plus(bench.rig.cpu().since(cpu));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let wal = (bench.wal().await? - wal) as f64;
        self.wal += wal;
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

/// What the provider has counted is what stands in the database.
async fn exact(bench: &Bench, sink: &Sink, messages: usize) -> Result<()> {
    let sent = bench.rig.store.messages_that_are("sent").await?;
    if usize::try_from(sent) != Ok(messages) || sink.doubled() > 0 {
        bail!(
            "{sent} messages are recorded as sent of {messages}, and {} came twice",
            sink.doubled()
        );
    }
    Ok(())
}

/// Customers as one is, `n` of them.
async fn copies(bench: &Bench, like: &str, of: &str, n: u32) -> Result<()> {
    for start in (0..n).step_by(PAGE as usize) {
        let page = start..n.min(start + PAGE);
        let others: Vec<(CustomerId, String)> = page
            .map(|i| format!("{of}-copy-{i}"))
            .map(|key| (CustomerId::of(&key), key))
            .collect();
        let like = CustomerId::of(like);
        bench.rig.store.multiply(like, &others).await?;
    }
    Ok(())
}
