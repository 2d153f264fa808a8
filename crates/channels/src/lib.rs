//! parcours-channels
