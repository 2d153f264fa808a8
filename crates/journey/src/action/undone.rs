//! Why actions come to nothing, in both languages.

/// Why an action came to nothing: an English sentence, which is what is kept, and the same in French.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone(&'static str, &'static str);

macro_rules! undone {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $french:literal;)*) => {
        impl Undone {
            $($(#[$doc])* pub const $name: Self = Self($english, $french);)*
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

undone! {
    /// The run is over, or there never was one of that id.
    OVER: "the customer has no such run, or it is over", "aucun parcours en cours de ce nom";
    /// It has left, and only watches for its goal.
    LEFT: "the run has left before", "déjà sorti du parcours";
    /// A person has paused it before.
    PAUSED_BEFORE: "a person has paused the run before", "déjà en pause, à la demande d’une personne";
    /// It is not paused.
    NOT_PAUSED: "the run was not paused", "pas en pause";
    /// Its journey is paused, and no person has paused it.
    JOURNEY_PAUSED: "its journey is paused: the run goes on when that does", "le parcours entier est en pause, et reprendra pour tous";
    /// It is paused, and takes no step.
    PAUSED: "the run is paused: it takes no step until it goes on", "en pause : aucune étape avant la reprise";
    /// It waits for nothing that ends.
    NO_WAIT: "its step waits for nothing", "l’étape n’attend rien";
    /// A rule holds its message back.
    HELD: "a rule holds its message back, and goes on holding it", "une règle retient le message, et le retient toujours";
    /// Another question is to be answered first.
    QUEUED: "another question is to be answered first", "une autre question attend d’abord sa réponse";
    /// The version is none of its journey's, or not known.
    NO_VERSION: "there is no such version of its journey", "pas de telle version de ce parcours";
    /// It is on that version.
    SAME_VERSION: "the run is on that version", "déjà sur cette version";
    /// The step at which it stands is gone in that version.
    NO_STEP: "that version does not have the step at which the run stands", "cette version n’a pas l’étape en cours";
    /// Runs on that version leave.
    VERSION_ENDS: "runs on that version are to leave it", "cette version est à quitter";
    /// There is no such message of this customer.
    NO_MESSAGE: "the customer has no such message", "pas de tel message pour ce client";
    /// It did not fail.
    NOT_FAILED: "the message has not failed", "le message n’a pas échoué";
    /// The version that decided it is gone, or its step sends nothing.
    NO_SEND: "the step that decided the message is not known any more", "l’étape qui avait décidé le message n’est plus connue";
    /// A person wrote it.
    WRITTEN: "a person wrote the message: it is written again in the inbox", "message écrit par une personne : à réécrire dans la boîte de réception";
    /// It was a question.
    QUESTION: "the message was a question, which its journey alone asks", "ce message était une question, que seul son parcours pose";
    /// It was sent again within a day.
    AGAIN: "the message was sent again within the last day", "message déjà renvoyé depuis moins d’un jour";
    /// Its journey goes on, and a person has paused the run.
    STAYS: "a person has paused the run: it stays where it is", "en pause à la demande d’une personne : la pause continue";
    /// The policies know no such purpose.
    NO_PURPOSE: "there is no such purpose", "pas de telle finalité";
}

impl Undone {
    /// As it is kept.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The French of what is kept, if that is one of these.
    pub fn in_french(kept: &str) -> Option<&'static str> {
        let found = Self::ALL.iter().find(|undone| undone.0 == kept);
        found.map(|undone| undone.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_both_languages_and_none_twice() {
        let mut said: Vec<&str> = Undone::ALL.iter().map(|u| u.as_str()).collect();
        for undone in Undone::ALL {
            assert_eq!(Undone::in_french(undone.as_str()), Some(undone.1));
        }
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), Undone::ALL.len());
    }
}
