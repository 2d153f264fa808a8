//! The real binary as a process: started, fed, killed and stopped.

mod audit;
mod bench;
pub mod binary;
mod crash;
mod database;
mod demo;
mod dev;
mod event;
mod load;
mod offline;
mod pictures;
mod provider;
mod rights;
mod testing;
