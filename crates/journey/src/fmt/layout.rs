//! The new text, token by token.

use super::{
    WIDTH, flow,
    tokens::{Document, Token, What, Written},
};
use crate::source::Span;

/// The text of a document in the one form.
pub(super) fn layout(text: &str, document: &Document) -> String {
    let mut layout = Layout {
        text,
        comments: &document.comments,
        out: String::with_capacity(text.len()),
        last: 0,
        levels: Vec::new(),
    };
    layout.document(document);
    layout.out
}

/// A block that is open where a comment stands: its column in the source, and its indentation.
struct Level {
    source: usize,
    indent: usize,
}

struct Layout<'t> {
    text: &'t str,
    /// The comments that are still to be written.
    comments: &'t [Span],
    out: String,
    /// How far the source is written.
    last: usize,
    /// The blocks around what was written last, the outermost first.
    levels: Vec<Level>,
}

impl Layout<'_> {
    fn document(&mut self, document: &Document) {
        if let Some(start) = &document.start {
            self.line(start.start, 0, 0, false);
            self.put(start);
        }
        let root = &document.root;
        match &root.what {
            What::Nothing => {}
            What::Map(Written::Block, _) | What::List(Written::Block, _) => {
                self.block(root, 0, 0, false);
            }
            _ if self.breaks(root, 0) => self.block(root, 0, 0, false),
            _ => {
                self.line(root.start(), 0, 0, false);
                self.anchor(root);
                self.content(root, 0);
            }
        }
        self.comments_before(self.text.len(), 0, true);
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// A block, or a list or map in brackets that is to become one. `inline`: its first child
    /// follows a dash.
    fn block(&mut self, token: &Token, indent: usize, depth: usize, inline: bool) {
        self.levels.truncate(depth);
        let first = match &token.what {
            What::Map(_, pairs) => pairs.first().map(|(key, _)| key.start()),
            What::List(written, items) => items.first().map(|item| self.item_start(item, *written)),
            _ => None,
        };
        let source = first.map_or(0, |at| self.column(at));
        self.levels.push(Level { source, indent });
        match &token.what {
            What::Map(_, pairs) => {
                for (i, (key, value)) in pairs.iter().enumerate() {
                    self.child(key.start(), indent, depth, i == 0, inline);
                    self.out.push_str(&flow::word(self.text, &key.span));
                    self.out.push(':');
                    self.last = self.find(b':', key.span.end) + 1;
                    self.value(value, indent, depth, false);
                }
            }
            What::List(written, items) => {
                for (i, item) in items.iter().enumerate() {
                    let start = self.item_start(item, *written);
                    self.child(start, indent, depth, i == 0, inline);
                    self.out.push('-');
                    self.last = start + usize::from(*written == Written::Block);
                    self.value(item, indent, depth, true);
                }
            }
            _ => {}
        }
        self.close(token, depth);
    }

    /// Goes on behind the closing bracket of what became a block.
    fn close(&mut self, token: &Token, depth: usize) {
        if !token.span.is_empty() {
            self.comments_before(token.span.end, depth, false);
            self.last = token.span.end;
        }
    }

    /// Where a list's item begins: at its dash, if it has one.
    fn item_start(&self, item: &Token, written: Written) -> usize {
        match written {
            Written::Block => self.find(b'-', self.last),
            Written::Flow => item.start(),
        }
    }

    /// The first such byte from there on that stands in no comment.
    fn find(&self, byte: u8, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at < bytes.len() && bytes[at] != byte {
            let comment = self.comments.iter().find(|c| c.contains(&at));
            at = comment.map_or(at + 1, |c| c.end);
        }
        at.min(self.text.len())
    }

    fn child(&mut self, start: usize, indent: usize, depth: usize, first: bool, inline: bool) {
        if first && inline && !self.comment_before(start) {
            self.out.push(' ');
        } else {
            self.line(start, indent, depth, first);
        }
        self.levels.truncate(depth + 1);
    }

    /// What stands behind `name:` or `-`.
    fn value(&mut self, token: &Token, indent: usize, depth: usize, dash: bool) {
        let (inner, below) = (indent + 2, depth + 1);
        if matches!(token.what, What::Nothing) {
            return;
        }
        let block = matches!(
            token.what,
            What::Map(Written::Block, _) | What::List(Written::Block, _)
        );
        let broken = block || self.breaks(token, self.width() + 1);
        if token.anchor.is_some() || !broken {
            self.begin(token, inner, below);
        }
        self.anchor(token);
        match broken {
            true => self.block(token, inner, below, dash && token.anchor.is_none()),
            false => self.content(token, indent),
        }
    }

    /// A space, or a line of its own where a comment stands between.
    fn begin(&mut self, token: &Token, indent: usize, depth: usize) {
        if self.comment_before(token.start()) {
            self.levels.truncate(depth);
            let source = self.column(token.start());
            self.levels.push(Level { source, indent });
            self.line(token.start(), indent, depth, true);
        } else {
            self.out.push(' ');
        }
    }

    fn anchor(&mut self, token: &Token) {
        if let Some(anchor) = &token.anchor {
            self.put(anchor);
            let block = matches!(
                token.what,
                What::Map(Written::Block, _) | What::List(Written::Block, _)
            );
            if !block && !self.breaks(token, self.width() + 1) {
                self.out.push(' ');
            }
        }
    }

    /// A scalar, or brackets that stay as they are.
    fn content(&mut self, token: &Token, indent: usize) {
        match &token.what {
            What::Nothing => {}
            What::Word => {
                let word = flow::word(self.text, &token.span);
                self.out.push_str(&word);
            }
            What::Lines => self.lines(&token.span, indent + 2),
            What::Block => {
                self.block_scalar(&token.span, indent + 2);
                return;
            }
            What::Map(..) | What::List(..) => match self.flat(token) {
                Some(flat) => self.out.push_str(&flat),
                None => {
                    self.put(&token.span);
                    self.skip(token.span.end);
                }
            },
        }
        self.last = token.span.end;
    }

    /// Whether brackets become a block: they do not fit on the line, or cannot stand on one.
    fn breaks(&self, token: &Token, column: usize) -> bool {
        if !matches!(
            token.what,
            What::Map(Written::Flow, _) | What::List(Written::Flow, _)
        ) {
            return false;
        }
        let fits = self.flat(token).is_some_and(|flat| {
            column + flat.chars().count() <= WIDTH || self.comment_behind(token.span.end)
        });
        !fits && flow::can_be_block(self.text, token)
    }

    /// Brackets on one line; `None` where a comment or a line break stands in them that counts.
    fn flat(&self, token: &Token) -> Option<String> {
        let within = |c: &&Span| token.span.contains(&c.start);
        match self.comments.iter().find(within) {
            Some(_) => None,
            None => flow::flat(self.text, token),
        }
    }

    /// Text over several lines, in quotes or plain: the indentation of its lines means nothing.
    fn lines(&mut self, span: &Span, indent: usize) {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let escapes = text.starts_with('"') && text.contains('\\');
        for (i, line) in text.split('\n').enumerate() {
            let line = if escapes { line } else { line.trim_end() };
            let line = if i == 0 { line } else { line.trim_start() };
            if i > 0 {
                self.out.push('\n');
            }
            if i > 0 && !line.is_empty() {
                self.indent(indent);
            }
            self.out.push_str(line);
        }
    }

    /// Text behind `|` or `>`: its lines move together.
    fn block_scalar(&mut self, span: &Span, indent: usize) {
        let text = self.text.get(span.clone()).unwrap_or_default().trim_end();
        let (header, content) = text.split_once('\n').unwrap_or((text, ""));
        let marks = header.split([' ', '\t', '#']).next().unwrap_or_default();
        self.out.push_str(marks);
        self.last = span.start + marks.len();
        self.comments_before(span.start + header.len() + 1, self.levels.len(), false);
        let filled = content.lines().filter(|l| !l.trim().is_empty());
        let margin = filled
            .map(|l| l.len() - l.trim_start_matches(' ').len())
            .min();
        for line in content.lines() {
            self.out.push('\n');
            if !line.trim().is_empty() {
                self.indent(indent);
                self.out
                    .push_str(line.get(margin.unwrap_or(0)..).unwrap_or_default());
            }
        }
        self.last = span.start + text.len();
    }

    fn put(&mut self, span: &Span) {
        self.out
            .push_str(self.text.get(span.clone()).unwrap_or_default());
        self.last = span.end;
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// Drops the comments before that place: they are written as a part of something else.
    fn skip(&mut self, to: usize) {
        let passed = self.comments.iter().take_while(|c| c.start < to).count();
        self.comments = &self.comments[passed..];
    }

    /// A new line for what begins at `start`, with the comments before it. `first`: no blank line.
    fn line(&mut self, start: usize, indent: usize, depth: usize, first: bool) {
        let commented = self.comments_before(start, depth, first);
        self.fresh(self.blank(start) && (!first || commented));
        self.indent(indent);
        self.last = start;
    }

    /// Writes the comments that stand before `start`; `depth` is the level of what follows.
    /// Whether one of them has a line of its own.
    fn comments_before(&mut self, start: usize, depth: usize, first: bool) -> bool {
        let mut own = false;
        while let Some(comment) = self.comments.first().filter(|c| c.start < start).cloned() {
            let between = self.text.get(self.last..comment.start).unwrap_or_default();
            if !self.out.is_empty() && !between.contains('\n') {
                self.trail(&comment, between.len() - between.trim_end().len());
            } else {
                let blank = self.blank(comment.start) && (!first || own || depth == 0);
                self.fresh(blank);
                self.indent(self.level(self.column(comment.start), depth));
                own = true;
            }
            let said = self.text.get(comment.clone()).unwrap_or_default();
            self.out.push_str(said.trim_end());
            self.last = comment.end;
            self.comments = &self.comments[1..];
        }
        own
    }

    /// The space before a comment behind something: it keeps its column where there is room.
    fn trail(&mut self, comment: &Span, spaces: usize) {
        let missing = self.column(comment.start).saturating_sub(self.width());
        let pad = if spaces <= 2 {
            spaces.max(1)
        } else {
            missing.max(2)
        };
        self.indent(pad);
    }

    /// The indentation of a comment: that of the innermost block that it stands in by its column.
    fn level(&self, column: usize, depth: usize) -> usize {
        let open = self.levels.get(depth..).unwrap_or_default();
        let fits = open.iter().rev().find(|l| l.source <= column);
        fits.or(open.first()).map_or(0, |l| l.indent)
    }

    /// Whether an empty line stands between what is written and that place.
    fn blank(&self, to: usize) -> bool {
        let between = self.text.get(self.last..to).unwrap_or_default();
        between.matches('\n').count() >= 2
    }

    fn fresh(&mut self, blank: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if blank { "\n\n" } else { "\n" });
        }
    }

    fn comment_before(&self, start: usize) -> bool {
        self.comments.first().is_some_and(|c| c.start < start)
    }

    fn comment_behind(&self, end: usize) -> bool {
        let line = self.text.get(end..).and_then(|t| t.lines().next());
        line.is_some_and(|l| l.trim_start().starts_with('#'))
    }

    /// The column of a place in the source.
    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.chars().count()
    }

    /// How wide the line is that is being written.
    fn width(&self) -> usize {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        line.chars().count()
    }
}
