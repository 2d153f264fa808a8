//! What is wrong with an expression, as data: the language front end places it in its file.

use std::ops::Range;

/// One mistake in an expression. Spans are bytes of the expression's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The exact words.
    pub span: Range<usize>,
    /// `J202`; see `docs/expressions.md`.
    pub code: &'static str,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to say under the caret; may be empty.
    pub label: String,
    /// Why, and the cure.
    pub notes: Vec<String>,
    /// What to write instead.
    pub replacement: Option<(Range<usize>, String)>,
}

impl Problem {
    pub(super) fn new(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            code,
            message: message.into(),
            label: String::new(),
            notes: Vec::new(),
            replacement: None,
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Writes `text` in place of the words at fault.
    pub(super) fn instead(mut self, text: impl Into<String>) -> Self {
        self.replacement = Some((self.span.clone(), text.into()));
        self
    }

    /// Offers `near`, if there is one, in the label and as the replacement.
    pub(super) fn did_you_mean(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.label(format!("did you mean `{near}`?")).instead(near),
            None => self,
        }
    }
}

/// Nobody means a name by a longer text, in bytes, and comparing it would take long.
const LONGEST: usize = 64;

/// The candidate that is spelled most like `word`, if one is near enough to be meant and no other
/// is as near: letters left out, added, changed or swapped, whatever their case.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let reach = match word.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let alike = |c: &str| {
        let both = lower.chars().zip(c.chars());
        both.take_while(|(a, b)| a == b).count()
    };
    let mut near: Vec<_> = candidates
        .into_iter()
        .map(|c| (c.to_lowercase(), c))
        .map(|(small, c)| (strsim::osa_distance(&lower, &small), alike(&small), c))
        .filter(|(distance, ..)| *distance <= reach)
        .collect();
    // Of two that are as near, the one that begins alike: slips are seldom at the beginning.
    near.sort_by_key(|(distance, alike, _)| (*distance, std::cmp::Reverse(*alike)));
    match near.as_slice() {
        // A guess between two would be right by chance.
        [a, b, ..] if (a.0, a.1) == (b.0, b.1) && a.2 != b.2 => None,
        [(_, _, best), ..] => Some(best),
        [] => None,
    }
}

/// Up to twelve names, for a note.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let shown = names
        .iter()
        .take(12)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > 12 {
        format!("{shown} and {} more", names.len() - 12)
    } else {
        shown
    }
}
