//! The parser's tokens as a tree of places, with the comments beside it.

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, StructureStyle};

use super::Reason;
use crate::source::{MAX_BYTES, MAX_DEPTH, Span};

/// A document's tokens.
pub(super) struct Document {
    /// Its `---`, if it has one.
    pub(super) start: Option<Span>,
    /// What it holds.
    pub(super) root: Token,
    /// Its comments, from `#` to the end of the line, in order.
    pub(super) comments: Vec<Span>,
}

/// A place and what stands there.
pub(super) struct Token {
    /// Its bytes; of a block, those of its first child.
    pub(super) span: Span,
    /// Its anchor (`&name`).
    pub(super) anchor: Option<Span>,
    pub(super) what: What,
}

/// What stands at a place.
pub(super) enum What {
    /// Nothing at all.
    Nothing,
    /// A scalar without a line break, or an alias.
    Word,
    /// A scalar over several lines.
    Lines,
    /// A scalar behind `|` or `>`.
    Block,
    Map(Written, Vec<(Token, Token)>),
    List(Written, Vec<Token>),
}

/// How a list or map is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Below each other.
    Block,
    /// In brackets.
    Flow,
}

impl Token {
    /// Where it begins, its anchor included.
    pub(super) fn start(&self) -> usize {
        let start = self.span.start;
        self.anchor.as_ref().map_or(start, |a| a.start.min(start))
    }
}

/// The tokens of a text that [`crate::source::load`] accepts.
pub(super) fn read(text: &str) -> Result<Document, Reason> {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.max_buffered_comment_events = MAX_BYTES;
    let mut reader = Reader {
        text,
        events: Parser::new_from_str_with_options(text, options),
        comments: Vec::new(),
    };
    if let Some(at) = text.find(['\r', '\u{feff}']) {
        return Err(reader.unusual("a character that cannot be seen", at));
    }
    let (start, root) = reader.document()?;
    let mut comments = reader.comments;
    comments.sort_by_key(|c| c.start);
    Ok(Document {
        start,
        root,
        comments,
    })
}

struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    comments: Vec<Span>,
}

impl<'t> Reader<'t> {
    fn unusual(&self, what: &'static str, at: usize) -> Reason {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Reason::Unusual { what, line }
    }

    /// The next event that is no comment, with its bytes and those of its tag.
    fn next(&mut self) -> Result<(Event<'t>, Span, Option<Span>), Reason> {
        loop {
            let Some(Ok((event, span))) = self.events.next_event() else {
                return Err(Reason::Unsure);
            };
            let bytes = span.byte_range().unwrap_or(0..0);
            if matches!(event, Event::Comment(..)) {
                self.comments.push(bytes);
                continue;
            }
            let tag = span.tag_span().and_then(|t| t.byte_range());
            return Ok((event, bytes, tag));
        }
    }

    fn document(&mut self) -> Result<(Option<Span>, Token), Reason> {
        let mut start = None;
        let mut root = None;
        loop {
            let (event, span, tag) = self.next()?;
            match event {
                Event::StreamStart => {}
                Event::DocumentEnd if self.text.get(span.clone()) == Some("...") => {
                    return Err(self.unusual("the end of a document (`...`)", span.start));
                }
                Event::DocumentEnd => {}
                Event::DocumentStart(_, Some(_)) => {
                    return Err(self.unusual("a directive", 0));
                }
                Event::DocumentStart(true, _) => start = Some(self.marker(span)?),
                Event::DocumentStart(..) => {}
                Event::StreamEnd => break,
                _ => root = Some(self.token(&event, span, tag)?),
            }
        }
        let end = self.text.len();
        let root = root.unwrap_or(Token {
            span: end..end,
            anchor: None,
            what: What::Nothing,
        });
        Ok((start, root))
    }

    /// `---`, alone on its line but for a comment.
    fn marker(&self, span: Span) -> Result<Span, Reason> {
        let behind = self.text.get(span.end..).unwrap_or_default();
        let line = behind.lines().next().unwrap_or_default().trim_start();
        let alone = self.text.get(span.clone()) == Some("---")
            && (line.is_empty() || line.starts_with('#'))
            && !self.text.starts_with('%');
        match alone {
            true => Ok(span),
            false => Err(self.unusual("the start of a document (`---`)", span.start)),
        }
    }

