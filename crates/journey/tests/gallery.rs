//! The messages of the gallery at the root of the repository, filled in as customers get them.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use journey::{
    content::Content,
    diagnostic::SourceFile,
    links,
    render::{Context, Templates},
    value::{Map, Value},
};

/// What the sends of all journeys pass on, under the names that they pass it on by.
const WITH: &str = include_str!("gallery/with.json");

/// Characters of GSM 03.38 beside ASCII that French and English texts use. `^{}[]~\|€` count twice.
const GSM: &str = "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜ§¿äöñüà€";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, found: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy();
            found.push(SourceFile {
                path: name.replace('\\', "/").into(),
                text: fs::read_to_string(&path).unwrap().into(),
            });
        }
    }
}

/// Every message of the gallery: its template, its locale, and what a customer gets.
fn messages() -> Vec<(String, &'static str, Content)> {
    let mut sources = Vec::new();
    files(&root().join("templates"), &mut sources);
    let (templates, found) = Templates::compile(&sources, "fr");
    assert!(found.is_empty(), "{found:?}");
    let with = Value::from(serde_json::from_str::<serde_json::Value>(WITH).unwrap());
    let customer = Map::from([("first_name".into(), Value::text("Léa"))]);
    let link = |(name, _): (&str, _)| {
        let leads = format!("https://shop.example/{name}/9f2c");
        (name.into(), Value::text(leads))
    };
    let links: Map = links::NAMES.map(link).into_iter().collect();
    let context = Context {
        with: &with,
        customer: &customer,
        links: &links,
        options: &[],
        more: &Map::new(),
    };
    let mut all = Vec::new();
    for name in templates.names() {
        for channel in templates.channels(name) {
            for locale in ["en", "fr"] {
                let locales = templates.locales(name, channel);
                assert!(
                    locales.contains(&locale),
                    "{name}: no {locale} for {channel}"
                );
                let content = templates.render(name, channel, Some(locale), &context);
                all.push((name.to_owned(), locale, content.unwrap()));
            }
        }
    }
    all
}

/// What people read, without mark-up.
fn read(content: &Content) -> Vec<&str> {
    match content {
        Content::Email {
            subject,
            preheader,
            text,
            ..
        } => vec![subject, preheader, text],
        Content::Sms { text } | Content::Chat { text, .. } => vec![text],
        Content::Push(push) => vec![&push.title, &push.body],
    }
}

#[test]
fn every_message_is_there_in_english_and_in_french() {
    let all = messages();
    assert!(all.len() > 100, "{}", all.len());
    for (name, locale, content) in &all {
        if let Content::Email {
            subject, preheader, ..
        } = content
        {
            assert!(subject.chars().count() <= 60, "{name} {locale}: {subject}");
            assert!(!preheader.is_empty(), "{name} {locale}: no preheader");
        }
    }
}

#[test]
fn a_text_message_fits_one_segment_and_uses_its_alphabet() {
    for (name, locale, content) in messages() {
        let Content::Sms { text } = content else {
            continue;
        };
        let text = text.trim();
        let odd: String = text
            .chars()
            .filter(|c| !c.is_ascii() && !GSM.contains(*c))
            .collect();
        assert_eq!(odd, "", "{name} {locale}: beyond GSM 03.38: {text}");
        let length: usize = text
            .chars()
            .map(|c| if "^{}[]~\\|€".contains(c) { 2 } else { 1 })
            .sum();
        assert!(
            length <= 160,
            "{name} {locale}: {length} characters: {text}"
        );
    }
}

#[test]
fn french_has_its_spaces_and_its_apostrophes() {
    for (name, locale, content) in messages() {
        if locale != "fr" || matches!(content, Content::Sms { .. }) {
            continue;
        }
        for text in read(&content) {
            for sign in [" ;", " ?", " !", " :", " %", " €", "« ", " »", "'"] {
                assert!(!text.contains(sign), "{name}: `{sign}` in {text}");
            }
        }
    }
}
