//! How to reach the database, and the bounds on every connection.

use std::{fmt, str::FromStr as _, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    Secret,
    error::{Error, during},
};

/// See the fields.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; `?host=/DIR` for a Unix socket.
    pub url: String,
    /// The most connections of this process; a [`crate::Listener`] holds one of them.
    pub max_connections: u32,
    /// How long to wait for a free connection, and for the database to answer at first.
    pub acquire_timeout: Duration,
    /// The longest that one statement may take.
    pub statement_timeout: Duration,
    /// The longest that one statement may wait for a lock.
    pub lock_timeout: Duration,
    /// The longest that a transaction may lie idle: what a process that hangs between begin and
    /// commit may hold up its customers.
    pub idle_in_transaction_timeout: Duration,
    /// What erased keys and addresses are hashed under; `None`: nobody can be erased, and who was erased is
    /// not known again.
    pub secret: Option<Secret>,
}

/// Without the URL: it may hold a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field(
                "idle_in_transaction_timeout",
                &self.idle_in_transaction_timeout,
            )
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "postgres://localhost/parcours".into(),
            max_connections: 8,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(30),
            secret: None,
        }
    }
}

impl Settings {
    /// The defaults, for the database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    pub(crate) fn pool(&self) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(self.max_connections.max(1))
            .acquire_timeout(self.acquire_timeout)
            // A round trip before every batch, to learn what the first statement says anyway:
            // a lost connection is an error that can be tried again.
            .test_before_acquire(false)
    }

    pub(crate) fn connection(&self) -> Result<PgConnectOptions, Error> {
        let options = PgConnectOptions::from_str(&self.url).map_err(during("reading the URL"))?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("parcours"),
        };
        Ok(options
            // Tables without statistics (new ones, new partitions) otherwise get a sequential
            // scan for a batch of keys: 166 ms against 1.3 ms for 500 keys in 60,000 rows. With
            // scans made dear, the compiler of expressions would take every plan for a costly one.
            .options([
                ("enable_seqscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("jit", "off"),
            ])
            .options([
                ("statement_timeout", millis(self.statement_timeout)),
                ("lock_timeout", millis(self.lock_timeout)),
                (
                    "idle_in_transaction_session_timeout",
                    millis(self.idle_in_transaction_timeout),
                ),
            ]))
    }
}

/// Whole milliseconds, at least one: zero would mean no bound at all.
fn millis(duration: Duration) -> String {
    duration.as_millis().clamp(1, 2_147_483_647).to_string()
}
