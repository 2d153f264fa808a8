//! Syntax errors in an author's words.

use granit_parser::{ErrorKind, ScanError};

use super::{
    Span,
    indentation::{misplaced, tab},
};
use crate::diagnostics::{Sink, yaml};

/// Reports why the parser stopped; `last` is the scalar that it read last.
pub fn report(text: &str, error: &ScanError, last: &Span, sink: &mut Sink) {
    use ErrorKind as E;
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or(text.len())
        .min(text.len());
    let at = (0..=at)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    let here = text[at..].chars().next().unwrap_or(' ');
    if unclosed(text, error.kind(), at, sink) {
        return;
    }
    match error.kind() {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => {
            tab(text, at, sink);
        }
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator
            if matches!(here, '[' | '{') && text[last.start..at].lines().count() <= 1 =>
        {
            quote(text, last.start..flow_end(text, last.start), sink);
        }
        E::MappingValueNotAllowed if text[last.clone()].contains('\n') => {
            let line = last.start + text[last.clone()].rfind('\n').unwrap_or(0) + 1;
            let lead = text[line..at].len() - text[line..at].trim_start().len();
            misplaced(text, line + lead..at, sink);
        }
        E::MappingValueNotAllowed if last.end <= at && !text[last.end..at].contains('\n') => {
            quote(text, last.start..line_end(text, at), sink);
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            quote(text, value_start(text, at)..line_end(text, at), sink);
        }
        E::UnexpectedCharacter { character } if !character.is_control() => {
            quote(text, at..line_end(text, at), sink);
        }
        E::CommentInterceptedScalar => {
            sink.error(yaml::COMMENT, point(text, at), "a comment cuts this value")
                .labelled("from here on YAML sees a comment")
                .noted("put the whole value in quotes, or move the comment");
        }
        E::RecursionLimitExceeded => {
            sink.error(yaml::TOO_BIG, point(text, at), "this is nested too deeply")
                .noted(format!(
                    "lists and fields may be nested {} deep",
                    super::load::MAX_DEPTH
                ));
        }
        E::ExpectedBlockMappingKey | E::InvalidIndentation => {
            misplaced(text, point(text, at), sink);
        }
        _ if text[at..].starts_with("- ") => misplaced(text, point(text, at), sink),
        kind => {
            if !no_space(text, at, sink) {
                plain(kind, &error.info(), point(text, at), sink);
            }
        }
    }
}

/// Reports a bracket that is opened on one line and not closed where the next field begins.
fn unclosed(text: &str, kind: &ErrorKind, at: usize, sink: &mut Sink) -> bool {
    use ErrorKind as E;
    let inside = matches!(
        kind,
        E::ExpectedFlowMappingSeparator
            | E::ExpectedFlowSequenceSeparator
            | E::UnclosedFlowCollection { .. }
            | E::MismatchedFlowCollectionEnd { .. }
            | E::UnexpectedEofFlowSequence
            | E::UnexpectedEofFlowMapping
            | E::MappingValueNotAllowed
            | E::InvalidIndentation
    );
    let Some((open, bracket, end)) = open_bracket(text, at).filter(|_| inside) else {
        return false;
    };
    let closing = if bracket == '{' { '}' } else { ']' };
    let spaced = bracket == '{' && !text[..end].ends_with([' ', '{']);
    let gap = if spaced { " " } else { "" };
    sink.error(
        yaml::NOT_YAML,
        open..open + 1,
        format!("`{bracket}` is opened and never closed"),
    )
    .labelled("opened here")
    .noted(format!("close it on its line with `{closing}`"))
    .replaced(end..end, format!("{gap}{closing}"));
    true
}

/// The first bracket that its line does not close, where the next line looks like a field or an
/// item of its own; and where it should be closed.
fn open_bracket(text: &str, at: usize) -> Option<(usize, char, usize)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let next = text[start + line.len()..]
            .lines()
            .find(|l| !l.trim().is_empty());
        let own = next.is_none_or(|next| {
            let next = next.trim_start();
            next.starts_with("- ") || next.split(' ').next().is_some_and(|w| w.ends_with(':'))
        });
        if start > at {
            return None;
        }
        if let Some((open, close)) = open_in(line).filter(|_| own) {
            let close = close.unwrap_or_else(|| line_end(text, start) - start);
            return Some((start + open, line[open..].chars().next()?, start + close));
        }
        start += line.len();
    }
    None
}

/// The bracket of a line that the line does not close, and where another kind closes before it
/// could.
fn open_in(line: &str) -> Option<(usize, Option<usize>)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    for (i, c) in line.char_indices() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '#') if before == ' ' => break,
            (None, '{' | '[') => open.push((i, c)),
            (None, '}' | ']') => match open.pop() {
                Some((at, opened)) if (opened == '{') != (c == '}') => {
                    return Some((at, Some(line[..i].trim_end().len())));
                }
                _ => {}
            },
            _ => {}
        }
        before = c;
    }
    open.first().map(|(at, _)| (*at, None))
}

