//! The first sentence, and the last.

use super::{
    Case, Status, Tongue,
    caps::capped,
    ended::{expired, failed, recalled, suppressed},
    say,
};
use crate::{
    customer::ConsentState,
    localized,
    message::{Channel, Reason, Refusal},
    policies::{Cap, QuietHours},
};

impl Case<'_> {
    pub(super) fn refusals(&self) -> &[Refusal] {
        self.decision.map_or(&[], |d| &d.refusals)
    }

    /// What customers read that the purpose is called, else its name.
    pub(super) fn purpose_words(&self, tongue: &Tongue) -> String {
        let purpose = self.policies.purposes.get(self.purpose);
        let title = purpose.and_then(|p| {
            let default = &self.policies.defaults.locale;
            localized::read(&p.title, tongue.language.as_str(), default)
        });
        tongue.quoted(title.map_or(self.purpose, |t| t))
    }

    pub(super) fn cap(&self, name: &str) -> Option<&Cap> {
        self.policies.caps.iter().find(|c| &*c.name == name)
    }

    pub(super) fn quiet(&self, name: &str) -> Option<&QuietHours> {
        self.policies.quiet_hours.iter().find(|q| &*q.name == name)
    }
}

/// The sentence to read aloud.
pub(super) fn sentence(case: &Case<'_>, refusal: Option<&Refusal>, tongue: &Tongue) -> String {
    let channel = tongue.channel(case.channel);
    match (case.status, case.reason) {
        (_, Some(reason)) => refused(case, reason, refusal, tongue),
        (Status::Sent, None) => {
            let at = tongue.moment(case.done_at.unwrap_or(case.at));
            say!(
                tongue,
                "Sent by {channel}: {at}.",
                "Envoyé par {channel} : {at}."
            )
        }
        (Status::Leased, None) => say!(
            tongue,
            "Being sent by {channel} right now.",
            "En cours d’envoi par {channel}."
        ),
        (Status::Queued, None) if case.attempt > 0 => {
            let tries = tongue.tries(case.attempt.unsigned_abs());
            say!(
                tongue,
                "Decided to go by {channel}, and not gone yet after {tries}.",
                "Envoi par {channel} décidé, pas encore abouti après {tries}."
            )
        }
        (Status::Queued, None) => say!(
            tongue,
            "Decided to go by {channel}, and waiting for its turn.",
            "Envoi par {channel} décidé, en attente de son tour."
        ),
        // The schema gives each of these a reason; a reason of another version is not known here.
        (Status::Failed | Status::Suppressed | Status::Recalled, None) => say!(
            tongue,
            "Not sent, for a reason that this version does not know.",
            "Non envoyé, pour une raison que cette version ne connaît pas."
        ),
    }
}

fn refused(case: &Case<'_>, reason: Reason, refusal: Option<&Refusal>, tongue: &Tongue) -> String {
    let channel = refusal.map_or(case.channel, |r| r.channel);
    match reason {
        Reason::NoConsent => no_consent(case, channel, tongue),
        Reason::Unreachable => {
            let address = address(channel, tongue);
            say!(
                tongue,
                "Not sent: no {address} is known.",
                "Non envoyé : {address} manque au profil."
            )
        }
        Reason::SuppressionList => suppressed(case, channel, refusal, tongue),
        Reason::Capped => capped(case, refusal, tongue),
        Reason::Restricted => say!(
            tongue,
            "Not sent: the processing of this customer's data is restricted.",
            "Non envoyé : le traitement des données de ce client est limité."
        ),
        Reason::CustomerPaused => say!(
            tongue,
            "Not sent: the customer has paused all messages that need consent.",
            "Non envoyé : le client a mis en pause tous les messages soumis à consentement."
        ),
        Reason::NotPersonalised => say!(
            tongue,
            "Not sent: the customer wants nothing that is chosen by what they did.",
            "Non envoyé : le client ne veut rien de personnalisé."
        ),
        Reason::ControlGroup => say!(
            tongue,
            "Not sent: the customer belongs to the control group, which gets none of this.",
            "Non envoyé : le client fait partie du groupe témoin, qui ne reçoit rien de tel."
        ),
        Reason::Quiet => quiet(case, refusal, tongue),
        Reason::Expired => expired(case, tongue),
        Reason::Recalled => recalled(case, tongue),
        Reason::Failed => failed(case, tongue),
        Reason::Unrenderable => say!(
            tongue,
            "Not sent: its content could not be made from the template.",
            "Non envoyé : le modèle n’a pas pu produire le contenu."
        ),
        Reason::AlreadySent => say!(
            tongue,
            "Not sent: the same message had gone already, with the same key.",
            "Non envoyé : le même message, avec la même clé, était déjà parti."
        ),
    }
}

