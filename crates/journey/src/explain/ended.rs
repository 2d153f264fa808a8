//! Why a message that was to go came to nothing: its address, its time, its run, its provider.

use super::{Case, Tongue, say};
use crate::{
    failure::Failure,
    message::{Channel, Refusal},
    policy::ROLE,
};

pub(super) fn suppressed(
    case: &Case<'_>,
    channel: Channel,
    refusal: Option<&Refusal>,
    tongue: &Tongue,
) -> String {
    let record = case.suppressed.get(&channel);
    let stopped = match case.error {
        Some(Failure::Suppressed { why }) => Some(&**why),
        _ => None,
    };
    // What decided it, before what is known by now.
    let word = refusal
        .map(|r| &*r.rule)
        .or(stopped)
        .or_else(|| record.map(|s| &*s.reason));
    let why = match (case.error, word) {
        (Some(Failure::Erased), _) => say!(
            tongue,
            "the person whose it was has been erased",
            "la personne à qui elle était a été effacée"
        ),
        (Some(Failure::Listed), _) => say!(
            tongue,
            "it is on the suppression list",
            "elle est sur la liste d’exclusion"
        ),
        (_, Some(ROLE)) => say!(
            tongue,
            "it is the mailbox of a role and not of a person",
            "c’est celle d’une fonction et non d’une personne"
        ),
        (_, Some("complained")) => say!(
            tongue,
            "the customer reported a message as unwanted",
            "un message a été signalé comme indésirable"
        ),
        _ => say!(
            tongue,
            "a message to it came back",
            "un message est revenu sans être remis"
        ),
    };
    let by = tongue.channel(channel);
    say!(
        tongue,
        "Not sent: the address for {by} is no longer used, because {why}.",
        "Non envoyé : l’adresse ({by}) n’est plus utilisée, car {why}."
    )
}

pub(super) fn expired(case: &Case<'_>, tongue: &Tongue) -> String {
    match case.decision.and_then(|d| d.expires_at) {
        Some(at) => {
            let at = tongue.moment(at);
            say!(
                tongue,
                "Not sent: it could not go before it expired, {at}.",
                "Non envoyé : le départ n’a pas été possible avant la date limite, {at}."
            )
        }
        None => say!(
            tongue,
            "Not sent: it could not go before it expired.",
            "Non envoyé : le départ n’a pas été possible avant la date limite."
        ),
    }
}

pub(super) fn recalled(case: &Case<'_>, tongue: &Tongue) -> String {
    let journey = case.journey;
    match case.left {
        Some(left) => {
            let left = left_words(left, tongue);
            say!(
                tongue,
                "Taken back before it went: the customer had left the journey {journey} ({left}).",
                "Retiré avant l’envoi : le client avait quitté le parcours {journey} ({left})."
            )
        }
        None => say!(
            tongue,
            "Taken back before it went: the customer had left the journey {journey}.",
            "Retiré avant l’envoi : le client avait quitté le parcours {journey}."
        ),
    }
}

pub(super) fn failed(case: &Case<'_>, tongue: &Tongue) -> String {
    let refused = matches!(
        case.error,
        Some(Failure::Http { .. } | Failure::Smtp { .. } | Failure::Words { .. }) | None
    );
    if refused && case.attempt <= 1 {
        return say!(
            tongue,
            "Not sent: the provider refused it for good.",
            "Non envoyé : refus définitif du prestataire d’envoi."
        );
    }
    let tries = tongue.tries(case.attempt.unsigned_abs());
    say!(
        tongue,
        "Not sent: it failed for good after {tries}.",
        "Non envoyé : échec définitif après {tries}."
    )
}

/// Why a run left: the engine's own words in the language, an author's as written.
pub(crate) fn left_words(reason: &str, tongue: &Tongue) -> String {
    let french = match reason {
        "completed" => "parcours terminé",
        "missed" => "moment manqué",
        "restarted" => "recommencé",
        "stopped" => "arrêté",
        "merged" => "client fusionné avec un autre",
        "migrated" => "retiré par une nouvelle version",
        "by_hand" => "sorti à la main",
        other => other,
    };
    tongue.say(|| reason.into(), || french.into())
}
