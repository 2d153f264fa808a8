//! What can go wrong in a loop.

/// An error of the engine; the loops log it once and go on when it can pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] store::Error),
    /// The broker.
    #[error("the broker: {0}")]
    Broker(#[from] broker::Error),
    /// The applied workspace does not compile with this version.
    #[error("the applied workspace does not compile with this version of Parcours: {0}")]
    Workspace(String),
    /// A setting that only shows when it is used.
    #[error("{0}")]
    Setting(String),
    /// The database asked to try again more often than it may.
    #[error("the database refused a batch {0} times in a row because of concurrent turns")]
    Contention(u32),
}
