//! parcours-api
