//! The styles of a mail, put where every reader takes them from: `style` attributes.
//!
//! What an attribute cannot hold (`@media`, `:hover`, …) stays in its `<style>`, and wins there as it did before: its
//! declarations become `!important`, for an attribute would beat them otherwise.

use std::{fmt::Write as _, io, ops::Range, sync::LazyLock};

use css_inline::CSSInliner;

use super::super::{
    output::{Failure, LARGEST},
    said::Said,
};
use super::{DEEPEST, deepness, fault};

/// The most declarations times elements: each pair may have to be kept in mind. A mail of 15 kB has some 200 by 200; one of 100 kB with a style
/// sheet of 20 kB has a million.
const MOST_PAIRS: usize = 2_000_000;
/// The deepest that blocks and brackets of a sheet are nested: reading goes as deep.
const DEEPEST_SHEET: usize = 64;
/// Put on a `<style>` that is left as it is.
pub(super) const IGNORED: &str = " data-css-inline=\"ignore\"";

/// Fetches nothing: `<link>` stays as it is.
static INLINER: LazyLock<CSSInliner<'static>> = LazyLock::new(|| {
    CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_link_tags(true)
        .remove_inlined_selectors(true)
        .build()
});

/// The document with its styles in attributes; the same where no rule of a `<style>` can go there.
pub(super) fn inlined(html: String) -> Result<String, Failure> {
    let sheets = sheets(&html);
    let sheets = sheets.iter().map(|sheet| &html[sheet.clone()]);
    let sheets: Vec<&str> = sheets.filter(|css| has_plain_rule(css)).collect();
    if sheets.is_empty() {
        return Ok(html);
    }
    if sheets.iter().any(|css| nested(css) > DEEPEST_SHEET) {
        return Err(fault(Said::Styles));
    }
    let declarations: usize = sheets.iter().map(|css| css.matches(':').count()).sum();
    let elements = html.matches('<').count();
    if declarations.saturating_mul(elements) > MOST_PAIRS {
        return Err(fault(Said::ManyStyles));
    }
    if deepness(&html) > DEEPEST {
        return Err(fault(Said::TooDeep));
    }
    let mut out = Bounded(Vec::with_capacity(2 * html.len()));
    if INLINER.inline_to(&html, &mut out).is_err() {
        return Err(fault(match out.0.len() > LARGEST {
            true => Said::HtmlTooLarge,
            false => Said::Styles,
        }));
    }
    let done = String::from_utf8(out.0).map_err(|_| fault(Said::Styles))?;
    Ok(with_doctype_of(&html, insistent(&done)))
}

/// As much as a layout may come to.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > 2 * LARGEST {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands in each `<style>` that is not hidden in a comment, nor to be ignored.
pub(super) fn sheets(html: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = html[at..].find('<').map(|n| at + n) {
        let rest = &html[next..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(html.len(), |n| next + n + 3);
        } else if begins(rest, "<style") {
            let start = rest.find('>').map_or(html.len(), |n| next + n + 1);
            let end = end_of_style(&html[start..]).map_or(html.len(), |n| start + n);
            if !html[next..start].contains(IGNORED) {
                found.push(start..end);
            }
            at = end;
        } else {
            at = next + 1;
        }
    }
    found
}

fn end_of_style(css: &str) -> Option<usize> {
    let mut ends = css.match_indices("</");
    ends.find(|(at, _)| begins(&css[*at..], "</style"))
        .map(|(at, _)| at)
}

