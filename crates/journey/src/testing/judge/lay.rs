//! An expected list laid beside the one that was found.

use super::{
    Failure, Judge, Row, Stands,
    align::{Pair, align},
};
use crate::{source::Span, testing::written::List};

/// Something wrong at a place of `tests.yaml`.
pub(super) type Wrong = (Span, String);

/// How the items of two lists are compared and named.
pub(super) struct Speech<'s, E, F> {
    /// Whether both are about the same thing.
    pub(super) same: &'s dyn Fn(&E, &F) -> bool,
    /// Where they differ though they are.
    pub(super) differs: &'s dyn Fn(&E, &F) -> Vec<Wrong>,
    /// What is said of an expected one that is missing.
    pub(super) missing: &'s dyn Fn(&E) -> Wrong,
    /// What is said of one that nobody expected.
    pub(super) extra: &'s dyn Fn(&F) -> String,
    /// An expected one in a line.
    pub(super) wanted: &'s dyn Fn(&E) -> String,
    /// A found one in a line.
    pub(super) shown: &'s dyn Fn(&F) -> String,
}

/// Two lists beside each other.
pub(super) struct Laid {
    wrong: Vec<Wrong>,
    rows: Vec<Row>,
    expected: Vec<String>,
    found: Vec<String>,
    /// The numbers of those found that are too much or different.
    pub(super) odd: Vec<usize>,
}

/// Lays them so that as much as possible agrees.
pub(super) fn lay<E, F>(list: &List<E>, found: &[F], speech: &Speech<'_, E, F>) -> Laid {
    let items = &list.items;
    let mut laid = Laid {
        wrong: Vec::new(),
        rows: Vec::new(),
        expected: items.iter().map(speech.wanted).collect(),
        found: found.iter().map(speech.shown).collect(),
        odd: Vec::new(),
    };
    let same = |i: usize, j: usize| (speech.same)(&items[i], &found[j]);
    for pair in align(items.len(), found.len(), same) {
        match pair {
            Pair::Both(i, j) => laid.both((speech.differs)(&items[i], &found[j]), j),
            Pair::First(i) => {
                laid.wrong.push((speech.missing)(&items[i]));
                laid.row(Stands::Missing, laid.expected[i].clone());
            }
            Pair::Second(j) => {
                laid.wrong
                    .push((list.span.clone(), (speech.extra)(&found[j])));
                laid.row(Stands::Extra, laid.found[j].clone());
                laid.odd.push(j);
            }
        }
    }
    laid
}

impl Laid {
    fn both(&mut self, differs: Vec<Wrong>, found: usize) {
        let stands = if differs.is_empty() {
            Stands::Both
        } else {
            self.odd.push(found);
            Stands::Differs
        };
        self.row(stands, self.found[found].clone());
        self.wrong.extend(differs);
    }

    fn row(&mut self, stands: Stands, text: String) {
        self.rows.push(Row { stands, text });
    }
}

impl Judge<'_> {
    /// The failure of a list, if there is one.
    pub(super) fn fail_list(
        &mut self,
        about: &'static str,
        says: &str,
        laid: Laid,
    ) -> Option<&mut Failure> {
        let mut wrong = merged(laid.wrong).into_iter();
        let (span, label) = wrong.next()?;
        let failure = self.fail(about, &span, says.to_owned(), label);
        failure.diagnostic.also = wrong.collect();
        failure.rows = laid.rows;
        (failure.expected, failure.found) = (laid.expected, laid.found);
        Some(failure)
    }
}

/// What is wrong at one place, said at once, and what is wrong several times, once.
fn merged(wrong: Vec<Wrong>) -> Vec<Wrong> {
    let mut counted: Vec<(Wrong, usize)> = Vec::new();
    for wrong in wrong {
        match counted.iter_mut().find(|(known, _)| *known == wrong) {
            Some((_, times)) => *times += 1,
            None => counted.push((wrong, 1)),
        }
    }
    let mut merged: Vec<Wrong> = Vec::new();
    for ((span, says), times) in counted {
        let says = match times {
            1 => says,
            2 => format!("{says}, twice"),
            _ => format!("{says}, {times} times"),
        };
        match merged.iter_mut().find(|m| m.0 == span) {
            Some((_, said)) => *said = format!("{said}; {says}"),
            None => merged.push((span, says)),
        }
    }
    merged
}
