//! Words of what is kept: reasons, channels, statuses.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Address suppressed", "Adresse bloquée"),
    ("Already sent", "Déjà envoyé"),
    ("Being sent", "En cours d’envoi"),
    ("Completed", "Terminé"),
    ("Control group", "Groupe témoin"),
    ("Customer paused", "En pause, au choix du client"),
    ("E-mail", "E-mail"),
    (
        "Expired before it could go",
        "Date limite passée avant l’envoi",
    ),
    ("Failed", "Échoué"),
    ("Frequency cap used up", "Plafond de fréquence atteint"),
    ("Held back", "Retenu"),
    ("Migrated", "Migré"),
    ("Missed", "Manqué"),
    ("No address", "Pas d’adresse"),
    ("No consent", "Pas de consentement"),
    ("Not personalised", "Personnalisation refusée"),
    ("Processing restricted", "Traitement limité"),
    ("Push", "Notification push"),
    ("Queued", "En file d’attente"),
    ("Quiet hours", "Heures calmes"),
    ("Refused by the provider", "Refusé par le prestataire"),
    ("Restarted", "Recommencé"),
    ("Sent", "Envoyé"),
    ("Stopped", "Arrêté"),
    ("Taken back", "Retiré"),
    (
        "Taken back: the customer left",
        "Retiré : le client est sorti",
    ),
    ("Template could not be rendered", "Modèle inutilisable"),
    ("Unknown", "Inconnu"),
];
