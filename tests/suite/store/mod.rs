//! The store against a real PostgreSQL.

mod apply;
mod counts;
mod find;
mod given_up;
mod migrations;
mod outbox;
mod partitions;
mod plans;
mod poison;
mod races;
mod read;
mod samples;
mod turns;
