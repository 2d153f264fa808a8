//! What could not be shown or done.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Back to the overview", "Retour à la vue d’ensemble"),
    (
        "It was not taken. Try again in a moment.",
        "Ce n’est pas enregistré. Réessayez dans un instant.",
    ),
    (
        "Its address may be mistyped, or it is no longer kept.",
        "L’adresse est peut-être mal écrite, ou ce qu’elle montrait n’est plus conservé.",
    ),
    ("Not for you", "Pas pour vous"),
    ("Not found", "Introuvable"),
    ("Not right now", "Pas pour l’instant"),
    ("Something went wrong", "Une erreur s’est produite"),
    ("That did not work", "Cela n’a pas fonctionné"),
    (
        "The database does not answer. Try again in a moment.",
        "La base de données ne répond pas. Réessayez dans un instant.",
    ),
    (
        "The fault is ours, and it has been logged. Nothing was changed.",
        "La faute est de notre côté, et elle est notée. Rien n’a changé.",
    ),
    (
        "There are too many rows to search without a customer. Open a customer first; their messages are found at once.",
        "Il y a trop de lignes pour chercher sans client. Ouvrez d’abord un client ; ses messages se trouvent aussitôt.",
    ),
    ("There is no such customer.", "Ce client n’existe pas."),
    (
        "There is no such item of the inbox.",
        "Rien de tel dans la boîte de réception.",
    ),
    ("There is no such journey.", "Ce parcours n’existe pas."),
    (
        "There is no such key that holds.",
        "Aucune clé valable de ce nom.",
    ),
    ("There is no such message.", "Ce message n’existe pas."),
    ("There is no such page.", "Cette page n’existe pas."),
    ("There is no such user.", "Cet utilisateur n’existe pas."),
    (
        "What was sent cannot be read. Go back, and try again.",
        "Ce qui a été envoyé est illisible. Revenez en arrière et réessayez.",
    ),
];
