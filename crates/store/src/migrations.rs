//! Migrations: first what is added, while processes of the version before go on; then, when all of them are gone, what is
//! taken away.
//!
//! A file is called `NNNN_expand_what.sql` or `NNNN_contract_what.sql`. What expands is applied by whoever starts first; what
//! contracts only when it is asked for. A version works with a database that a newer one has expanded.

mod indexes;

use sqlx::{
    Connection as _, PgConnection,
    migrate::{MigrateError, Migrator},
};

use crate::{Error, Store, error::during};

/// How long a migration waits for a table before it lets everybody else have their turn: whoever asks for it meanwhile
/// stands in line behind it.
const LOCK_TIMEOUT: &str = "set statement_timeout = 0; set lock_timeout = '1s'";
/// How often it is tried again, with a pause in between.
const TRIES: u32 = 120;
/// The pause.
const PAUSE: &str = "select pg_sleep(0.5)";
/// PostgreSQL's code for a lock that was not to be had in time.
const LOCKED: &str = "55P03";

/// How a migration's description begins that only adds.
const EXPAND: &str = "expand";
/// How it begins where it takes away.
const CONTRACT: &str = "contract";

/// Which migrations are to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Those that versions in use can live with.
    Expanded,
    /// All: every process is of this version.
    Contracted,
}

/// The migrations of this version.
pub(crate) fn all() -> Migrator {
    sqlx::migrate!("../../migrations")
}

impl Until {
    /// Those of them.
    pub(crate) fn of(self, mut all: Migrator) -> Migrator {
        let mut wanted = all.migrations.into_owned();
        if self == Self::Expanded {
            wanted.retain(|m| !m.description.starts_with(CONTRACT));
        }
        all.migrations = wanted.into();
        // What is applied beside them was looked at.
        all.set_ignore_missing(true);
        all
    }
}

impl Store {
    /// Brings the database to this version, but takes nothing away: the version before goes on with it. Processes that
    /// start together do it one after another, and none makes the others' statements wait for long.
    ///
    /// # Errors
    /// [`Error::Newer`] if a newer version has taken away what this one needs; [`Error::Edited`] if a migration is not what
    /// it was when it was applied; if one fails; if a table is not to be had for two minutes.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.migrate_by(all(), Until::Expanded).await
    }

    /// The same, and takes away what only earlier versions need: once every process is of this one.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn contract(&self) -> Result<(), Error> {
        self.migrate_by(all(), Until::Contracted).await
    }

    /// The same with other migrations than this version's: for tests of how they are applied.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    #[doc(hidden)]
    pub async fn migrate_by(&self, all: Migrator, until: Until) -> Result<(), Error> {
        let connection = self.pool.acquire().await;
        let mut connection = connection.map_err(during("connecting"))?.detach();
        sqlx::raw_sql(LOCK_TIMEOUT)
            .execute(&mut connection)
            .await
            .map_err(during("migrating"))?;
        known(&mut connection, &all).await?;
        let mut wanted = until.of(all);
        let mut ready = Vec::new();
        for mut migration in std::mem::take(&mut wanted.migrations).into_owned() {
            if indexes::is_index(&migration) {
                // It may be of what those before it add.
                wanted.migrations = ready.clone().into();
                run(&mut connection, &wanted).await?;
                migration = indexes::of_parts(&mut connection, migration)
                    .await
                    .map_err(during("making indexes of partitions"))?;
            }
            ready.push(migration);
        }
        wanted.migrations = ready.into();
        run(&mut connection, &wanted).await?;
        connection.close().await.map_err(during("migrating"))
    }
}

/// Applies what is not applied yet, and tries again while a table is in use.
async fn run(connection: &mut PgConnection, wanted: &Migrator) -> Result<(), Error> {
    for tried in 1.. {
        match wanted.run(&mut *connection).await {
            Err(error) if tried < TRIES && is_locked(&error) => {
                tracing::info!(tried, "a table is in use: the migration waits for its turn");
                sqlx::raw_sql(PAUSE)
                    .execute(&mut *connection)
                    .await
                    .map_err(during("migrating"))?;
            }
            Err(MigrateError::VersionMismatch(version)) => return Err(Error::Edited(version)),
            result => return Ok(result?),
        }
    }
    Ok(())
}

/// Whether everything that was applied is known, or only adds.
async fn known(connection: &mut PgConnection, all: &Migrator) -> Result<(), Error> {
    let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await
        .map_err(during("looking for its version"))?;
    if !there {
        return Ok(());
    }
    let applied: Vec<(i64, String)> =
        sqlx::query_as("select version, description from _sqlx_migrations order by version")
            .fetch_all(connection)
            .await
            .map_err(during("looking for its version"))?;
    let strange = |(version, what): &(i64, String)| {
        !all.version_exists(*version) && !what.starts_with(EXPAND)
    };
    match applied.into_iter().find(strange) {
        Some((version, what)) => Err(Error::Newer { version, what }),
        None => Ok(()),
    }
}

fn is_locked(error: &MigrateError) -> bool {
    use MigrateError as E;
    let database = match error {
        E::Execute(error) | E::ExecuteMigration(error, _) => error.as_database_error(),
        _ => None,
    };
    database.is_some_and(|e| e.code().is_some_and(|code| code == LOCKED))
}
