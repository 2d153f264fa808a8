//! What surrounds every page.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Access", "Accès"),
    ("Audit log", "Journal d’audit"),
    ("Close", "Fermer"),
    ("Customers", "Clients"),
    ("Find a customer", "Trouver un client"),
    (
        "Find a customer by id, e-mail, phone or name",
        "Trouver un client par identifiant, e-mail, téléphone ou nom",
    ),
    ("Inbox", "Boîte de réception"),
    ("Journeys", "Parcours"),
    ("Keyboard shortcuts", "Raccourcis clavier"),
    ("Language", "Langue"),
    ("Mailbox", "Courrier capturé"),
    ("Main", "Principal"),
    ("Messages", "Messages"),
    ("Next and previous line", "Ligne suivante et précédente"),
    ("Overview", "Vue d’ensemble"),
    ("Single keys do something", "Les touches seules agissent"),
    ("Sign out", "Se déconnecter"),
    ("Skip to the content", "Aller au contenu"),
    ("This list", "Cette liste"),
    ("Your account: ", "Votre compte : "),
];
