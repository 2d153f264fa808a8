//! The real binary as a process: started, fed, killed and stopped.

pub mod audit;
mod bench;
pub mod binary;
mod crash;
mod database;
mod demo;
mod dev;
mod event;
pub mod load;
mod offline;
pub mod pair;
mod pictures;
pub mod preview;
mod provider;
mod rights;
mod scarce;
pub mod scene;
mod shards;
mod testing;
mod torture;
mod vouchers;
