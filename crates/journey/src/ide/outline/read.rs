//! Blocks: maps and lists by indentation.

use super::{Kind, Node, Pair, Style};
use crate::source::Span;

/// How deep the tree goes; what is deeper is text.
const MAX_DEPTH: usize = 64;

/// The tree of a file.
pub(in crate::ide) fn read(text: &str) -> Node {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    reader.skip_blank();
    while reader.rest().starts_with("---") {
        reader.skip_line();
        reader.skip_blank();
    }
    if reader.done() {
        return Node::empty(text.len());
    }
    reader.block(0)
}

pub(super) struct Reader<'t> {
    pub text: &'t str,
    /// The byte that is read next: between calls, the first of a word or sign, or the end.
    pub at: usize,
    pub depth: usize,
}

impl<'t> Reader<'t> {
    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// What is left of the line, its end excluded.
    pub fn line(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.find('\n').unwrap_or(rest.len());
        rest[..end].trim_end_matches('\r')
    }

    /// How many bytes stand before `at` on its line.
    pub fn column(&self) -> usize {
        self.at - self.text[..self.at].rfind('\n').map_or(0, |n| n + 1)
    }

    pub fn skip_line(&mut self) {
        self.at += self.line().len();
    }

    pub fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Over spaces, and over an anchor (`&name`) between them.
    fn skip_anchor(&mut self) {
        self.skip_spaces();
        let line = self.line();
        if line.starts_with('&') {
            self.at += line.find(char::is_whitespace).unwrap_or(line.len());
            self.skip_spaces();
        }
    }

    /// Whether nothing but a comment is left of the line.
    pub fn line_is_over(&self) -> bool {
        let line = self.line().trim_start();
        line.is_empty() || line.starts_with('#')
    }

