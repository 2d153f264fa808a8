//! Inputs, and what was decided on them, as lines of evidence.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Evidence, Tongue, say};
use crate::{
    ids::InputId,
    trace::{Fact, Line},
};

/// What brought an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// An event of that name.
    Event(Arc<str>),
    /// Its time had come.
    Time,
    /// News of a message.
    Message,
    /// News of a call.
    Call,
    /// A date among the traits.
    Date,
    /// A schedule.
    Schedule,
    /// The publication of a journey.
    Publication,
    /// Another version, or a pause.
    Passage,
    /// Somebody was merged into the customer.
    TakeOver,
}

impl Occasion {
    pub(super) fn say(&self, tongue: &Tongue) -> String {
        match self {
            Self::Event(name) => say!(tongue, "the event {name}", "l’événement {name}"),
            Self::Time => say!(tongue, "its time had come", "l’heure était venue"),
            Self::Message => say!(tongue, "news of a message", "nouvelles d’un message"),
            Self::Call => say!(tongue, "news of a call", "nouvelles d’un appel"),
            Self::Date => say!(tongue, "a date", "une date"),
            Self::Schedule => say!(tongue, "the schedule", "le calendrier"),
            Self::Publication => say!(tongue, "the publication", "la publication"),
            Self::TakeOver => say!(
                tongue,
                "what was known of another customer",
                "ce que l’on savait d’un autre client"
            ),
            Self::Passage => say!(
                tongue,
                "a publication or a pause",
                "une publication ou une pause"
            ),
        }
    }
}

/// An input, and what was decided on it about one run or one journey.
#[derive(Clone, Debug)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What brought it.
    pub occasion: Occasion,
    /// Which.
    pub input: InputId,
    /// What was decided, in order; never empty.
    pub lines: Vec<Line>,
}

impl Told {
    pub(super) fn has(&self, is: impl Fn(&Fact) -> bool) -> bool {
        self.lines.iter().any(|line| is(&line.fact))
    }

    /// `Monday 5 January 2026, 12:01, its time had come: arm reminder; decided to send by email`. That the run
    /// entered is told elsewhere.
    pub(super) fn line(&self, tongue: &Tongue) -> Option<Evidence> {
        let (at, occasion) = (tongue.moment(self.at), self.occasion.say(tongue));
        let facts = self.lines.iter().map(|line| &line.fact);
        let facts = facts.filter(|fact| !matches!(fact, Fact::Entered { .. }));
        let facts: Vec<String> = facts.map(|fact| fact.say(tongue)).collect();
        if facts.is_empty() {
            return None;
        }
        let facts = tongue.say(|| facts.join("; "), || facts.join(" ; "));
        Some(Evidence {
            input: Some(self.input),
            ..Evidence::from(say!(
                tongue,
                "{at}, {occasion}: {facts}",
                "{at}, {occasion} : {facts}"
            ))
        })
    }
}
