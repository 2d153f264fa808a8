//! The plain text of a mail that has none of its own, made from its HTML.

use std::{cell::RefCell, rc::Rc};

use html2text::{config, render::TextDecorator};

use super::super::{output::Failure, said::Said};
use super::{DEEPEST, deepness, fault, styles};

/// How many characters a line has: what fits every reader, also when it is quoted.
const WIDTH: usize = 78;
/// The first of the signs that stand for addresses while lines are broken, so that no address is. They are of the second
/// plane of private use, and mean nothing to anybody.
const FIRST: u32 = 0xF_0000;
/// How many of them there are; links beyond show no address.
const MOST_LINKS: usize = 0xFFFD;
/// Stands at the beginning of each link: one around a picture that says nothing is a link all the same.
const LINK: char = '\u{100000}';

/// Links are followed by their address in brackets; pictures are what their `alt` says; what is hidden is left out.
pub(super) fn of(html: &str) -> Result<String, Failure> {
    if deepness(html) > DEEPEST {
        return Err(fault(Said::TooDeep));
    }
    let html = with_links(&without_sheets(html));
    let plain = Plain::default();
    let addresses = Rc::clone(&plain.addresses);
    let lines = config::with_decorator(plain)
        .raw_mode(true)
        .allow_width_overflow()
        // That of attributes, by which something is hidden.
        .use_doc_css()
        .string_from_read(html.as_bytes(), WIDTH)
        .map_err(|_| fault(Said::NoPlainText))?;
    let addresses = addresses.borrow();
    Ok(tidy(&addressed(&lines, &addresses)))
}

/// The document without its style sheets, which are in its attributes as far as they can be, and without our signs.
fn without_sheets(html: &str) -> String {
    let (mut out, mut done) = (String::with_capacity(html.len()), 0);
    let ours = |c: &char| place(*c).is_none() && *c != LINK;
    for sheet in styles::sheets(html) {
        out.extend(html[done..sheet.start].chars().filter(ours));
        done = sheet.end;
    }
    out.extend(html[done..].chars().filter(ours));
    out
}

/// The document with our sign at the beginning of each link.
fn with_links(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut done = 0;
    let starts = html.match_indices("<a").map(|(at, _)| at);
    for at in starts.filter(|at| html[at + 2..].starts_with(char::is_whitespace)) {
        let mut quote = None;
        let end = html[at..].find(|c: char| match (quote, c) {
            (None, '>') => true,
            (None, '"' | '\'') => {
                quote = Some(c);
                false
            }
            (Some(open), c) if open == c => {
                quote = None;
                false
            }
            _ => false,
        });
        if let Some(end) = end.map(|end| at + end + 1).filter(|end| *end > done) {
            out.push_str(&html[done..end]);
            out.push(LINK);
            done = end;
        }
    }
    out + &html[done..]
}

/// Which address a sign stands for.
fn place(sign: char) -> Option<usize> {
    let place = u32::from(sign).checked_sub(FIRST)? as usize;
    (place < MOST_LINKS).then_some(place)
}

fn sign(place: usize) -> Option<char> {
    let place = u32::try_from(place).ok().filter(|_| place < MOST_LINKS)?;
    char::from_u32(FIRST + place)
}

/// The lines with the addresses in place of their signs; none where the text before it is the address.
fn addressed(lines: &str, addresses: &[String]) -> String {
    let mut out =
        String::with_capacity(lines.len() + addresses.iter().map(String::len).sum::<usize>());
    for c in lines.chars().filter(|c| *c != LINK) {
        let Some(address) = place(c).map(|place| addresses.get(place)) else {
            out.push(c);
            continue;
        };
        let Some(address) = address.filter(|address| !is_said(&out, address)) else {
            out.truncate(out.trim_end_matches(' ').len());
            continue;
        };
        let before = out.trim_end_matches(' ');
        let begun = before.is_empty() || before.ends_with('\n');
        out.truncate(before.len() + usize::from(!begun));
        let before = out.trim_end_matches(' ');
        // Of a link that says nothing, the address alone.
        match before.is_empty() || before.ends_with("\n\n") {
            true => out.push_str(address),
            false => out.extend(["(", address, ")"]),
        }
    }
    out
}

