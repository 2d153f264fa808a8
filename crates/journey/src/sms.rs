//! How a text message travels: its alphabet, and in how many segments, each of which is paid for.

use serde::Serialize;

/// The alphabet of a text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Alphabet {
    /// Seven bits for each character: western letters and signs.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// Sixteen bits for each: everything else.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl Alphabet {
    /// As people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// How many units one message holds by itself, and each of several.
    fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// How a text travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Travel {
    /// Its alphabet.
    pub encoding: Alphabet,
    /// Its length, in units of the alphabet: some signs take two.
    pub units: usize,
    /// In how many segments; none for an empty text.
    pub segments: usize,
    /// The characters that do not fit into GSM-7, each once, at most 16.
    pub because_of: Vec<char>,
}

/// The basic characters of GSM 03.38, one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension, two units each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How `text` travels as a text message.
pub fn travel(text: &str) -> Travel {
    let mut because_of: Vec<char> = Vec::new();
    for c in text.chars().filter(|c| gsm(*c).is_none()) {
        if because_of.len() < 16 && !because_of.contains(&c) {
            because_of.push(c);
        }
    }
    let encoding = if because_of.is_empty() {
        Alphabet::Gsm7
    } else {
        Alphabet::Ucs2
    };
    let sizes = text.chars().map(|c| match encoding {
        Alphabet::Gsm7 => gsm(c).unwrap_or(1),
        Alphabet::Ucs2 => c.len_utf16(),
    });
    let sizes: Vec<usize> = sizes.collect();
    Travel {
        encoding,
        units: sizes.iter().sum(),
        segments: segments(&sizes, encoding.room()),
        because_of,
    }
}

/// What can stand in GSM-7 for a character that is not there, and how that is called.
pub fn plain(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '’' | '‘' | 'ʼ' | '´' | '`' => ("'", "the straight apostrophe `'`"),
        '“' | '”' | '„' | '«' | '»' | '‹' | '›' => {
            ("\"", "the straight quotation mark `\"`")
        }
        '–' | '—' | '‑' | '‐' | '−' => ("-", "the hyphen `-`"),
        '…' => ("...", "three dots `...`"),
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => (" ", "an ordinary space"),
        '•' | '·' => ("-", "the hyphen `-`"),
        'ê' | 'ë' => ("e", "`e`"),
        'â' | 'á' | 'ã' => ("a", "`a`"),
        'î' | 'ï' | 'í' => ("i", "`i`"),
        'ô' | 'ó' | 'õ' => ("o", "`o`"),
        'û' | 'ú' => ("u", "`u`"),
        'ç' => ("c", "`c`"),
        'œ' => ("oe", "`oe`"),
        'À' | 'Â' => ("A", "`A`"),
        'È' | 'Ê' => ("E", "`E`"),
        _ => return None,
    })
}

/// How many units a character takes in GSM-7, if it is there.
fn gsm(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else {
        EXTENDED.contains(c).then_some(2)
    }
}

/// A character of two units is never divided over two segments.
fn segments(sizes: &[usize], (alone, each): (usize, usize)) -> usize {
    let units: usize = sizes.iter().sum();
    if units <= alone {
        return usize::from(units > 0);
    }
    let (mut segments, mut used) = (1, 0);
    for size in sizes {
        if used + size > each {
            segments += 1;
            used = 0;
        }
        used += size;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::{Alphabet, plain, travel};

    #[test]
    fn texts_are_counted_as_operators_bill_them() {
        for (text, encoding, units, segments) in [
            (String::new(), Alphabet::Gsm7, 0, 0),
            ("a".repeat(160), Alphabet::Gsm7, 160, 1),
            ("a".repeat(161), Alphabet::Gsm7, 161, 2),
            ("a".repeat(306), Alphabet::Gsm7, 306, 2),
            ("a".repeat(307), Alphabet::Gsm7, 307, 3),
            ("é€".to_owned(), Alphabet::Gsm7, 3, 1),
            // The sign of two units does not fit at the end of the first segment.
            (
                format!("{}€{}", "a".repeat(152), "a".repeat(152)),
                Alphabet::Gsm7,
                306,
                3,
            ),
            ("ê".repeat(70), Alphabet::Ucs2, 70, 1),
            ("ê".repeat(71), Alphabet::Ucs2, 71, 2),
            ("👋".repeat(35), Alphabet::Ucs2, 70, 1),
            ("👋".repeat(67), Alphabet::Ucs2, 134, 3),
        ] {
            let found = travel(&text);
            assert_eq!(
                (found.encoding, found.units, found.segments),
                (encoding, units, segments),
                "{text}"
            );
        }
        assert_eq!(travel("l’été, l’hiver").because_of, ['’']);
    }

    #[test]
    fn what_stands_for_a_character_is_in_the_alphabet() {
        let odd = "’‘ʼ´`“”„«»‹›–—‑‐−…\u{a0}\u{202f}\u{2009}\t•·êëâáãîïíôóõûúçœÀÂÈÊ";
        for c in odd.chars() {
            assert_eq!(travel(&c.to_string()).encoding, Alphabet::Ucs2, "{c}");
            let (text, _) = plain(c).unwrap();
            assert_eq!(travel(text).encoding, Alphabet::Gsm7, "{c}");
        }
        assert_eq!(plain('👋'), None);
    }
}
