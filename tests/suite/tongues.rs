//! Whether a page of the console is French throughout: the same page is asked for in both languages, and what stands in both is
//! data, or spelt the same.

use std::collections::BTreeSet;

/// Words that are spelt the same in English and French, or are nobody's: names, units, formats, what programs are told.
const ALIKE: &[&str] = &[
    "action",
    "admin",
    "audit",
    "bearer",
    "chat",
    "cli",
    "code",
    "codes",
    "conversation",
    "csv",
    "description",
    "direct",
    "e-mail",
    "english",
    "excellent",
    "file",
    "fr",
    "français",
    "gsm-7",
    "h",
    "html",
    "http",
    "json",
    "main",
    "message",
    "messages",
    "min",
    "minutes",
    "mode",
    "moment",
    "nobody",
    "nov",
    "note",
    "ok",
    "on",
    "options",
    "page",
    "pages",
    "parcours",
    "point",
    "principal",
    "push",
    "qr",
    "rapport",
    "question",
    "sans",
    "sessions",
    "session",
    "sms",
    "segment",
    "segments",
    "support",
    "utc",
    "version",
    "via",
    "whatsapp",
    // The keys that the list of keys names, and months.
    "g",
    "j",
    "k",
    "a",
    "c",
    "i",
    "m",
    "o",
    "p",
    "x",
    "oct",
];

/// The words of a page that a person reads, hears or is shown in a field.
fn words(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut silent: Option<&str> = None;
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name: &str = tag.split([' ', '\n']).next().unwrap_or_default();
        match silent {
            Some(inside) if tag.strip_prefix('/') == Some(inside) => silent = None,
            Some(_) => continue,
            None => {
                let quiet = ["script", "style", "pre", "code"];
                silent = quiet.into_iter().find(|q| *q == name);
            }
        }
        for attribute in ["aria-label", "placeholder", "alt"] {
            if let Some((_, value)) = tag.split_once(&format!("{attribute}=\"")) {
                found.extend(words_of(value.split('"').next().unwrap_or_default()));
            }
        }
        if silent.is_none() {
            found.extend(words_of(text));
        }
    }
    found
}

/// Words alone: what has a digit, or a sign inside it that words do not have, is data.
fn words_of(text: &str) -> Vec<String> {
    let text = text.replace("&#39;", "'").replace("&#34;", "\"");
    let signs = |c: char| !c.is_alphanumeric();
    text.split(|c: char| c.is_whitespace() || c == '’' || c == '\'' || c == '·')
        .map(|word| word.trim_matches(signs).to_lowercase())
        .filter(|word| word.chars().all(|c| c.is_alphabetic() || c == '-') && !word.is_empty())
        .collect()
}

/// What is left of English on a French page. `data` is what the shop itself calls things and what its messages say, as it
/// stands on the page, longer texts before those within them.
pub fn english_left(english: &str, french: &str, data: &[&str]) -> Vec<String> {
    assert!(english.contains("<html lang=\"en\">"), "{english}");
    assert!(french.contains("<html lang=\"fr\">"), "{french}");
    // The longest first, so that no word is taken out of what it is a part of.
    let mut data = data.to_vec();
    data.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let own = |page: &str| {
        let without = |page: String, text: &&str| page.replace(*text, " ");
        words(&data.iter().fold(page.to_owned(), without))
    };
    own(french)
        .intersection(&own(english))
        .filter(|word| !ALIKE.contains(&word.as_str()))
        .cloned()
        .collect()
}

#[test]
fn a_word_that_was_forgotten_is_found() {
    let page = |lang: &str, text: &str| {
        format!(
            "<html lang=\"{lang}\"><main><p>{text}</p><pre>curl</pre><input placeholder=\"Who\"></main></html>"
        )
    };
    let english = page("en", "Sent to Ana, 5 messages");
    let french = page("fr", "Envoyé to Ana, 5 messages");
    assert_eq!(english_left(&english, &french, &["Ana"]), ["to", "who"]);
}
