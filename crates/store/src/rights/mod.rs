//! The rights of customers that change what is kept: erasure (GDPR, article 17), and what keeps the erased
//! from coming back.

mod erase;
mod erased;
mod listed;

pub use erase::Erased;
pub(crate) use erased::when;
pub use erased::{ErasedHash, ErasedKind, OffLimits, Reapplied};