    /// Over blank lines and comments, to the next word.
    pub fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with('#') {
                return;
            }
            self.skip_line();
        }
    }

    /// What begins here, in a column of at least `min`.
    pub fn block(&mut self, min: usize) -> Node {
        if self.depth >= MAX_DEPTH {
            return self.lines(min);
        }
        self.depth += 1;
        let column = self.column();
        let node = if self.dash() {
            self.list(min, false)
        } else if self.key().is_some() {
            self.map(min, Vec::new())
        } else {
            self.scalar_or_field(min, column)
        };
        self.depth -= 1;
        node
    }

    /// A value, or the name of a field whose colon is not typed yet: fields follow it.
    fn scalar_or_field(&mut self, min: usize, column: usize) -> Node {
        let value = self.value(min);
        self.skip_blank();
        let fields_follow = !self.done() && self.column() == column && self.key().is_some();
        if matches!(value.kind, Kind::Scalar(Style::Plain)) && fields_follow {
            return self.map(min, vec![bare(value.span)]);
        }
        value
    }

    /// Everything from here on that is indented enough, as one text.
    fn lines(&mut self, min: usize) -> Node {
        let start = self.at;
        let mut end = start;
        while !self.done() && (self.at == start || self.column() >= min) {
            self.skip_line();
            end = self.at;
            self.skip_blank();
        }
        Node {
            span: start..end,
            kind: Kind::Scalar(Style::Plain),
        }
    }

    /// Whether an item begins here.
    pub fn dash(&self) -> bool {
        let mut rest = self.rest().chars();
        rest.next() == Some('-') && rest.next().is_none_or(char::is_whitespace)
    }

    /// Items. `beside`: the list stands in the column of the field that it belongs to, so that
    /// the next field ends it.
    fn list(&mut self, min: usize, beside: bool) -> Node {
        let start = self.at;
        let mut items = Vec::new();
        while !self.done() && self.column() >= min {
            if !self.dash() {
                if beside {
                    break;
                }
                items.push(self.block(min));
                self.skip_blank();
                continue;
            }
            let column = self.column();
            self.at += 1;
            items.push(self.below(column + 1, self.at + 1));
            self.skip_blank();
        }
        Node {
            span: start..items.last().map_or(self.at, |n| n.span.end),
            kind: Kind::List(items),
        }
    }

    /// What follows a dash or a colon: on this line, or on the next ones if they are indented.
    fn below(&mut self, min: usize, nothing: usize) -> Node {
        let nothing = nothing.min(self.at + self.line().len());
        self.skip_anchor();
        if self.line_is_over() {
            self.skip_blank();
            if self.done() || self.column() < min {
                return Node::empty(nothing);
            }
        }
        self.block(min)
    }

    fn map(&mut self, min: usize, mut pairs: Vec<Pair>) -> Node {
        let start = pairs.first().map_or(self.at, |p| p.key.start);
        while !self.done() && self.column() >= min {
            let pair = self.pair(min);
            pairs.push(pair);
            self.skip_blank();
        }
        Node {
            span: start
                ..pairs
                    .last()
                    .map_or(start, |p| p.value.span.end.max(p.key.end)),
            kind: Kind::Map(pairs),
        }
    }

    fn pair(&mut self, min: usize) -> Pair {
        let Some((key, after)) = self.key() else {
            return if self.dash() {
                Pair {
                    key: self.at..self.at,
                    colon: false,
                    value: self.list(min, false),
                }
            } else {
                bare(self.plain_line())
            };
        };
        let column = self.column();
        self.at = after;
        self.skip_anchor();
        let value = if self.line_is_over() {
            self.nested(column, after)
        } else {
            self.value(column + 1)
        };
        Pair {
            key,
            colon: true,
            value,
        }
    }

    /// The value of a field that stands below it.
    fn nested(&mut self, column: usize, after: usize) -> Node {
        let line_end = self.at + self.line().len();
        let nothing = (after + 1).min(line_end);
        self.skip_blank();
        if self.done() || self.column() < column || (self.column() == column && !self.dash()) {
            return Node::empty(nothing);
        }
        if self.column() == column {
            return self.list(column, true);
        }
        self.block(column + 1)
    }

    /// The name of a field that begins here, and the byte behind its colon.
    pub fn key(&self) -> Option<(Span, usize)> {
        let line = self.line();
        if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let end = 1 + line.get(1..)?.find(quote)?;
            let rest = line.get(end + 1..)?;
            let colon = end + 1 + (rest.len() - rest.trim_start().len());
            return colon_at(line, colon)
                .then_some((self.at + 1..self.at + end, self.at + colon + 1));
        }
        if line.starts_with(['{', '[', '#', '}', ']', ',']) {
            return None;
        }
        let written = line.find(" #").map_or(line, |end| &line[..end]);
        let colon = written
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| colon_at(written, *at))?;
        let name = written[..colon].trim_end();
        (!name.is_empty()).then_some((self.at..self.at + name.len(), self.at + colon + 1))
    }

    /// A value that begins here; lines of at least `min` columns go on with it.
    pub fn value(&mut self, min: usize) -> Node {
        let rest = self.rest();
        match rest.chars().next() {
            Some('{' | '[') => self.flow(min),
            Some(quote @ ('"' | '\'')) => self.quoted(quote, min),
            Some('|' | '>') if header(self.line()) => self.block_text(min),
            _ => self.plain(min),
        }
    }

    /// The rest of the line without its comment; at least one character where there is one.
    fn plain_line(&mut self) -> Span {
        let line = self.line();
        let end = line.find(" #").unwrap_or(line.len());
        let written = line[..end].trim_end().len();
        let least = line.chars().next().map_or(0, char::len_utf8);
        let span = self.at..self.at + written.max(least);
        self.skip_line();
        span
    }

    fn plain(&mut self, min: usize) -> Node {
        let mut span = self.plain_line();
        loop {
            let here = self.at;
            self.skip_blank();
            let goes_on = !self.done()
                && self.column() >= min
                && self.key().is_none()
                && !self.dash()
                && !self.text[here..self.at].contains('#');
            if !goes_on {
                self.at = here;
                break;
            }
            span.end = self.plain_line().end;
        }
        Node {
            span,
            kind: Kind::Scalar(Style::Plain),
        }
    }

    /// A text behind `|` or `>`.
    fn block_text(&mut self, min: usize) -> Node {
        self.skip_line();
        let mut span: Option<Span> = None;
        loop {
            let here = self.at;
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if self.done() || self.column() < min {
                self.at = here;
                break;
            }
            let start = self.at;
            self.skip_line();
            span = Some(span.map_or(start, |s| s.start)..self.at);
        }
        Node {
            span: span.unwrap_or(self.at..self.at),
            kind: Kind::Scalar(Style::Block),
        }
    }

    /// A text between quotes. One that is not closed ends with its line.
    pub fn quoted(&mut self, quote: char, min: usize) -> Node {
        let (start, line_end) = (self.at, self.at + self.line().len());
        self.at += 1;
        let style = if quote == '"' {
            Style::Double
        } else {
            Style::Single
        };
        let end = self.closing(quote, min).unwrap_or(line_end);
        self.at = end;
        Node {
            span: start..end,
            kind: Kind::Scalar(style),
        }
    }

    /// Behind the closing quote, if lines that are indented enough lead to one.
    fn closing(&self, quote: char, min: usize) -> Option<usize> {
        let mut chars = self.rest().char_indices().peekable();
        let mut column = usize::MAX;
        while let Some((i, c)) = chars.next() {
            match c {
                '\n' => column = 0,
                ' ' if column != usize::MAX => column += 1,
                c if column != usize::MAX && !c.is_whitespace() => {
                    if column < min {
                        return None;
                    }
                    column = usize::MAX;
                }
                _ => {}
            }
            if c == '\\' && quote == '"' {
                chars.next();
            } else if c == quote {
                if quote == '\'' && chars.next_if(|(_, c)| *c == '\'').is_some() {
                    continue;
                }
                return Some(self.at + i + 1);
            }
        }
        None
    }
}

/// A field whose colon is not typed yet.
pub(super) fn bare(key: Span) -> Pair {
    Pair {
        value: Node::empty(key.end),
        key,
        colon: false,
    }
}

/// Whether a colon that ends a name stands there.
fn colon_at(line: &str, at: usize) -> bool {
    let mut rest = line.get(at..).unwrap_or_default().chars();
    rest.next() == Some(':') && rest.next().is_none_or(char::is_whitespace)
}

/// Whether the line is the header of a block of text: `|`, `>-`, `|2`.
fn header(line: &str) -> bool {
    let written = line.split(" #").next().unwrap_or_default().trim_end();
    written
        .chars()
        .skip(1)
        .all(|c| matches!(c, '+' | '-') || c.is_ascii_digit())
}
