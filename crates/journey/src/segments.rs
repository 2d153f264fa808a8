//! Segments: named conditions over traits.

use std::{collections::BTreeMap, sync::Arc};

use crate::expr::Expr;

/// The segments of a workspace: `config/segments/NAME.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Segments(BTreeMap<Arc<str>, Option<Expr>>);

impl Segments {
    /// Adds one; `None`: its condition cannot be read, which has been reported.
    pub(crate) fn declare(&mut self, name: &str, condition: Option<Expr>) {
        self.0.insert(Arc::from(name), condition);
    }

    /// The condition of that segment: the outer `None` if there is no such segment, the inner one
    /// if it was reported.
    pub fn get(&self, name: &str) -> Option<Option<&Expr>> {
        self.0.get(name).map(Option::as_ref)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|k| &**k)
    }
}
