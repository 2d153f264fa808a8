//! The benchmarks with a provider at the end: dispatch, and all of it together.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use broker::Broker;
use engine::Roles;
use tokio_util::sync::CancellationToken;

use super::{
    Report,
    engine::{Bench, ROUNDS, events},
    median,
    rig::{self, Cpu},
    sink::Sink,
};

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
        let start = Instant::now();
        let only = Roles {
            intake: false,
            timers: false,
            dispatch: true,
        };
        let (engine, stop) = (bench.engine.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move { engine.run(None, only, stopped).await });
        sent += n as usize;
        sink.has(sent).await?;
        // What is with the provider is recorded before it ends.
        stop.cancel();
        task.await.context("the engine has died")??;
        rates.push(rig::rate(n, start.elapsed()));
        cpu_used = cpu_used.plus(bench.rig.cpu().since(cpu));
    }
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

/// The engine's loops, on a queue of their own.
pub(super) struct Running {
    pub(super) broker: Broker,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), engine::Error>>,
}

impl Running {
    pub(super) async fn start(bench: &Bench) -> Result<Self> {
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

    pub(super) async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.task.await.context("the engine has died")??;
        self.broker.close().await;
        Ok(())
    }
}

/// What the provider has counted is what stands in the database.
pub(super) async fn exact(bench: &Bench, sink: &Sink, messages: usize) -> Result<()> {
    let sent = bench.rig.store.messages_that_are("sent").await?;
    if usize::try_from(sent) != Ok(messages) || sink.doubled() > 0 {
        bail!(
            "{sent} messages are recorded as sent of {messages}, and {} came twice",
            sink.doubled()
        );
    }
    Ok(())
}
