//! The facts that take more than a line, by what they are about. Each of these is asked only for
//! facts of its own kind; the whole of them stands in [`Fact::say`], which knows every fact.

use super::{
    Fact, NOTHING_LISTENED,
    words::{by, joined, suppression, zone_words},
};
use crate::{
    action::Undone,
    explain::{Tongue, at_most, left_words, say, state_words},
};

impl Fact {
    pub(super) fn waits(&self, tongue: &Tongue) -> String {
        let Self::Waits { until, event, zone } = self else {
            return String::new();
        };
        let mut text = say!(tongue, "waits", "attend");
        if let Some(event) = event {
            text.push_str(&say!(tongue, " for {event}", " {event}"));
        }
        if let Some(until) = until.map(|at| tongue.moment(at)) {
            text.push_str(&say!(tongue, " until {until}", " jusqu’au {until}"));
        }
        if let Some(zone) = zone.as_deref().map(|zone| zone_words(zone, tongue)) {
            text.push_str(&say!(tongue, " (hours of {zone})", " (heure de {zone})"));
        }
        text
    }

    pub(super) fn decision(&self, tongue: &Tongue) -> String {
        match self {
            Self::Sends {
                channel, refusals, ..
            } => {
                let channel = by(*channel, tongue);
                if refusals.is_empty() {
                    return say!(
                        tongue,
                        "decided to send by {channel}",
                        "envoi décidé par {channel}"
                    );
                }
                let over = joined(refusals, tongue);
                say!(
                    tongue,
                    "decided to send by {channel} (passed over: {over})",
                    "envoi décidé par {channel} (écarté : {over})"
                )
            }
            Self::Suppressed {
                reason, refusals, ..
            } => {
                let why = if refusals.is_empty() {
                    reason.said(tongue)
                } else {
                    joined(refusals, tongue)
                };
                say!(tongue, "not sent: {why}", "non envoyé : {why}")
            }
            Self::Held { until, refusals } => {
                let why = joined(refusals, tongue);
                if refusals.iter().all(|r| r.until == Some(*until)) {
                    return say!(tongue, "held: {why}", "retenu : {why}");
                }
                let until = tongue.moment(*until);
                say!(
                    tongue,
                    "held: {why}; looked at again at {until}",
                    "retenu : {why} ; prochain examen : {until}"
                )
            }
            _ => String::new(),
        }
    }

    pub(super) fn fate(&self, tongue: &Tongue) -> String {
        match self {
            Self::Recalled { .. } => say!(
                tongue,
                "the queued message was taken back",
                "le message en attente a été retiré"
            ),
            Self::Failed { reason, detail, .. } => {
                let why = reason.said(tongue);
                let detail = detail.say(tongue);
                say!(
                    tongue,
                    "the message did not go: {why} ({detail})",
                    "le message n’est pas parti : {why} ({detail})"
                )
            }
            Self::Noted { what, .. } => {
                let (english, french) = match &**what {
                    "replied" => ("answered", "a reçu une réponse"),
                    "delivered" => ("delivered", "a été remis"),
                    "opened" => ("opened", "a été ouvert"),
                    "clicked" => ("clicked", "a reçu un clic"),
                    other => (other, other),
                };
                say!(tongue, "the message was {english}", "le message {french}")
            }
            _ => String::new(),
        }
    }

    pub(super) fn talk(&self, tongue: &Tongue) -> String {
        match self {
            Self::Heeds { max, per } => {
                let at_most = at_most(*max, *per, tongue);
                say!(
                    tongue,
                    "the customer responds again, and gets {at_most}",
                    "le client réagit de nouveau, et reçoit {at_most}"
                )
            }
            Self::Queued => say!(
                tongue,
                "waits until the question before it is answered",
                "attend la réponse à la question précédente"
            ),
            Self::Answered { answer } => say!(tongue, "answered: {answer}", "réponse : {answer}"),
            Self::NotUnderstood { repeated: true } => say!(
                tongue,
                "the answer was not understood: the question is repeated",
                "réponse non comprise : la question est reposée"
            ),
            Self::NotUnderstood { repeated: false } => {
                say!(
                    tongue,
                    "the answer was not understood",
                    "réponse non comprise"
                )
            }
            Self::Stopped { channel } => {
                let channel = by(*channel, tongue);
                say!(
                    tongue,
                    "asked for an end to all messages by {channel}",
                    "demande de ne plus recevoir de message par {channel}"
                )
            }
            _ => String::new(),
        }
    }

    pub(super) fn call(&self, tongue: &Tongue) -> String {
        match self {
            Self::Calls {
                endpoint, until, ..
            } => match until.map(|at| tongue.moment(at)) {
                Some(until) => say!(
                    tongue,
                    "calls {endpoint}, waits until {until}",
                    "appelle {endpoint}, attend jusqu’au {until}"
                ),
                None => say!(tongue, "calls {endpoint}", "appelle {endpoint}"),
            },
            Self::CallAnswered { .. } => {
                say!(tongue, "the call was answered", "l’appel a reçu sa réponse")
            }
            Self::CallFailed { why, .. } => {
                let why = why.say(tongue);
                say!(tongue, "the call failed: {why}", "l’appel a échoué : {why}")
            }
            Self::HandedOver { .. } => {
                say!(
                    tongue,
                    "a person has taken over",
                    "une personne a pris le relais"
                )
            }
            Self::HandedBack { .. } => {
                say!(
                    tongue,
                    "the person has handed back",
                    "la personne a rendu la main"
                )
            }
            _ => String::new(),
        }
    }

