//! Three nodes of RabbitMQ and two engines, of which some are killed or cut off while events come in: afterwards the
//! database says that every accepted event was decided once, and everybody's in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use broker::{Broker, Error};
use bytes::Bytes;
use parcours_tests::kit::{self, Cluster, Network};
use tokio::task::JoinHandle;

use crate::process::{
    binary::{Running, SOON},
    scene::Scene,
};

/// Events of a test: for as long as something is broken, some come.
const EVENTS: usize = 3_000;
/// Events that are published at once, every [`PACE`].
const BURST: usize = 25;
const PACE: Duration = Duration::from_millis(600);
/// How soon work must go on without a node.
const FAIL_OVER: Duration = Duration::from_secs(45);

/// Three shards, and news of processes within seconds.
const SETTINGS: &str = "intake: { shards: 3, overlap_seconds: 1 }\n";
/// The queue whose leader is meant.
const SHARD: &str = "parcours.intake.1.0";

/// Publishes events in order, as a producer does that must not lose any: what was not confirmed is published again,
/// in its order, before what comes after it. Ends when all are confirmed.
fn produce(url: &str, ndjson: &str, count: &Arc<AtomicUsize>) -> JoinHandle<()> {
    let settings = broker::Settings {
        url: url.to_owned(),
        shards: Some(3),
        patience: Duration::from_secs(15),
        ..broker::Settings::default()
    };
    let events: Vec<(String, Bytes)> = ndjson
        .lines()
        .map(|line| (key(line), line.to_owned().into()))
        .collect();
    let count = count.clone();
    tokio::spawn(async move {
        let broker = Broker::connect(&settings).await.unwrap();
        let publisher = broker.publisher().await.unwrap();
        let mut confirmed = 0;
        while confirmed < events.len() {
            let end = events.len().min(confirmed + BURST);
            let burst = futures::stream::iter(events[confirmed..end].to_vec());
            confirmed += match publisher.publish_all(burst, BURST, |_| {}).await {
                Ok(published) => usize::try_from(published).unwrap(),
                Err(Error::Interrupted { confirmed, source }) => {
                    report(&format!(
                        "the producer goes on after {confirmed} of {BURST}: {source:?}"
                    ));
                    usize::try_from(confirmed).unwrap()
                }
                Err(error) => panic!("{error}"),
            };
            count.store(confirmed, Ordering::Relaxed);
            tokio::time::sleep(PACE).await;
        }
        broker.close().await;
    })
}

fn key(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    event["userId"].as_str().unwrap().to_owned()
}

/// What a test is played with.
struct Play {
    cluster: Cluster,
    scene: Scene,
    engines: [Running; 2],
    producer: JoinHandle<()>,
    /// Of the producer's events.
    confirmed: Arc<AtomicUsize>,
    start: Instant,
}

impl Play {
    async fn begin(network: Option<Network>) -> Self {
        let cluster = Cluster::start(network).await;
        let mut scene = Scene::with(EVENTS, cluster.url().to_owned(), None, SETTINGS).await;
        let engines = [scene.engine(), scene.engine()];
        let confirmed = Arc::default();
        let producer = produce(cluster.url(), &scene.stream.ndjson, &confirmed);
        scene.decided(200).await;
        Self {
            cluster,
            scene,
            engines,
            producer,
            confirmed,
            start: Instant::now(),
        }
    }

    /// Waits until further events were decided, `why` ever.
    async fn goes_on(&self, why: &str) {
        let query = "select count(*) from input where kind = 0";
        let before = self.scene.count(query).await;
        let start = Instant::now();
        loop {
            let decided = self.scene.count(query).await;
            if decided >= (before + 150).min(EVENTS as u64) {
                return;
            }
            assert!(
                start.elapsed() < FAIL_OVER,
                "{decided} events are decided of {} confirmed, {why}:\n{}",
                self.confirmed.load(Ordering::Relaxed),
                self.cluster
                    .list("name,messages_ready,messages_unacknowledged,leader,online")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(mut self, what: &str) {
        assert!(
            !self.producer.is_finished(),
            "it was over before all was tried"
        );
        let produced = tokio::time::timeout(SOON, self.producer).await;
        produced.expect("all is published").unwrap();
        self.scene.through().await;
        self.engines.iter_mut().for_each(stop_noisily);
        let audit = self.scene.audit().await;
        let seconds = self.start.elapsed().as_secs();
        report(&format!("{what}: {EVENTS} events in {seconds} s: {audit}"));
        assert!(audit.sent > 0, "{audit}");
    }
}

/// Engines that have lost a node have said so; they stop in order all the same.
fn stop_noisily(engine: &mut Running) {
    engine.signal("TERM");
    let ended = engine.ends(Duration::from_secs(20));
    assert_eq!(ended.code(), Some(0), "{}", engine.err());
}

/// Figures for whoever asks with `--nocapture`.
#[expect(clippy::print_stderr, reason = "what was done, or why it was not")]
fn report(line: &str) {
    eprintln!("{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_nodes_and_engines_are_killed_and_nothing_is_lost_doubled_or_out_of_order() {
    let mut play = Play::begin(None).await;
    let leader = play.cluster.leader(SHARD);
    play.cluster.kill(leader).await;
    play.goes_on("without the node that led the shards").await;
    play.engines[0].kill();
    play.goes_on("without that node and an engine").await;
    play.engines[0] = play.scene.engine();
    play.cluster.restart(leader).await;
    let other = (leader + 1) % kit::NODES;
    play.cluster.kill(other).await;
    play.engines[1].kill();
    play.goes_on("without another node, by the engine that came back")
        .await;
    play.cluster.restart(other).await;
    play.engines[1] = play.scene.engine();
    play.goes_on("by all").await;
    play.end("two nodes and two engines killed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_a_node_is_cut_off_and_nothing_is_lost_doubled_or_out_of_order() {
    let network = match Network::new(kit::NODES) {
        Ok(network) => network,
        Err(why) => {
            report(&format!(
                "SKIPPED, for there are no network namespaces here: {why}"
            ));
            return;
        }
    };
    let mut play = Play::begin(Some(network)).await;
    let leader = play.cluster.leader(SHARD);
    play.cluster.network().cut(leader);
    play.goes_on("without the node that led the shards").await;
    play.engines[0].kill();
    play.goes_on("without that node and an engine").await;
    play.cluster.network().heal(leader);
    play.cluster.is_whole().await;
    play.engines[0] = play.scene.engine();
    play.goes_on("by all").await;
    play.end("a node cut off and an engine killed").await;
}