    fn token(&mut self, event: &Event<'t>, span: Span, tag: Option<Span>) -> Result<Token, Reason> {
        if let Some(tag) = tag {
            return Err(self.unusual("a tag", tag.start));
        }
        let id = match event {
            Event::Scalar(_, _, id, _)
            | Event::SequenceStart(_, id, _)
            | Event::MappingStart(_, id, _) => *id,
            _ => 0,
        };
        let anchor = if id > 0 { self.anchor()? } else { None };
        let mut token = match event {
            Event::Scalar(_, style, ..) => self.scalar(*style, span)?,
            Event::Alias(_) => Token {
                span,
                anchor: None,
                what: What::Word,
            },
            Event::SequenceStart(style, ..) => self.list(*style, span)?,
            Event::MappingStart(style, ..) => self.map(*style, span)?,
            _ => return Err(self.unusual("something", span.start)),
        };
        token.anchor = anchor;
        Ok(token)
    }

    /// The event that tells where an anchor stands: it follows at once.
    fn anchor(&mut self) -> Result<Option<Span>, Reason> {
        match self.next()? {
            (Event::Anchor(..), span, _) => Ok(Some(span)),
            (_, span, _) => Err(self.unusual("an anchor", span.start)),
        }
    }

    fn scalar(&self, style: ScalarStyle, span: Span) -> Result<Token, Reason> {
        let (span, what) = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => (self.block(&span)?, What::Block),
            _ if span.is_empty() => (span, What::Nothing),
            _ => {
                let text = self.text.get(span.clone()).unwrap_or_default();
                let what = if text.contains('\n') {
                    What::Lines
                } else {
                    What::Word
                };
                (span, what)
            }
        };
        Ok(Token {
            span,
            anchor: None,
            what,
        })
    }

    /// A block of text with its `|` or `>`, which stands on the last line before the text that
    /// holds anything.
    fn block(&self, content: &Span) -> Result<Span, Reason> {
        let before = self
            .text
            .get(..content.start)
            .unwrap_or_default()
            .trim_end();
        let line = before.rfind('\n').map_or(0, |n| n + 1);
        let head = &before[line..];
        let start = head.match_indices(['|', '>']).map(|(at, _)| at).find(|at| {
            let (ahead, behind) = head.split_at(*at);
            let rest =
                behind[1..].trim_start_matches(|c: char| "+-".contains(c) || c.is_ascii_digit());
            let alone = rest.is_empty() || rest.trim_start().starts_with('#');
            alone && (ahead.is_empty() || ahead.ends_with([' ', '\t']))
        });
        let start = start.ok_or_else(|| self.unusual("a block of text", line))?;
        let marks = head[start + 1..]
            .split([' ', '\t'])
            .next()
            .unwrap_or_default();
        let text = self.text.get(content.clone()).unwrap_or_default();
        if text.trim().is_empty() {
            return Err(self.unusual("an empty block of text", line));
        }
        if marks.contains(|c: char| c == '+' || c.is_ascii_digit()) {
            return Err(self.unusual(
                "a block of text with `+` or a number behind its `|` or `>`",
                line,
            ));
        }
        Ok(line + start..content.end)
    }

    fn list(&mut self, style: StructureStyle, start: Span) -> Result<Token, Reason> {
        let mut items = Vec::new();
        loop {
            let (event, span, tag) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let written = written(style);
                let span = self.around(start, &span, written, items.first().map(Token::start))?;
                return Ok(Token {
                    span,
                    anchor: None,
                    what: What::List(written, items),
                });
            }
            items.push(self.token(&event, span, tag)?);
        }
    }

    fn map(&mut self, style: StructureStyle, start: Span) -> Result<Token, Reason> {
        let mut pairs: Vec<(Token, Token)> = Vec::new();
        loop {
            let (event, span, tag) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let written = written(style);
                let first = pairs.first().map(|(key, _)| key.start());
                let span = self.around(start, &span, written, first)?;
                return Ok(Token {
                    span,
                    anchor: None,
                    what: What::Map(written, pairs),
                });
            }
            let key = self.token(&event, span, tag)?;
            if !matches!(key.what, What::Word) || key.anchor.is_some() {
                return Err(self.unusual("a name that is no single word", key.span.start));
            }
            let (event, span, tag) = self.next()?;
            let value = self.token(&event, span, tag)?;
            pairs.push((key, value));
        }
    }

    /// From bracket to bracket, or the first child of a block.
    fn around(
        &self,
        start: Span,
        end: &Span,
        written: Written,
        first: Option<usize>,
    ) -> Result<Span, Reason> {
        if written == Written::Block {
            let first = first.unwrap_or(start.start);
            return Ok(first..first);
        }
        let opened = self
            .text
            .get(start.clone())
            .is_some_and(|t| t == "{" || t == "[");
        match opened && !end.is_empty() {
            true => Ok(start.start..end.end),
            false => Err(self.unusual("a field without its `{ }`", start.start)),
        }
    }
}

fn written(style: StructureStyle) -> Written {
    match style {
        StructureStyle::Flow => Written::Flow,
        StructureStyle::Block => Written::Block,
    }
}
