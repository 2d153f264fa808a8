//! The journey language and its decisions, as pure code.
//!
//! Two functions carry the crate. [`workspace::compile`] turns the sources of a workspace into a
//! [`world::World`] and a list of diagnostics; [`advance::advance`] takes one customer and one
//! input and says what becomes of the customer, which messages are decided, and why.
//!
//! Nothing here reads a clock, a file, the environment or a random number (`clippy.toml` beside
//! this crate forbids them by name), so that production, simulation, back-test and replay are the
//! same code on the same data.

mod compile;
mod parse;
mod source;
pub mod sources;

pub mod action;
pub mod advance;
pub mod answer;
pub mod audit;
pub mod backtest;
pub mod call;
pub mod consent;
pub mod content;
pub mod counts;
pub mod customer;
pub mod diagnostic;
pub mod diagnostics;
pub mod endpoints;
pub mod explain;
pub mod expr;
pub mod failure;
pub mod fields;
pub mod fmt;
pub mod grammar;
pub mod graph;
pub mod ide;
pub mod ids;
pub mod input;
pub mod instant;
pub mod intake;
pub mod links;
pub mod localized;
pub mod machine;
pub mod merge;
pub mod message;
pub mod plan;
pub mod policies;
pub mod policy;
pub mod preview;
pub mod processing;
pub mod render;
pub mod schema;
pub mod segments;
pub mod settings;
pub mod short;
pub mod sms;
pub mod suppression;
pub mod testing;
pub mod time;
pub mod trace;
pub mod track;
pub mod value;
pub mod vouchers;
pub mod waiting;
pub mod workspace;
pub mod world;
