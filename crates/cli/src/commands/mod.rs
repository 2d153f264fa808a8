//! One file per command.

pub mod backtest;
pub mod bench;
pub mod check;
pub mod customer;
pub mod database;
pub mod demo;
pub mod dev;
pub mod event;
pub mod new;
pub mod plan;
pub mod run;
pub mod simulate;
pub mod test;
