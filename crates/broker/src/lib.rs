//! parcours-broker
