//! parcours-engine
