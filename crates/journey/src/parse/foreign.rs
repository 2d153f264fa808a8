//! Words that people bring along: from other tools, from French, from everyday speech.

use crate::diagnostics::nearest;

/// Our word, and what others say for it.
const WORDS: &[(&str, &[&str])] = &[
    ("after", &["apres", "après", "longest", "max_stay"]),
    ("again", &["reentry", "re_entry", "encore"]),
    ("arms", &["variants", "branches", "groups"]),
    ("as", &["reason", "raison", "named"]),
    ("at", &["time", "heure", "hour"]),
    ("call", &["webhook", "request", "appeler", "appel"]),
    ("capped", &["cap", "frequency_cap", "on_cap"]),
    ("choose", &["switch", "branch", "decide", "choisir"]),
    ("days", &["weekdays", "jours", "on_days"]),
    ("else", &["sinon", "otherwise", "default", "autrement"]),
    (
        "enter",
        &[
            "trigger",
            "entry",
            "entree",
            "entrée",
            "entrer",
            "starts",
            "start_when",
        ],
    ),
    ("event", &["evenement", "événement", "événements"]),
    ("every", &["interval", "each", "chaque"]),
    (
        "exit",
        &[
            "sortie", "sortir", "leave", "quit", "end", "quitter", "finish",
        ],
    ),
    ("expires", &["ttl", "expiry", "expire"]),
    ("for", &["duration", "duree", "durée", "pendant"]),
    (
        "goal",
        &["conversion", "objectif", "but", "target", "success"],
    ),
    (
        "hand_over",
        &["transfer", "escalate", "handoff", "hand_off"],
    ),
    ("id", &["name", "nom", "ref"]),
    ("if", &["si", "condition", "filter", "where", "only_if"]),
    ("options", &["answers", "choices", "buttons", "reponses"]),
    ("priority", &["priorite", "priorité", "rank"]),
    ("purpose", &["finalite", "finalité", "consent", "category"]),
    ("quiet", &["quiet_hours"]),
    ("repeat", &["loop", "repeter", "répéter", "boucle"]),
    ("retries", &["retry", "attempts", "tries"]),
    ("save", &["store", "into", "save_as", "save_to"]),
    ("send", &["envoyer", "envoi", "envoie"]),
    ("set", &["assign", "update", "definir"]),
    ("split", &["ab_test", "experiment", "random", "abtest"]),
    ("start", &["run_journey", "start_journey"]),
    ("steps", &["etapes", "étapes", "actions", "flow"]),
    ("tags", &["labels", "etiquettes"]),
    (
        "template",
        &["modele", "modèle", "content", "message", "contenu"],
    ),
    ("then", &["alors", "do"]),
    ("times", &["count", "max", "limit", "rounds", "fois"]),
    ("title", &["name", "nom", "titre", "label"]),
    ("until", &["jusqua", "till"]),
    ("url", &["uri", "address", "endpoint", "href"]),
    (
        "wait",
        &["delay", "pause", "sleep", "attendre", "attente", "attends"],
    ),
    ("wait_for", &["listen", "wait_event", "wait_for_event"]),
    (
        "weight",
        &["percent", "percentage", "share", "poids", "ratio"],
    ),
    ("when", &["if", "quand", "case", "cas"]),
    ("with", &["data", "params", "variables", "avec", "vars"]),
    ("within", &["timeout", "delai", "délai", "max_wait"]),
    ("zone", &["timezone", "tz", "time_zone", "fuseau"]),
];

/// Values as people call them, where one of a few is expected.
const VALUES: &[(&str, &[&str])] = &[
    ("true", &["yes", "on", "y", "oui", "1", "vrai"]),
    ("false", &["no", "off", "n", "non", "0", "faux"]),
    ("entered", &["enter", "enters", "in", "joined", "joins"]),
    (
        "left",
        &["leave", "leaves", "exit", "exits", "exited", "out"],
    ),
    ("year", &["yearly", "annual", "annually", "1y", "an"]),
    ("go_on", &["continue", "go", "proceed", "skip", "ignore"]),
    ("exit", &["leave", "stop", "quit", "end"]),
    ("hold", &["wait", "delay", "queue", "defer", "later"]),
    ("skip", &["drop", "discard", "cancel"]),
    ("send", &["off", "no", "ignore", "always", "false"]),
    ("fallback", &["next", "fall_back", "alternative"]),
    ("ignore", &["no", "off", "false", "skip", "nothing"]),
    ("refresh", &["update", "replace", "merge"]),
    ("restart", &["reset", "again"]),
    ("never", &["no", "once", "false", "off"]),
    ("always", &["yes", "true", "on", "any", "unlimited"]),
    ("none", &["no", "off", "false", "never"]),
    ("opt_in", &["yes", "required", "explicit"]),
    ("double_opt_in", &["double", "doi", "confirmed"]),
    ("rolling", &["sliding", "moving"]),
    ("calendar", &["fixed"]),
    ("string", &["text", "str", "varchar", "date", "uuid"]),
    ("integer", &["int", "whole", "long"]),
    ("number", &["float", "double", "decimal", "numeric"]),
    ("boolean", &["bool", "flag"]),
    ("array", &["list"]),
    ("object", &["map", "dict", "hash", "record"]),
    ("text", &["string", "free", "open"]),
    ("email", &["mail", "e-mail"]),
];

/// Channels as people call them.
const CHANNELS: &[(&str, &[&str])] = &[
    (
        "email",
        &["mail", "e-mail", "mails", "courriel", "newsletter"],
    ),
    ("sms", &["text", "texto", "text_message", "mobile"]),
    ("push", &["notification", "push_notification", "app"]),
    (
        "chat",
        &["whatsapp", "messenger", "telegram", "bot", "chatbot"],
    ),
];

/// Which of `words` is meant by a word that is none of them: spelled nearly so, or called so
/// elsewhere.
pub(crate) fn meant<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let called = |ours: &&&'w str| calls(WORDS, ours, word) || calls(CHANNELS, ours, word);
    if let Some(ours) = words.iter().find(called) {
        return Some(ours);
    }
    // Nobody means a word by a text of that length, and comparing it would take long.
    let near = (word.len() <= 64).then(|| nearest(word, words.iter().copied()));
    near.flatten()
}

/// Whether other tools or languages call our word so.
pub(crate) fn called(word: &str, ours: &str) -> bool {
    calls(WORDS, ours, word)
}

/// Whether a word is of this language, though perhaps not at that place.
pub(crate) fn is_ours(word: &str) -> bool {
    WORDS.iter().any(|(ours, _)| *ours == word)
}

/// Which of the values that can stand at a place is meant.
pub(crate) fn meant_value<'w>(
    word: &str,
    words: impl IntoIterator<Item = &'w str> + Clone,
) -> Option<&'w str> {
    let called = |ours: &&'w str| calls(VALUES, ours, word);
    let found = words.clone().into_iter().find(called);
    found.or_else(|| (word.len() <= 64).then(|| nearest(word, words)).flatten())
}

fn calls(table: &[(&str, &[&str])], ours: &str, word: &str) -> bool {
    let others = table.iter().find(|(name, _)| *name == ours);
    others.is_some_and(|(_, others)| others.contains(&&*word.to_lowercase()))
}
