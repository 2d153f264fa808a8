//! Merging two customers.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("Afterwards", "Ensuite"),
    ("Compare", "Comparer"),
    ("Goes", "Part"),
    ("Journeys that are left", "Parcours quittés"),
    ("Leave both as they are", "Laisser les deux tels quels"),
    ("Merge", "Fusionner"),
    (
        "Merge into another customer",
        "Fusionner avec un autre client",
    ),
    ("Merge two customers", "Fusionner deux clients"),
    ("Merge {0} into {1}", "Fusionner {0} avec {1}"),
    ("Merged", "Fusionné"),
    ("Merged into", "Fusionné avec"),
    (
        "News of a merged customer",
        "Nouvelles d’un client fusionné",
    ),
    (
        "Nobody has this key. Merge into a customer who is there.",
        "Personne n’a cette clé. Choisissez un client qui existe.",
    ),
    (
        "None has been recorded of either.",
        "Aucun n’est enregistré, ni pour l’un ni pour l’autre.",
    ),
    (
        "Nothing is known of either.",
        "On ne sait rien ni de l’un ni de l’autre.",
    ),
    (
        "Nothing was merged: events cannot be taken at the moment.",
        "Rien n’a été fusionné : les événements ne peuvent pas être pris en ce moment.",
    ),
    (
        "Processing is restricted for one of them: it will be for both.",
        "Le traitement est limité pour l’un des deux : il le sera pour les deux.",
    ),
    ("Purpose and channel", "Finalité et canal"),
    ("Stays", "Reste"),
    ("taken over", "repris"),
    ("That is the same customer.", "C’est le même client."),
    (
        "The one who goes is in no journey.",
        "Celui qui part n’est dans aucun parcours.",
    ),
    (
        "The other was merged into this customer before.",
        "L’autre a déjà été fusionné avec ce client.",
    ),
    (
        "the other’s key or id; both are shown first",
        "la clé ou l’identifiant de l’autre ; les deux sont d’abord montrés",
    ),
    (
        "This customer was merged already.",
        "Ce client a déjà été fusionné.",
    ),
    ("Took over", "A repris"),
    ("Trait", "Propriété"),
    (
        "What happens here is passed on, and nothing begins here any more.",
        "Ce qui arrive ici est transmis, et plus rien ne commence ici.",
    ),
    ("Whom does it turn out to be?", "De qui s’agit-il en fait ?"),
    (
        "{0} goes, and {1} stays. This cannot be undone.",
        "{0} part et {1} reste. Cela ne peut pas être annulé.",
    ),
    ("{0}, {1}", "{0}, {1}"),
];
