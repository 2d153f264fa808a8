//! Every sentence in both languages, side by side in `sentences.md` for people who read them:
//! `BLESS=1 cargo test -p parcours-journey --test explain` writes it anew.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

mod cases;
mod facts;
mod failures;
mod ways;

use std::fmt::Write as _;

use journey::{
    customer::Customer,
    explain::{Explanation, Language, Tongue, explain},
    message::Reason,
    policies::Defaults,
    value::Value,
};

fn tongue(language: Language, zone: Option<&str>) -> Tongue {
    let mut customer = Customer::new("ana");
    if let Some(zone) = zone {
        let zone = Value::text(zone);
        customer.traits.insert("timezone".into(), zone);
    }
    Tongue::local(language, &customer, &Defaults::default())
}

/// English and French of everything that can be said.
fn pairs() -> Vec<(String, String)> {
    let tongues = Language::ALL.map(|l| tongue(l, None));
    let mut pairs = Vec::new();
    for reason in Reason::ALL {
        let [en, fr] = Language::ALL.map(|l| reason.words(l).to_owned());
        pairs.push((en, fr));
    }
    for fact in facts::all() {
        let [en, fr] = tongues.each_ref().map(|t| fact.say(t));
        pairs.push((en, fr));
    }
    for failure in failures::all() {
        let [en, fr] = tongues.each_ref().map(|t| failure.say(t));
        pairs.push((en, fr));
    }
    for case in cases::all() {
        let [en, fr] = tongues
            .each_ref()
            .map(|t| explain(&case.case(), t).text().replace('\n', "<br>"));
        pairs.push((en, fr));
    }
    let [en, fr] = tongues.each_ref().map(ways::all);
    let text = |why: &Explanation| why.text().replace('\n', "<br>");
    pairs.extend(en.iter().map(text).zip(fr.iter().map(text)));
    pairs
}

#[test]
fn every_sentence_reads_as_it_did_in_both_languages() {
    let mut page = String::from("| English | French |\n| --- | --- |\n");
    for (en, fr) in pairs() {
        let _ = writeln!(page, "| {en} | {fr} |");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/sentences.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        page == kept,
        "sentences have changed: look, then BLESS=1\n{page}"
    );
}

#[test]
fn no_french_sentence_is_english_and_no_placeholder_is_left() {
    const ENGLISH: [&str; 18] = [
        "the", "was", "not", "sent", "waits", "until", "journey", "customer", "taken", "again",
        "holds", "left", "consent", "quiet", "cap", "counted", "allows", "record",
    ];
    for (en, fr) in pairs() {
        assert_ne!(en, fr);
        // What authors write stands in backquotes and stays as it is.
        let ours = |text: &str| text.split('`').step_by(2).collect::<String>();
        for text in [&en, &fr] {
            assert!(
                !ours(text).contains(['{', '}']) && !text.trim().is_empty(),
                "{text}"
            );
        }
        let ours = ours(&fr);
        let words = ours.split(|c: char| !c.is_alphabetic());
        for word in words {
            assert!(!ENGLISH.contains(&word), "{word:?} in {fr:?}");
        }
    }
}

#[test]
fn a_zone_is_named_where_it_is_not_the_default_one() {
    let at = "2026-01-06T08:00:00Z".parse().unwrap();
    let said = |language, zone| tongue(language, zone).moment(at);
    assert_eq!(
        said(Language::English, None),
        "Tuesday 6 January 2026, 09:00"
    );
    assert_eq!(
        said(Language::French, Some("America/Montreal")),
        "mardi 6 janvier 2026 à 3\u{a0}h (America/Montreal)"
    );
}

#[test]
fn numbers_and_spans_take_the_plural_of_their_language() {
    let [en, fr] = Language::ALL.map(Tongue::plain);
    assert_eq!(
        [0, 1, 2].map(|n| en.messages(n)),
        ["0 messages", "1 message", "2 messages"]
    );
    assert_eq!(
        [0, 1, 2].map(|n| fr.messages(n)),
        ["0 message", "1 message", "2 messages"]
    );
    assert_eq!(
        [1, 2, 3, 4, 11, 12, 21, 112].map(|n| en.nth(n)),
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]
    );
    assert_eq!([1, 2, 21].map(|n| fr.nth(n)), ["1er", "2e", "21e"]);
    let hours = jiff::SignedDuration::from_hours;
    assert_eq!(en.span(hours(24 * 7)), "7 days");
    assert_eq!(
        [1, 24, 48].map(|n| fr.span(hours(n))),
        ["1 heure", "24 heures", "2 jours"]
    );
}

#[test]
fn a_language_is_found_in_what_browsers_and_shells_say() {
    let of = |text| Language::accepted(text).map(Language::as_str);
    assert_eq!(of("fr-CA,fr;q=0.9,en;q=0.8"), Some("fr"));
    assert_eq!(of("de, fr;q=0.3, en;q=0.7"), Some("en"));
    assert_eq!(of("de, fr;q=0"), None);
    assert_eq!(Language::of("fr_FR.UTF-8"), Some(Language::French));
    assert_eq!(Language::of("C"), None);
}
