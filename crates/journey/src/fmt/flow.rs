//! Words, and lists and maps in brackets.

use super::tokens::{Token, What};
use crate::source::Span;

/// A word as it is written, in double quotes instead of single ones where that is the same.
pub(super) fn word(text: &str, span: &Span) -> String {
    let word = text.get(span.clone()).unwrap_or_default();
    let inner = word.strip_prefix('\'').and_then(|w| w.strip_suffix('\''));
    match inner.filter(|i| !i.contains(['\'', '"', '\\'])) {
        Some(inner) => format!("\"{inner}\""),
        None => word.to_owned(),
    }
}

/// A place on one line, its anchor included; `None` where something in it takes several.
fn whole(text: &str, token: &Token) -> Option<String> {
    let content = flat(text, token)?;
    Some(match &token.anchor {
        Some(anchor) => format!("{} {content}", text.get(anchor.clone())?),
        None => content,
    })
}

/// The same without its anchor.
pub(super) fn flat(text: &str, token: &Token) -> Option<String> {
    Some(match &token.what {
        What::Nothing => String::new(),
        What::Word => word(text, &token.span),
        What::Lines | What::Block => return None,
        What::Map(_, pairs) => flat_map(text, pairs)?,
        What::List(_, items) => flat_list(text, items)?,
    })
}

fn flat_map(text: &str, pairs: &[(Token, Token)]) -> Option<String> {
    if pairs.is_empty() {
        return Some("{}".to_owned());
    }
    let pair = |(key, value): &(Token, Token)| {
        let name = word(text, &key.span);
        Some(match (&value.what, bare(text, key)) {
            (What::Nothing, true) => name,
            (What::Nothing, false) => format!("{name}:"),
            _ => format!("{name}: {}", whole(text, value)?),
        })
    };
    let fields: Vec<String> = pairs.iter().map(pair).collect::<Option<_>>()?;
    Some(format!("{{ {} }}", fields.join(", ")))
}

/// Lists of maps have a space inside their brackets, as maps have.
fn flat_list(text: &str, items: &[Token]) -> Option<String> {
    let parts: Vec<String> = items
        .iter()
        .map(|i| whole(text, i))
        .collect::<Option<_>>()?;
    let maps = items.iter().any(|i| matches!(i.what, What::Map(..)));
    let joined = parts.join(", ");
    Some(match maps {
        true => format!("[ {joined} ]"),
        false => format!("[{joined}]"),
    })
}

/// Whether a name in brackets has no colon behind it.
fn bare(text: &str, key: &Token) -> bool {
    let behind = text.get(key.span.end..).unwrap_or_default();
    !behind.trim_start().starts_with(':')
}

/// Whether brackets can be written below each other.
pub(super) fn can_be_block(text: &str, token: &Token) -> bool {
    match &token.what {
        What::Map(_, pairs) => {
            !pairs.is_empty()
                && pairs
                    .iter()
                    .all(|(key, value)| !bare(text, key) && plain(value))
        }
        What::List(_, items) => !items.is_empty() && items.iter().all(plain),
        _ => false,
    }
}

/// Whether nothing in it takes several lines.
fn plain(token: &Token) -> bool {
    match &token.what {
        What::Nothing | What::Word => true,
        What::Lines | What::Block => false,
        What::Map(_, pairs) => pairs.iter().all(|(_, value)| plain(value)),
        What::List(_, items) => items.iter().all(plain),
    }
}
