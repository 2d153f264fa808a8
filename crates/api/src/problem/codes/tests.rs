//! Every code that something is refused with is known, and the other way round.

use std::{collections::BTreeSet, fs, path::Path};

use axum::http::StatusCode;

use super::*;

/// Codes of the sources, each with its status where that stands beside it.
type Found = BTreeSet<(String, Option<u16>)>;

fn sources(folder: &Path, each: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, each),
            false => each(&fs::read_to_string(&path).unwrap()),
        }
    }
}

/// The first text of what is between these brackets, if it is the next thing.
fn literal(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('"')?;
    Some(rest.split('"').next().unwrap_or_default())
}

fn status(name: &str) -> u16 {
    let name = name.replace('_', " ").to_lowercase();
    let reason = |status: &StatusCode| {
        let words = status.canonical_reason().unwrap_or_default();
        words.to_lowercase() == name
    };
    let mut all = (400..600).filter_map(|n| StatusCode::from_u16(n).ok());
    all.find(reason).expect("a status").as_u16()
}

fn refusals(source: &str, found: &mut Found) {
    let source = source.split("mod tests {").next().unwrap_or_default();
    for place in source.split("::new(").skip(1) {
        let Some(rest) = place.trim_start().strip_prefix("StatusCode::") else {
            continue;
        };
        let (name, rest) = rest.split_once(',').unwrap();
        if let Some(code) = literal(rest) {
            found.insert((code.to_owned(), Some(status(name.trim()))));
        }
    }
    for (call, status) in [("conflict(", 409), ("unprocessable(", 422)] {
        for place in source.split(call).skip(1) {
            found.extend(literal(place).map(|code| (code.to_owned(), Some(status))));
        }
    }
    for place in source.split("::bad(").skip(1) {
        if let Some(code) = literal(place) {
            found.insert((code.to_owned(), Some(400)));
        }
    }
}

/// Of events.
fn refused(source: &str, found: &mut Found) {
    for call in [
        "Refused::field(",
        "Refused::body(",
        "Self::field(",
        "Self::body(",
    ] {
        for place in source.split(call).skip(1) {
            found.extend(literal(place).map(|code| (code.to_owned(), None)));
        }
    }
    for place in source.split("code: \"").skip(1) {
        found.insert((place.split('"').next().unwrap().to_owned(), None));
    }
}

#[test]
fn every_code_of_the_sources_is_known_with_its_status_and_every_code_is_of_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Found::new();
    let mut all = String::new();
    sources(&root.join("src"), &mut |source| {
        refusals(source, &mut found);
        if !source.starts_with("//! Every code") {
            all.push_str(source);
        }
    });
    let mut own = Found::new();
    sources(&root.join("../journey/src/intake"), &mut |source| {
        refused(source, &mut own);
        all.push_str(source);
    });
    assert!(found.len() > 30 && own.len() > 10, "{found:?} {own:?}");
    found.extend(own);
    for (word, status) in &found {
        let known = code_of(word).unwrap_or_else(|| panic!("`{word}` is not in CODES"));
        if let Some(status) = status {
            assert!(known.statuses.contains(status), "`{word}` with {status}");
        }
    }
    for known in CODES {
        let named = all.contains(&format!("\"{}\"", known.code));
        assert!(named, "nothing is refused with `{}`", known.code);
    }
}

#[test]
fn codes_are_words_in_order_and_say_something() {
    for pair in CODES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
    }
    for known in CODES {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(known.code.chars().all(is_word), "{}", known.code);
        assert!(known.says.ends_with('.'), "{}", known.code);
    }
}
