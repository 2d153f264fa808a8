//! Steps that talk or lead elsewhere, as written.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;

use super::{Formula, Given, Send, Step, Word};
use crate::{diagnostic::SourceFile, machine::Target, source::Span};

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The question itself.
    pub send: Send,
    /// What counts as an answer; absent if it was unreadable.
    pub expect: Option<Expect>,
    /// Into what the answer goes.
    pub save: Option<Target>,
    /// How long to wait for it.
    pub within: Option<SignedDuration>,
    /// Whether `within` is written, readable or not.
    pub bounded: bool,
    /// How often to repeat.
    pub retry: u32,
    /// After the last answer that was not understood.
    pub not_understood: Vec<Step>,
    /// Silence, with the place of `else`.
    pub otherwise: Option<(Span, Vec<Step>)>,
}

/// What counts as an answer.
#[derive(Clone, Debug)]
pub enum Expect {
    /// One of these.
    Options(Vec<Choice>),
    /// Anything.
    Text,
    /// A number.
    Number {
        /// The least.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
    },
    /// A date.
    Date,
    /// A mail address.
    Email,
}

/// One answer that can be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name.
    pub name: Word,
    /// What the customer reads: by locale, or under the empty locale for all.
    pub label: BTreeMap<Arc<str>, Arc<str>>,
    /// Other words for it, with their places.
    pub synonyms: Vec<Word>,
    /// What happens then.
    pub then: Vec<Step>,
}

/// A call of an endpoint, or a hand-over.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which endpoint.
    pub endpoint: Option<Word>,
    /// What it is told.
    pub with: Option<Given>,
    /// Into what the answer goes.
    pub save: Option<Target>,
    /// How long to wait.
    pub within: Option<SignedDuration>,
    /// Whether `within` is written, readable or not.
    pub bounded: bool,
    /// Within what time a person should have done it.
    pub due: Option<SignedDuration>,
    /// The purpose of what a person writes.
    pub purpose: Option<Word>,
    /// On failure and time-out.
    pub otherwise: Vec<Step>,
}

/// Rounds of the same steps.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// From start to start; absent if it was unreadable.
    pub every: Option<SignedDuration>,
    /// At the most.
    pub times: Option<u32>,
    /// No more if.
    pub until: Option<Formula>,
    /// One round.
    pub steps: Vec<Step>,
}

/// A fragment at the place where it is used.
#[derive(Clone, Debug)]
pub struct Use {
    /// Its name.
    pub fragment: Word,
    /// Its file: the places in `steps` are places there.
    pub file: SourceFile,
    /// What its parameters are here, defaults included.
    pub given: BTreeMap<Arc<str>, Given>,
    /// Its steps, with parameters that are written out put in.
    pub steps: Vec<Step>,
}
