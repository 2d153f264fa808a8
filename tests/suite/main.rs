//! All tests that cross a crate's border, in one binary: linking once is what they cost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod api;
mod audience;
mod bad_input;
mod broker;
mod by_hand;
mod calls;
mod chat;
mod cluster;
mod content;
mod contract;
mod dispatch;
mod faults;
mod fixture;
mod flow;
mod layers;
mod letters;
mod merging;
mod operations;
mod pages;
mod process;
mod providers;
mod questions;
mod replay;
mod rights;
mod servers;
mod shop;
mod store;
mod talk;
mod tongues;
mod turns;
mod versions;
mod why;
