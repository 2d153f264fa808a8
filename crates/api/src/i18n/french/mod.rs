//! The French of the console, a file for each room.

mod customer;
mod frame;
mod journeys;
mod words;

use std::{collections::HashMap, sync::LazyLock};

/// A text in English, and the same in French.
pub(super) type Pair = (&'static str, &'static str);

/// Every room.
pub(super) const ROOMS: &[&[Pair]] =
    &[customer::PAIRS, frame::PAIRS, journeys::PAIRS, words::PAIRS];

static ALL: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| ROOMS.iter().copied().flatten().copied().collect());

/// The French for a text.
pub(super) fn of(english: &str) -> Option<&'static str> {
    ALL.get(english).copied()
}
