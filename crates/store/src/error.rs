//! What can go wrong, and what to do about it.

use uuid::Uuid;

use crate::packed::Malformed;

/// Either it helps to try again, or the data are at fault, or neither.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database, or the way to it.
    #[error("the database failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// A migration.
    #[error("the database could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A newer version has changed the database in a way that this one cannot work with.
    #[error(
        "the database is of a newer version (migration {version}, {what}): this one cannot work with it"
    )]
    Newer {
        /// The migration's number.
        version: i64,
        /// What it does.
        what: String,
    },
    /// A migration that was applied is another one in this version.
    #[error(
        "the database was made by another version: migration {0:04} is not what it was when it was applied"
    )]
    Edited(i64),
    /// Somebody else was faster; nothing was written.
    #[error("{what}: the turn is void")]
    Raced {
        /// In what.
        what: &'static str,
    },
    /// Another workspace holds than the one that was to be followed; nothing was published.
    #[error("another workspace was applied meanwhile: revision {holds} holds")]
    Moved {
        /// The revision that holds; 0: none does.
        holds: i64,
    },
    /// Data that cannot be read or written.
    #[error("the {what} of {id} cannot be understood: {why}")]
    Corrupt {
        /// Which part.
        what: &'static str,
        /// Of which row.
        id: Uuid,
        /// Why, without the data themselves.
        why: String,
    },
    /// Nobody may be erased: what was erased could not be known again.
    #[error("there is no secret to hash what is erased with")]
    NoSecret,
    /// Tables are cut into partitions while there are no customers.
    #[error("table {0} has rows: tables are cut into partitions while there are no customers")]
    NotEmpty(String),
    /// They are cut already, into another number of partitions.
    #[error("the tables of this database are cut into {0} partitions already")]
    Cut(i64),
    /// A turn of a customer that was not begun, and therefore is not locked.
    #[error("customer {0} is no part of this turn")]
    NotBegun(Uuid),
}

/// Codes of PostgreSQL that pass by themselves. Classes have two letters.
const PASSING: [&str; 10] = [
    "08",    // the connection
    "53",    // out of connections, memory or disk
    "57",    // shut down, cancelled, timed out
    "58",    // input and output
    "40001", // serialisation
    "40P01", // deadlock
    "55P03", // a lock was not to be had in time
    "25P02", // the transaction had failed already
    "25P03", // idle in a transaction for too long
    "25P04", // a transaction for too long
];

/// Codes that say that the data are at fault: their form, a constraint, their size.
const DATA: [&str; 3] = ["22", "23", "54"];

/// Where two consumers collide who take in a new customer at the same time: `customer_pkey`, or that of one of
/// its partitions.
fn is_shared_key(constraint: &str) -> bool {
    constraint.starts_with("customer_") && constraint.ends_with("pkey")
}

impl Error {
    /// Whether the same again may well succeed: nothing was written.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Raced { .. } => true,
            Self::Database { source, .. } => passes(source),
            _ => false,
        }
    }

    /// Whether the data are at fault: halve the batch until the culprit stands alone.
    pub fn is_poison(&self) -> bool {
        match self {
            Self::Corrupt { .. } => true,
            Self::Database { source, .. } => !passes(source) && spoils(source),
            _ => false,
        }
    }

    /// What the database said, where it is no secret: what passes by itself is about the server and
    /// the way to it, and quotes no row.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Database { source, .. } if passes(source) => Some(said(source)),
            _ => None,
        }
    }

    pub(crate) fn corrupt(what: &'static str, id: Uuid, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Corrupt { what, id, why }
    }
}

/// To be used with `map_err`.
pub(crate) fn during(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Database { doing, source }
}

/// To be used with `map_err`. What is told quotes nothing.
pub(crate) fn malformed<E: Into<Malformed>>(what: &'static str, id: Uuid) -> impl Fn(E) -> Error {
    move |e| Error::corrupt(what, id, e.into().to_string())
}

fn passes(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::WorkerCrashed => true,
        E::Database(e) if e.is_unique_violation() => e.constraint().is_some_and(is_shared_key),
        E::Database(e) => has_code(e.as_ref(), &PASSING),
        _ => false,
    }
}

/// Without the details, which may name a key.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => match e.code() {
            Some(code) => format!("{} ({code})", e.message()),
            None => e.message().to_owned(),
        },
        sqlx::Error::PoolTimedOut => {
            "no connection was to be had in time: all of ours are busy, or the database takes no more"
                .to_owned()
        }
        other => other.to_string(),
    }
}

fn spoils(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Encode(_) | E::Decode(_) | E::ColumnDecode { .. } => true,
        E::Database(e) => has_code(e.as_ref(), &DATA),
        _ => false,
    }
}

fn has_code(error: &dyn sqlx::error::DatabaseError, codes: &[&str]) -> bool {
    let code = error.code();
    code.is_some_and(|code| codes.iter().any(|c| code.starts_with(c)))
}
