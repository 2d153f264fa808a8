//! From trees to typed sources: each field read as what it must be, all mistakes reported.

pub mod ast;
mod awaits;
mod branches;
mod durations;
mod endpoints;
mod entries;
mod fields;
mod foreign;
mod fragments;
mod gate;
mod journey;
mod misplaced;
mod policies;
mod reader;
mod scalars;
mod segments;
mod sends;
mod settings;
mod sources;
mod steps;
mod strayed;
mod talk;
mod times;
mod waits;

pub(crate) use durations::{mended as mended_duration, seconds};
pub use endpoints::endpoints;
pub(crate) use fields::Fields;
pub(crate) use fragments::{Fragments, fragment};
pub use journey::journey;
pub use policies::policies;
pub(crate) use reader::Reader;
pub(crate) use scalars::plain;
pub(crate) use segments::segment;
pub(crate) use settings::settings;
pub use sources::{sources, vouchers};
pub(crate) use times::time_of_day;
