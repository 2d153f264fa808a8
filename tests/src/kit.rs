//! The harness.
//!
//! One private PostgreSQL and one RabbitMQ serve a test process; each starts when a test first asks
//! for it and goes away with the process. `DATABASE_URL` and `AMQP_URL` name others to use instead.
//! Every test gets its own database, cloned from a migrated template, and its own virtual host.
//!
//! [`Rig`] puts an engine on them, with a [`Workspace`] written down in the test and a [`Provider`]
//! in place of those who would hand messages over.

pub mod browser;
mod cluster;
pub mod driver;
mod engine;
pub mod events;
mod http;
mod network;
mod provider;
mod proxy;
pub mod python;
mod random;
mod workspace;

pub use cluster::{Cluster, NODES};
pub use engine::{Rig, quick};
pub use http::{http, http_without_redirects};
pub use network::Network;
pub use provider::{Answer, Post, Provider};
pub use proxy::{Fault, Proxy};
pub use random::Random;
pub use workspace::Workspace;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cli::servers::{Ephemeral, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions};
use lapin::options::QueueDeleteOptions;
use sqlx::{Connection, Executor, PgConnection};
use store::Store;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(10);
/// Virtual hosts that the private RabbitMQ starts with.
const VHOSTS: usize = 8;
/// How many more are made when those are used up; one call makes them all.
const MORE_VHOSTS: usize = 16;

/// The directory that holds `journeys/`, `migrations/` and the rest.
///
/// # Panics
/// Never: this package is one level below it.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
}

/// Waits until `condition` is true.
///
/// # Panics
/// It is not after `deadline`; the message says `what` was waited for.
pub async fn eventually(deadline: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    eventually_some(deadline, what, async || condition().await.then_some(())).await;
}

/// Waits until `look` finds something, and returns it.
///
/// # Panics
/// It does not before `deadline`; the message says `what` was waited for.
pub async fn eventually_some<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            start.elapsed() < deadline,
            "waited {deadline:?} in vain: {what}"
        );
        tokio::time::sleep(POLL).await;
    }
}

/// A name that no other test process uses at the same time.
fn unique(prefix: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.subsec_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{nanos}_{count}", std::process::id())
}

/// A directory of this process's own, which does not exist yet.
#[must_use]
pub fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(unique(name))
}

/// A database of one test; dropped with it.
#[derive(Debug)]
pub struct TestDb {
    /// Its address.
    pub url: String,
    name: String,
    admin: String,
}

/// An empty, migrated database.
///
/// # Panics
/// PostgreSQL cannot be started or does not do as asked.
pub async fn database() -> TestDb {
    let admin = admin_url().await;
    let template = template(&admin).await;
    let name = unique("test");
    execute(
        &admin,
        &format!("create database {name} template {template}"),
    )
    .await;
    TestDb {
        url: with_path(&admin, &name),
        name,
        admin,
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A test's runtime is about to end, so the statement gets a thread and a runtime of its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let statement = format!("drop database if exists {name} with (force)");
            runtime
                .expect("a runtime")
                .block_on(execute(&admin, &statement));
        });
        // A test that failed must not panic twice; the server goes away with its databases anyway.
        let _ = dropping.join();
    }
}

/// The migrated database that every test's is a copy of; made once per process.
async fn template(admin: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = unique("template");
            execute(admin, &format!("create database {name}")).await;
            migrate(&with_path(admin, &name)).await;
            name
        })
        .await
}

async fn migrate(url: &str) {
    let store = Store::connect(&store::Settings::new(url)).await;
    let store = store.expect("the template can be reached");
    store.migrate().await.expect("the migrations apply");
    // The whole suite on partitions, by hand.
    if let Ok(partitions) = std::env::var("PARCOURS_TEST_PARTITIONS") {
        let partitions = partitions.parse().expect("a number of partitions");
        let cut = store.partition(partitions).await;
        cut.expect("the tables are cut");
    }
    // A template with a connection cannot be copied.
    store.pool().close().await;
}

async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url)
        .await
        .expect("PostgreSQL can be reached");
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    connection
        .execute(sqlx::raw_sql(statement))
        .await
        .expect("PostgreSQL does it");
    connection.close().await.expect("the connection closes");
}

