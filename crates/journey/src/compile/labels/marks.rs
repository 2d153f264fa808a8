//! Which labels a value carries, and where they came from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::source::Span;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Place {
    pub(super) fn new(file: &Arc<str>, span: &Span) -> Self {
        Self {
            file: file.clone(),
            start: span.start,
            end: span.end,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.start..self.end
    }
}

/// Where labelled data was read.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// What was read, as people write it: `` `customer.allergies` ``.
    pub(super) what: String,
    pub(super) place: Place,
    /// What to say at the place.
    pub(super) said: &'static str,
}

/// The labels of a value, each with the first place that brought it.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(pub(super) BTreeMap<Arc<str>, Origin>);

impl Marks {
    pub(super) fn of(labels: BTreeSet<Arc<str>>, origin: &Origin) -> Self {
        let marked = labels.into_iter().map(|label| (label, origin.clone()));
        Self(marked.collect())
    }

    /// Takes over the labels of another value; whether there were any that this one did not have.
    pub(super) fn add(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        for (label, origin) in &other.0 {
            self.0
                .entry(label.clone())
                .or_insert_with(|| origin.clone());
        }
        self.0.len() > before
    }

    pub(super) fn with(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    pub(super) fn all<'m>(marks: impl IntoIterator<Item = &'m Self>) -> Self {
        marks.into_iter().fold(Self::default(), Self::with)
    }
}
