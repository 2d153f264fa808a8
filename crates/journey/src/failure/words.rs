//! Failures in words. Words of somebody else's are quoted as they came, in either language.

use super::{Failure, Whom};
use crate::{
    explain::{Tongue, say},
    trace::suppression,
};

impl Whom {
    fn say(self, tongue: &Tongue) -> &'static str {
        let both = match self {
            Self::Provider => ["the provider", "le prestataire d’envoi"],
            Self::MailServer => ["the mail server", "le serveur de messagerie"],
            Self::Endpoint => ["the endpoint", "le service appelé"],
        };
        both[tongue.language as usize]
    }
}

impl Failure {
    /// What went wrong, within a sentence.
    pub fn say(&self, tongue: &Tongue) -> String {
        match self {
            Self::Template(error) => error.say(tongue),
            Self::Words { words } => tongue.quoted(words),
            Self::GaveUp { tries, last } => {
                let last = last.say(tongue);
                let (english, french) = if *tries == 1 {
                    ("try", "essai")
                } else {
                    ("tries", "essais")
                };
                say!(
                    tongue,
                    "gave up after {tries} {english}: {last}",
                    "abandon après {tries} {french} : {last}"
                )
            }
            Self::Http {
                whom,
                status,
                words,
            } => http(*whom, *status, words.as_deref(), tongue),
            Self::Slow { .. }
            | Self::Unreachable { .. }
            | Self::LetsNobodyIn { .. }
            | Self::Smtp { .. } => self.of_provider(tongue),
            Self::Answer { .. }
            | Self::Secret { .. }
            | Self::NoJson
            | Self::TooLate
            | Self::NoEndpoint { .. }
            | Self::OwnNetwork { .. }
            | Self::NotAllowed { .. }
            | Self::Unkept
            | Self::Staged => self.of_call(tongue),
            Self::NoProvider { .. }
            | Self::Source { .. }
            | Self::Parameter { .. }
            | Self::NoVouchers { .. }
            | Self::Content { .. }
            | Self::UnsubscribeLink
            | Self::AddressUnusable { .. } => self.of_content(tongue),
            Self::Restricted
            | Self::ConsentTakenBack
            | Self::Chosen
            | Self::Suppressed { .. }
            | Self::Erased
            | Self::Listed
            | Self::OnlyTo
            | Self::Expired
            | Self::AddressGone => self.of_second_look(tongue),
        }
    }

    /// What dispatch found when a message's turn came (rule 50).
    fn of_second_look(&self, tongue: &Tongue) -> String {
        match self {
            Self::Restricted => say!(
                tongue,
                "the customer's processing is restricted",
                "le traitement des données du client est limité"
            ),
            Self::ConsentTakenBack => say!(
                tongue,
                "the consent had been taken back",
                "le consentement avait été retiré"
            ),
            Self::Chosen => say!(
                tongue,
                "the customer had chosen so in the meantime",
                "le client en avait décidé ainsi entre-temps"
            ),
            Self::Suppressed { why } => {
                let why = suppression(why, tongue);
                say!(
                    tongue,
                    "the address was not used any more ({why})",
                    "l’adresse n’était plus utilisée ({why})"
                )
            }
            Self::Erased => say!(
                tongue,
                "the person whose address this was has been erased, and nobody has consented with it since",
                "la personne à qui était cette adresse a été effacée, et aucun consentement n’a été donné depuis"
            ),
            Self::Listed => say!(
                tongue,
                "the address is on the suppression list, and nobody has consented with it since",
                "l’adresse est sur la liste d’exclusion, et aucun consentement n’a été donné depuis"
            ),
            Self::OnlyTo => say!(
                tongue,
                "messages go to a few addresses only here (`channels.only_to`), and this is none of them",
                "ici, les messages ne partent qu’à quelques adresses (`channels.only_to`), et celle-ci n’en fait pas partie"
            ),
            Self::Expired => say!(
                tongue,
                "it had waited in the queue for too long",
                "l’attente dans la file d’envoi avait été trop longue"
            ),
            Self::AddressGone => say!(
                tongue,
                "the address was gone from the profile",
                "l’adresse n’était plus au profil"
            ),
            _ => String::new(),
        }
    }

    fn of_content(&self, tongue: &Tongue) -> String {
        match self {
            Self::NoProvider { channel } => {
                let channel = tongue.channel(*channel);
                say!(
                    tongue,
                    "no provider is set up for sending by {channel}",
                    "aucun prestataire n’est configuré pour l’envoi par {channel}"
                )
            }
            Self::Content { words } => {
                let words = tongue.quoted(words);
                say!(
                    tongue,
                    "the content cannot be handed over: {words}",
                    "le contenu ne peut pas être transmis : {words}"
                )
            }
            Self::UnsubscribeLink => say!(
                tongue,
                "the link to unsubscribe is no URL",
                "le lien de désinscription n’est pas une URL"
            ),
            Self::Source { name, why } => {
                let why = why.say(tongue);
                say!(
                    tongue,
                    "the content source {name} gave nothing: {why}",
                    "la source de contenu {name} n’a rien donné : {why}"
                )
            }
            Self::Parameter { name } => say!(
                tongue,
                "the parameter {name} is empty, too long or would change the path",
                "le paramètre {name} est vide, trop long ou changerait le chemin"
            ),
            Self::NoVouchers { pool } => say!(
                tongue,
                "the voucher pool {pool} is empty",
                "il ne reste aucun code dans la réserve {pool}"
            ),
            Self::AddressUnusable { words } => {
                let words = tongue.quoted(words);
                say!(
                    tongue,
                    "the address in the profile cannot be used: {words}",
                    "l’adresse du profil est inutilisable : {words}"
                )
            }
            _ => String::new(),
        }
    }