fn plain(kind: &ErrorKind, info: &str, span: Span, sink: &mut Sink) {
    use ErrorKind as E;
    let known = |message: &str| message.to_owned();
    let (message, label, note) = match kind {
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent => (
            known("a quote is opened and never closed"),
            "it should be closed here at the latest",
            "close it on the line where it was opened",
        ),
        E::UnclosedFlowCollection { open } | E::MismatchedFlowCollectionEnd { open, .. } => (
            format!("`{open}` is opened and never closed"),
            "opened here",
            "every `[` needs its `]` and every `{` its `}`",
        ),
        E::UnexpectedCharacter { .. } => (
            known("there is a character here that no text file should hold"),
            "it cannot be seen",
            "delete it and type the text anew",
        ),
        E::UnexpectedEofFlowSequence | E::UnexpectedEofFlowMapping => (
            known("the file ends inside brackets"),
            "the file ends here",
            "every `[` needs its `]` and every `{` its `}`",
        ),
        _ => (
            known("this is not YAML"),
            info,
            "look at the line above as well: a colon or a quote may be missing",
        ),
    };
    sink.error(yaml::NOT_YAML, span, message)
        .labelled(label)
        .noted(note);
}

fn quote(text: &str, span: Span, sink: &mut Sink) {
    if let Some(bare) = quoted_name(&text[span.clone()]) {
        sink.error(yaml::QUOTE, span.clone(), "these quotes end too early")
            .labelled("YAML takes what stands between them for the whole value")
            .noted(format!("names stand without quotes: {bare}"))
            .replaced(span, bare);
        return;
    }
    let quoted = quoted(&text[span.clone()]);
    sink.error(yaml::QUOTE, span.clone(), "this value needs quotes")
        .labelled("YAML reads some of these characters as its own")
        .noted(format!("write {quoted}"))
        .replaced(span, quoted);
}

/// `"customer.country" == "BE"` without the quotes around the name.
fn quoted_name(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let (name, rest) = text[1..].split_once(quote)?;
    let path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let is_path = name.contains('.') && name.chars().all(path);
    (is_path && !rest.trim().is_empty()).then(|| format!("{name}{rest}"))
}

/// Where the colon is in `name:value`, a name and its value without a space between; `None` for
/// anything else, such as `https://…` and `12:30`.
pub fn glued(text: &str) -> Option<usize> {
    let (name, value) = text.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
    let is_value = value.starts_with(|c: char| c.is_ascii_alphanumeric() || "\"'-_=".contains(c));
    (is_name && is_value).then_some(name.len())
}

/// Reports a line `name:value`; whether it is one.
fn no_space(text: &str, at: usize, sink: &mut Sink) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let body = line.trim_start_matches([' ', '-']);
    let Some(colon) = glued(body) else {
        return false;
    };
    let from = start + line.len() - body.len();
    let written = body.trim_end();
    let (name, value) = (&written[..colon], &written[colon + 1..]);
    sink.error(
        yaml::NOT_YAML,
        from..from + written.len(),
        "a space is missing behind the colon",
    )
    .rewritten(format!("{name}: {value}"))
    .noted("without it YAML sees no name and value here");
    true
}

/// The text as YAML in single quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.trim_end().replace('\'', "''"))
}

/// The character at that place, or nothing at the end of a line.
pub(super) fn point(text: &str, at: usize) -> Span {
    let width = text[at..]
        .chars()
        .next()
        .filter(|c| *c != '\n')
        .map_or(0, char::len_utf8);
    at..at + width
}

/// Where the text of that line ends, a comment left out.
fn line_end(text: &str, at: usize) -> usize {
    let line = text[at..].lines().next().unwrap_or_default();
    let line = line.find(" #").map_or(line, |n| &line[..n]);
    at + line.trim_end().len()
}

/// Where the value on the line that holds `at` begins: behind the first colon or dash.
fn value_start(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line..at];
    let offset = before
        .find(": ")
        .or_else(|| before.find("- "))
        .map_or(0, |n| n + 2);
    let rest = &before[offset..];
    line + offset + (rest.len() - rest.trim_start().len())
}

/// Where a value inside `{ … }` was meant to end: at a comma or brace outside all brackets.
fn flow_end(text: &str, start: usize) -> usize {
    let mut depth = 0_u32;
    let mut quote = None;
    for (i, c) in text[start..].char_indices() {
        match (quote, c) {
            (_, '\n') => return start + i,
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ',' | ']' | '}' | ')') if depth == 0 => {
                return start + text[start..start + i].trim_end().len();
            }
            (None, ']' | '}' | ')') => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
