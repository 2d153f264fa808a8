//! What can go wrong in a loop.

use std::error::Error as _;

/// An error of the engine; the loops log it once and go on when it can pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// The broker.
    #[error("{0}")]
    Broker(#[from] broker::Error),
    /// The applied workspace does not compile with this version.
    #[error("the applied workspace does not compile with this version of Parcours: {0}")]
    Workspace(String),
    /// A setting that only shows when it is used.
    #[error("{0}")]
    Setting(String),
    /// The database refused a batch more often, or for longer, than it is tried at once.
    #[error("a batch was refused, at try {tries}: {last}")]
    Refused {
        /// How often it was tried.
        tries: u32,
        /// Why it was refused the last time.
        last: store::Error,
    },
}

impl Error {
    /// For a log: also what the server said, where that quotes no data.
    pub(crate) fn told(&self) -> String {
        let cause = match self {
            Self::Store(error) | Self::Refused { last: error, .. } => error.cause(),
            Self::Broker(error) => error.source().map(ToString::to_string),
            _ => None,
        };
        match cause {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}
