//! Names as labels, bounded: whoever writes journeys decides how many names there are, and every one of them
//! costs each scrape a line per metric.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

/// What stands for all names beyond the bound.
pub(super) const OTHER: &str = "other";

/// The first names that were seen, up to a bound.
#[derive(Debug)]
pub(super) struct Names {
    seen: RwLock<BTreeSet<Arc<str>>>,
    most: usize,
}

impl Names {
    /// At most that many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            seen: RwLock::default(),
            most,
        }
    }

    /// The name itself, or `other`.
    pub(super) fn label<'n>(&self, name: &'n str) -> &'n str {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(name) {
            return name;
        }
        if seen.len() >= self.most {
            return OTHER;
        }
        drop(seen);
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < self.most || seen.contains(name) {
            seen.insert(Arc::from(name));
            return name;
        }
        OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, OTHER};

    #[test]
    fn the_first_names_keep_their_own_label() {
        let names = Names::new(2);
        assert_eq!(names.label("welcome"), "welcome");
        assert_eq!(names.label("receipt"), "receipt");
        assert_eq!(names.label("welcome"), "welcome");
        assert_eq!(names.label("cart"), OTHER);
        assert_eq!(names.label("receipt"), "receipt");
    }
}
