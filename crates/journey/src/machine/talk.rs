//! Steps that talk: questions to the customer, calls to endpoints and people.

use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{NodeId, Send};
use crate::{
    content::Offer,
    expr::{Expr, Operand},
    localized::{self, Localized},
};

/// A question (rule 29): a send, then a wait for the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The question, with its channels and its limits.
    pub send: Send,
    /// What counts as an answer.
    pub expect: Expect,
    /// Into which variable of the run or trait the answer goes.
    pub save: Option<super::Target>,
    /// How long to wait for the answer; `None`: for ever.
    pub within: Option<SignedDuration>,
    /// How often the question is repeated after an answer that was not understood.
    pub retry: u32,
    /// Where the last answer that was not understood leads.
    pub not_understood: NodeId,
    /// Where silence leads, and a question that could not be sent.
    pub otherwise: NodeId,
}

impl Ask {
    /// The answers that it offers, as a customer of that locale reads them: in their language, else in
    /// the one for all, else in the default one.
    pub fn offers(&self, locale: &str, default: &str) -> Vec<Offer> {
        let Expect::Options(choices) = &self.expect else {
            return Vec::new();
        };
        let offer = |choice: &Choice| {
            let label = localized::read(&choice.label, locale, default);
            Offer {
                name: choice.name.to_string(),
                label: label.unwrap_or(&choice.name).to_string(),
            }
        };
        choices.iter().map(offer).collect()
    }

    /// Where answers, misunderstandings and silence lead; `next`: what stands behind the question.
    pub(super) fn leads_to(&self, next: NodeId) -> Vec<NodeId> {
        let answers = match &self.expect {
            Expect::Options(choices) => choices.iter().map(|c| c.then).collect(),
            _ => vec![next],
        };
        let others = [self.not_understood, self.otherwise];
        answers.into_iter().chain(others).collect()
    }
}

/// What counts as an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// One of these, in the order in which they are offered.
    Options(Vec<Choice>),
    /// Anything that is not empty.
    Text,
    /// A number within bounds.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What `steps.ID.answer` is.
    pub name: Arc<str>,
    /// What the customer reads.
    pub label: Localized,
    /// Other words for it.
    pub synonyms: Vec<Arc<str>>,
    /// Where it leads.
    pub then: NodeId,
}

/// A call of an endpoint (rule 30).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The endpoint's name in `config/endpoints.yaml`.
    pub endpoint: Arc<str>,
    /// What it is told.
    pub with: Option<Operand>,
    /// Into which variable of the run or trait the answer goes.
    pub save: Option<super::Target>,
    /// How long to wait for the answer; `None`: until it comes or has failed for good.
    pub within: Option<SignedDuration>,
    /// Within what time a person should have done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<SignedDuration>,
    /// Where a final failure or a time-out leads.
    pub otherwise: NodeId,
}

/// A hand-over to a person, and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    /// The endpoint that brings it to a person.
    pub endpoint: Arc<str>,
    /// What they need to know.
    pub with: Option<Operand>,
    /// Into which variable of the run or trait goes what they hand back with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<super::Target>,
    /// Within what time they should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<SignedDuration>,
    /// The purpose of what they write; `None`: the first that needs no consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Arc<str>>,
    /// How long to wait until it is handed back; `None`: for ever.
    pub within: Option<SignedDuration>,
    /// Where a time-out or a final failure leads.
    pub otherwise: NodeId,
}

/// Rounds of the same steps (rule 32).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// From the start of a round to the start of the next.
    pub every: SignedDuration,
    /// How many rounds at the most: 1 to 366.
    pub times: u32,
    /// Tested before each later round: no more if it holds.
    pub until: Option<Expr>,
    /// The first step of a round; its last goes on at the `repeat` itself.
    pub first: NodeId,
}
