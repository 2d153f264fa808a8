//! How wide text is, and where it is broken. No font is at hand: widths are those of Helvetica, which Arial and Liberation
//! Sans share, with room for DejaVu Sans, which runs wider, and stands in for them on many a server.

use unicode_width::UnicodeWidthChar;

/// Widths of the characters from space to `~`, in thousandths of the size.
const SANS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Every character of a monospaced font.
const MONO: f64 = 0.602;

/// A font at a size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    /// In pixels.
    pub size: f64,
    /// Whether every character is as wide as any other.
    pub mono: bool,
    /// How much wider than the regular face.
    pub stretch: f64,
}

impl Face {
    pub const fn sans(size: f64) -> Self {
        Self {
            size,
            mono: false,
            stretch: 1.12,
        }
    }

    pub const fn bold(size: f64) -> Self {
        Self {
            size,
            mono: false,
            stretch: 1.25,
        }
    }

    pub const fn mono(size: f64) -> Self {
        Self {
            size,
            mono: true,
            stretch: 1.02,
        }
    }

    /// The distance from line to line.
    pub fn leading(self) -> f64 {
        (self.size * 1.32).round()
    }

    /// How wide a text is, in pixels.
    pub fn width(self, text: &str) -> f64 {
        text.chars().map(|c| self.advance(c)).sum::<f64>() * self.size * self.stretch
    }

    fn advance(self, c: char) -> f64 {
        match c.width().unwrap_or(0) {
            0 => 0.0,
            1 if self.mono => MONO,
            1 => {
                let index = (c as usize).checked_sub(' ' as usize);
                let known = index.and_then(|i| SANS.get(i));
                known.map_or(0.62, |thousandths| f64::from(*thousandths) / 1_000.0)
            }
            _ => 1.0,
        }
    }

    /// The text in lines of at most `room` pixels and at most `most` of them; what does not fit
    /// ends in `…`. Words that are too long are broken, at a sign between letters if there is one.
    pub fn wrap(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let mut rest = word;
            while !rest.is_empty() {
                let glue = if line.is_empty() { "" } else { " " };
                let whole = format!("{line}{glue}{rest}");
                if self.width(&whole) <= room {
                    line = whole;
                    break;
                }
                if line.is_empty() {
                    let at = self.break_at(rest, room);
                    lines.push(rest[..at].to_owned());
                    rest = &rest[at..];
                } else {
                    lines.push(std::mem::take(&mut line));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                *last = self.cut(&format!("{last} …"), room);
            }
        }
        lines
    }

    /// Terms with ` · ` between them, in lines that break between terms where they can.
    pub fn pack(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for term in text.split(" · ") {
            let joined = lines.last().map(|last| format!("{last} · {term}"));
            match (joined, lines.last_mut()) {
                (Some(joined), Some(last)) if self.width(&joined) <= room => *last = joined,
                _ => lines.push(term.to_owned()),
            }
        }
        let wrapped = lines.iter().flat_map(|l| self.wrap(l, room, most));
        wrapped.take(most).collect()
    }

    /// How many bytes of a word fit; at least one character.
    fn break_at(self, word: &str, room: f64) -> usize {
        let mut wide = 0.0;
        let (mut fits, mut sign) = (0, 0);
        for (at, c) in word.char_indices() {
            wide += self.advance(c) * self.size * self.stretch;
            if wide > room && at > 0 {
                break;
            }
            fits = at + c.len_utf8();
            if matches!(c, '.' | '/' | '_' | '-' | ',' | ':' | '&' | '?' | '=') {
                sign = fits;
            }
        }
        // A sign near the beginning would leave a line nearly empty.
        if sign * 3 > fits && fits < word.len() {
            sign
        } else {
            fits
        }
    }

    /// The text, or as much of it as fits with `…` behind it.
    pub fn cut(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let mut kept = String::new();
        for c in text.chars() {
            kept.push(c);
            if self.width(&kept) + self.width("…") > room {
                kept.pop();
                break;
            }
        }
        format!("{}…", kept.trim_end_matches([' ', '…']))
    }
}

#[cfg(test)]
mod tests {
    use super::Face;

    #[test]
    fn no_line_is_wider_than_its_room_and_nothing_is_lost() {
        let face = Face::sans(12.0);
        for text in [
            "Wait until 09:00–20:00, Mon–Sat",
            "If steps.a_rather_long_name_of_a_step.opened and not steps.another_one.clicked",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "注文が確定しました 注文が確定しました",
        ] {
            let lines = face.wrap(text, 100.0, 99);
            assert!(lines.len() > 1, "{lines:?}");
            for line in &lines {
                assert!(face.width(line) <= 100.0, "{line}");
            }
            let bare = |t: &str| t.split_whitespace().collect::<String>();
            assert_eq!(bare(&lines.concat()), bare(text));
        }
    }

    #[test]
    fn what_does_not_fit_is_marked() {
        let face = Face::sans(12.0);
        let lines = face.wrap("one two three four five six seven eight", 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].ends_with('…') && face.width(&lines[1]) <= 60.0,
            "{lines:?}"
        );
        assert_eq!(face.wrap("wide", 1.0, 9), ["w", "i", "d", "e"]);
        assert!(face.wrap("  ", 60.0, 2).is_empty());
    }
}