    pub(super) fn others(&self, tongue: &Tongue) -> String {
        match self {
            Self::Round { number } => say!(tongue, "round {number}", "tour {number}"),
            Self::RoundsOver { until: true } => say!(
                tongue,
                "no more rounds: `until` holds",
                "plus de tour : la condition `until` est remplie"
            ),
            Self::RoundsOver { until: false } => {
                say!(tongue, "all rounds are done", "tous les tours sont faits")
            }
            Self::Emits { event } => say!(tongue, "emits {event}", "émet {event}"),
            Self::Starts { journey } => say!(tongue, "starts {journey}", "lance {journey}"),
            Self::Stops { journey } => say!(tongue, "stops {journey}", "arrête {journey}"),
            Self::Expects { at } => match at.map(|at| tongue.moment(at)) {
                Some(at) => say!(tongue, "will enter at {at}", "entrée prévue : {at}"),
                None => say!(
                    tongue,
                    "will not enter by date any more",
                    "plus d’entrée prévue par date"
                ),
            },
            _ => String::new(),
        }
    }

    pub(super) fn way(&self, tongue: &Tongue) -> String {
        match self {
            Self::Goal => say!(tongue, "reached the goal", "objectif atteint"),
            Self::Moved { version, forgotten } => {
                let moved = say!(
                    tongue,
                    "moved to version {version}",
                    "passage à la version {version}"
                );
                if forgotten.is_empty() {
                    return moved;
                }
                let names = forgotten.join(", run.");
                say!(
                    tongue,
                    "{moved}; forgot what has another type there: run.{names}",
                    "{moved} ; oublié, car d’un autre type : run.{names}"
                )
            }
            Self::Kept { version } => say!(
                tongue,
                "finishes on its version: version {version} does not have the step at which it stands",
                "finit sur sa version : la version {version} n’a plus l’étape en cours"
            ),
            Self::Paused { since } => {
                let since = tongue.moment(*since);
                say!(
                    tongue,
                    "paused since {since}: it stays where it is",
                    "en pause depuis : {since}, à la même étape"
                )
            }
            Self::Resumed { paused } => {
                let paused = tongue.moment(*paused);
                say!(
                    tongue,
                    "goes on; it was paused since {paused}",
                    "reprise ; la pause datait du {paused}"
                )
            }
            Self::Left { reason } => {
                let reason = left_words(reason, tongue);
                say!(tongue, "left: {reason}", "sortie : {reason}")
            }
            _ => String::new(),
        }
    }

    pub(super) fn merge(&self, tongue: &Tongue) -> String {
        match self {
            Self::Merged { into } => say!(
                tongue,
                "merged into {into}: nothing begins here any more",
                "fusion avec {into} : plus rien ne commence ici"
            ),
            Self::PassedOn { to } => say!(tongue, "passed on to {to}", "transmis à {to}"),
            Self::TookOver {
                from,
                traits,
                messages,
            } => {
                let mut text = say!(tongue, "took over {from}", "reprise de {from}");
                if !traits.is_empty() {
                    let traits = traits.join(", ");
                    text.push_str(&say!(
                        tongue,
                        ", with the traits {traits}",
                        ", avec le profil {traits}"
                    ));
                }
                if let Some(messages) = usize::try_from(*messages).ok().filter(|n| *n > 0) {
                    let messages = tongue.messages(messages);
                    text.push_str(&say!(
                        tongue,
                        "; caps count {messages} more",
                        " ; comptés en plus par les plafonds : {messages}"
                    ));
                }
                text
            }
            Self::GivenBack { .. } => say!(
                tongue,
                "a message to who was merged into this customer did not go: caps count it no more",
                "un message au client fusionné n’est pas parti : les plafonds ne le comptent plus"
            ),
            _ => String::new(),
        }
    }

    pub(super) fn profile(&self, tongue: &Tongue) -> String {
        match self {
            Self::Profile { traits } => {
                let traits = traits.join(", ");
                say!(
                    tongue,
                    "traits changed: {traits}",
                    "profil modifié : {traits}"
                )
            }
            Self::Consent {
                purpose,
                channels,
                state,
            } => {
                let channels: Vec<_> = channels.iter().map(|c| by(*c, tongue)).collect();
                let channels = channels.join(", ");
                let state = state_words(state, tongue);
                say!(
                    tongue,
                    "consent for {purpose} on {channels} is now {state}",
                    "consentement pour {purpose} par {channels} : {state}"
                )
            }
            Self::Preferences => say!(
                tongue,
                "changed what they want to get, and how often",
                "a changé ce qui est voulu, et à quel rythme"
            ),
            Self::Restricted { is: true } => say!(
                tongue,
                "their processing is restricted: what is known is kept, and nothing is sent",
                "traitement limité : les données sont gardées, et rien n’est envoyé"
            ),
            Self::Restricted { is: false } => say!(
                tongue,
                "their processing is not restricted any more",
                "le traitement n’est plus limité"
            ),
            Self::AddressSuppressed { channel, reason } => {
                let channel = by(*channel, tongue);
                let why = suppression(reason, tongue);
                say!(
                    tongue,
                    "the {channel} address {why}: it is not used any more",
                    "l’adresse {channel} n’est plus utilisée ({why})"
                )
            }
            Self::AddressUsed { channel } => {
                let channel = by(*channel, tongue);
                say!(
                    tongue,
                    "they wrote from the {channel} address, which had bounced: it is used again",
                    "message reçu de l’adresse {channel}, qui n’était plus utilisée : elle l’est à nouveau"
                )
            }
            Self::Ignored { why } => {
                let french = if &**why == NOTHING_LISTENED {
                    "aucun parcours n’écoutait"
                } else {
                    Undone::in_french(why).unwrap_or(why)
                };
                tongue.say(
                    || format!("no effect: {why}"),
                    || format!("sans effet : {french}"),
                )
            }
            _ => String::new(),
        }
    }
}
