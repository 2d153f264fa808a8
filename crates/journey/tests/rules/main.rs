//! The turn by the numbered rules of the language: each test is named after the rule that it holds.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "tests read the samples from files, and say what they skip"
)]

mod audience;
mod backtest;
mod by_hand;
mod calls;
mod caps;
mod choices;
mod count;
mod entering;
mod fatigue;
mod fragments;
mod hours;
mod inputs;
mod laws;
mod leaving;
mod limits;
mod merging;
mod others;
mod paced;
mod pausing;
mod play;
mod questions;
mod real_data;
mod resent;
mod rounds;
mod samples;
mod sending;
mod summer_time;
mod waiting;
mod watched;
