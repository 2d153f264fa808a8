//! Dead letters: moved from their queue to where they can be found and mended, and submitted again.

mod check;
mod moved;
mod replay;

pub use self::{
    check::{NotEdited, edited},
    moved::Moved,
    replay::{Door, Replayed, ReplayedBatch},
};
