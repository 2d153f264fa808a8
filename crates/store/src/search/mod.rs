//! What customers are searched by, made of their traits and of what is typed in the same way: a query finds what it looks like.

mod phone;

use journey::value::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

pub use phone::numbers;

/// How much of a name is kept, in characters.
const NAME: usize = 200;
/// How much of a push token: they differ from the first characters on.
const DEVICE: usize = 32;
/// The most devices of a customer that are found; no more are written to.
const DEVICES: usize = journey::customer::MOST_DEVICES;

/// Letters that no accent makes of another.
const LETTERS: [(char, &str); 10] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('ı', "i"),
    ('ħ', "h"),
];

/// The words of a text without accents and case, one space between two. What is neither letter nor digit stands between words.
///
/// ```
/// assert_eq!(store::search::folded(" Léa-Marie  D'ØRSTED "), "lea marie d orsted");
/// ```
pub fn folded(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if is_mark(c) {
            continue;
        }
        match LETTERS.iter().find(|(letter, _)| *letter == c) {
            Some((_, written)) => words.push_str(written),
            None if c.is_alphanumeric() => words.push(c),
            None if !words.is_empty() && !words.ends_with(' ') => words.push(' '),
            None => {}
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Accents, once they stand behind their letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}')
}

/// What a customer is called, [`folded`]: the trait `name`, else `first_name` and `last_name` (or `firstName`, `lastName`).
pub fn name(traits: &Map) -> Option<String> {
    let text = |names: &[&str]| {
        let texts = names.iter().filter_map(|name| traits.get(*name)?.as_text());
        texts.map(str::trim).find(|text| !text.is_empty())
    };
    let whole = match text(&["name"]) {
        Some(name) => name.to_owned(),
        None => {
            let first = text(&["first_name", "firstName"]);
            let last = text(&["last_name", "lastName"]);
            let parts: Vec<&str> = first.into_iter().chain(last).collect();
            parts.join(" ")
        }
    };
    let cut = |text: &str| text.chars().take(NAME).collect::<String>();
    // Folding makes some longer, and an index has a bound.
    let words = cut(&folded(&cut(&whole)));
    Some(words.trim_end().to_owned()).filter(|words| !words.is_empty())
}

/// The push tokens of a customer, as PostgreSQL writes a `tsvector`: each by its [`device`] word.
pub fn devices(traits: &Map) -> Option<String> {
    let words: Vec<String> = tokens(traits)
        .map(device)
        .filter(|word| !word.is_empty())
        .take(DEVICES)
        .map(quoted)
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The traits that hold push tokens, one after the other.
fn tokens(traits: &Map) -> impl Iterator<Item = &str> {
    let held = ["push_token", "push_tokens"]
        .into_iter()
        .filter_map(|name| traits.get(name));
    let all = held.flat_map(|value| match value {
        Value::List(list) => &list[..],
        one => std::slice::from_ref(one),
    });
    all.filter_map(Value::as_text)
}

/// Whether one of the customer's push tokens is this one; of a browser, whether it is its address.
pub fn has_token(traits: &Map, token: &str) -> bool {
    tokens(traits).any(|held| held == token || address(held).is_some_and(|a| a == token))
}

/// The first characters of a push token that tell it from others. A browser's is the last part of its subscription's address.
pub fn device(token: &str) -> String {
    let token = token.trim();
    let address = address(token);
    let address = address.as_deref().unwrap_or(token);
    let last = match address.starts_with("https://") {
        true => address.rsplit('/').next().unwrap_or_default(),
        false => address,
    };
    let visible = last.chars().filter(|c| !c.is_control());
    visible.take(DEVICE).collect()
}

/// The address of a browser's subscription, which is JSON.
fn address(token: &str) -> Option<String> {
    let json = token.starts_with('{').then_some(token)?;
    let read: serde_json::Value = serde_json::from_str(json).ok()?;
    read.get("endpoint")?.as_str().map(ToOwned::to_owned)
}

/// A word of a `tsvector` or a `tsquery`.
pub(crate) fn quoted(word: impl AsRef<str>) -> String {
    let word = word.as_ref().replace('\\', "\\\\").replace('\'', "''");
    format!("'{word}'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn traits(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn names_are_folded_to_words() {
        for (text, words) in [
            ("Léa Verde", "lea verde"),
            ("  O'NEILL,  Søren-Łukasz ", "o neill soren lukasz"),
            ("Straße Œuvre Ævar", "strasse oeuvre aevar"),
            ("ΣΟΦΙΑ Йосиф", "σοφια иосиф"),
            ("李 小龍", "李 小龍"),
            ("ﬁn Ⅷ", "fin viii"),
            (" - '", ""),
        ] {
            assert_eq!(folded(text), words, "{text}");
        }
    }

    #[test]
    fn a_name_is_made_of_whichever_traits_hold_it() {
        for (given, words) in [
            (
                json!({ "name": "Léa Verde", "first_name": "L" }),
                Some("lea verde"),
            ),
            (
                json!({ "first_name": "Léa", "last_name": "Verde" }),
                Some("lea verde"),
            ),
            (
                json!({ "firstName": "Léa", "lastName": "Verde", "name": " " }),
                Some("lea verde"),
            ),
            (json!({ "last_name": "Verde" }), Some("verde")),
            (json!({ "name": 7 }), None),
            (json!({ "name": "--" }), None),
            (json!({}), None),
        ] {
            assert_eq!(name(&traits(given.clone())).as_deref(), words, "{given}");
        }
        for long in ["é", "\u{fdfa}", "각"] {
            let long = name(&traits(json!({ "name": long.repeat(1_000) })));
            assert_eq!(long.map(|n| n.chars().count()), Some(NAME));
        }
    }

    #[test]
    fn devices_are_words_by_the_beginnings_of_their_tokens() {
        let browser = r#"{"endpoint":"https://push.example/send/abc-DEF","keys":{"auth":"x"}}"#;
        let held = traits(
            json!({ "push_token": "it's\\one", "push_tokens": [browser, "", 7, "t".repeat(100)] }),
        );
        let expected = format!("'it''s\\\\one' 'abc-DEF' '{}'", "t".repeat(DEVICE));
        assert_eq!(devices(&held), Some(expected));
        assert_eq!(devices(&traits(json!({ "push_tokens": [] }))), None);
        assert_eq!(device("https://push.example/send/abc-DEF"), "abc-DEF");
        assert!(has_token(&held, "https://push.example/send/abc-DEF"));
        assert!(has_token(&held, "it's\\one") && !has_token(&held, "it's"));
    }
}
