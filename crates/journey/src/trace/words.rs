//! The facts of a trace, each in one sentence, in every language.

use super::Fact;
use crate::{
    explain::{Language, Tongue, clause, say},
    message::{Channel, Reason, Refusal},
    policy::OWN_LIMIT,
    time::ZoneSource,
};

impl Reason {
    /// The reason in a few words, as a heading: `Frequency cap used up`.
    pub fn words(self, language: Language) -> &'static str {
        let both = match self {
            Self::NoConsent => ["No consent", "Pas de consentement"],
            Self::Unreachable => ["No address", "Pas d’adresse"],
            Self::SuppressionList => ["Address suppressed", "Adresse bloquée"],
            Self::Capped => ["Frequency cap used up", "Plafond de fréquence atteint"],
            Self::Quiet => ["Quiet hours", "Heures calmes"],
            Self::Expired => [
                "Expired before it could go",
                "Date limite passée avant l’envoi",
            ],
            Self::Recalled => [
                "Taken back: the customer left",
                "Retiré : le client est sorti",
            ],
            Self::Failed => [
                "Refused by the provider",
                "Refusé par le prestataire d’envoi",
            ],
            Self::Unrenderable => ["Template could not be rendered", "Modèle inutilisable"],
            Self::AlreadySent => ["Already sent", "Déjà envoyé"],
            Self::Restricted => ["Processing restricted", "Traitement limité"],
            Self::CustomerPaused => ["Paused by the customer", "En pause, au choix du client"],
            Self::NotPersonalised => ["Nothing personalised wanted", "Personnalisation refusée"],
            Self::ControlGroup => ["Control group", "Groupe témoin"],
        };
        both[language as usize]
    }
}

/// In English a channel is named as authors write it, in French as people say it.
pub(super) fn by(channel: Channel, tongue: &Tongue) -> &'static str {
    match tongue.language {
        Language::English => channel.as_str(),
        Language::French => tongue.channel(channel),
    }
}

impl Refusal {
    /// The refusal as an English half sentence, with its rule and evidence.
    pub fn sentence(&self) -> String {
        self.say(&Tongue::plain(Language::English))
    }

    /// The refusal as a half sentence, with its rule and evidence.
    pub fn say(&self, tongue: &Tongue) -> String {
        let (channel, rule) = (by(self.channel, tongue), &self.rule);
        let mut text = match self.reason {
            Reason::NoConsent => say!(
                tongue,
                "no consent for {rule} on {channel}",
                "pas de consentement pour {rule} par {channel}"
            ),
            Reason::Unreachable => {
                say!(
                    tongue,
                    "no address for {channel}",
                    "pas d’adresse pour {channel}"
                )
            }
            Reason::SuppressionList => {
                let why = suppression(rule, tongue);
                say!(
                    tongue,
                    "the {channel} address is suppressed ({why})",
                    "l’adresse {channel} est bloquée ({why})"
                )
            }
            Reason::Restricted => say!(
                tongue,
                "the customer's processing is restricted",
                "le traitement des données est limité"
            ),
            Reason::CustomerPaused => say!(
                tongue,
                "the customer has paused all messages",
                "le client a mis les messages en pause"
            ),
            Reason::NotPersonalised => say!(
                tongue,
                "the customer wants nothing personalised",
                "le client ne veut rien de personnalisé"
            ),
            Reason::ControlGroup => say!(
                tongue,
                "the customer is in the control group",
                "le client fait partie du groupe témoin"
            ),
            Reason::Capped => self.used_up(tongue),
            Reason::Quiet => say!(
                tongue,
                "quiet hours {rule} on {channel}",
                "heures calmes {rule} ({channel})"
            ),
            other @ (Reason::Expired
            | Reason::Recalled
            | Reason::Failed
            | Reason::Unrenderable
            | Reason::AlreadySent) => {
                let why = other.said(tongue);
                say!(tongue, "{channel}: {why}", "{channel} : {why}")
            }
        };
        if !self.used_by.is_empty() {
            let messages = tongue.messages(self.used_by.len());
            text.push_str(&say!(tongue, " by {messages}", " ({messages})"));
        }
        if let Some(until) = self.until {
            let until = tongue.moment(until);
            text.push_str(&say!(tongue, ", until {until}", ", jusqu’au {until}"));
        }
        if let Some(zone) = &self.zone {
            let zone = zone_words(zone, tongue);
            text.push_str(&say!(tongue, " (hours of {zone})", " (heure de {zone})"));
        }
        text
    }

    /// A cap, the customer's own limit, or their pace.
    fn used_up(&self, tongue: &Tongue) -> String {
        let (channel, rule) = (by(self.channel, tongue), &self.rule);
        if let Some(pace) = &self.pace {
            let clause = clause(pace, tongue);
            return say!(tongue, "{clause}: used up", "{clause} : rythme atteint");
        }
        if **rule == *OWN_LIMIT {
            return say!(
                tongue,
                "the customer's own limit is used up",
                "la limite choisie par le client est atteinte"
            );
        }
        say!(
            tongue,
            "the cap {rule} is used up on {channel}",
            "le plafond {rule} est atteint par {channel}"
        )
    }
}

