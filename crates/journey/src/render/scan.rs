//! What can be said of a template's text without filling it in.

use std::ops::Range;

use minijinja::machinery::{Token, tokenize};

/// The elements that mrml lays out. It passes unknown ones on in silence, and a mail with a
/// misspelt column goes out broken: so their names are checked here.
pub(crate) const ELEMENTS: [&str; 31] = [
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-all",
    "mj-attributes",
    "mj-body",
    "mj-breakpoint",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-class",
    "mj-column",
    "mj-divider",
    "mj-font",
    "mj-group",
    "mj-head",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-preview",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-style",
    "mj-table",
    "mj-text",
    "mj-title",
];
/// Besides: too common a name to be offered for another.
const WRAPPER: &str = "mj-wrapper";

/// The unknown `mj-` elements that are opened, with their places.
pub(super) fn unknown_elements(text: &str) -> Vec<(Range<usize>, &str)> {
    let hidden = comments(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("<mj-") {
        let start = at + 1;
        let name = text[start..]
            .find(|c: char| c != '-' && !c.is_ascii_alphanumeric())
            .map_or(&text[start..], |end| &text[start..start + end]);
        let known = ELEMENTS.contains(&name) || name == WRAPPER;
        if !known && !hidden.iter().any(|h| h.contains(&at)) {
            found.push((start..start + name.len(), name));
        }
    }
    found
}

/// HTML's and Jinja's comments.
fn comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (open, close) in [("<!--", "-->"), ("{#", "#}")] {
        let mut from = 0;
        while let Some(start) = text[from..].find(open).map(|at| from + at) {
            let end = text[start..]
                .find(close)
                .map_or(text.len(), |e| start + e + close.len());
            found.push(start..end);
            from = end;
        }
    }
    found
}

/// The insides of Jinja's `{{ … }}` and `{% … %}`.
fn tags(text: &str) -> Vec<Range<usize>> {
    let hidden = comments(text);
    let mut found = Vec::new();
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        for (at, _) in text.match_indices(open) {
            let start = at + open.len();
            if let Some(end) = text[start..].find(close)
                && !hidden.iter().any(|h| h.contains(&at))
            {
                found.push(start..start + end);
            }
        }
    }
    found.sort_by_key(|r| r.start);
    found
}

/// The most words and signs in one tag, and the most `elif` in a file: minijinja goes as deep as
/// an expression is long, and would run out of stack.
const LONGEST_TAG: usize = 500;
const MOST_ELIF: usize = 100;

/// Whether a tag, or a chain of `elif`, is too long to be read. Mistakes are left to the parser,
/// which stops at them as well.
pub(super) fn winding(text: &str) -> bool {
    let (mut words, mut elifs) = (0, 0);
    for token in tokenize(text, false, Default::default()) {
        match token {
            Ok((Token::VariableStart | Token::BlockStart, _)) => words = 0,
            Ok((Token::Ident("elif"), _)) => elifs += 1,
            Ok(_) => words += 1,
            Err(_) => return false,
        }
        if words > LONGEST_TAG || elifs > MOST_ELIF {
            return true;
        }
    }
    false
}

/// The filters and tests that a text names, with their places: behind `|` and `{% filter`, and
/// behind `is` and `is not`.
pub(super) fn filters_and_tests(text: &str) -> Vec<(Range<usize>, &str, bool)> {
    let (mut found, mut before) = (Vec::new(), [Token::BlockEnd, Token::BlockEnd]);
    for token in tokenize(text, false, Default::default()) {
        let Ok((token, span)) = token else { break };
        let filter = match &before {
            [_, Token::Pipe] | [Token::BlockStart, Token::Ident("filter")] => Some(true),
            [_, Token::Ident("is")] | [Token::Ident("is"), Token::Ident("not")] => Some(false),
            _ => None,
        };
        if let (Some(filter), Token::Ident(name)) = (filter, &token)
            && (filter || *name != "not")
        {
            let place = span.start_offset as usize..span.end_offset as usize;
            found.push((place, *name, filter));
        }
        let [_, last] = before;
        before = [last, token];
    }
    found
}

/// The first place where `word` stands as a name inside a tag.
pub(super) fn word_in_tag(text: &str, word: &str) -> Option<Range<usize>> {
    let part_of_name = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    tags(text).into_iter().find_map(|tag| {
        text[tag.clone()].match_indices(word).find_map(|(at, _)| {
            let start = tag.start + at;
            let end = start + word.len();
            let before = text[..start].chars().next_back().is_some_and(part_of_name);
            let after = text[end..]
                .chars()
                .next()
                .is_some_and(|c| c != '.' && part_of_name(c));
            (!before && !after).then_some(start..end)
        })
    })
}

/// The templates that are named by `include`, `extends`, `import` and `from`, with their places.
pub(super) fn named_templates(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    for tag in tags(text) {
        let inside = &text[tag.clone()];
        let words = inside.trim_start_matches(['-', '+', ' ', '\n', '\r', '\t']);
        let rest = ["include", "extends", "import", "from"]
            .iter()
            .find_map(|word| words.strip_prefix(word))
            .map(str::trim_start);
        let quoted = rest.and_then(|r| {
            let quote = r.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            r[1..].split_once(quote)
        });
        if let Some((name, after)) = quoted.filter(|(_, after)| !after.contains("ignore missing")) {
            let end = tag.end - after.len() - 1;
            found.push((end - name.len()..end, name));
        }
    }
    found
}
