//! parcours-store

pub mod read;