pub(crate) fn suppression(word: &str, tongue: &Tongue) -> String {
    let french = match word {
        "bounced" => "message revenu",
        "complained" => "signalée comme indésirable",
        "role_address" => "adresse de fonction",
        other => other,
    };
    tongue.say(|| word.into(), || french.into())
}

impl Reason {
    /// Within a sentence: in English the word that authors know.
    pub(super) fn said(self, tongue: &Tongue) -> String {
        let lower = || self.words(Language::French).to_lowercase();
        tongue.say(|| self.as_str().into(), lower)
    }
}

pub(super) fn joined(refusals: &[Refusal], tongue: &Tongue) -> String {
    let said: Vec<String> = refusals.iter().map(|r| r.say(tongue)).collect();
    tongue.say(|| said.join("; "), || said.join(" ; "))
}

/// `Europe/Paris, the default`: the name stays, where it comes from is said in the language.
pub(super) fn zone_words(zone: &str, tongue: &Tongue) -> String {
    let Some((name, source)) = zone.split_once(", ") else {
        return zone.into();
    };
    let source = ZoneSource::ALL.into_iter().find(|s| s.words() == source);
    let french = match source {
        Some(ZoneSource::Named) => "comme indiqué",
        Some(ZoneSource::Trait) => "d’après le trait timezone",
        Some(ZoneSource::Phone) => "d’après le pays du téléphone",
        Some(ZoneSource::Default) => "par défaut",
        None => return zone.into(),
    };
    tongue.say(|| zone.into(), || format!("{name}, {french}"))
}

impl Fact {
    /// The fact in one English sentence, with instants as RFC 3339.
    pub fn sentence(&self) -> String {
        self.say(&Tongue::plain(Language::English))
    }

    /// The fact in one sentence.
    pub fn say(&self, tongue: &Tongue) -> String {
        match self {
            Self::Entered { key } if key.is_empty() => say!(tongue, "entered", "entrée"),
            Self::Entered { key } => {
                say!(tongue, "entered with key {key}", "entrée avec la clé {key}")
            }
            Self::NotEntered { why, what, until } => {
                let why = why.of(what.as_deref(), *until, tongue);
                say!(tongue, "did not enter: {why}", "pas d’entrée : {why}")
            }
            Self::Refreshed => say!(
                tongue,
                "took the new event as its own",
                "reprend avec le nouvel événement"
            ),
            Self::Waits { .. } => self.waits(tongue),
            Self::Woke { matched: true } => {
                say!(
                    tongue,
                    "what it waited for came",
                    "ce qui était attendu est arrivé"
                )
            }
            Self::Woke { matched: false } => {
                say!(tongue, "the wait is over", "l’attente est terminée")
            }
            Self::Chose { arm: Some(n) } => {
                let n = n + 1;
                say!(tongue, "condition {n} holds", "condition {n} remplie")
            }
            Self::Chose { arm: None } => say!(
                tongue,
                "no condition holds: else",
                "aucune condition remplie : `else`"
            ),
            Self::Split { arm } => say!(tongue, "arm {arm}", "branche {arm}"),
            Self::Set { name, value } => {
                say!(
                    tongue,
                    "set {name} to {value}",
                    "{name} prend la valeur {value}"
                )
            }
            Self::Sends { .. } | Self::Suppressed { .. } | Self::Held { .. } => {
                self.decision(tongue)
            }
            Self::Recalled { .. } | Self::Failed { .. } | Self::Noted { .. } => self.fate(tongue),
            Self::Merged { .. }
            | Self::PassedOn { .. }
            | Self::TookOver { .. }
            | Self::GivenBack { .. } => self.merge(tongue),
            Self::Heeds { .. }
            | Self::Queued
            | Self::Answered { .. }
            | Self::NotUnderstood { .. }
            | Self::Stopped { .. } => self.talk(tongue),
            Self::Calls { .. }
            | Self::CallAnswered { .. }
            | Self::CallFailed { .. }
            | Self::HandedOver { .. }
            | Self::HandedBack { .. } => self.call(tongue),
            Self::Round { .. }
            | Self::RoundsOver { .. }
            | Self::Emits { .. }
            | Self::Starts { .. }
            | Self::Stops { .. }
            | Self::Expects { .. } => self.others(tongue),
            Self::Goal
            | Self::Moved { .. }
            | Self::Kept { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::Left { .. } => self.way(tongue),
            Self::Acted { .. } => self.acted(tongue),
            Self::Profile { .. }
            | Self::Preferences
            | Self::Restricted { .. }
            | Self::Consent { .. }
            | Self::AddressSuppressed { .. }
            | Self::AddressUsed { .. }
            | Self::Ignored { .. } => self.profile(tongue),
        }
    }
}
