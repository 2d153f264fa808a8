//! One file per command.

pub mod audit;
pub mod backtest;
pub mod bench;
pub mod check;
pub mod completions;
pub mod customer;
pub mod database;
pub mod demo;
pub mod dev;
pub mod erasures;
pub mod event;
pub mod fmt;
pub mod graph;
pub mod lsp;
pub mod new;
pub mod pause;
pub mod plan;
pub mod preview;
pub mod processing;
pub mod reshard;
pub mod run;
pub mod schema;
pub mod simulate;
pub mod suppressions;
pub mod test;
pub mod why;
