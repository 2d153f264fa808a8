//! What the crash tests are played on.

use std::time::Duration;

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
pub struct Scene {
    workspace: Workspace,
    providers: Providers,
    pub stream: Stream,
    pool: PgPool,
    database: kit::TestDb,
    amqp: String,
    /// None: somebody else's.
    _vhost: Option<kit::TestVhost>,
    started: usize,
}

impl Scene {
    pub async fn set(events: usize) -> Self {
        let vhost = kit::vhost().await;
        let url = vhost.url.clone();
        Self::on(events, url, Some(vhost), "").await
    }

    /// With that RabbitMQ, and these lines in `config/parcours.yaml`.
    pub async fn on(
        events: usize,
        amqp: String,
        vhost: Option<kit::TestVhost>,
        settings: &str,
    ) -> Self {
        let (database, providers) = tokio::join!(kit::database(), Providers::start());
        // Long enough for these providers, short enough for a test.
        let settings = format!("lease_seconds: 5\n{settings}{}", providers.settings());
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
            amqp,
            _vhost: vhost,
            started: 0,
        };
        scene.parcours(&["apply"]).output().expect(0);
        scene
    }

    pub fn parcours(&self, args: &[&str]) -> super::binary::Parcours {
        self.workspace
            .parcours(args)
            .env("DATABASE_URL", &self.database.url)
            .env("AMQP_URL", &self.amqp)
            .env("PARCOURS_HTTP", "127.0.0.1:0")
    }

    pub fn start(&mut self, args: &[&str], name: &str) -> Running {
        self.started += 1;
        let name = format!("{name}-{}", self.started);
        self.parcours(args).start(self.workspace.path(), &name)
    }

    pub fn engine(&mut self) -> Running {
        self.start(&["run"], "run")
    }

    pub async fn count(&self, query: &str) -> u64 {
        audit::count(&self.pool, query).await
    }

    /// Waits until `events` have been decided.
    pub async fn decided(&self, events: usize) {
        let query = "select count(*) from input where kind = 0";
        kit::eventually(SOON, "events are decided", async || {
            self.count(query).await >= events as u64
        })
        .await;
    }

    /// Waits until nothing is left to do.
    pub async fn through(&self) {
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
            url: self.amqp.clone(),
            ..Default::default()
        };
        let broker = Broker::connect(&settings).await.unwrap();
        kit::eventually(SOON, "the queues are empty", async || {
            broker.depth().await.unwrap() == Depth::default()
        })
        .await;
        broker.close().await;
    }

    pub async fn audit(&self) -> Audit {
        audit::audit(&self.pool, &self.stream, &self.providers.accepted()).await
    }
}

/// Stops a process as an operator does.
pub fn stop(engine: &mut Running) {
    engine.signal("TERM");
    assert_eq!(engine.ends(STOP).code(), Some(0), "{}", engine.err());
    assert!(!engine.err().contains("\"ERROR\""), "{}", engine.err());
}
