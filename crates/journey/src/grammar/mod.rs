//! The words of every kind of YAML file, as data.
//!
//! One place says which words may stand where, what each takes, what holds without it, and one
//! sentence about it for people. The JSON Schemas under `config/schema/`, the word tables of
//! `docs/language.md` and the language server are made from it; tests hold it against the parser, in
//! both directions.

mod endpoints;
mod files;
mod fragments;
mod head;
mod lookup;
mod policies;
mod schemas;
mod segments;
mod sends;
mod settings;
mod sources;
mod steps;
mod stories;
mod takes;
mod waits;

pub mod json_schema;
pub mod reference;

pub use files::File;
pub(crate) use lookup::below;
pub use lookup::{Key, context_at, takes_at};
pub use settings::VARIABLES;
pub use takes::{Choice, Known, Takes};

/// Named fields that belong together: a journey, a step, a cap.
#[derive(Debug)]
pub struct Context {
    /// Its name in schemas and anchors, unique: `journey`, `step`, `cap`.
    pub name: &'static str,
    /// What it is, in the words of messages: `a journey`, `a step`, `quiet hours`.
    pub what: &'static str,
    /// One sentence about it.
    pub about: &'static str,
    /// The words that may stand in each of its forms.
    pub words: &'static [Word],
    /// Its forms, told apart by their first word; none where there is but one form.
    pub forms: &'static [Form],
    /// Words of which at least one must stand there.
    pub some: &'static [&'static str],
    /// What stands behind names that the author chooses, beside the words; none may be chosen where absent.
    pub rest: Option<Takes>,
}

/// One form, nothing to choose.
const PLAIN: Context = Context {
    name: "",
    what: "",
    about: "",
    words: &[],
    forms: &[],
    some: &[],
    rest: None,
};

/// One form of a context: a step that sends, an entry by event.
#[derive(Debug)]
pub struct Form {
    /// The word that makes it this form; exactly one stands in every place.
    pub head: Word,
    /// The words that may stand beside it.
    pub words: &'static [Word],
    /// What it is, in the words of messages: ``a `send` ``.
    pub what: &'static str,
}

/// A word and what it means where it stands.
#[derive(Debug)]
pub struct Word {
    /// As authors write it.
    pub name: &'static str,
    /// What may stand behind it.
    pub takes: Takes,
    /// What holds where it is not written.
    pub without: Without,
    /// One sentence for people, without a full stop at its end.
    pub about: &'static str,
    /// How it is written, as one line of YAML: `within: 2h`.
    pub example: &'static str,
}

/// What holds where a word is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// It must be written.
    Error,
    /// This value, as an author would write it.
    Value(&'static str),
    /// What these words say.
    Said(&'static str),
    /// Nothing to say.
    Nothing,
}

const fn word(
    name: &'static str,
    takes: Takes,
    about: &'static str,
    example: &'static str,
) -> Word {
    Word {
        name,
        takes,
        without: Without::Nothing,
        about,
        example,
    }
}

impl Word {
    /// It must be written.
    const fn needed(mut self) -> Self {
        self.without = Without::Error;
        self
    }

    /// The value that holds without it.
    const fn or(mut self, value: &'static str) -> Self {
        self.without = Without::Value(value);
        self
    }

    /// What holds without it, in words.
    const fn or_else(mut self, said: &'static str) -> Self {
        self.without = Without::Said(said);
        self
    }

    /// Whether it must be written.
    pub fn required(&self) -> bool {
        self.without == Without::Error
    }

    /// The value that holds without it, as an author would write it.
    pub fn default(&self) -> Option<&'static str> {
        match self.without {
            Without::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl Form {
    /// Its words without those of its context, the head first.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        std::iter::once(&self.head).chain(self.words)
    }
}

impl Context {
    /// The form that the words which stand there make; `None` where there is but one, or none yet.
    pub fn form(&self, present: &[&str]) -> Option<&Form> {
        self.forms.iter().find(|f| present.contains(&f.head.name))
    }

    /// The words that may stand beside those which stand there: of the form that they make, or of
    /// the context itself with the heads of all forms. Words that are present are listed as well.
    pub fn offers(&self, present: &[&str]) -> Vec<&Word> {
        match self.form(present) {
            Some(form) => form.words().chain(self.words).collect(),
            None => self
                .forms
                .iter()
                .map(|f| &f.head)
                .chain(self.words)
                .collect(),
        }
    }

    /// What a word means beside those which stand there. Beside none that tells the form, the
    /// first form that has the word decides.
    pub fn word(&self, name: &str, present: &[&str]) -> Option<&Word> {
        let offered = self.offers(present).into_iter().find(|w| w.name == name);
        offered.or_else(|| {
            self.forms
                .iter()
                .flat_map(Form::words)
                .find(|w| w.name == name)
        })
    }
}
