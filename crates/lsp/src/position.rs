//! Lines and columns, as editors count them, from and to bytes.

use std::ops::Range;

use lsp_types::{Position, Range as LspRange};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every editor can.
    #[default]
    Utf16,
}

impl Encoding {
    fn width(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// Where the lines of a text begin. Lines end with `\n`, `\r\n` or `\r`.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    /// The lines of that text.
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes
            .iter()
            .enumerate()
            .filter(|(i, b)| **b == b'\n' || (**b == b'\r' && bytes.get(i + 1) != Some(&b'\n')));
        Self {
            text,
            starts: std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect(),
            encoding,
        }
    }

    /// The line's text without its end.
    fn line(&self, line: usize) -> &'t str {
        let start = self.starts[line];
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The byte at a position: the end of the line where the column is beyond it, the end of the
    /// text where the line is, and the beginning of a character for the middle of one.
    pub fn byte(&self, at: Position) -> usize {
        let line = at.line as usize;
        let Some(start) = self.starts.get(line) else {
            return self.text.len();
        };
        let (mut left, mut byte) = (at.character as usize, 0);
        for c in self.line(line).chars() {
            let width = self.encoding.width(c);
            if left < width {
                break;
            }
            left -= width;
            byte += c.len_utf8();
        }
        start + byte
    }

    /// The bytes of a range.
    pub fn bytes(&self, range: LspRange) -> Range<usize> {
        let (start, end) = (self.byte(range.start), self.byte(range.end));
        start..end.max(start)
    }

    /// The position of a byte.
    pub fn position(&self, byte: usize) -> Position {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let before = &self.text[self.starts[line]..byte];
        let column: usize = before.chars().map(|c| self.encoding.width(c)).sum();
        Position::new(small(line), small(column))
    }

    /// The range of some bytes.
    pub fn range(&self, bytes: &Range<usize>) -> LspRange {
        LspRange::new(self.position(bytes.start), self.position(bytes.end))
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use lsp_types::Position;
    use proptest::prelude::*;

    use super::{Encoding, Lines};

    #[test]
    fn columns_count_units_of_utf_16() {
        let text = "é: 🎁x\r\nb\rc\nd";
        let lines = Lines::new(text, Encoding::Utf16);
        assert_eq!(lines.position(text.find('x').unwrap()), Position::new(0, 5));
        assert_eq!(lines.byte(Position::new(0, 5)), text.find('x').unwrap());
        // The middle of a pair is the beginning of the character.
        assert_eq!(lines.byte(Position::new(0, 4)), text.find('🎁').unwrap());
        assert_eq!(lines.byte(Position::new(0, 99)), text.find('\r').unwrap());
        assert_eq!(lines.position(text.find('c').unwrap()), Position::new(2, 0));
        assert_eq!(lines.byte(Position::new(3, 1)), text.len());
        assert_eq!(lines.byte(Position::new(9, 9)), text.len());
    }

    #[test]
    fn columns_count_bytes_where_the_editor_wants_that() {
        let lines = Lines::new("é🎁x", Encoding::Utf8);
        assert_eq!(lines.position(6), Position::new(0, 6));
        assert_eq!(lines.byte(Position::new(0, 3)), 2);
    }

    proptest! {
        #[test]
        fn a_character_is_found_again(text in "[aé🎁\r\n ]{0,40}") {
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let lines = Lines::new(&text, encoding);
                for (at, c) in text.char_indices() {
                    if !matches!(c, '\r' | '\n') {
                        prop_assert_eq!(lines.byte(lines.position(at)), at);
                    }
                }
            }
        }
    }
}
