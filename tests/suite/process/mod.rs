//! The real binary as a process: started, fed, killed and stopped.

mod audit;
mod binary;
mod crash;
mod load;
mod provider;
