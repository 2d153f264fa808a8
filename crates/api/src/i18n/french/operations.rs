//! Operations: health, and what waits.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Health", "État"),
    ("Not ready", "Pas prêt"),
    ("Operations", "Exploitation"),
    ("Parts", "Composants"),
    ("Ready", "Prêt"),
];
