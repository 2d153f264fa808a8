//! parcours

pub mod servers;
