//! The store against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod cluster;
mod outbox;
mod plans;
mod poison;
mod races;
mod samples;
mod turns;
