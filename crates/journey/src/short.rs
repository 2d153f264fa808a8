//! Short forms of addresses in text messages, where each segment is paid for.

use hmac::Mac as _;

use crate::{ids::MessageId, links::Key};

/// How many letters and digits a code has: of 62 each, 59 bits. Nobody meets one by chance: of a thousand million that are out
/// there, one in eight hundred million guesses is one.
pub const CODE: usize = 10;
/// The longest address that has a short form, in bytes.
pub const LONGEST_URL: usize = 2_048;
/// The most addresses of one text that have a short form: a text holds no more.
pub const MOST: usize = 20;

const DOMAIN: &[u8] = b"parcours short 1";
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Key {
    /// The code of `what` in a message: the same for the same, so that a message that is tried again says the same.
    pub fn code(&self, message: MessageId, what: &str) -> String {
        let mut mac = self.mac();
        mac.update(DOMAIN);
        mac.update(message.0.as_bytes());
        mac.update(what.as_bytes());
        let bytes = mac.finalize().into_bytes();
        // 128 bits for 59: no letter is noticeably more frequent than another.
        let mut number = bytes[..16]
            .iter()
            .fold(0_u128, |n, b| n << 8 | u128::from(*b));
        let mut code = String::with_capacity(CODE);
        for _ in 0..CODE {
            let at = usize::try_from(number % 62).unwrap_or_default();
            code.push(char::from(LETTERS[at]));
            number /= 62;
        }
        code
    }
}

/// Whether that can be a code.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The text with each address (`https://…`, `http://…`) in another form, where `other` has one. An address ends at a space,
/// and without the punctuation of the sentence that it stands in.
pub fn addresses(text: &str, mut other: impl FnMut(&str) -> Option<String>) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = begins(rest) {
        let (before, address) = rest.split_at(start);
        done.push_str(before);
        let (address, after) = address.split_at(length(address));
        match other(address) {
            Some(short) => done.push_str(&short),
            None => done.push_str(address),
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

/// Where the next address begins: not within a word.
fn begins(text: &str) -> Option<usize> {
    let found = ["https://", "http://"].into_iter();
    let found = found.flat_map(|scheme| text.match_indices(scheme).map(|(at, _)| at));
    let word = |at: &usize| {
        text[..*at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
    };
    found.filter(|at| !word(at)).min()
}

/// How long the address is that begins here, in bytes.
fn length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"«»“”„".contains(c);
    let end = text.find(ends).unwrap_or(text.len());
    let mut address = &text[..end];
    loop {
        let Some(last) = address.chars().next_back() else {
            return 0;
        };
        let count = |c: char| address.matches(c).count();
        let surplus = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '…' => true,
            // A bracket that was opened in the address belongs to it.
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !surplus {
            return address.len();
        }
        address = &address[..address.len() - last.len_utf8()];
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn addresses_end_where_their_sentence_goes_on() {
        let led = |text: &str| {
            let mut met = Vec::new();
            let done = addresses(text, |url| {
                met.push(url.to_owned());
                (!url.contains("keep")).then(|| "S".to_owned())
            });
            (done, met.join(" "))
        };
        for (text, done, met) in [
            (
                "Teas: https://a.example/x?b=1&c=2.",
                "Teas: S.",
                "https://a.example/x?b=1&c=2",
            ),
            (
                "(https://a.example/x) or http://b.example!",
                "(S) or S!",
                "https://a.example/x http://b.example",
            ),
            (
                "https://a.example/x_(y), «https://b.example»",
                "S, «S»",
                "https://a.example/x_(y) https://b.example",
            ),
            (
                "https://keep.example/é\nhttps://a.example",
                "https://keep.example/é\nS",
                "https://keep.example/é https://a.example",
            ),
            (
                "xhttps://a.example ftp://b https:/ http",
                "xhttps://a.example ftp://b https:/ http",
                "",
            ),
            ("", "", ""),
        ] {
            assert_eq!(led(text), (done.to_owned(), met.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_code_is_the_same_for_the_same_and_another_for_anything_else() {
        let key = |letter: char| Key::new(&[letter.to_string().repeat(32)]).unwrap();
        let message = |n: u128| MessageId(Uuid::from_u128(n));
        let code = key('a').code(message(1), "https://a.example");
        assert!(is_code(&code), "{code}");
        assert_eq!(key('a').code(message(1), "https://a.example"), code);
        for other in [
            key('b').code(message(1), "https://a.example"),
            key('a').code(message(2), "https://a.example"),
            key('a').code(message(1), "https://a.example/"),
        ] {
            assert_ne!(other, code);
        }
        for wrong in ["", "short", "0123456789a", "0123-56789", "é123456789"] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }
}
