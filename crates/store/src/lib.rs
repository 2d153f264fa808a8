//! PostgreSQL: what is true.
//!
//! A turn begins ([`Store::begin`]), is decided elsewhere, and is committed
//! ([`OpenTurn::commit`]); nothing else writes customers, inputs or runs. Dispatch leases rows of
//! the outbox and records what became of them, fenced by their attempt ([`Store::lease`]). Nothing
//! here decides anything, reads a clock or calls out.
//!
//! Every batch costs a fixed number of statements, whatever its size. No SQL is built from data.

pub mod access;
mod answers;
mod begin;
mod calls;
pub mod chat;
mod codec;
pub mod counts;
mod crowd;
mod error;
mod floor;
mod forwards;
mod health;
mod history;
mod joined;
mod letters;
mod listener;
mod migrations;
mod outbox;
mod packed;
mod partitions;
pub mod read;
mod rights;
mod row;
mod samples;
pub mod search;
mod secret;
mod secrets;
mod settings;
mod short;
mod sweeps;
mod tables;
mod turn;
mod vouchers;
mod workspace;

pub use answers::{Answers, Begun, Kept, LONGEST_ANSWER};
pub use calls::{CallEnd, CallKey, CallRetry, LeasedCall};
pub use codec::{decode, decode_trace, encode};
pub use error::Error;
pub use floor::{Floor, Size};
pub use forwards::LeasedForward;
pub use health::{Due, DueWork, PoolUse, Schema};
pub use letters::{
    ClaimedLetter, EditedLetter, Fence, JobBatch, JobBegun, KeptLetters, LetterBounds, LetterEnd,
    LetterFilter, NewJob, NewLetter, Sender,
};
pub use listener::Listener;
pub use migrations::Until;
pub use outbox::{Accepted, LeaseKey, Leased, Release, Retry, Room};
pub use packed::Malformed;
pub use partitions::PARTITIONS;
pub use rights::{Cutoffs, Erased, ErasedHash, ErasedKind, OffLimits, Reapplied, RetentionPage};
pub use samples::{EngineRow, EngineSeen, LoopSeen, MINUTE, ProviderSeen, QUARTER, Sample, Told};
pub use secret::{Secret, TooShort};
pub use settings::Settings;
pub use short::{FollowedLink, ShortLink};
pub use sweeps::{NewSweep, StoredSweep, SweepPage};
pub use turn::{Arrival, OpenTurn, Work};
pub use vouchers::{VOUCHER_PAGE, VoucherPool};
pub use workspace::{
    Applied, Base, News, Paused, PausedJourney, Publication, Published, Snapshot, StoredMachine,
    StoredPassage, StoredWorkspace, Stretch,
};

use sqlx::PgPool;

use error::during;

/// A pool of connections to one database. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    secret: Option<Secret>,
}

impl Store {
    /// Opens the pool and one connection, to see that the database answers.
    ///
    /// # Errors
    /// If the URL is none, or the database does not answer within
    /// [`Settings::acquire_timeout`].
    pub async fn connect(settings: &Settings) -> Result<Self, Error> {
        let options = settings.connection()?;
        let pool = settings
            .pool()
            .connect_with(options)
            .await
            .map_err(during("connecting"))?;
        let secret = settings.secret.clone();
        Ok(Self { pool, secret })
    }

    /// The pool, for the read queries of this crate and for tests.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}
