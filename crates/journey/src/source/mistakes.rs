//! Syntax errors in an author's words.

use granit_parser::{ErrorKind, ScanError};

use super::Span;
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
            indentation(
                text,
                last.start + text[last.clone()].rfind('\n').unwrap_or(0) + 1..at,
                sink,
            );
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
            indentation(text, point(text, at), sink);
        }
        kind => plain(kind, &error.info(), point(text, at), sink),
    }
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

fn tab(text: &str, at: usize, sink: &mut Sink) {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let start = text[line..].find('\t').map_or(at, |n| line + n);
    let width = text[start..].len() - text[start..].trim_start_matches('\t').len();
    let span = start..start + width;
    sink.error(
        yaml::TAB,
        span.clone(),
        "there is a tab before this line's text",
    )
    .labelled("use spaces")
    .noted("YAML allows only spaces for indentation; most editors can insert them for the tab key")
    .replaced(span, "  ".repeat(width));
}

fn indentation(text: &str, span: Span, sink: &mut Sink) {
    let span = if span.is_empty() {
        point(text, span.start)
    } else {
        span
    };
    sink.error(
        yaml::NOT_YAML,
        span,
        "this line does not fit the indentation of the lines around it",
    )
    .labelled("this line")
    .noted("fields that belong together begin in the same column; a list item begins with `- `");
}

fn quote(text: &str, span: Span, sink: &mut Sink) {
    let quoted = quoted(&text[span.clone()]);
    sink.error(yaml::QUOTE, span.clone(), "this value needs quotes")
        .labelled("YAML reads some of these characters as its own")
        .noted(format!("write {quoted}"))
        .replaced(span, quoted);
}

/// The text as YAML in single quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.trim_end().replace('\'', "''"))
}

/// The character at that place, or nothing at the end of a line.
fn point(text: &str, at: usize) -> Span {
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
