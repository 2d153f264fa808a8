//! Everything is killed with -9 at random moments: engines, PostgreSQL and RabbitMQ, on servers of
//! their own that keep what they confirm. Events come all the while, from a producer that publishes
//! whatever was not confirmed again. Then everything is audited.
//!
//! `make torture` does it for longer: `TORTURE_SECONDS` of kills, `TORTURE_EVENTS` events, moments
//! and victims by `TORTURE_SEED`.

use std::time::{Duration, Instant};

use broker::Broker;
use bytes::Bytes;
use parcours_tests::kit::{Random, eventually};
use tokio::task::JoinHandle;

use super::{
    binary::Running,
    pair::{Pair, Server},
    scene::{Scene, stop_in_order},
};

/// Engines at work.
const ENGINES: usize = 2;
/// Events that are published together: never two of one customer (see `load`).
const TOGETHER: usize = 50;
/// How long a producer waits for a confirm, or for a broker that is away.
const PATIENCE: Duration = Duration::from_secs(5);

fn from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |v| {
        v.parse().unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

/// Figures for whoever asks with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures of `make torture`")]
fn report(line: &str) {
    eprintln!("{line}");
}

/// Publishes everything within about that time, each part until it is confirmed.
fn produce(amqp_url: String, ndjson: &str, within: Duration) -> JoinHandle<()> {
    let lines: Vec<Bytes> = ndjson
        .lines()
        .map(|line| Bytes::copy_from_slice(line.as_bytes()))
        .collect();
    let parts = u32::try_from(lines.len() / TOGETHER).unwrap();
    tokio::spawn(async move {
        let mut pace = tokio::time::interval(within / parts.max(1));
        let settings = broker::Settings {
            url: amqp_url,
            patience: PATIENCE,
            ..broker::Settings::default()
        };
        let mut publisher = None;
        for part in lines.chunks(TOGETHER) {
            pace.tick().await;
            loop {
                if publisher.is_none() {
                    publisher = open(&settings).await;
                }
                let items = part.iter().map(|body| (customer(body), body.clone()));
                let items = futures::stream::iter(items.collect::<Vec<_>>());
                let published = match &publisher {
                    Some((_, publisher)) => {
                        publisher.publish_all(items, TOGETHER, |_| ()).await.is_ok()
                    }
                    None => false,
                };
                if published {
                    break;
                }
                publisher = None;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    })
}

/// Whose event it is: the routing key.
fn customer(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    body["userId"].as_str().unwrap().to_owned()
}

async fn open(settings: &broker::Settings) -> Option<(Broker, broker::Publisher)> {
    let broker = Broker::connect(settings).await.ok()?;
    let publisher = broker.publisher().await.ok()?;
    Some((broker, publisher))
}

/// What systemd does: an engine that did not find its servers when it started is started again.
fn keep(running: &mut [Running], scene: &mut Scene) {
    for engine in running {
        if !engine.is_running() {
            let err = engine.err();
            assert!(
                !err.contains("\"ready\""),
                "an engine that was ready has ended: {err}"
            );
            *engine = scene.engine();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_database_and_broker_killed_at_any_moment_lose_and_double_nothing() {
    let seed = from_environment("TORTURE_SEED", 7);
    let seconds = from_environment("TORTURE_SECONDS", 22);
    // A multiple of 500: see `TOGETHER`.
    let events = from_environment("TORTURE_EVENTS", 8_000) / 500 * 500;
    let pair = Pair::start().await;
    let (database, amqp) = (pair.database_url(), pair.amqp_url());
    let events = usize::try_from(events).unwrap();
    let mut scene = Scene::on(&database, &amqp, Box::new(pair.clone()), events, "").await;
    let mut running: Vec<Running> = (0..ENGINES).map(|_| scene.engine()).collect();
    let producer = produce(amqp, &scene.stream.ndjson, Duration::from_secs(seconds));

    let mut random = Random::new(seed);
    let (start, mut kills) = (Instant::now(), [0; 3]);
    while start.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(200 + random.below(1_300))).await;
        keep(&mut running, &mut scene);
        // Each of them once, whatever chance says.
        let victim = kills
            .iter()
            .position(|n| *n == 0)
            .unwrap_or_else(|| match random.below(8) {
                0 => 1,
                1 => 2,
                _ => 0,
            });
        kills[victim] += 1;
        match victim {
            0 => {
                let which = random.index(ENGINES);
                running[which].kill();
                running[which] = scene.engine();
            }
            1 => pair.kill(Server::Postgres).await,
            _ => pair.kill(Server::RabbitMq).await,
        }
    }
    eventually(Duration::from_secs(60), "engines that stay", async || {
        keep(&mut running, &mut scene);
        running
            .iter()
            .all(|engine| engine.err().contains("\"ready\""))
    })
    .await;
    producer.await.unwrap();
    scene.reconnect().await;
    scene.through().await;
    running.iter_mut().for_each(stop_in_order);
    let audit = scene.audit().await;
    let [engines, postgres, rabbitmq] = kills;
    report(&format!(
        "seed {seed}: {events} events, {engines} kills of engines, {postgres} of PostgreSQL, {rabbitmq} of RabbitMQ, \
         {} s: {audit}",
        start.elapsed().as_secs()
    ));
    assert!(audit.tells(), "the load tests nothing: {audit}");
}
