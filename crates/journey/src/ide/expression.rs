//! Paths and texts of an expression, as it stands in the file, finished or not.

use crate::{expr::Root, source::Span};

/// Names with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Each name; the last is empty behind a dot where nothing is typed yet.
    pub parts: Vec<Span>,
    /// Whether a bracket follows: the last name is a function.
    pub called: bool,
}

impl Path {
    /// The names.
    pub fn names<'s>(&self, text: &'s str) -> Vec<&'s str> {
        self.parts.iter().map(|p| &text[p.clone()]).collect()
    }

    /// The known name that it starts from.
    pub fn root(&self, text: &str) -> Option<Root> {
        let first = &text[self.parts.first()?.clone()];
        Root::ALL.into_iter().find(|r| r.as_str() == first)
    }
}

/// A word, a text or a sign of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Path(Path),
    /// Between quotes; the bytes include them where they are there.
    Text(Span),
    /// Anything else, one character.
    Sign(char, usize),
}

fn begins(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn goes_on(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The tokens of the expression that stands at `span`. Quotes that YAML has doubled or escaped
/// count as quotes.
pub(super) fn tokens(text: &str, span: &Span) -> Vec<Token> {
    let Some(source) = text.get(span.clone()) else {
        return Vec::new();
    };
    let (mut at, mut found) = (0, Vec::new());
    while let Some(c) = source[at..].chars().next() {
        let here = span.start + at;
        if let Some(quote) = quote(&source[at..]) {
            let length = quoted(&source[at..], quote);
            found.push(Token::Text(here..here + length));
            at += length;
        } else if begins(c) {
            let (path, length) = path(&source[at..], here);
            found.push(Token::Path(path));
            at += length;
        } else {
            if !c.is_whitespace() {
                found.push(Token::Sign(c, here));
            }
            // A number's letters are no names: `2d`.
            let length = if c.is_ascii_digit() {
                let rest = &source[at..];
                rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len())
            } else {
                c.len_utf8()
            };
            at += length;
        }
    }
    found
}

/// The quote that a text begins with.
fn quote(rest: &str) -> Option<&'static str> {
    ["\\\"", "''", "\"", "'"]
        .into_iter()
        .find(|q| rest.starts_with(q))
}

/// How long the text in quotes is; to the end where nothing closes it.
fn quoted(rest: &str, quote: &str) -> usize {
    rest[quote.len()..]
        .find(quote)
        .map_or(rest.len(), |end| end + 2 * quote.len())
}

fn path(rest: &str, start: usize) -> (Path, usize) {
    let (mut parts, mut at) = (Vec::new(), 0);
    loop {
        let word = &rest[at..];
        let length = word.find(|c: char| !goes_on(c)).unwrap_or(word.len());
        parts.push(start + at..start + at + length);
        at += length;
        let mut behind = rest[at..].chars();
        let next = (behind.next(), behind.next());
        match next {
            (Some('.'), Some(c)) if begins(c) => at += 1,
            (Some('.'), _) => {
                at += 1;
                parts.push(start + at..start + at);
                break;
            }
            _ => break,
        }
    }
    let called = rest[at..].trim_start().starts_with('(');
    (Path { parts, called }, at)
}

/// The path that ends at the byte `at`, cut off there; an empty one where no name stands. `None`
/// inside a text.
pub(super) fn path_before(text: &str, span: &Span, at: usize) -> Option<Path> {
    let before = tokens(text, &(span.start..at.min(span.end)));
    let nothing = || Path {
        parts: std::iter::once(at..at).collect(),
        called: false,
    };
    match before.last() {
        Some(Token::Path(path)) if path.parts.last().is_some_and(|p| p.end == at) => {
            Some(path.clone())
        }
        Some(Token::Text(text_span)) if text_span.end == at && !closed(text, text_span) => None,
        _ => Some(nothing()),
    }
}

/// Whether a text has its closing quote.
pub(super) fn closed(text: &str, span: &Span) -> bool {
    let written = &text[span.clone()];
    let quote = quote(written).unwrap_or("\"");
    written.len() >= 2 * quote.len() && written.ends_with(quote)
}

#[cfg(test)]
mod tests {
    use super::{Token, path_before, tokens};

    fn names(text: &str) -> Vec<Vec<&str>> {
        tokens(text, &(0..text.len()))
            .iter()
            .filter_map(|t| match t {
                Token::Path(path) => Some(path.names(text)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn paths_stand_outside_texts_and_numbers() {
        assert_eq!(
            names("steps.a.opened and not x == \"steps.b\" or size(event.items) > 2d"),
            [
                vec!["steps", "a", "opened"],
                vec!["and"],
                vec!["not"],
                vec!["x"],
                vec!["or"],
                vec!["size"],
                vec!["event", "items"]
            ]
        );
        assert_eq!(
            names("a == \\\"b.c\\\" and d"),
            [vec!["a"], vec!["and"], vec!["d"]]
        );
        assert_eq!(names("é.ü"), [vec!["é", "ü"]]);
    }

    #[test]
    fn an_unfinished_path_ends_in_an_empty_name() {
        let text = "steps.nudge. and";
        let path = path_before(text, &(0..text.len()), 12).unwrap();
        assert_eq!(path.names(text), ["steps", "nudge", ""]);
        let text = "a == \"st";
        assert_eq!(path_before(text, &(0..text.len()), 8), None);
    }
}
