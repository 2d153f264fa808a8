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

/// The candidate that is spelled most like `word`, if any is near enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let reach = match word.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|c| (strsim::osa_distance(&lower, &c.to_lowercase()), c))
        .filter(|(distance, _)| *distance <= reach)
        // Of two that are as near, the one that begins alike: few slips are of the first letter.
        .min_by_key(|(distance, c)| (*distance, c.chars().next() != word.chars().next()))
        .map(|(_, c)| c)
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
