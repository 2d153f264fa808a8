//! What seeds share, one after another: a database behind a proxy, and everybody outside.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use channels::Channels;
use engine::{Engine, Settings, Time};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Proxy, TestDb, Workspace};
use sqlx::AssertSqlSafe;
use store::Store;

use super::outside::Outside;

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn at(start: &str) -> Self {
        let start: Timestamp = start.parse().unwrap();
        Self(Arc::new(AtomicI64::new(start.as_microsecond())))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Bounds in simulated time, and one thing at a time: so that every run is the same.
    pub fn settings(&self) -> Settings {
        let clock = self.clone();
        Settings {
            time: Time::of(move || clock.now()),
            dispatch_concurrency: 1,
            max_attempts: 4,
            sweep_page: 7,
            passage_stretch: 5,
            passage_batch: 3,
            retention_page: 5,
            ..Settings::default()
        }
    }
}

pub struct Stage {
    /// What engines talk through.
    pub proxy: Proxy,
    pub outside: Outside,
    /// Past the proxy.
    pub store: Store,
    channels: Arc<Channels>,
    // Dropped last: it takes the connections above with it.
    _database: TestDb,
}

impl Stage {
    pub async fn new() -> Self {
        let database = kit::database().await;
        let outside = Outside::start().await;
        Self {
            proxy: Proxy::start(&database.url).await,
            store: connect(&database.url, 2).await,
            channels: outside.channels(),
            outside,
            _database: database,
        }
    }

    /// Every table of ours.
    pub async fn tables(&self) -> Vec<String> {
        let query = "select quote_ident(relname) from pg_class
                     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
                     and relname not in ('_sqlx_migrations', 'secret') order by 1";
        sqlx::query_scalar(query)
            .fetch_all(self.store.pool())
            .await
            .unwrap()
    }

    /// The columns of a table that are written, in a list.
    pub async fn columns(&self, table: &str) -> String {
        let query = "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                     where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''";
        sqlx::query_scalar(query)
            .bind(table)
            .fetch_one(self.store.pool())
            .await
            .unwrap()
    }

    /// An empty database. Deleting a few rows takes a tenth of the time of truncating.
    pub async fn reset(&self) {
        let tables = self.tables().await.into_iter();
        let delete: String = tables
            .map(|table| format!("delete from {table};"))
            .collect();
        self.execute(&delete).await;
    }

    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(self.store.pool()).await.unwrap();
    }

    pub async fn publish(&self, workspace: &Workspace, now: Timestamp) {
        let published = engine::publish(&self.store, workspace.files(), now).await;
        published.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// An engine as a process would start it, with one connection, so that its statements have an order.
    pub async fn engine(&self, settings: Settings) -> Arc<Engine> {
        let store = connect(self.proxy.url(), 1).await;
        let started = Engine::start(store, self.channels.clone(), settings).await;
        started.unwrap()
    }
}

async fn connect(url: &str, max_connections: u32) -> Store {
    let settings = store::Settings {
        max_connections,
        secret: Some(store::Secret::new("a secret of the tests").unwrap()),
        ..store::Settings::new(url)
    };
    Store::connect(&settings).await.unwrap()
}
