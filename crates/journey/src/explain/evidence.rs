//! What shows that it is so.

use super::{Case, Consented, Evidence, Status, Tongue, caps::window, say};
use crate::{
    ids::MessageId,
    machine::Zone,
    message::{Channel, Reason, Refusal},
    policies::ConsentRule,
    policy::Standing,
};

/// The lines, the decisive rule's first.
pub(super) fn of(case: &Case<'_>, decisive: Option<&Refusal>, tongue: &Tongue) -> Vec<Evidence> {
    let mut lines = vec![decided(case, tongue)];
    lines.extend(repeats(case, tongue));
    if let Some(reason) = case.reason {
        let channel = decisive.map_or(case.channel, |r| r.channel);
        lines.extend(of_reason(case, reason, channel, decisive, tongue));
    } else {
        lines.push(consented(case, case.channel, tongue));
        let standings = case.standings.iter();
        lines.extend(standings.map(|standing| Evidence::from(counted(standing, tongue))));
    }
    lines.extend(error(case, tongue));
    let others = case.refusals().iter().filter(|r| decisive != Some(*r));
    for refusal in others {
        lines.push(beside(case, refusal, tongue));
        lines.extend(used(case, refusal, tongue));
    }
    lines
}

/// The messages that a refusal names.
fn used(case: &Case<'_>, refusal: &Refusal, tongue: &Tongue) -> Vec<Evidence> {
    let ids = refusal.used_by.iter();
    ids.map(|id| past(case, refusal.reason, *id, tongue))
        .collect()
}

fn decided(case: &Case<'_>, tongue: &Tongue) -> Evidence {
    let (journey, step) = (case.journey, case.step);
    let at = tongue.moment(case.at);
    Evidence::from(say!(
        tongue,
        "Decided by the journey {journey}, step {step}: {at}",
        "Décidé par le parcours {journey}, étape {step} : {at}"
    ))
}

/// The message that failed before, where a person had it sent again.
fn repeats(case: &Case<'_>, tongue: &Tongue) -> Option<Evidence> {
    let first = case.decision?.repeats?;
    let text = say!(
        tongue,
        "Sent again by hand: a message of this step had failed",
        "Renvoyé à la main : un message de cette étape avait échoué"
    );
    Some(Evidence {
        message: case.past.contains_key(&first).then_some(first),
        ..Evidence::from(text)
    })
}

fn of_reason(
    case: &Case<'_>,
    reason: Reason,
    channel: Channel,
    decisive: Option<&Refusal>,
    tongue: &Tongue,
) -> Vec<Evidence> {
    match reason {
        Reason::NoConsent => vec![consented(case, channel, tongue)],
        Reason::SuppressionList => since(case, channel, tongue).into_iter().collect(),
        Reason::Capped | Reason::AlreadySent => {
            decisive.map_or_else(Vec::new, |refusal| used(case, refusal, tongue))
        }
        Reason::Quiet => clock(case, decisive, tongue).into_iter().collect(),
        Reason::Failed
        | Reason::Unrenderable
        | Reason::Unreachable
        | Reason::Expired
        | Reason::Recalled
        | Reason::Restricted
        | Reason::CustomerPaused
        | Reason::NotPersonalised
        | Reason::ControlGroup => Vec::new(),
    }
}

/// Where it stands in a cap: as it is counted when this is read.
fn counted(standing: &Standing<'_>, tongue: &Tongue) -> String {
    let (name, max) = (&standing.cap.name, standing.cap.max);
    let (nth, window) = (tongue.nth(standing.nth), window(standing.cap, tongue));
    if standing.nth <= max as usize {
        return say!(
            tongue,
            "The cap {name} counts it as the {nth} of {max} {window}",
            "Le plafond {name} le compte comme {nth} sur {max} {window}"
        );
    }
    // A step sent past it, or it has become smaller since.
    say!(
        tongue,
        "The cap {name} counts it as the {nth}, and allows {max} {window}",
        "Le plafond {name} le compte comme {nth}, et en autorise {max} {window}"
    )
}

/// The consent record, or that none is needed.
fn consented(case: &Case<'_>, channel: Channel, tongue: &Tongue) -> Evidence {
    let by = tongue.channel(channel);
    let purpose = case.purpose_words(tongue);
    let rule = case.policies.purposes.get(case.purpose);
    let needed = rule.map(|p| p.consent_on(channel));
    if let Some(record) = case.consents.get(&channel) {
        return record_line(record, &purpose, by, tongue);
    }
    Evidence::from(match needed {
        Some(ConsentRule::None) => say!(
            tongue,
            "{purpose} needs no consent by {by}",
            "{purpose} ne demande pas de consentement par {by}"
        ),
        Some(ConsentRule::OptOut) => say!(
            tongue,
            "{purpose} by {by}: allowed until the customer objects, and no objection is recorded",
            "{purpose} par {by} : permis sauf opposition, et aucune opposition n’est enregistrée"
        ),
        Some(ConsentRule::OptIn | ConsentRule::DoubleOptIn) | None => say!(
            tongue,
            "No consent record for {purpose} by {by}",
            "Aucun consentement enregistré pour {purpose} par {by}"
        ),
    })
}

