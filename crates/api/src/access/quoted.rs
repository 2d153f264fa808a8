//! Names and addresses where they are quoted: in what people say, in explanations, in what a message was made of.
//!
//! Two things are hidden: what is known of the customer (their names and addresses, wherever they stand), and what looks like an
//! address or a telephone number, whosever it is.

use journey::value::{Map, Value};

use super::mask::{ADDRESSES, NAMES, initial, texts};
use crate::pages::hidden;

/// Names of fewer letters would hide parts of anything.
const SHORTEST: usize = 2;
/// A number that begins as telephone numbers do has at least so many digits.
const DIGITS: usize = 8;
/// And at most so many signs, spaces among them.
const LONGEST: usize = 32;

/// What is known of a customer, each with what stands for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quoted(Vec<(String, String)>);

impl Quoted {
    /// Of a customer with these traits, whom producers call `key`.
    pub(crate) fn of(traits: &Map, key: &str) -> Self {
        let mut known = Vec::new();
        if key.contains('@') {
            known.push((key.to_owned(), hidden(key)));
        }
        for (name, value) in traits.iter() {
            let is_name = NAMES.contains(&&**name) || &**name == "name";
            if !is_name && !ADDRESSES.contains(&&**name) {
                continue;
            }
            let mut add = |text: &str| {
                let shown = if is_name { initial(text) } else { hidden(text) };
                known.push((text.to_owned(), shown));
                // `Léa Verde` is also called Léa.
                let parts = text
                    .split_whitespace()
                    .filter(|part| is_name && *part != text);
                known.extend(parts.map(|part| (part.to_owned(), initial(part))));
            };
            texts(value, &mut add);
        }
        known.retain(|(text, _)| text.chars().count() >= SHORTEST);
        // What is part of something longer is not hidden before that.
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(known)
    }

    /// The text, without them.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, shown) in &self.0 {
            text = replaced(&text, known, shown);
        }
        without_addresses(&text)
    }

    /// All texts of a value.
    pub(crate) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::Text(text) => *text = self.hide(text).into(),
            Value::List(list) => {
                let mut all = list.to_vec();
                all.iter_mut().for_each(|value| self.hide_in(value));
                *list = all.into();
            }
            Value::Map(map) => {
                let all = std::sync::Arc::make_mut(map).values_mut();
                all.for_each(|value| self.hide_in(value));
            }
            _ => {}
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Each place where `known` stands as words of its own, in any case.
fn replaced(text: &str, known: &str, shown: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, length)) = found(rest, known) {
        let (before, behind) = (&rest[..at], &rest[at + length..]);
        let last = before
            .chars()
            .next_back()
            .or_else(|| out.chars().next_back());
        let stands_alone =
            !last.is_some_and(is_word) && !behind.chars().next().is_some_and(is_word);
        out.push_str(before);
        out.push_str(if stands_alone {
            shown
        } else {
            &rest[at..at + length]
        });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Where it stands first, and how long it is there: letters may have another case.
fn found(text: &str, known: &str) -> Option<(usize, usize)> {
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    text.char_indices().find_map(|(at, _)| {
        let mut here = text[at..].chars();
        let mut length = 0;
        for wanted in known.chars() {
            let c = here.next().filter(|c| lower(*c) == lower(wanted))?;
            length += c.len_utf8();
        }
        Some((at, length))
    })
}

/// The text with everything hidden that looks like an address.
fn without_addresses(text: &str) -> String {
    without_telephones(&without_mails(text))
}

fn without_mails(text: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (at, _) in text.match_indices('@').filter(|(at, _)| *at > 0) {
        let before = &text[done.min(at)..at];
        let local = before.len() - before.trim_end_matches(is_local).len();
        let behind = &text[at + 1..];
        let domain = behind.find(|c| !is_domain(c)).unwrap_or(behind.len());
        let domain = behind[..domain].trim_end_matches(['.', '-']);
        if local > 0 && domain.contains('.') {
            let (start, end) = (at - local, at + 1 + domain.len());
            out.push_str(&text[done..start]);
            out.push_str(&hidden(&text[start..end]));
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

fn without_telephones(text: &str) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    let mut last = None;
    for (at, c) in text.char_indices() {
        let begins = at >= done && !last.is_some_and(|c| is_word(c) || c == '-' || c == '+');
        let length = if begins { telephone(&text[at..]) } else { 0 };
        if length > 0 {
            out.push_str(&text[done..at]);
            out.push_str(&hidden(&text[at..at + length]));
            done = at + length;
        }
        last = Some(c);
    }
    out.push_str(&text[done..]);
    out
}

/// How long the telephone number is that the text begins with: `+33 6 12 34 56 78`, `06.12.34.56.78`. 0: it does not.
fn telephone(text: &str) -> usize {
    if !text.starts_with(['+', '0']) {
        return 0;
    }
    let (mut digits, mut end) = (0, 0);
    for (at, c) in text.char_indices().take(LONGEST) {
        match c {
            '0'..='9' => (digits, end) = (digits + 1, at + 1),
            '+' if at == 0 => {}
            ' ' | '.' | '-' | '/' | '(' | ')' | '\u{a0}' | '\u{202f}' => {}
            _ => break,
        }
    }
    let goes_on = text[end..].starts_with(is_word);
    if digits < DIGITS || goes_on { 0 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted() -> Quoted {
        let traits = Value::map([
            ("first_name", Value::text("Léa")),
            ("name", Value::text("Léa Verde")),
            ("email", Value::text("lea.verde@shop.example")),
            ("chat_id", Value::text("tg:5551234")),
            ("city", Value::text("Gent")),
        ]);
        Quoted::of(traits.as_map().unwrap(), "lea.verde@shop.example")
    }

    #[test]
    fn what_is_known_is_hidden_wherever_it_stands() {
        let quoted = quoted();
        for (text, shown) in [
            ("Hello Léa!", "Hello L…!"),
            ("LÉA, this is for léa verde.", "L…, this is for l…."),
            ("Leaving Gent for Léandre", "Leaving Gent for Léandre"),
            (
                "to Lea.Verde@shop.example, twice",
                "to l…@shop.example, twice",
            ),
            ("by tg:5551234", "by …34"),
        ] {
            let hidden = quoted.hide(text);
            assert_eq!(hidden.to_lowercase(), shown.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn what_looks_like_an_address_is_hidden_whosever_it_is() {
        let nobody = Quoted::default();
        for (text, shown) in [
            ("write to bob+x@mail.example.", "write to b…@mail.example."),
            ("call +33 6 12 34 56 78, please", "call …78, please"),
            ("call 06.12.34.56.78", "call …78"),
            ("call (+44) 20 7946 0958", "call (…58"),
        ] {
            assert_eq!(nobody.hide(text), shown, "{text}");
        }
    }

    #[test]
    fn times_amounts_and_orders_are_no_addresses() {
        let nobody = Quoted::default();
        for text in [
            "on 2 March 2026 at 09:00:00",
            "2026-03-02T09:00:00Z",
            "order 4711-0815-1234 for 1,234.50",
            "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b",
            "x@y and l…@shop.example",
            "",
        ] {
            assert_eq!(nobody.hide(text), text);
        }
    }
}
