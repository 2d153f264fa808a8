//! From text to tokens.

#![expect(
    clippy::result_large_err,
    reason = "at most one fatal mistake per parse: its size costs nothing"
)]

use std::{iter::Peekable, ops::Range, str::CharIndices};

use jiff::SignedDuration;

use super::problem::Problem;
use crate::value::Value;

/// A word, a literal or a sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    /// A number, a text or a duration.
    Literal(Value),
    /// An operator or a bracket, as written.
    Sign(&'static str),
    End,
}

/// A token and its place.
pub(super) type Spanned = (Token, Range<usize>);

/// Longest first, so that `<=` is not read as `<` and `=`.
const SIGNS: [&str; 30] = [
    "==", "!=", "<=", ">=", "=>", "=<", "<>", "&&", "||", "??", "(", ")", "[", "]", "{", "}", ",",
    ".", "+", "-", "*", "/", "%", "<", ">", "!", "=", "?", ":", ";",
];
const SINGLES: [&str; 2] = ["&", "|"];

/// The longest duration: ten years, with their leap days.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3_653);

/// The tokens of `source`, with `End` as the last.
pub(super) fn tokens(source: &str) -> Result<Vec<Spanned>, Problem> {
    let mut lexer = Lexer {
        source,
        chars: source.char_indices().peekable(),
    };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let done = token.0 == Token::End;
        tokens.push(token);
        if done {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Spanned, Problem> {
        self.skip_while(char::is_whitespace);
        let Some(&(start, c)) = self.chars.peek() else {
            return Ok((Token::End, self.source.len()..self.source.len()));
        };
        match c {
            '"' | '\'' => self.text(start, c),
            '0'..='9' => self.number(start),
            c if c == '_' || c.is_alphabetic() => Ok(self.word(start)),
            _ => self.sign(start, c),
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> usize {
        while self.chars.next_if(|(_, c)| wanted(*c)).is_some() {}
        self.chars.peek().map_or(self.source.len(), |(at, _)| *at)
    }

    fn word(&mut self, start: usize) -> Spanned {
        let end = self.skip_while(|c| c == '_' || c.is_alphanumeric());
        (Token::Word(self.source[start..end].to_owned()), start..end)
    }

    fn sign(&mut self, start: usize, c: char) -> Result<Spanned, Problem> {
        let rest = &self.source[start..];
        let found = SIGNS.iter().chain(&SINGLES).find(|s| rest.starts_with(**s));
        if let Some(sign) = found {
            for _ in 0..sign.len() {
                self.chars.next();
            }
            return Ok((Token::Sign(sign), start..start + sign.len()));
        }
        let span = start..start + c.len_utf8();
        let problem = Problem::new(
            "J201",
            span,
            format!("`{c}` has no meaning in an expression"),
        );
        Err(match c {
            '“' | '”' | '„' | '«' | '»' | '‘' | '’' => self.typographic(problem, start),
            '€' | '$' | '£' => problem
                .label("a number stands alone, without its unit")
                .instead(""),
            '≥' => problem.label("write `>=`").instead(">="),
            '≤' => problem.label("write `<=`").instead("<="),
            '≠' => problem.label("write `!=`").instead("!="),
            _ => problem,
        })
    }

    /// A text between typographic quotes: offers straight ones.
    fn typographic(&self, mut problem: Problem, start: usize) -> Problem {
        let quotes = ['“', '”', '„', '«', '»', '‘', '’'];
        let inner = self.source[start..].trim_start_matches(quotes);
        let from = self.source.len() - inner.len();
        if let Some(length) = inner.find(quotes).filter(|n| !inner[..*n].contains('"')) {
            let rest = &inner[length..];
            let end = from + length + rest.chars().next().map_or(0, char::len_utf8);
            let text = format!("\"{}\"", inner[..length].trim());
            problem.replacement = Some((start..end, text));
        }
        problem
            .label("a typographic quote")
            .note("text stands between straight quotes: \"FR\" or 'FR'")
    }

    fn text(&mut self, start: usize, quote: char) -> Result<Spanned, Problem> {
        self.chars.next();
        let mut text = String::new();
        while let Some((at, c)) = self.chars.next() {
            match c {
                c if c == quote => {
                    let value = Value::text(&text);
                    return Ok((Token::Literal(value), start..at + c.len_utf8()));
                }
                '\\' => text.push(self.escaped(at)?),
                c => text.push(c),
            }
        }
        let problem = Problem::new("J206", start..self.source.len(), "this text is not closed");
        Err(problem
            .label(format!("a closing {quote} is missing"))
            .note("text stands between two quotes of the same kind: \"FR\" or 'FR'"))
    }

    fn escaped(&mut self, at: usize) -> Result<char, Problem> {
        match self.chars.next() {
            Some((_, c @ ('\\' | '"' | '\''))) => Ok(c),
            Some((_, 'n')) => Ok('\n'),
            Some((_, 't')) => Ok('\t'),
            other => {
                let end = other.map_or(self.source.len(), |(i, c)| i + c.len_utf8());
                let problem = Problem::new("J206", at..end, "this escape is not known");
                Err(problem.note("known are \\\\ \\\" \\' \\n \\t; a backslash itself is \\\\"))
            }
        }
    }

    fn number(&mut self, start: usize) -> Result<Spanned, Problem> {
        let mut end = self.skip_while(|c| c.is_ascii_digit());
        let rest = &self.source[end..];
        if rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            self.chars.next();
            end = self.skip_while(|c| c.is_ascii_digit());
        }
        let unit_end = self.skip_while(|c| c == '_' || c.is_alphanumeric());
        let span = start..unit_end;
        let (digits, all) = (&self.source[start..end], &self.source[span.clone()]);
        if end == unit_end || is_exponent(&all[digits.len()..]) {
            return number(all, &span).map(|value| (Token::Literal(value), span));
        }
        duration(all, &span).map(|value| (Token::Literal(value), span))
    }
}

fn is_exponent(rest: &str) -> bool {
    let digits = rest.strip_prefix(['e', 'E']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn number(digits: &str, span: &Range<usize>) -> Result<Value, Problem> {
    if let Ok(whole) = digits.parse() {
        return Ok(Value::Int(whole));
    }
    match digits.parse().map(Value::number) {
        Ok(value @ Value::Float(_)) => Ok(value),
        _ => Err(Problem::new(
            "J210",
            span.clone(),
            "this number is too large",
        )),
    }
}

fn duration(text: &str, span: &Range<usize>) -> Result<Value, Problem> {
    match parse_duration(text) {
        Some(d) if d <= LONGEST => Ok(Value::Span(d)),
        Some(_) => Err(Problem::new(
            "J210",
            span.clone(),
            "this is longer than ten years",
        )),
        None => Err(bad_duration(text, span)),
    }
}

fn bad_duration(text: &str, span: &Range<usize>) -> Problem {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].to_lowercase().chars().next() {
        Some(c @ ('s' | 'm' | 'h' | 'd' | 'w')) => Some(c),
        Some('j') => Some('d'),
        _ => None,
    };
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    let problem = Problem::new(
        "J210",
        span.clone(),
        format!("`{text}` is no number and no duration"),
    )
    .note("a duration is a whole number with s, m, h, d or w: 30m, 2h, 7d");
    match unit.filter(|_| whole) {
        Some(unit) => {
            let cure = format!("{digits}{unit}");
            problem
                .label(format!("did you mean `{cure}`?"))
                .instead(cure)
        }
        None => problem,
    }
}

/// A duration as authors write it: `30m`, `2d`, `1h30m`; `s m h d w`, a day being 24 hours.
pub(super) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut total = SignedDuration::ZERO;
    let mut last_unit = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(SignedDuration::from_secs(count.checked_mul(unit)?))?;
        rest = &rest[digits + 1..];
    }
    (last_unit != i64::MAX).then_some(total)
}
