//! The first page.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Entered a journey", "Entrées dans un parcours"),
    ("Goals", "Objectifs"),
    ("Held back, by reason", "Retenus, par motif"),
    ("Inside", "À l’intérieur"),
    ("Inside now", "À l’intérieur"),
    ("Left, by reason", "Sorties, par motif"),
    ("Messages sent", "Messages envoyés"),
    (
        "No message has been held back.",
        "Aucun message n’a été retenu.",
    ),
    (
        "No message has been sent yet.",
        "Aucun message n’a encore été envoyé.",
    ),
    (
        "Nobody has entered a journey yet",
        "Personne n’est encore entré dans un parcours",
    ),
    (
        "Nobody has left a journey yet.",
        "Personne n’est encore sorti d’un parcours.",
    ),
    ("Reached the goal", "Objectif atteint"),
    (
        "Send an event, and the customer it names appears here.",
        "Envoyez un événement, et le client qu’il nomme apparaît ici.",
    ),
    ("Sent, by channel", "Envoyés, par canal"),
    ("{0} % of entries", "{0} % des entrées"),
    ("{0} has failed", "{0} échoué"),
    ("{0} have failed", "{0} échoués"),
    ("{0} on its way", "{0} en route"),
    ("{0} on their way", "{0} en route"),
    ("{0} was taken back", "{0} retiré"),
    ("{0} were taken back", "{0} retirés"),
    (
        "as PostgreSQL estimates",
        "selon l’estimation de PostgreSQL",
    ),
];
