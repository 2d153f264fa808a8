//! Engines of one test: a database, a workspace, and a stand-in for every provider.

use std::{sync::Arc, time::Duration};

use broker::Broker;
use channels::Channels;
use engine::{Engine, Settings};
use jiff::{SignedDuration, Timestamp};
use store::{Store, read::Reader};
use tokio::sync::OnceCell;

use super::{Provider, TestDb, TestVhost, Workspace};

/// Settings with short waits, so that tests do not wait for the clock.
#[must_use]
pub fn quick() -> Settings {
    let short = SignedDuration::from_millis(20);
    Settings {
        timer_poll: short,
        dispatch_poll: short,
        first_retry: SignedDuration::ZERO,
        longest_retry: SignedDuration::ZERO,
        sweep_settle: SignedDuration::ZERO,
        ..Settings::default()
    }
}

/// What the engines of one test share.
#[derive(Debug)]
pub struct Rig {
    /// The database, through a pool of its own.
    pub store: Store,
    /// Takes text, push and chat messages.
    pub provider: Provider,
    url: String,
    vhost: OnceCell<TestVhost>,
    // Dropped last: it takes the connections above with it.
    _database: TestDb,
}

impl Rig {
    /// An empty database with that workspace applied.
    ///
    /// # Panics
    /// The workspace has errors, or a server does not do as asked.
    pub async fn new(workspace: &Workspace) -> Self {
        let database = super::database().await;
        let rig = Self {
            store: connect(&database.url).await,
            provider: Provider::start().await,
            url: database.url.clone(),
            vhost: OnceCell::new(),
            _database: database,
        };
        rig.apply(workspace).await;
        rig
    }

    /// Applies a workspace.
    ///
    /// # Panics
    /// It has errors.
    pub async fn apply(&self, workspace: &Workspace) {
        let published = engine::publish(&self.store, workspace.files(), Timestamp::now()).await;
        published.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// An engine as another process would start it: with connections of its own.
    ///
    /// # Panics
    /// It does not start.
    pub async fn engine(&self, settings: Settings) -> Arc<Engine> {
        self.engine_with(settings, self.provider.channels()).await
    }

    /// The same with other adapters.
    ///
    /// # Panics
    /// It does not start.
    pub async fn engine_with(&self, settings: Settings, channels: Arc<Channels>) -> Arc<Engine> {
        Engine::start(connect(&self.url).await, channels, settings)
            .await
            .expect("the engine starts")
    }

    /// Further connections to the database.
    ///
    /// # Panics
    /// It cannot be reached.
    pub async fn another_store(&self) -> Store {
        connect(&self.url).await
    }

    /// The virtual host of this test, with these settings but for the address.
    ///
    /// # Panics
    /// RabbitMQ does not do as asked.
    pub async fn broker(&self, settings: broker::Settings) -> Broker {
        let vhost = self.vhost.get_or_init(super::vhost).await;
        let url = vhost.url.clone();
        let broker = Broker::connect(&broker::Settings { url, ..settings }).await;
        broker.expect("RabbitMQ can be reached")
    }

    /// What support reads.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.store.pool().clone()).with_deadline(Duration::from_secs(30))
    }

    /// The number in the first row and column of a query.
    ///
    /// # Panics
    /// There is none.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(self.store.pool())
            .await
            .expect("a number")
    }

    /// Every message as `STATUS REASON ATTEMPT`, in order of decision, `-` for no reason.
    ///
    /// # Panics
    /// The database fails.
    pub async fn messages(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', channel, status, coalesce(reason, '-'), attempt)
             from message order by at, id",
        )
        .fetch_all(self.store.pool())
        .await
        .expect("messages")
    }
}

async fn connect(url: &str) -> Store {
    let settings = store::Settings {
        secret: Some(store::Secret::new("a secret of the tests").expect("long enough")),
        ..store::Settings::new(url)
    };
    Store::connect(&settings)
        .await
        .expect("PostgreSQL can be reached")
}