/// Whether the last word before a link's end is its address, with or without what stands before it.
fn is_said(text: &str, address: &str) -> bool {
    let word = text.trim_end().rsplit(char::is_whitespace).next();
    let word = word.unwrap_or_default().trim_end_matches('/');
    let address = address.trim_end_matches('/');
    let schemes = ["https://", "http://", "mailto:", "tel:"];
    let bare = schemes.iter().find_map(|s| address.strip_prefix(s));
    word == address || Some(word) == bare
}

/// Lines without blanks at their ends, and at most one empty line between two that say something.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        // Signs that are there to fill the line that in-boxes show.
        let invisible = |c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '\u{200c}' | '\u{200b}' | '\u{34f}' | '\u{feff}' | '\u{ad}'
                )
        };
        match line.trim_end_matches(invisible) {
            "" => empty += 1,
            said => {
                if !out.is_empty() {
                    out.push_str(if empty > 0 { "\n\n" } else { "\n" });
                }
                empty = 0;
                out.push_str(said);
            }
        }
    }
    out
}

/// Says what is there, without marks for what is bold.
#[derive(Clone, Debug, Default)]
struct Plain {
    /// Of all links so far, also of other parts.
    addresses: Rc<RefCell<Vec<String>>>,
    /// Those of the links that are open.
    open: Vec<String>,
}

impl TextDecorator for Plain {
    type Annotation = ();

    fn decorate_link_start(&mut self, url: &str) -> (String, ()) {
        self.open.push(url.trim().to_owned());
        (String::new(), ())
    }

    fn decorate_link_end(&mut self) -> String {
        let Some(address) = self
            .open
            .pop()
            .filter(|a| !a.is_empty() && !a.starts_with('#'))
        else {
            return String::new();
        };
        let mut addresses = self.addresses.borrow_mut();
        let Some(sign) = sign(addresses.len()) else {
            return String::new();
        };
        addresses.push(address);
        format!(" {sign}")
    }

    fn decorate_em_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _src: &str, alt: &str) -> (String, ()) {
        (alt.trim().to_owned(), ())
    }

    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "- ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        Self {
            addresses: Rc::clone(&self.addresses),
            open: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    fn text(html: &str) -> String {
        of(html).unwrap()
    }

    #[test]
    fn a_mail_reads_as_it_is_seen() {
        let html = "<html><head><title>T</title><style>p{}</style></head><body>
            <div style=\"display:none\">Preheader</div><h1>Hello   Zoë</h1><p>Your <b>tea</b> is<br>here.</p>
            <style>.x{display:none}</style><ul><li>one</li><li>two</li></ul><ol><li>a</li></ol><blockquote>said</blockquote>
            <p><a href=\"https://shop.example/a?b=1&amp;c=2\">Buy</a>, <a href=\"https://shop.example/\">shop.example</a>,
            <a href=\"mailto:a@b.example\">a@b.example</a></p>
            <a href=\"https://shop.example/x\"><img src=\"a.png\" alt=\"Our teas\"></a>
            <img src=\"https://t.example/open.gif\"><a href=\"https://shop.example/u\"><img src=\"b.png\"></a>
            </body></html>";
        assert_eq!(
            text(html),
            "Hello Zoë\n\nYour tea is\nhere.\n- one\n- two\n1. a\n\n> said\n\n\
             Buy (https://shop.example/a?b=1&c=2), shop.example, a@b.example\n\n\
             Our teas (https://shop.example/x) (https://shop.example/u)"
        );
    }

    #[test]
    fn lines_are_broken_and_addresses_are_not() {
        let long = format!("https://shop.example/{}", "a".repeat(200));
        let html = format!(
            "<p>{}<a href=\"{long}\">the link</a> {}</p>",
            "word ".repeat(14),
            "more ".repeat(40)
        );
        let text = text(&html);
        assert!(text.contains(&format!("({long})")), "{text}");
        let short = |line: &&str| !line.contains(&long);
        assert!(
            text.lines().filter(short).all(|l| l.chars().count() <= 78),
            "{text}"
        );
        assert!(text.lines().count() > 3, "{text}");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(of(&"<div>".repeat(100_000)).is_err());
        assert!(of(&format!("{}x", "<p>".repeat(50_000))).is_ok());
    }
}
