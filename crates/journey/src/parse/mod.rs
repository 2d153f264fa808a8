//! From trees to typed sources: each field read as what it must be, all mistakes reported.

pub mod ast;
mod durations;
mod fields;
mod journey;
mod policies;
mod reader;
mod scalars;
mod sends;
mod steps;
mod times;
mod waits;

pub(crate) use durations::seconds;
pub(crate) use fields::Fields;
pub use journey::journey;
pub use policies::policies;
pub(crate) use reader::Reader;
pub(crate) use scalars::plain;
pub(crate) use times::time_of_day;
