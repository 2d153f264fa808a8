//! What people ask for by hand, in a sentence, in every language.

use super::Fact;
use crate::{
    action::Asked,
    explain::{Tongue, say},
};

impl Asked {
    /// What is asked for: `a pause`.
    pub fn say(self, tongue: &Tongue) -> String {
        match self {
            Self::Pause => say!(tongue, "a pause", "une pause"),
            Self::Resume => say!(tongue, "the end of its pause", "la fin de la pause"),
            Self::Exit => say!(tongue, "its exit", "la sortie"),
            Self::Advance => say!(tongue, "the end of its wait", "la fin de l’attente"),
            Self::Move => say!(tongue, "another version", "une autre version"),
            Self::Resend => say!(tongue, "the repeat of a message", "le renvoi d’un message"),
            Self::OptOut => say!(tongue, "an end to messages", "l’arrêt des messages"),
        }
    }
}

impl Fact {
    pub(super) fn acted(&self, tongue: &Tongue) -> String {
        let Self::Acted { asked, reason, .. } = self else {
            return String::new();
        };
        let what = asked.say(tongue);
        say!(
            tongue,
            "by hand, {what} was asked for: {reason}",
            "demande à la main, {what} : {reason}"
        )
    }
}
