//! From bytes of a scalar's text back to bytes of the file.

use super::Span;

/// The bytes of `source` that `part` of `text` was read from, `text` being the scalar written at
/// `span`. Walks both side by side: equal characters match, and any run of white space in the
/// file matches the white space that YAML folded it into. An escape ends the walk, and the
/// whole scalar is the answer.
pub fn map_back(source: &str, span: &Span, text: &str, part: &Span) -> Span {
    let Some(raw) = source.get(span.clone()) else {
        return span.clone();
    };
    let Some(map) = align(raw, text) else {
        return span.clone();
    };
    let at = |i: usize| map.get(i).map(|offset| span.start + offset);
    let Some(start) = at(part.start) else {
        return span.clone();
    };
    let end = match part.end.checked_sub(1) {
        Some(last) if part.end > part.start => {
            let first = (0..=last).rev().find(|i| text.is_char_boundary(*i));
            let rest = first.and_then(|i| text.get(i..)).unwrap_or_default();
            let width = rest.chars().next().map_or(0, char::len_utf8);
            at(last).map(|offset| offset + width)
        }
        _ => Some(start),
    };
    end.filter(|end| *end >= start)
        .map_or_else(|| span.clone(), |end| start..end)
}

/// For each byte of `text`, its offset in `raw`, and one more for the end of `text`.
fn align(raw: &str, text: &str) -> Option<Vec<usize>> {
    let mut map = Vec::with_capacity(text.len() + 1);
    let mut at = opening(raw);
    for c in text.chars() {
        let rest = raw.get(at..)?;
        let offset = if c.is_whitespace() {
            let start = at;
            if rest.starts_with(c) {
                at += c.len_utf8();
            } else {
                at += rest.len() - rest.trim_start().len();
            }
            (at > start).then_some(start)?
        } else {
            // Line ends that folding dropped altogether, and single quotes written twice.
            let skipped = rest.len() - rest.trim_start().len();
            at += skipped;
            if !raw.get(at..)?.starts_with(c) {
                return None;
            }
            let start = at;
            at += c.len_utf8();
            if c == '\'' && raw.starts_with('\'') && raw.get(at..)?.starts_with('\'') {
                at += 1;
            }
            start
        };
        map.extend((0..c.len_utf8()).map(|_| offset));
    }
    map.push(at);
    Some(map)
}

/// How many bytes of a scalar come before its text: a quote's. A block's span has no header.
fn opening(raw: &str) -> usize {
    usize::from(raw.starts_with(['\'', '"']))
}

#[cfg(test)]
mod tests {
    use super::map_back;

    fn found<'a>(source: &'a str, scalar: &str, text: &str, word: &str) -> &'a str {
        let start = source.find(scalar).unwrap();
        let at = text.find(word).unwrap();
        &source[map_back(
            source,
            &(start..start + scalar.len()),
            text,
            &(at..at + word.len()),
        )]
    }

    #[test]
    fn words_are_found_in_plain_quoted_and_folded_scalars() {
        assert_eq!(
            found("if: a == é or b", "a == é or b", "a == é or b", "é"),
            "é"
        );
        assert_eq!(found("x: 'it''s b'", "'it''s b'", "it's b", "b"), "b");
        let folded = "if: >\n  a and\n  bcd\n";
        assert_eq!(found(folded, "a and\n  bcd\n", "a and bcd\n", "bcd"), "bcd");
        assert_eq!(found("if: a  ==  bc", "a  ==  bc", "a  ==  bc", "bc"), "bc");
        let plain = "if: a and\n  bcd";
        assert_eq!(found(plain, "a and\n  bcd", "a and bcd", "bcd"), "bcd");
    }

    #[test]
    fn escapes_fall_back_to_the_scalar() {
        let source = "x: \"a\\u0020b\"";
        assert_eq!(found(source, "\"a\\u0020b\"", "a b", "b"), "\"a\\u0020b\"");
    }
}
