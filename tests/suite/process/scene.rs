//! A stage for processes: services, providers, a workspace and a stream of events in its file.

use std::{any::Any, time::Duration};

use broker::{Broker, Depth};
use parcours_tests::kit;
use sqlx::PgPool;

use super::{
    audit::{self, Audit},
    binary::{Parcours, Running, SOON, Workspace},
    load::{self, Stream},
    provider::Providers,
};

/// How long everything may take once nothing goes wrong any longer.
const DRAIN: Duration = Duration::from_secs(240);
/// How long an orderly stop may take.
const STOP: Duration = Duration::from_secs(10);

/// Services, providers, a workspace and a stream of events in its file.
pub struct Scene {
    pub workspace: Workspace,
    pub providers: Providers,
    pub stream: Stream,
    /// Past everything that engines go through.
    pub pool: PgPool,
    database_url: String,
    amqp_url: String,
    started: usize,
    /// What goes away with the scene.
    _services: Box<dyn Any + Send>,
}

impl Scene {
    /// On the servers that all tests share.
    pub async fn set(events: usize) -> Self {
        let (database, vhost) = tokio::join!(kit::database(), kit::vhost());
        let (database_url, amqp_url) = (database.url.clone(), vhost.url.clone());
        let services = Box::new((database, vhost));
        Self::on(&database_url, &amqp_url, services, events, "").await
    }

    /// On that RabbitMQ, with these lines in `config/parcours.yaml`; `vhost`: what of it goes away with the scene.
    pub async fn with(
        events: usize,
        amqp: String,
        vhost: Option<kit::TestVhost>,
        settings: &str,
    ) -> Self {
        let database = kit::database().await;
        let url = database.url.clone();
        Self::on(&url, &amqp, Box::new((database, vhost)), events, settings).await
    }

    /// On these servers.
    pub async fn on(
        database_url: &str,
        amqp_url: &str,
        services: Box<dyn Any + Send>,
        events: usize,
        settings: &str,
    ) -> Self {
        let providers = Providers::start().await;
        // Long enough for these providers, short enough for a test.
        let settings = format!("lease_seconds: 5\n{settings}{}", providers.settings());
        let workspace = Workspace::new(&load::files(&settings));
        let stream = Stream::of(events);
        workspace.write("stream.ndjson", &stream.ndjson);
        let scene = Self {
            workspace,
            providers,
            stream,
            pool: PgPool::connect(database_url).await.unwrap(),
            database_url: database_url.to_owned(),
            amqp_url: amqp_url.to_owned(),
            started: 0,
            _services: services,
        };
        scene.parcours(&["migrate"]).output().expect(0);
        scene.parcours(&["apply"]).output().expect(0);
        scene
    }

    /// Connections to a database that was away.
    pub async fn reconnect(&mut self) {
        self.pool = PgPool::connect(&self.database_url).await.unwrap();
    }

    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Processes from here on are that role.
    pub fn log_in_as(&mut self, role: &str, password: &str) {
        let (_, place) = self.database_url.split_once('@').unwrap();
        self.database_url = format!("postgres://{role}:{password}@{place}");
    }

    /// Empties the queue of what could not be read.
    pub async fn forget_dead_letters(&self) {
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(&self.amqp_url, properties)
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        let queue = broker::Settings::default().dead_queue;
        let options = lapin::options::QueuePurgeOptions::default();
        channel.queue_purge(queue.into(), options).await.unwrap();
        connection.close(200, "done".into()).await.unwrap();
    }

    /// A way to RabbitMQ besides.
    pub async fn broker(&self) -> Broker {
        let settings = broker::Settings {
            url: self.amqp_url.clone(),
            ..Default::default()
        };
        Broker::connect(&settings).await.unwrap()
    }

    pub fn parcours(&self, args: &[&str]) -> Parcours {
        self.workspace
            .parcours(args)
            .env("DATABASE_URL", &self.database_url)
            .env("AMQP_URL", &self.amqp_url)
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
        let broker = self.broker().await;
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

/// Stops a process as an operator does. What went wrong before stands in its log.
pub fn stop_in_order(engine: &mut Running) {
    engine.signal("TERM");
    assert_eq!(engine.ends(STOP).code(), Some(0), "{}", engine.err());
}

/// The same, where nothing went wrong.
pub fn stop(engine: &mut Running) {
    stop_in_order(engine);
    assert!(!engine.err().contains("\"ERROR\""), "{}", engine.err());
}