fn record_line(record: &Consented, purpose: &str, by: &str, tongue: &Tongue) -> Evidence {
    let at = tongue.moment(record.at);
    let state = state_words(record.state.as_str(), tongue);
    let mut text = say!(
        tongue,
        "Consent record for {purpose} by {by}: {state}, {at}",
        "Consentement enregistré pour {purpose} par {by} : {state}, {at}"
    );
    if let Some(event) = &record.event {
        text.push_str(&say!(
            tongue,
            ", by the event {event}",
            ", par l’événement {event}"
        ));
    }
    if let Some(how) = &record.how {
        text.push_str(&format!(" ({})", how_words(how, tongue)));
    }
    Evidence {
        input: record.input,
        ..Evidence::from(text)
    }
}

/// `granted`, `unconfirmed` or `withdrawn` in words; another word as it is.
pub(crate) fn state_words(state: &str, tongue: &Tongue) -> String {
    let french = match state {
        "granted" => "accordé",
        "unconfirmed" => "accordé, non confirmé",
        "withdrawn" => "retiré",
        other => other,
    };
    tongue.say(|| state.into(), || french.into())
}

/// In what way a consent was given: our own words in the language, a producer's as they are.
fn how_words(how: &str, tongue: &Tongue) -> String {
    let (english, french) = match how {
        "form" => ("a form", "formulaire"),
        "import" => ("an import", "import"),
        "keyword" => ("a keyword in a reply", "mot-clé en réponse"),
        "one_click" => ("one click", "désinscription en un clic"),
        "preferences" => ("the preference page", "page de préférences"),
        "support" => ("customer service", "service client"),
        other => (other, other),
    };
    tongue.say(|| english.into(), || french.into())
}

fn since(case: &Case<'_>, channel: Channel, tongue: &Tongue) -> Option<Evidence> {
    let at = tongue.moment(case.suppressed.get(&channel)?.at);
    Some(Evidence::from(say!(
        tongue,
        "The address is out of use since: {at}",
        "Adresse hors d’usage depuis : {at}"
    )))
}

/// A message that a cap had counted, or that had gone with the same key.
fn past(case: &Case<'_>, reason: Reason, id: MessageId, tongue: &Tongue) -> Evidence {
    let what = if reason == Reason::Capped {
        say!(tongue, "Counted", "Compté")
    } else {
        say!(tongue, "Gone before", "Déjà parti")
    };
    let Some(past) = case.past.get(&id) else {
        return Evidence::from(say!(
            tongue,
            "{what}: the message {id}, which is no longer kept",
            "{what} : le message {id}, qui n’est plus conservé"
        ));
    };
    let channel = past.channel.parse::<Channel>();
    let by = channel.map_or(&*past.channel, |c| tongue.channel(c));
    let (journey, step, at) = (&past.journey, &past.step, tongue.moment(past.at));
    let status = status_words(past.status, tongue);
    Evidence {
        message: Some(id),
        ..Evidence::from(say!(
            tongue,
            "{what}: {by}, journey {journey}, step {step}, {at} ({status})",
            "{what} : {by}, parcours {journey}, étape {step}, {at} ({status})"
        ))
    }
}

/// How far a message that was counted has come by now.
fn status_words(status: Status, tongue: &Tongue) -> String {
    match status {
        Status::Queued => say!(tongue, "waits for its turn", "en attente de son tour"),
        Status::Leased => say!(tongue, "being sent", "en cours d’envoi"),
        Status::Sent => say!(tongue, "sent", "envoyé"),
        Status::Failed => say!(
            tongue,
            "failed since, and counts no more",
            "échoué depuis, ne compte plus"
        ),
        Status::Suppressed => say!(
            tongue,
            "stopped since, and counts no more",
            "arrêté depuis, ne compte plus"
        ),
        Status::Recalled => say!(
            tongue,
            "taken back since, and counts no more",
            "retiré depuis, ne compte plus"
        ),
    }
}

/// Whose clock the quiet hours go by.
fn clock(case: &Case<'_>, decisive: Option<&Refusal>, tongue: &Tongue) -> Option<Evidence> {
    let hours = case.quiet(&decisive?.rule)?;
    Some(Evidence::from(match &hours.zone {
        Zone::Customer => say!(
            tongue,
            "Quiet hours go by the customer's own clock",
            "Les heures calmes suivent l’heure locale du client"
        ),
        Zone::Named(zone) => say!(
            tongue,
            "Quiet hours go by the clock of {zone}",
            "Les heures calmes suivent l’heure de {zone}"
        ),
    }))
}

/// What went wrong, or what stopped it at dispatch. Words of the provider's are quoted in it.
fn error(case: &Case<'_>, tongue: &Tongue) -> Option<Evidence> {
    // What was sent in the end had only to be tried again.
    let error = case.error.filter(|_| case.status != Status::Sent)?;
    let said = error.last().say(tongue);
    Some(Evidence::from(match case.reason {
        Some(Reason::Unrenderable) => say!(tongue, "Where: {said}", "Où : {said}"),
        Some(Reason::Failed | Reason::Recalled) | None => {
            say!(tongue, "Last error: {said}", "Dernière erreur : {said}")
        }
        Some(_) => say!(
            tongue,
            "Stopped when its turn came: {said}",
            "Arrêté au moment de l’envoi : {said}"
        ),
    }))
}

/// A refusal that did not decide it alone, or one that was passed over.
fn beside(case: &Case<'_>, refusal: &Refusal, tongue: &Tongue) -> Evidence {
    let said = refusal.say(tongue);
    if case.reason.is_some() && case.attempt == 0 {
        return Evidence::from(say!(tongue, "Also: {said}", "Aussi : {said}"));
    }
    Evidence::from(say!(tongue, "Passed over: {said}", "Écarté : {said}"))
}
