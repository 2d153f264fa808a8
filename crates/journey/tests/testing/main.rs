//! Tests of tests: what `tests.yaml` says happens as in production, what it expects is held against
//! what was found, and what no test walks is told.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

mod coverage;
mod customers;
mod expectations;
mod fetched;
mod laws;
mod shop;
mod shown;
mod simulations;
mod words;