fn no_consent(case: &Case<'_>, channel: Channel, tongue: &Tongue) -> String {
    let purpose = case.purpose_words(tongue);
    let by = tongue.channel(channel);
    let Some(consent) = case.consents.get(&channel) else {
        return say!(
            tongue,
            "Not sent: there is no consent for {purpose} by {by}.",
            "Non envoyé : aucun consentement à {purpose} par {by}."
        );
    };
    let at = tongue.moment(consent.at);
    match consent.state {
        ConsentState::Withdrawn => say!(
            tongue,
            "Not sent: consent for {purpose} by {by} was withdrawn on {at}.",
            "Non envoyé : le consentement à {purpose} par {by} a été retiré le {at}."
        ),
        ConsentState::Unconfirmed => say!(
            tongue,
            "Not sent: consent for {purpose} by {by} was given on {at}, but not confirmed.",
            "Non envoyé : le consentement à {purpose} par {by} a été donné le {at}, mais pas confirmé."
        ),
        // The policy has changed, or the consent came with the same clock as the decision.
        ConsentState::Granted => say!(
            tongue,
            "Not sent: consent for {purpose} by {by} was missing when it was decided.",
            "Non envoyé : le consentement à {purpose} par {by} manquait au moment de la décision."
        ),
    }
}

/// What the channel needs, as `no … is known` takes it, and with its article in French.
fn address(channel: Channel, tongue: &Tongue) -> String {
    let (english, french) = match channel {
        Channel::Email => ("e-mail address", "l’adresse e-mail"),
        Channel::Sms => ("telephone number", "le numéro de téléphone"),
        Channel::Push => (
            "device for push notifications",
            "l’appareil pour les notifications",
        ),
        Channel::Chat => ("chat account", "le compte de messagerie"),
    };
    tongue.say(|| english.into(), || french.into())
}

fn quiet(case: &Case<'_>, refusal: Option<&Refusal>, tongue: &Tongue) -> String {
    let rule = refusal.map(|r| &r.rule);
    let hours = rule.and_then(|rule| case.quiet(rule));
    match (rule, hours) {
        (Some(rule), Some(hours)) => {
            let (from, to) = (tongue.time(hours.from), tongue.time(hours.to));
            say!(
                tongue,
                "Not sent: it was in the quiet hours {rule}, from {from} to {to}.",
                "Non envoyé : c’était pendant les heures calmes {rule}, de {from} à {to}."
            )
        }
        (Some(rule), None) => say!(
            tongue,
            "Not sent: it was in the quiet hours {rule}.",
            "Non envoyé : c’était pendant les heures calmes {rule}."
        ),
        (None, _) => say!(
            tongue,
            "Not sent: it was in quiet hours.",
            "Non envoyé : c’était pendant les heures calmes."
        ),
    }
}

/// What would change it.
pub(super) fn next(case: &Case<'_>, refusal: Option<&Refusal>, tongue: &Tongue) -> Option<String> {
    if case.status == Status::Queued && case.attempt > 0 {
        let at = tongue.moment(case.due_at?);
        return Some(say!(tongue, "Next try: {at}.", "Prochain essai : {at}."));
    }
    let channel = refusal.map_or(case.channel, |r| r.channel);
    let by = tongue.channel(channel);
    let until = refusal.and_then(|r| r.until).map(|at| tongue.moment(at));
    Some(match case.reason? {
        Reason::NoConsent => say!(
            tongue,
            "It takes the customer's consent by {by}.",
            "Il faut le consentement du client par {by}."
        ),
        Reason::Unreachable => say!(
            tongue,
            "It takes one in the profile.",
            "Il faut compléter le profil."
        ),
        Reason::SuppressionList => say!(
            tongue,
            "Another address lifts this.",
            "Une autre adresse lève ce blocage."
        ),
        Reason::Capped => {
            let until = until?;
            say!(
                tongue,
                "Room again from {until}.",
                "De nouveau possible à partir du {until}."
            )
        }
        Reason::Quiet => {
            let until = until?;
            say!(
                tongue,
                "Possible again from {until}.",
                "De nouveau possible à partir du {until}."
            )
        }
        Reason::Failed => say!(
            tongue,
            "It does not count in any cap.",
            "Il ne compte dans aucun plafond."
        ),
        Reason::Unrenderable => say!(
            tongue,
            "The template, or the data that it needs, must be mended.",
            "Il faut corriger le modèle ou les données dont il a besoin."
        ),
        Reason::CustomerPaused => {
            let until = until?;
            say!(
                tongue,
                "The pause ends on {until}, or when the customer ends it.",
                "La pause prend fin le {until}, ou quand le client y met fin."
            )
        }
        Reason::NotPersonalised => say!(
            tongue,
            "The customer can change that on their page.",
            "Le client peut le changer sur sa page."
        ),
        Reason::Restricted => say!(
            tongue,
            "The restriction must be lifted first.",
            "Il faut d’abord lever la limitation."
        ),
        Reason::Expired | Reason::Recalled | Reason::AlreadySent | Reason::ControlGroup => {
            return None;
        }
    })
}
