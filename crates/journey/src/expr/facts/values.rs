//! The values that a term can have, as far as conditions tell them apart.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;

use crate::value::Value;

/// Beyond this, whole numbers and doubles are not the same.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// How many single values are told apart; of more, none.
const MAX_TOLD: usize = 256;

/// A set of values: kind by kind what is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values {
    pub null: bool,
    /// `true`.
    pub yes: bool,
    /// `false`.
    pub no: bool,
    pub numbers: Numbers,
    /// Durations, in seconds.
    pub spans: Numbers,
    pub texts: Texts,
    /// Moments, lists and maps.
    pub others: bool,
}

/// An interval of numbers without some of its points; empty where `low` is above `high`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    /// The bound, and whether it belongs to it.
    pub low: (f64, bool),
    pub high: (f64, bool),
    without: Vec<f64>,
}

/// Texts: some, or all but some.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Texts {
    Only(BTreeSet<Arc<str>>),
    Except(BTreeSet<Arc<str>>),
}

impl Values {
    /// Any value.
    pub(crate) fn any() -> Self {
        Self {
            null: true,
            yes: true,
            no: true,
            numbers: Numbers::all(),
            spans: Numbers::all(),
            texts: Texts::all(),
            others: true,
        }
    }

    /// No value at all.
    pub(crate) fn none() -> Self {
        Self {
            null: false,
            yes: false,
            no: false,
            numbers: Numbers::none(),
            spans: Numbers::none(),
            texts: Texts::none(),
            others: false,
        }
    }

    /// Null alone.
    pub(crate) fn null() -> Self {
        Self {
            null: true,
            ..Self::none()
        }
    }

    /// True or false.
    pub(crate) fn truth() -> Self {
        Self {
            yes: true,
            no: true,
            ..Self::none()
        }
    }

    /// One of these texts.
    pub(crate) fn among(texts: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self {
            texts: Texts::Only(texts.into_iter().collect()),
            ..Self::none()
        }
    }

    /// The same or null.
    pub(crate) fn or_null(self) -> Self {
        Self { null: true, ..self }
    }

    /// All that are equal to that one; `None` where that is not told apart here.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let none = Self::none();
        Some(match value {
            Value::Null => Self::null(),
            Value::Bool(yes) => Self {
                yes: *yes,
                no: !yes,
                ..none
            },
            Value::Int(_) | Value::Float(_) => Self {
                numbers: Numbers::just(exact(value.as_number()?)?),
                ..none
            },
            // A text that spells an instant or a duration is equal to that as well.
            Value::Text(text) if !spells(text) => Self::among([text.clone()]),
            Value::Span(span) => Self {
                spans: Numbers::just(exact(span.as_secs_f64())?),
                texts: Texts::all(),
                ..none
            },
            _ => return None,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        !(self.null || self.yes || self.no || self.others)
            && self.numbers.is_empty()
            && self.spans.is_empty()
            && self.texts.is_empty()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self {
            null: self.null || other.null,
            yes: self.yes || other.yes,
            no: self.no || other.no,
            numbers: self.numbers.union(&other.numbers),
            spans: self.spans.union(&other.spans),
            texts: self.texts.union(&other.texts),
            others: self.others || other.others,
        }
    }

    pub(crate) fn both(&self, other: &Self) -> Self {
        Self {
            null: self.null && other.null,
            yes: self.yes && other.yes,
            no: self.no && other.no,
            numbers: self.numbers.both(&other.numbers),
            spans: self.spans.both(&other.spans),
            texts: self.texts.both(&other.texts),
            others: self.others && other.others,
        }
    }

    /// Those that are not equal to `value`.
    pub(crate) fn but(&self, value: &Value) -> Self {
        let mut rest = self.clone();
        match value {
            Value::Null => rest.null = false,
            Value::Bool(true) => rest.yes = false,
            Value::Bool(false) => rest.no = false,
            Value::Int(_) | Value::Float(_) => {
                if let Some(point) = value.as_number().and_then(exact) {
                    rest.numbers = rest.numbers.but(point);
                }
            }
            Value::Text(text) => rest.texts = rest.texts.but(text),
            _ => {}
        }
        rest
    }
}

/// A number that is the same as a whole one and as a double.
pub(super) fn exact(n: f64) -> Option<f64> {
    (n.abs() < EXACT).then_some(n)
}

/// Whether a text may spell an instant or a duration.
pub(super) fn spells(text: &str) -> bool {
    let span = text.starts_with(['P', '-']) && text.parse::<SignedDuration>().is_ok();
    span || super::super::eval::moment_text(text).is_some()
}

impl Numbers {
    pub(crate) fn all() -> Self {
        Self::between((f64::NEG_INFINITY, true), (f64::INFINITY, true))
    }

