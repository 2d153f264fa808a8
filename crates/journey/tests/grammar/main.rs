//! The grammar is what the parser does: every word of it is read, and no other.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read the repository's files"
)]

mod parser;
mod places;
mod reference;
mod schemas;
