//! `{ … }` and `[ … ]`.

use super::{
    Kind, Node, Pair, Style,
    read::{Reader, bare},
};
use crate::source::Span;

/// How deep brackets are followed.
const MAX_DEPTH: usize = 64;

impl Reader<'_> {
    /// A map or list in brackets; one that is not closed ends where the indentation does.
    pub fn flow(&mut self, min: usize) -> Node {
        let start = self.at;
        let map = self.rest().starts_with('{');
        self.at += 1;
        if self.depth >= MAX_DEPTH {
            self.skip_line();
            return Node {
                span: start..self.at,
                kind: Kind::Scalar(Style::Plain),
            };
        }
        self.depth += 1;
        let (mut pairs, mut items) = (Vec::new(), Vec::new());
        let mut end = self.at;
        while self.inside(min, &mut end) {
            if map {
                pairs.push(self.flow_pair(min));
            } else {
                items.push(self.flow_item(min));
            }
            end = self.at;
        }
        self.depth -= 1;
        let kind = if map {
            Kind::Map(pairs)
        } else {
            Kind::List(items)
        };
        Node {
            span: start..end,
            kind,
        }
    }

    /// Over spaces and commas to the next child; false behind the closing bracket, and where the
    /// lines are indented no more.
    fn inside(&mut self, min: usize, end: &mut usize) -> bool {
        loop {
            let here = self.at;
            self.skip_blank();
            let new_line = self.text[here..self.at].contains('\n');
            let closes = self.rest().starts_with(['}', ']']);
            // A bracket may close in the column of the field that it belongs to.
            let least = if closes { min.saturating_sub(1) } else { min };
            if self.done() || (new_line && self.column() < least) {
                self.at = here;
                return false;
            }
            if closes {
                self.at += 1;
                *end = self.at;
                return false;
            }
            if !self.rest().starts_with(',') {
                return true;
            }
            self.at += 1;
            *end = self.at;
        }
    }

    fn flow_pair(&mut self, min: usize) -> Pair {
        let key = self.flow_key();
        let line = self.line();
        let colon = self.at + (line.len() - line.trim_start().len());
        if !self.text[colon..].starts_with(':') {
            return bare(key);
        }
        self.at = colon + 1;
        let nothing = (self.at + 1).min(self.at + self.line().len());
        self.skip_spaces();
        let over = self.line_is_over() || self.rest().starts_with([',', '}', ']']);
        Pair {
            key,
            colon: true,
            value: if over {
                Node::empty(nothing.min(self.at))
            } else {
                self.flow_item(min)
            },
        }
    }

    fn flow_item(&mut self, min: usize) -> Node {
        match self.rest().chars().next() {
            Some('{' | '[') => self.flow(min),
            Some(quote @ ('"' | '\'')) => self.quoted(quote, min),
            _ => self.flow_plain(min),
        }
    }

    /// The name of a field, without quotes.
    fn flow_key(&mut self) -> Span {
        if let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
        {
            let inside = self.line().get(1..).unwrap_or_default();
            let length = inside.find(quote).unwrap_or(inside.len());
            let span = self.at + 1..self.at + 1 + length;
            self.at = (span.end + 1).min(self.at + self.line().len());
            return span;
        }
        let length = self.plain_part();
        let written = self.line()[..length].trim_end().len();
        let span = self.at..self.at + written.max(self.one());
        self.at = span.end;
        span
    }

    fn one(&self) -> usize {
        self.rest().chars().next().map_or(0, char::len_utf8)
    }

    /// How many bytes of this line belong to the text that begins here.
    fn plain_part(&self) -> usize {
        let line = self.line();
        let ends = |(at, c): (usize, char)| {
            let next = line[at + c.len_utf8()..].chars().next();
            match c {
                ',' | '{' | '}' | '[' | ']' => true,
                ':' => next
                    .is_none_or(|n| n.is_whitespace() || matches!(n, ',' | '{' | '}' | '[' | ']')),
                '#' => line[..at].ends_with(' '),
                _ => false,
            }
        };
        line.char_indices()
            .find(|place| ends(*place))
            .map_or(line.len(), |place| place.0)
    }

    fn flow_plain(&mut self, min: usize) -> Node {
        let start = self.at;
        let mut end = start;
        loop {
            let length = self.plain_part();
            let written = self.line()[..length].trim_end().len();
            end = end.max(self.at + written);
            let over = length < self.line().len();
            self.at += length;
            if over || !self.goes_on(min) {
                break;
            }
        }
        end = end.max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
        self.at = self.at.max(end);
        Node {
            span: start..end,
            kind: Kind::Scalar(Style::Plain),
        }
    }

    /// Whether the text goes on with the next line; if so, `at` stands there.
    fn goes_on(&mut self, min: usize) -> bool {
        let here = self.at;
        self.skip_blank();
        let part = self.plain_part();
        let field = self.line()[part..].starts_with(':');
        if !self.done() && self.column() >= min && part > 0 && !field {
            return true;
        }
        self.at = here;
        false
    }
}
