//! Why an entry did not take a customer, in words.

use jiff::Timestamp;

use super::NotEntered;
use crate::explain::{Language, Tongue, say};

impl NotEntered {
    /// The reason in words, and what of it.
    pub(crate) fn of(
        self,
        what: Option<&str>,
        until: Option<Timestamp>,
        tongue: &Tongue,
    ) -> String {
        let until = until.map(|at| tongue.moment(at));
        match (self, what, until) {
            (Self::Condition, Some(what), _) => say!(
                tongue,
                "`{what}` does not hold",
                "la condition `{what}` n’est pas remplie"
            ),
            (Self::NullKey, Some(what), _) => say!(
                tongue,
                "its key `{what}` has no value",
                "sa clé `{what}` est vide"
            ),
            (Self::ExitHolds, Some(what), _) => say!(
                tongue,
                "the condition of its exit {what} already holds",
                "la condition de sa sortie {what} est déjà remplie"
            ),
            (Self::NotInSegment, Some(what), _) => say!(
                tongue,
                "the customer does not belong to the segment {what}",
                "le client n’appartient pas au segment {what}"
            ),
            (Self::Again, _, Some(until)) => say!(
                tongue,
                "`again` does not allow another entry before {until}",
                "`again` n’autorise pas de nouvelle entrée avant le {until}"
            ),
            _ => self.say(tongue.language).into(),
        }
    }

    /// The reason in words.
    pub fn say(self, language: Language) -> &'static str {
        let both = match self {
            Self::Condition => [
                "its `if` does not hold",
                "sa condition `if` n’est pas remplie",
            ],
            Self::NullKey => ["its `key` has no value", "sa clé `key` est vide"],
            Self::Inside => [
                "a run with this key is already inside",
                "un passage avec cette clé est déjà en cours",
            ],
            Self::Again => [
                "`again` does not allow another entry",
                "`again` n’autorise pas une nouvelle entrée",
            ],
            Self::Stale => [
                "the event is older than `fresh` allows",
                "l’événement est plus ancien que `fresh` ne l’autorise",
            ],
            Self::ExitHolds => [
                "an exit condition already holds",
                "une condition de sortie est déjà remplie",
            ],
            Self::TooManyRuns => [
                "the customer has too many open runs",
                "le client a trop de passages en cours",
            ],
            Self::TooManyKeys => [
                "the customer has entered it with too many different keys",
                "le client y est entré avec trop de clés différentes",
            ],
            Self::KeyTooLong => [
                "its `key` is longer than 256 bytes",
                "sa clé `key` dépasse 256 octets",
            ],
            Self::NotInSegment => [
                "the customer does not belong to the segment",
                "le client n’appartient pas au segment",
            ],
            Self::NotStartable => [
                "no published journey of that name has an entry by `api`",
                "aucun parcours publié de ce nom n’a d’entrée par `api`",
            ],
            Self::Paused => ["the journey is paused", "le parcours est en pause"],
        };
        both[language as usize]
    }
}
