//! What people do by hand, on the pages of customers and messages.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("A pause was asked for.", "La pause a été demandée."),
    (
        "A person wrote this message: it is written again in the inbox.",
        "Ce message a été écrit par une personne : il se réécrit dans la boîte de réception.",
    ),
    (
        "A rule holds the run’s message back: that holds for whoever asks.",
        "Une règle retient le message du parcours : elle vaut pour tout le monde.",
    ),
    ("Actions", "Actions"),
    ("All channels", "Tous les canaux"),
    (
        "Another version was asked for.",
        "Le changement de version a été demandé.",
    ),
    ("Channel", "Canal"),
    (
        "It is decided anew, under the rules of now, and filled in anew.",
        "Il est décidé à nouveau, selon les règles d’aujourd’hui, et rempli à nouveau.",
    ),
    ("It was asked to go on.", "La reprise a été demandée."),
    (
        "Its journey is paused: the run goes on when that does.",
        "Le parcours entier est en pause, et reprendra pour tous.",
    ),
    ("Let it go on", "Reprendre"),
    ("Move", "Changer"),
    ("Move to version", "Passer à la version"),
    (
        "Nobody opts out of that: it needs no consent there.",
        "Cette finalité ne demande pas de consentement : il n’y a rien à retirer.",
    ),
    (
        "Only a message that failed is sent again.",
        "Seul un message qui a échoué est renvoyé.",
    ),
    ("Opt out", "Désinscrire"),
    ("Pause", "Mettre en pause"),
    (
        "Paused by a person since {0}",
        "En pause, à la demande d’une personne, depuis {0}",
    ),
    ("Purpose", "Finalité"),
    ("Reason", "Motif"),
    (
        "Say why, in 1 to 500 characters.",
        "Dites pourquoi, en 1 à 500 caractères.",
    ),
    ("Send again", "Renvoyer"),
    ("Skip the wait", "Passer l’attente"),
    ("Take out", "Sortir"),
    ("Take out of the journey", "Sortir du parcours"),
    (
        "The end of the wait was asked for.",
        "La fin de l’attente a été demandée.",
    ),
    ("The exit was asked for.", "La sortie a été demandée."),
    (
        "The message was asked to be sent again.",
        "Le renvoi du message a été demandé.",
    ),
    (
        "The opt-out was asked for.",
        "La désinscription a été demandée.",
    ),
    (
        "The run has left its journey.",
        "Le parcours est terminé pour ce client.",
    ),
    ("The run is not paused.", "Il n’est pas en pause."),
    (
        "The run is on that version.",
        "Il est déjà sur cette version.",
    ),
    (
        "The run is paused already, or takes no step until it goes on.",
        "Il est déjà en pause, ou n’avance pas avant la reprise.",
    ),
    ("The run waits for nothing.", "Il n’attend rien."),
    (
        "There is no such version of its journey.",
        "Ce parcours n’a pas cette version.",
    ),
    (
        "This form was sent before, with other words. Open the page anew.",
        "Ce formulaire a déjà été envoyé, avec d’autres mots. Rouvrez la page.",
    ),
    (
        "This is taken from pages of the console only.",
        "Ceci n’est accepté que des pages de la console.",
    ),
    (
        "Tick the box as well: a run that has left cannot be put back where it was.",
        "Cochez aussi la case : après une sortie, rien ne remet le parcours où il était.",
    ),
    (
        "What comes of it stands in the timeline.",
        "Ce qu’il en advient figure dans la chronologie.",
    ),
    (
        "Yes: it leaves now, and cannot be put back where it was.",
        "Oui : la sortie est immédiate, et ne s’annule pas.",
    ),
    (
        "kept in the timeline and in the audit log",
        "conservé dans la chronologie et le journal d’audit",
    ),
];
