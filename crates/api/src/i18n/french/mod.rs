//! The French of the console, a file for each room.

mod access;
mod actions;
mod customer;
mod errors;
mod export;
mod frame;
mod inbox;
mod journeys;
mod letters;
mod merge;
mod message;
mod operations;
mod overview;
mod search;
mod words;

use std::{collections::HashMap, sync::LazyLock};

/// A text in English, and the same in French.
pub(super) type Pair = (&'static str, &'static str);

/// Every room.
pub(super) const ROOMS: &[&[Pair]] = &[
    access::PAIRS,
    actions::PAIRS,
    customer::PAIRS,
    errors::PAIRS,
    export::PAIRS,
    frame::PAIRS,
    inbox::PAIRS,
    journeys::PAIRS,
    letters::PAIRS,
    merge::PAIRS,
    message::PAIRS,
    operations::PAIRS,
    overview::PAIRS,
    search::PAIRS,
    words::PAIRS,
];

static ALL: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| ROOMS.iter().copied().flatten().copied().collect());

/// The French for a text.
pub(super) fn of(english: &str) -> Option<&'static str> {
    ALL.get(english).copied()
}
