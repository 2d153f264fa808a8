//! Words of what is kept: reasons, channels, statuses.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Address suppressed", "Adresse exclue"),
    ("Already sent", "Déjà envoyé"),
    ("Being sent", "En cours d’envoi"),
    ("Completed", "Terminé"),
    ("Control group", "Groupe témoin"),
    ("Customer paused", "Pause du client"),
    ("E-mail", "E-mail"),
    (
        "Expired before it could go",
        "Expiré avant de pouvoir partir",
    ),
    ("Failed", "Échoué"),
    ("Frequency cap used up", "Plafond de fréquence atteint"),
    ("Held back", "Retenu"),
    ("Migrated", "Migré"),
    ("Missed", "Manqué"),
    ("No address", "Pas d’adresse"),
    ("No consent", "Pas de consentement"),
    ("Not personalised", "Non personnalisé"),
    ("Processing restricted", "Traitement limité"),
    ("Queued", "En file d’attente"),
    ("Quiet hours", "Heures de silence"),
    ("Refused by the provider", "Refusé par le prestataire"),
    ("Restarted", "Recommencé"),
    ("Sent", "Envoyé"),
    ("Stopped", "Arrêté"),
    ("Taken back", "Repris"),
    (
        "Taken back: the customer left",
        "Repris : le client est sorti",
    ),
    (
        "Template could not be rendered",
        "Le modèle n’a pas pu être rendu",
    ),
    ("Unknown", "Inconnu"),
];