    fn of_provider(&self, tongue: &Tongue) -> String {
        match self {
            Self::Slow { whom, seconds } => {
                let whom = whom.say(tongue);
                say!(
                    tongue,
                    "{whom} did not answer within {seconds} s",
                    "{whom} n’a pas répondu en {seconds}\u{a0}s"
                )
            }
            Self::Unreachable { whom, words } => {
                let whom = whom.say(tongue);
                let said = say!(tongue, "no answer from {whom}", "{whom} ne répond pas");
                with(said, words.as_deref(), tongue)
            }
            Self::LetsNobodyIn { words } => {
                let words = tongue.quoted(words);
                say!(
                    tongue,
                    "the mail server lets nobody in: {words}",
                    "le serveur de messagerie refuse la connexion : {words}"
                )
            }
            Self::Smtp { code, words } => {
                let said = if *code < 500 {
                    say!(
                        tongue,
                        "the mail server does not take it now ({code})",
                        "le serveur de messagerie ne l’accepte pas pour l’instant ({code})"
                    )
                } else {
                    say!(
                        tongue,
                        "the mail server refused it ({code})",
                        "le serveur de messagerie l’a refusé ({code})"
                    )
                };
                with(said, Some(&**words).filter(|w| !w.is_empty()), tongue)
            }
            _ => String::new(),
        }
    }

    fn of_call(&self, tongue: &Tongue) -> String {
        match self {
            Self::Answer { words } => {
                let words = tongue.quoted(words);
                say!(
                    tongue,
                    "the answer cannot be used: {words}",
                    "la réponse est inutilisable : {words}"
                )
            }
            Self::Secret { name, words: None } => say!(
                tongue,
                "the environment variable {name} is not set",
                "la variable d’environnement {name} n’est pas définie"
            ),
            Self::Secret { name, words } => {
                let said = say!(
                    tongue,
                    "the environment variable {name} cannot be used",
                    "la variable d’environnement {name} est inutilisable"
                );
                with(said, words.as_deref(), tongue)
            }
            Self::NoJson => say!(
                tongue,
                "what the call tells is no JSON",
                "ce que l’appel transmet n’est pas du JSON"
            ),
            Self::TooLate => say!(
                tongue,
                "nobody waits for the answer any more",
                "plus personne n’attend la réponse"
            ),
            Self::NoEndpoint { name } => say!(
                tongue,
                "there is no endpoint {name} any more",
                "le service {name} n’existe plus"
            ),
            Self::OwnNetwork { host } => say!(
                tongue,
                "{host} leads into a private network, which `endpoints.private` does not allow",
                "{host} mène à un réseau privé, que `endpoints.private` n’autorise pas"
            ),
            Self::NotAllowed { host } => say!(
                tongue,
                "{host} is none of the hosts that may be called (`endpoints.allow`)",
                "{host} ne fait pas partie des hôtes autorisés (`endpoints.allow`)"
            ),
            Self::Unkept => say!(
                tongue,
                "the answer cannot be stored",
                "la réponse ne peut pas être conservée"
            ),
            Self::Staged => say!(
                tongue,
                "the test says that it fails",
                "le test dit qu’il échoue"
            ),
            _ => String::new(),
        }
    }
}

/// A status, by what it means to whoever reads it (RFC 9110, 15; 429 is RFC 6585's).
fn http(whom: Whom, status: u16, words: Option<&str>, tongue: &Tongue) -> String {
    let whom = whom.say(tongue);
    let said = match status {
        401 | 403 => say!(
            tongue,
            "{whom} does not accept our credentials (HTTP {status})",
            "{whom} n’accepte pas nos identifiants (HTTP {status})"
        ),
        408 | 425 | 429 => say!(
            tongue,
            "{whom} asks us to come again later (HTTP {status})",
            "{whom} demande de réessayer plus tard (HTTP {status})"
        ),
        500.. => say!(
            tongue,
            "{whom} has trouble of its own (HTTP {status})",
            "{whom} est en panne (HTTP {status})"
        ),
        _ => say!(
            tongue,
            "{whom} refused it (HTTP {status})",
            "{whom} a refusé (HTTP {status})"
        ),
    };
    with(said, words, tongue)
}

/// What was said, and the words that came with it.
fn with(said: String, words: Option<&str>, tongue: &Tongue) -> String {
    let Some(words) = words.map(|words| tongue.quoted(words)) else {
        return said;
    };
    say!(tongue, "{said}: {words}", "{said} : {words}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Failure, Tongue, Whom};
    use crate::explain::Language;

    #[test]
    fn other_peoples_words_are_quoted_as_they_came() {
        let words = Some(Arc::from("busy, try later"));
        let failure = Failure::Http {
            whom: Whom::Provider,
            status: 503,
            words,
        };
        let [english, french] = Language::ALL.map(|l| failure.say(&Tongue::plain(l)));
        assert_eq!(
            english,
            "the provider has trouble of its own (HTTP 503): “busy, try later”"
        );
        assert_eq!(
            french,
            "le prestataire d’envoi est en panne (HTTP 503)\u{a0}: «\u{a0}busy, try later\u{a0}»"
        );
    }
}
