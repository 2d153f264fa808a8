//! What is known of the values of names at a place of a journey, and which conditions that decides.
//!
//! Every rule here errs to one side: what is said to be impossible never happens, for whatever
//! values; what cannot be decided is taken as possible. [`Facts::assume`] narrows what is known by
//! a condition that holds, or does not, and says when that cannot be.

mod assume;
mod key;
mod values;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use values::{Numbers, Texts, Values};

use super::{Expr, Root};
use crate::value::Value;

/// How many terms are remembered; of more, the rest are not known.
const MAX_TERMS: usize = 128;

/// What holds for names whatever was tested before.
pub(crate) trait Ground {
    /// What the value at a path can be.
    fn values(&self, root: Root, names: &[Arc<str>]) -> Values;

    /// Whether `event` is the event that entered, so that `event.x` and `run.event.x` are the same.
    fn entering(&self) -> bool {
        false
    }
}

/// Nothing is known.
pub(crate) struct NoGround;

impl Ground for NoGround {
    fn values(&self, _: Root, _: &[Arc<str>]) -> Values {
        Values::any()
    }
}

/// The names that a term reads: root and first name.
type Reads = Arc<[(Root, Option<Arc<str>>)]>;

#[derive(Clone, Debug, PartialEq)]
struct Known {
    reads: Reads,
    values: Values,
    /// Which conditions taught this, by the caller's numbers.
    taught: Vec<u32>,
}

#[cfg(test)]
mod tests;

/// What is known at a place. Cloning costs what is known; [`MAX_TERMS`] bounds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    terms: BTreeMap<Arc<str>, Known>,
}

impl Facts {
    /// What is known where `condition` holds, or does not (null and what is no condition do not);
    /// `None` where that cannot be. `taught`: the caller's number for this condition.
    pub(crate) fn assume(
        &self,
        condition: &Expr,
        holds: bool,
        taught: u32,
        ground: &dyn Ground,
    ) -> Option<Self> {
        assume::assume(self, &condition.tree, holds, taught, ground)
    }

    /// The conditions that taught what is known of the terms of this one, in order, each once.
    pub(crate) fn taught(&self, condition: &Expr, ground: &dyn Ground) -> Vec<u32> {
        let mut found: Vec<u32> = key::terms(&condition.tree, ground)
            .iter()
            .filter_map(|key| self.terms.get(key))
            .flat_map(|known| known.taught.iter().copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Forgets every term that reads a name of which `gone` says so: the root, and the first name
    /// behind it.
    pub(crate) fn forget(&mut self, gone: impl Fn(Root, Option<&str>) -> bool) {
        self.terms.retain(|_, known| {
            let mut reads = known.reads.iter();
            !reads.any(|(root, name)| gone(*root, name.as_deref()))
        });
    }

    /// What is known where two ways meet: what both know.
    pub(crate) fn join(mut self, other: &Self) -> Self {
        self.terms.retain(|key, known| {
            let Some(there) = other.terms.get(key) else {
                return false;
            };
            known.values = known.values.union(&there.values);
            known.taught.extend(&there.taught);
            known.taught.sort_unstable();
            known.taught.dedup();
            true
        });
        self
    }

    /// The value at a path is that one from now on; nothing else is known of its first name.
    pub(crate) fn set(&mut self, root: Root, path: &[Arc<str>], value: &Value, taught: u32) {
        let name = path.first();
        self.forget(|r, n| r == root && n.is_none_or(|n| name.is_none_or(|name| *n == **name)));
        let Some(values) = Values::of(value) else {
            return;
        };
        let reads: Reads = Arc::from([(root, name.cloned())]);
        self.learn(key::path(root, path), reads, values, taught);
    }

    /// What the value at a path can be, and the conditions that taught it.
    pub(crate) fn values(
        &self,
        root: Root,
        path: &[Arc<str>],
        ground: &dyn Ground,
    ) -> (Values, Vec<u32>) {
        match self.terms.get(&key::path(root, path)) {
            Some(known) => (known.values.clone(), known.taught.clone()),
            None => (ground.values(root, path), Vec::new()),
        }
    }

    fn learn(&mut self, key: Arc<str>, reads: Reads, values: Values, taught: u32) {
        if let Some(known) = self.terms.get_mut(&key) {
            if known.values != values {
                known.values = values;
                known.taught.push(taught);
            }
        } else if self.terms.len() < MAX_TERMS {
            let taught = vec![taught];
            self.terms.insert(
                key,
                Known {
                    reads,
                    values,
                    taught,
                },
            );
        }
    }
}
