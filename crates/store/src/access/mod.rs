//! Who may do what: users, their sessions, keys of programs, and the audit log.
//!
//! Nothing here knows roles or scopes: they are words. Secrets come as hashes; the time is an argument.

mod audit;
mod issuers;
mod keys;
mod sessions;
mod users;

use sqlx::PgPool;

use crate::Store;

pub use audit::{AUDIT_PAGE, AuditEntry, AuditFilter, KEEPS_AUDIT, NewAudit};
pub use issuers::NewLinked;
pub use keys::{Key, MOST_KEYS, NewKey};
pub use sessions::{IDLE, LONGEST, REVEALED, Session};
pub use users::{Credentials, LOCKED, MOST_USERS, TRIES, User};

/// Users, sessions, keys and the audit log. Cloning is cheap: the pool is shared.
#[derive(Clone, Debug)]
pub struct Access {
    pool: PgPool,
}

impl Access {
    /// On that database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl Store {
    /// Users, sessions, keys and the audit log.
    pub fn access(&self) -> Access {
        Access::new(self.pool.clone())
    }
}