/// Whether the text begins so, in whatever letters.
fn begins(text: &str, word: &str) -> bool {
    let start = text.as_bytes().get(..word.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether there is a rule that no at-rule holds.
fn has_plain_rule(css: &str) -> bool {
    let (mut depth, mut at_rule) = (0_usize, false);
    let mut fresh = true;
    for (_, sign) in Signs::of(css) {
        match sign {
            '{' if depth == 0 && !at_rule => return true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '@' if depth == 0 && fresh => at_rule = true,
            _ => {}
        }
        if depth == 0 && matches!(sign, '}' | ';') {
            (at_rule, fresh) = (false, true);
        } else if !sign.is_whitespace() {
            fresh = false;
        }
    }
    false
}

/// How deep blocks and brackets are nested at the most. A text in quotes ends with its line at the latest, as it does where sheets are
/// read.
fn nested(css: &str) -> usize {
    let (mut depth, mut most, mut quote, mut escaped) = (0_usize, 0, None, false);
    let mut commented = 0;
    for (at, sign) in css.char_indices() {
        match (quote, sign) {
            _ if at < commented => {}
            (None, '/') if !escaped && css[at..].starts_with("/*") => {
                let end = css[at + 2..].find("*/");
                commented = end.map_or(css.len(), |end| at + end + 4);
            }
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (Some(_), '\n' | '\r' | '\u{c}') => quote = None,
            (Some(open), sign) if open == sign => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// The document with every declaration of its styles made `!important`.
fn insistent(html: &str) -> String {
    let (mut out, mut done) = (String::with_capacity(html.len() + html.len() / 8), 0);
    for sheet in sheets(html) {
        out.push_str(&html[done..sheet.start]);
        out.push_str(&important(&html[sheet.clone()]));
        done = sheet.end;
    }
    out + &html[done..]
}

/// Rules with `!important` behind each of their declarations. Those of `@font-face`, `@keyframes` and their like stay.
fn important(css: &str) -> String {
    let mut out = String::with_capacity(2 * css.len());
    // What opened each block, and where the present statement begins.
    let (mut blocks, mut start) = (Vec::<Block>::new(), 0);
    for (at, sign) in Signs::of(css) {
        if !matches!(sign, '{' | '}' | ';') {
            continue;
        }
        let words = &css[start..at];
        let declares = sign != '{' && matches!(blocks.last(), Some(Block::Rule));
        match words.trim_end() {
            said if declares && said.contains(':') && !says_important(said) => {
                let _ = write!(out, "{said} !important");
            }
            _ => out.push_str(words),
        }
        out.push(sign);
        match sign {
            '{' => blocks.push(Block::of(words, blocks.last())),
            '}' => drop(blocks.pop()),
            _ => {}
        }
        start = at + 1;
    }
    out + &css[start..]
}

fn says_important(declaration: &str) -> bool {
    let from = declaration.len().saturating_sub("! important".len());
    let end = declaration.get(from..).unwrap_or_default();
    end.to_ascii_lowercase().contains("important")
}

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// `@media` and what else holds rules.
    Holds,
    /// Selectors with declarations.
    Rule,
    /// `@font-face`, `@keyframes`: `!important` means nothing there.
    Other,
}

impl Block {
    fn of(prelude: &str, around: Option<&Self>) -> Self {
        let words = prelude.trim_start();
        let holds = ["@media", "@supports", "@layer", "@container"];
        match around {
            Some(Self::Other) => Self::Other,
            _ if holds.iter().any(|name| begins(words, name)) => Self::Holds,
            _ if words.starts_with('@') => Self::Other,
            _ => Self::Rule,
        }
    }
}

/// The signs of a style sheet that mean something: none of comments, and none of what stands in quotes or brackets.
struct Signs<'a> {
    css: &'a str,
    at: usize,
}

impl<'a> Signs<'a> {
    fn of(css: &'a str) -> Self {
        Self { css, at: 0 }
    }

    /// Where a text in quotes ends that begins at `from`.
    fn unquoted(&self, from: usize, quote: char) -> usize {
        let mut escaped = false;
        for (n, sign) in self.css[from..].char_indices() {
            match sign {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                s if s == quote => return from + n + 1,
                _ => {}
            }
        }
        self.css.len()
    }

    /// Where what begins with a bracket ends.
    fn unbracketed(&self, from: usize) -> usize {
        let (mut depth, mut at) = (1_usize, from);
        while depth > 0 && at < self.css.len() {
            let sign = self.css[at..].chars().next().unwrap_or_default();
            at += sign.len_utf8();
            match sign {
                '"' | '\'' => at = self.unquoted(at, sign),
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        }
        at
    }
}

impl Iterator for Signs<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let rest = self.css.get(at..)?;
            let sign = rest.chars().next()?;
            self.at += sign.len_utf8();
            match sign {
                '/' if rest.starts_with("/*") => {
                    let end = rest[2..].find("*/");
                    self.at = end.map_or(self.css.len(), |n| at + n + 4);
                }
                '"' | '\'' => self.at = self.unquoted(self.at, sign),
                '(' => self.at = self.unbracketed(self.at),
                '\\' => self.at += self.css[self.at..].chars().next().map_or(0, char::len_utf8),
                _ => return Some((at, sign)),
            }
        }
    }
}

/// The document type as it was written: readers lay a mail out by it.
fn with_doctype_of(html: &str, done: String) -> String {
    let of = |text: &str| {
        let lead = text.len() - text.trim_start().len();
        let end = begins(&text[lead..], "<!doctype").then(|| text.find('>'))?;
        end.map(|end| (lead, end + 1))
    };
    match (of(html), of(&done)) {
        (Some((from, to)), Some((_, end))) => format!("{}{}", &html[from..to], &done[end..]),
        _ => done,
    }
}

#[cfg(test)]
mod tests {
    use super::{has_plain_rule, important, inlined, nested, sheets};

    #[test]
    fn rules_outside_of_at_rules_are_seen() {
        for css in [
            "p{}",
            "@media x{p{}} p{}",
            "@import 'a';p{}",
            "/*@*/ .a{b:c}",
        ] {
            assert!(has_plain_rule(css), "{css}");
        }
        assert_eq!(nested("p{a:b(c[\"((\"])} /* '(((( */ '((\n(' ("), 3);
        for css in [
            "",
            "@media x{p{}}",
            "/* p{} */",
            "@import url(a;b{);",
            "@font-face { a: b }",
        ] {
            assert!(!has_plain_rule(css), "{css}");
        }
    }

    #[test]
    fn what_stays_in_a_sheet_insists() {
        for (css, expected) in [
            (
                "@media (max-width:9px){.a{b:c;d:e !important}.f{g:url(h;i)}}",
                "@media (max-width:9px){.a{b:c !important;d:e !important}.f{g:url(h;i) !important}}",
            ),
            ("a:hover{b:\"}\" ; }", "a:hover{b:\"}\" !important; }"),
            ("@font-face{src:a}", "@font-face{src:a}"),
            ("@keyframes k{from{a:b}}", "@keyframes k{from{a:b}}"),
        ] {
            assert_eq!(important(css), expected);
        }
    }

    #[test]
    fn comments_hide_styles() {
        assert_eq!(
            sheets("<!--<style>a{}</style>--><STYLE x>b</Style >").len(),
            1
        );
    }

    #[test]
    fn the_document_type_stays() {
        let doctype = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">";
        let html = format!(
            "{doctype}<html><head><style>p{{a:b}}</style></head><body><p>x</p></body></html>"
        );
        let done = inlined(html).unwrap();
        assert!(done.starts_with(doctype), "{done}");
    }
}
