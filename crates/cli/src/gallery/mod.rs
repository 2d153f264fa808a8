//! The gallery of journeys that `parcours new` begins from: the samples of the repository, as they
//! were when the binary was built, and a small starter.

mod needs;

use serde_json::Value;

pub use self::needs::Needs;

/// The entry that is used where none is named.
pub const STARTER: &str = "starter";

/// Every file, by its path in a workspace, in order.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/gallery.rs"));

/// The words of the language that the list shows, in the order in which it shows them.
const WORDS: [&str; 22] = [
    "segment",
    "schedule",
    "date",
    "api",
    "goal",
    "wait",
    "wait_for",
    "any",
    "if",
    "choose",
    "split",
    "repeat",
    "send",
    "ask",
    "hand_over",
    "call",
    "set",
    "emit",
    "start",
    "stop",
    "use",
    "missed",
];

/// Words that every journey has: they tell nobody which one to look at.
const COMMON: [&str; 3] = ["send", "wait", "if"];

/// A journey that others can begin from.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub title: String,
    /// What it does and why it is made so: the comment above it.
    pub about: String,
    /// The words of the language that it shows.
    pub words: Vec<&'static str>,
}

/// All entries, the starter first.
pub fn all() -> Vec<Entry> {
    let mut entries: Vec<Entry> = FILES
        .iter()
        .filter_map(|(path, text)| Some(entry(journey_of(path)?, text)))
        .collect();
    entries.sort_by_key(|e| (e.name != STARTER, e.name));
    entries
}

/// The entry of that name.
pub fn find(name: &str) -> Option<Entry> {
    file(&format!("journeys/{name}/journey.yaml"))?;
    all().into_iter().find(|e| e.name == name)
}

/// The text of a file of the gallery, by its path in a workspace.
pub fn file(path: &str) -> Option<&'static str> {
    let found = FILES.binary_search_by_key(&path, |(path, _)| path).ok()?;
    FILES.get(found).map(|(_, text)| *text)
}

/// The files directly or further below a folder such as `templates/cart/nudge/`.
pub fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES
        .iter()
        .filter(move |(path, _)| path.starts_with(folder))
        .copied()
}

/// Reads YAML as plain data; null where it is none.
pub fn data(yaml: &str) -> Value {
    serde_yaml::from_str(yaml).unwrap_or_default()
}

fn journey_of(path: &'static str) -> Option<&'static str> {
    path.strip_prefix("journeys/")?
        .strip_suffix("/journey.yaml")
}

fn entry(name: &'static str, text: &str) -> Entry {
    let journey = data(text);
    Entry {
        name,
        title: journey["title"].as_str().unwrap_or(name).to_owned(),
        about: about(text),
        words: words(&journey),
    }
}

/// The comment at the head of a file, without its signs.
fn about(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .filter(|line| !line.starts_with("# yaml-language-server:"))
        .map(|line| line.trim_start_matches('#').trim_start())
        .collect();
    lines.join("\n").trim().to_owned()
}

fn words(journey: &Value) -> Vec<&'static str> {
    let used = needs::names(journey);
    WORDS
        .into_iter()
        .filter(|word| !COMMON.contains(word) && used.contains(*word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_what_it_is_and_why_it_is_made_so() {
        let all = all();
        assert!(all.len() > 12 && all[0].name == STARTER, "{all:?}");
        for entry in all {
            assert_ne!(entry.title, entry.name, "no title");
            assert!(entry.about.lines().count() >= 3, "{}", entry.name);
        }
    }

    #[test]
    fn together_they_show_every_word() {
        let all = all();
        for word in WORDS {
            let shown = COMMON.contains(&word) || all.iter().any(|e| e.words.contains(&word));
            assert!(shown, "no entry shows `{word}`");
        }
        let sources: Vec<&str> = below("journeys/").map(|(_, text)| text).collect();
        let more = [
            "again",
            "arms",
            "at",
            "days",
            "else",
            "every",
            "exit",
            "expect",
            "expires",
            "for",
            "fresh",
            "inside",
            "key",
            "not_understood",
            "offset",
            "options",
            "params",
            "priority",
            "purpose",
            "quiet",
            "retry",
            "save",
            "schedule",
            "synonyms",
            "tags",
            "times",
            "until",
            "with",
            "within",
            "zone",
        ];
        for word in more {
            let written = |text: &&str| needs::names(&data(text)).contains(word);
            assert!(sources.iter().any(written), "no entry shows `{word}`");
        }
    }
}