/// The address of a database in which databases can be made.
async fn admin_url() -> String {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return url;
    }
    blocking(|| postgres().url_of("postgres")).await
}

/// `url` with another database or virtual host.
fn with_path(url: &str, path: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(a, q)| (a, Some(q)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..]
        .find('/')
        .map_or(address.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{path}{query}", &address[..end])
}

/// The private PostgreSQL.
fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<(Postgres, Ephemeral)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let directory = scratch("parcours-postgres");
        let options = PostgresOptions {
            durable: false,
            max_connections: 300,
            ..PostgresOptions::default()
        };
        let server = Postgres::start(&directory, &options).unwrap_or_else(|e| panic!("{e}"));
        let janitor = Ephemeral::new(&directory, &[server.supervisor()]);
        (server, janitor.unwrap_or_else(|e| panic!("{e}")))
    });
    server
}

/// A virtual host of one test. Its queues go with the server.
#[derive(Debug)]
pub struct TestVhost {
    /// Its address.
    pub url: String,
    /// With somebody else's server there is one virtual host, which tests use one after another.
    _turn: Option<MutexGuard<'static, ()>>,
}

/// An empty virtual host.
///
/// # Panics
/// RabbitMQ cannot be started or does not do as asked.
pub async fn vhost() -> TestVhost {
    static TURN: Mutex<()> = Mutex::const_new(());
    if let Ok(url) = std::env::var("AMQP_URL") {
        let turn = TURN.lock().await;
        delete_queues(&url).await;
        return TestVhost {
            url,
            _turn: Some(turn),
        };
    }
    let url = blocking(|| rabbitmq().url_of(&next_vhost())).await;
    TestVhost { url, _turn: None }
}

/// Deletes what an earlier test declared on somebody else's server.
async fn delete_queues(url: &str) {
    let settings = broker::Settings::default();
    let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default()).await;
    let connection = connection.expect("AMQP_URL can be reached");
    let channel = connection.create_channel().await.expect("a channel");
    let of_shards = (1..=4).flat_map(|generation| (0..8).map(move |shard| (generation, shard)));
    let of_shards = of_shards.map(|(g, shard)| format!("{}.{g}.{shard}", settings.queue));
    let queues = [settings.queue.clone(), settings.dead_queue, settings.log];
    for queue in queues.into_iter().chain(of_shards) {
        channel
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await
            .expect("the queue can be deleted");
    }
    connection
        .close(200, "done".into())
        .await
        .expect("the connection closes");
}

/// A virtual host that nobody has had yet.
fn next_vhost() -> String {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    static MADE: std::sync::Mutex<usize> = std::sync::Mutex::new(VHOSTS);
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    let mut made = MADE
        .lock()
        .expect("nobody panics while making virtual hosts");
    while *made <= number {
        let names: Vec<String> = (*made..*made + MORE_VHOSTS).map(vhost_name).collect();
        rabbitmq()
            .create_vhosts(&names)
            .unwrap_or_else(|e| panic!("{e}"));
        *made += MORE_VHOSTS;
    }
    vhost_name(number)
}

fn vhost_name(number: usize) -> String {
    format!("test-{number}")
}

/// The private RabbitMQ.
fn rabbitmq() -> &'static RabbitMq {
    static SERVER: OnceLock<(RabbitMq, Ephemeral)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let directory = scratch("parcours-rabbitmq");
        let options = RabbitMqOptions {
            vhosts: (0..VHOSTS).map(vhost_name).collect(),
            plugins: vec!["rabbitmq_consistent_hash_exchange".to_owned()],
            ..RabbitMqOptions::default()
        };
        let server = RabbitMq::start(&directory, &options).unwrap_or_else(|e| panic!("{e}"));
        let janitor = Ephemeral::new(&directory, &server.supervisors());
        (server, janitor.unwrap_or_else(|e| panic!("{e}")))
    });
    server
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::with_path;

    #[test]
    fn another_database_of_the_same_server() {
        assert_eq!(
            with_path("postgres://u:p@h:1/a?x=y", "b"),
            "postgres://u:p@h:1/b?x=y"
        );
        assert_eq!(with_path("postgres://h", "b"), "postgres://h/b");
    }
}