    pub(crate) fn none() -> Self {
        Self::between((1.0, false), (0.0, false))
    }

    pub(crate) fn between(low: (f64, bool), high: (f64, bool)) -> Self {
        Self {
            low,
            high,
            without: Vec::new(),
        }
    }

    fn just(n: f64) -> Self {
        Self::between((n, true), (n, true))
    }

    pub(crate) fn is_empty(&self) -> bool {
        let (low, high) = (self.low, self.high);
        low.0 > high.0 || (low.0 == high.0 && (!(low.1 && high.1) || self.without.contains(&low.0)))
    }

    fn both(&self, other: &Self) -> Self {
        let mut without = self.without.clone();
        without.extend(other.without.iter().filter(|p| !self.without.contains(p)));
        without.truncate(MAX_TOLD);
        Self {
            low: inner(self.low, other.low, Ordering::Greater),
            high: inner(self.high, other.high, Ordering::Less),
            without,
        }
    }

    fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let points = self.without.iter().chain(&other.without).copied();
        let mut without: Vec<f64> = Vec::new();
        for point in points {
            if !self.has(point) && !other.has(point) && !without.contains(&point) {
                without.push(point);
            }
        }
        Self {
            low: outer(self.low, other.low, Ordering::Less),
            high: outer(self.high, other.high, Ordering::Greater),
            without,
        }
    }

    fn has(&self, point: f64) -> bool {
        !self.both(&Self::just(point)).is_empty()
    }

    fn but(mut self, point: f64) -> Self {
        if !self.without.contains(&point) && self.without.len() < MAX_TOLD {
            self.without.push(point);
        }
        self
    }
}

/// Of two lower bounds the higher, of two upper bounds the lower: where `wins` is how the first
/// one lies to the second.
fn inner(a: (f64, bool), b: (f64, bool), wins: Ordering) -> (f64, bool) {
    match a.0.total_cmp(&b.0) {
        Ordering::Equal => (a.0, a.1 && b.1),
        order if order == wins => a,
        _ => b,
    }
}

/// The other one of [`inner`].
fn outer(a: (f64, bool), b: (f64, bool), wins: Ordering) -> (f64, bool) {
    match a.0.total_cmp(&b.0) {
        Ordering::Equal => (a.0, a.1 || b.1),
        order if order == wins => a,
        _ => b,
    }
}

impl Texts {
    pub(crate) fn all() -> Self {
        Self::Except(BTreeSet::new())
    }

    pub(crate) fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Only(some) if some.is_empty())
    }

    fn both(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a & b),
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) => {
                Self::Only(a - b)
            }
            // Fewer exceptions leave more: too many are not kept.
            (Self::Except(a), Self::Except(b)) if a.len() + b.len() <= MAX_TOLD => {
                Self::Except(a | b)
            }
            (Self::Except(a), Self::Except(_)) => Self::Except(a.clone()),
        }
    }

    fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) if a.len() + b.len() <= MAX_TOLD => Self::Only(a | b),
            (Self::Only(_), Self::Only(_)) => Self::all(),
            (Self::Only(a), Self::Except(b)) | (Self::Except(b), Self::Only(a)) => {
                Self::Except(b - a)
            }
            (Self::Except(a), Self::Except(b)) => Self::Except(a & b),
        }
    }

    fn but(&self, text: &Arc<str>) -> Self {
        let one = BTreeSet::from([text.clone()]);
        self.both(&Self::Except(one))
    }
}
