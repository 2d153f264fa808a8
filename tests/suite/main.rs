//! All tests that cross a crate's border, in one binary: linking once is what they cost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod broker;
mod fixture;
mod layers;
mod servers;
mod shop;
mod store;
