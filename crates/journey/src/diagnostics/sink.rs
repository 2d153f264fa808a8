//! Where diagnostics of one file are gathered.

use std::sync::Arc;

use crate::{
    diagnostic::{Diagnostic, Elsewhere, Severity, SourceFile},
    expr::nearest,
    source::Span,
};

/// How many diagnostics one file gets: nobody reads more.
pub const MAX_FOUND: usize = 500;

/// The diagnostics of one file, in the making.
#[derive(Debug)]
pub struct Sink {
    file: Arc<str>,
    found: Vec<Diagnostic>,
}

impl Sink {
    /// For that file.
    pub fn new(file: &SourceFile) -> Self {
        Self {
            file: file.path.clone(),
            found: Vec::new(),
        }
    }

    /// Adds an error; the words to say beside it follow by method.
    pub fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.error_in(self.file.clone(), code, span, message)
    }

    /// Adds an error of another file, which this one brought to light.
    pub(crate) fn error_in(
        &mut self,
        file: Arc<str>,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let index = self.found.len();
        self.found.push(Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            file,
            span,
            label: String::new(),
            also: Vec::new(),
            elsewhere: Vec::new(),
            notes: Vec::new(),
            replacement: None,
        });
        &mut self.found[index]
    }

    /// What was reported last, if it is of that code.
    pub(crate) fn last(&mut self, code: &str) -> Option<&mut Diagnostic> {
        self.found.last_mut().filter(|d| d.code == code)
    }

    /// The last one of some codes.
    pub(crate) fn last_of(&self, codes: &[&str]) -> Option<&Diagnostic> {
        self.found.iter().rev().find(|d| codes.contains(&d.code))
    }

    /// Changes everything that was found.
    pub(crate) fn change(&mut self, change: impl Fn(&mut Diagnostic)) {
        self.found.iter_mut().for_each(change);
    }

    /// Takes over what was found in another file that this one uses.
    pub(crate) fn absorb(&mut self, other: Self) {
        for diagnostic in other.found {
            if !self.found.contains(&diagnostic) {
                self.found.push(diagnostic);
            }
        }
    }

    /// Whether an error stands.
    pub fn failed(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether that code is reported at that very place already.
    pub fn has(&self, code: &str, span: &Span) -> bool {
        self.found
            .iter()
            .any(|d| d.code == code && d.span == *span && d.file == self.file)
    }

    /// What was found, in the order of the text.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        if self.found.len() > MAX_FOUND {
            // Errors first, so that a file with an error never looks like one without.
            self.found.sort_by_key(|d| std::cmp::Reverse(d.severity));
            self.found.truncate(MAX_FOUND);
        }
        self.found
            .sort_by_key(|d| (d.span.start, d.span.end, d.code));
        self.found
    }
}

impl Diagnostic {
    /// What to say under the caret.
    pub(crate) fn labelled(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// A line under the snippet.
    pub(crate) fn noted(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    /// Another place that explains it.
    pub(crate) fn shown(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.also.push((span, label.into()));
        self
    }

    /// A place in another file that explains it.
    pub(crate) fn shown_in(
        &mut self,
        file: Arc<str>,
        span: Span,
        label: impl Into<String>,
    ) -> &mut Self {
        let label = label.into();
        self.elsewhere.push(Elsewhere { file, span, label });
        self
    }

    /// What to write instead.
    pub(crate) fn replaced(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.replacement = Some((span, text.into()));
        self
    }

    /// Only a warning.
    pub(crate) fn warns(&mut self) -> &mut Self {
        self.severity = Severity::Warning;
        self
    }

    /// Offers a word for the whole span, as label and replacement.
    pub(crate) fn offered(&mut self, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.label = format!("did you mean `{word}`?");
            self.replacement = Some((self.span.clone(), word.to_owned()));
        }
        self
    }

    /// Says what to write in place of the whole span, as label and replacement.
    pub(crate) fn rewritten(&mut self, text: impl Into<String>) -> &mut Self {
        let text = text.into();
        self.label = format!("write `{text}`");
        self.replacement = Some((self.span.clone(), text));
        self
    }

    /// Offers the nearest of `names` for `word`, as label and replacement of the whole span.
    pub(crate) fn guessed<'n>(
        &mut self,
        word: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> &mut Self {
        if let Some(name) = nearest(word, names) {
            self.label = format!("did you mean `{name}`?");
            self.replacement = Some((self.span.clone(), name.to_owned()));
        }
        self
    }
}
