//! `parcours fmt`: one form, nothing lost, nothing changed.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read the repository's files"
)]

mod form;
mod laws;
mod samples;

use journey::fmt::{Outcome, format};

/// The text in the one form.
fn formatted(text: &str) -> String {
    match format(text) {
        Outcome::Formatted(text) => text,
        Outcome::Left(reason) => panic!("left alone: {reason:?}\n{text}"),
    }
}
