//! From a place in a document to what may stand there.

use super::{Context, File, Takes, steps::STEP};

/// One step on the way from a document's root to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// The value of that field.
    Name(&'a str),
    /// The item of that number, from zero.
    Index(usize),
}

/// The words that may stand at a place of a file, or `None` where no named fields of ours stand.
pub fn context_at(file: File, path: &[Key<'_>]) -> Option<&'static Context> {
    takes_at(file, path)?.fields()
}

/// What may stand at a place of a file, or `None` where the way there leaves the language.
pub fn takes_at(file: File, path: &[Key<'_>]) -> Option<Takes> {
    path.iter()
        .try_fold(file.root(), |takes, key| below(&takes, key))
}

/// What may stand one step further.
pub(crate) fn below(takes: &Takes, key: &Key<'_>) -> Option<Takes> {
    match (takes, key) {
        (Takes::Named { value, .. }, Key::Name(_)) => Some(**value),
        (Takes::GivenMap | Takes::Given, _) => Some(Takes::Given),
        (Takes::Anything, _) => Some(Takes::Anything),
        (Takes::Steps, Key::Index(_)) => Some(Takes::Fields(&STEP)),
        (Takes::List(item) | Takes::OneOrMore(item), Key::Index(_)) => Some(**item),
        (Takes::OneOrMore(item), Key::Name(_)) => below(item, key),
        (Takes::Either(all), _) => all.iter().find_map(|t| below(t, key)),
        (_, Key::Name(name)) => takes.fields()?.word(name, &[]).map(|w| w.takes),
        _ => None,
    }
}
