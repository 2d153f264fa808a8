//! The crash table of the architecture: `parcours run` killed with -9 at random moments, and
//! stopped in order, while thousands of events go through it.
//!
//! `make torture` runs the same for longer: kills for `TORTURE_SECONDS`, `TORTURE_EVENTS` events,
//! moments by `TORTURE_SEED`.

use std::time::{Duration, Instant};

use broker::{Broker, Depth};
use parcours_tests::kit;
use sqlx::PgPool;

use super::{
    audit::{self, Audit},
    binary::{Running, SOON, Workspace},
    load::{self, Stream},
    provider::Providers,
};

/// How long everything may take once nobody kills any longer.
const DRAIN: Duration = Duration::from_secs(240);
/// How long an orderly stop may take.
const STOP: Duration = Duration::from_secs(10);

/// Services, providers, a workspace and a stream of events in its file.
struct Scene {
    workspace: Workspace,
    providers: Providers,
    stream: Stream,
    pool: PgPool,
    database: kit::TestDb,
    vhost: kit::TestVhost,
    started: usize,
}

impl Scene {
    async fn set(events: usize) -> Self {
        let (database, vhost, providers) =
            tokio::join!(kit::database(), kit::vhost(), Providers::start());
        // Long enough for these providers, short enough for a test.
        let settings = format!("lease_seconds: 5\n{}", providers.settings());
        let workspace = Workspace::new(&load::files(&settings));
        let stream = Stream::of(events);
        workspace.write("stream.ndjson", &stream.ndjson);
        let pool = PgPool::connect(&database.url).await.unwrap();
        let scene = Self {
            workspace,
            providers,
            stream,
            pool,
            database,
            vhost,
            started: 0,
        };
        scene.parcours(&["apply"]).output().expect(0);
        scene
    }

    fn parcours(&self, args: &[&str]) -> super::binary::Parcours {
        self.workspace
            .parcours(args)
            .env("DATABASE_URL", &self.database.url)
            .env("AMQP_URL", &self.vhost.url)
            .env("PARCOURS_HTTP", "127.0.0.1:0")
    }

    fn start(&mut self, args: &[&str], name: &str) -> Running {
        self.started += 1;
        let name = format!("{name}-{}", self.started);
        self.parcours(args).start(self.workspace.path(), &name)
    }

    fn engine(&mut self) -> Running {
        self.start(&["run"], "run")
    }

    async fn count(&self, query: &str) -> u64 {
        audit::count(&self.pool, query).await
    }

    /// Waits until `events` have been decided.
    async fn decided(&self, events: usize) {
        let query = "select count(*) from input where kind = 0";
        kit::eventually(SOON, "events are decided", async || {
            self.count(query).await >= events as u64
        })
        .await;
    }

    /// Waits until nothing is left to do.
    async fn through(&self) {
        let left = "select (select count(*) from run) +
                    (select count(*) from message where status in ('queued', 'leased'))";
        let all = self.stream.ids.len() as u64;
        kit::eventually(DRAIN, "everything is through", async || {
            self.count("select count(*) from input where kind = 0")
                .await
                >= all
                && self.count(left).await == 0
        })
        .await;
        let settings = broker::Settings {
            url: self.vhost.url.clone(),
            ..Default::default()
        };
        let broker = Broker::connect(&settings).await.unwrap();
        kit::eventually(SOON, "the queues are empty", async || {
            broker.depth().await.unwrap() == Depth::default()
        })
        .await;
        broker.close().await;
    }

    async fn audit(&self) -> Audit {
        audit::audit(&self.pool, &self.stream, &self.providers.accepted()).await
    }
}

/// Stops a process as an operator does.
fn stop(engine: &mut Running) {
    engine.signal("TERM");
    assert_eq!(engine.ends(STOP).code(), Some(0), "{}", engine.err());
    assert!(!engine.err().contains("\"ERROR\""), "{}", engine.err());
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Kills one of `engines` processes after another, and the first publisher, until `kills` are
/// done and as long as `TORTURE_SECONDS` says; then lets them finish, and audits.
async fn torture(events: u64, engines: usize, kills: usize) {
    let mut random = kit::Random::new(from_environment("TORTURE_SEED", 42));
    let longer = Duration::from_secs(from_environment("TORTURE_SECONDS", 0));
    let events = usize::try_from(from_environment("TORTURE_EVENTS", events)).unwrap();
    let mut scene = Scene::set(events).await;
    let mut publisher = scene.start(&["event", "stream.ndjson"], "event");
    let mut running: Vec<Running> = (0..engines).map(|_| scene.engine()).collect();
    let (start, mut killed) = (Instant::now(), 0);
    while killed < kills || start.elapsed() < longer {
        tokio::time::sleep(Duration::from_millis(300 + random.below(1_700))).await;
        let which = usize::try_from(random.below(engines as u64)).unwrap();
        running[which].kill();
        running[which] = scene.engine();
        killed += 1;
        if killed == 1 {
            // A producer that does not know what has arrived sends all of it again.
            publisher.kill();
            publisher = scene.start(&["event", "stream.ndjson"], "event");
        }
    }
    assert_eq!(publisher.ends(SOON).code(), Some(0), "{}", publisher.err());
    scene.through().await;
    running.iter_mut().for_each(stop);
    let audit = scene.audit().await;
    let seconds = start.elapsed().as_secs();
    report(&format!(
        "{events} events, {engines} engines, {killed} kills, {seconds} s: {audit}"
    ));
    assert_eq!(
        audit.disordered, 0,
        "a customer's events are decided in their order"
    );
    let Audit {
        sent,
        capped,
        bought,
        ..
    } = audit;
    assert!(
        sent > 0 && capped > 0 && bought > 0,
        "the load tests nothing: {audit}"
    );
}

/// Figures for whoever asks with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures of `make torture`")]
fn report(line: &str) {
    eprintln!("{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_or_decided_twice() {
    torture(20_000, 1, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_killed_in_turn_share_the_work_without_doubling_it() {
    torture(12_000, 2, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_finishes_the_batch_and_leaves_no_lease() {
    let mut scene = Scene::set(5_000).await;
    scene
        .parcours(&["event", "stream.ndjson"])
        .output()
        .expect(0);
    for part in 1..=2 {
        let mut engine = scene.engine();
        scene.decided(part * 1_500).await;
        stop(&mut engine);
        let leased = "select count(*) from message where status = 'leased'";
        assert_eq!(scene.count(leased).await, 0, "leases were not given back");
    }
    assert!(
        scene.count("select count(*) from run").await > 0,
        "it was stopped too late to tell"
    );
    let mut engine = scene.engine();
    scene.through().await;
    stop(&mut engine);
    let audit = scene.audit().await;
    assert_eq!(
        audit.twice, 0,
        "nobody was killed, and providers got a message twice"
    );
}
