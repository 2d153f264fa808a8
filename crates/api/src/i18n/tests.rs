use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{Language, count, fill, french, say, timed, within};
use crate::console::words::When;

/// Every text that templates and sources ask for by name.
fn asked_for() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = BTreeSet::new();
    for folder in ["templates", "src"] {
        read(&root.join(folder), &mut texts);
    }
    texts
}

fn read(folder: &Path, texts: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("src/i18n") {
            continue;
        }
        if path.is_dir() {
            read(&path, texts);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for call in ["say(", "fill(", "timed("] {
            calls(&source, call, 1, texts);
        }
        calls(&source, "count(", 2, texts);
    }
}

/// The first `most` string literals behind each call of that name.
fn calls(source: &str, call: &str, most: usize, texts: &mut BTreeSet<String>) {
    for (at, _) in source.match_indices(call) {
        let before = source[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let mut rest = &source[at + call.len()..];
        // `count` is told the number first.
        if most == 2 {
            let Some((_, after)) = rest.split_once(',') else {
                continue;
            };
            rest = after;
        }
        for _ in 0..most {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            let Some(inside) = rest.strip_prefix('"') else {
                break;
            };
            let end = inside.find('"').unwrap();
            assert!(
                !inside[..end].contains('\\'),
                "no escapes in a text of the console: {}",
                &inside[..end]
            );
            texts.insert(inside[..end].to_owned());
            rest = &inside[end + 1..];
        }
    }
}

#[test]
fn every_text_has_its_french_and_nothing_is_translated_for_nobody() {
    let asked = asked_for();
    assert!(asked.contains("Customers"));
    let known: BTreeSet<String> = french::ROOMS
        .iter()
        .copied()
        .flatten()
        .map(|(english, _)| (*english).to_owned())
        .collect();
    let missing: Vec<_> = asked.difference(&known).collect();
    assert!(missing.is_empty(), "without French: {missing:#?}");
    let idle: Vec<_> = known.difference(&asked).collect();
    assert!(idle.is_empty(), "asked for nowhere: {idle:#?}");
}

#[test]
fn a_text_has_one_translation_and_the_same_gaps() {
    let mut seen = BTreeMap::new();
    for (english, french) in french::ROOMS.iter().copied().flatten() {
        let before = seen.insert(*english, *french);
        assert!(before.is_none_or(|b| b == *french), "twice: {english}");
        for n in 0..9 {
            let gap = format!("{{{n}}}");
            assert_eq!(english.contains(&gap), french.contains(&gap), "{english}");
        }
    }
}

#[test]
fn a_page_in_another_language_is_the_same_page() {
    let query = String::from("name=a%26b&lang=en&x=%C3%A9");
    let language = Language::English;
    let heard = super::Heard { language, query };
    let link = super::HEARD.sync_scope(heard, || super::here_in("fr"));
    assert_eq!(link, "?name=a%26b&x=%C3%A9&lang=fr");
}

#[test]
fn french_stands_with_its_fixed_spaces() {
    for (english, french) in french::ROOMS.iter().copied().flatten() {
        for mark in [" :", " ;", " ?", " !", "« ", " »"] {
            assert!(
                !french.contains(mark),
                "a space that does not break belongs to {mark:?}: {english}"
            );
        }
        assert!(!french.contains('\''), "an apostrophe is ’: {french}");
    }
}

#[test]
fn gaps_are_filled_in_the_order_of_the_language() {
    assert_eq!(within(Language::French, || say("Customers")), "Clients");
    assert_eq!(say("Customers"), "Customers");
    assert_eq!(fill("{1} and {0}, {x}", &[&1, &"two"]), "two and 1, {x}");
    let counted = |language, n| within(language, || count(n, "{0} run", "{0} runs"));
    assert_eq!(counted(Language::English, 0), "0 runs");
    assert_eq!(counted(Language::English, 1), "1 run");
    assert_eq!(counted(Language::English, 1_234), "1,234 runs");
    assert_eq!(counted(Language::French, 0), "0 run");
    let at = When("2026-01-05T10:00:00Z".parse().unwrap());
    let html = timed("a < {0}", &[at]).to_string();
    assert!(html.starts_with("a &#60; <time "), "{html}");
}

#[test]
fn a_page_reads_its_query_without_the_language() {
    for (asked, left) in [
        ("/messages/funnel?lang=fr", "/messages/funnel"),
        ("/x?a=1&lang=fr&b=%C3%A9", "/x?a=1&b=%C3%A9"),
        (
            "http://shop.example/x?lang=en&c=lang",
            "http://shop.example/x?c=lang",
        ),
    ] {
        let uri = super::without_language(&asked.parse().unwrap()).unwrap();
        assert_eq!(uri.to_string(), left);
    }
    assert_eq!(super::without_language(&"/x".parse().unwrap()), None);
}
