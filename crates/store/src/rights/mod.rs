//! The rights of customers that change what is kept: erasure (GDPR, article 17), and what keeps the erased
//! from coming back. And what is removed because its time is over.

mod erase;
mod erased;
mod listed;
mod person;
mod retention;

pub use erase::Erased;
pub(crate) use erased::when;
pub use erased::{ErasedHash, ErasedKind, OffLimits, Reapplied};
pub(crate) use person::{customers as of_person, merged_into};
pub use retention::{Cutoffs, RetentionPage};
