//! Parser events to a tree, within a budget.

use std::{collections::BTreeMap, sync::Arc};

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use super::{Kind, Node, Scalar, Span, Style, mistakes, repair};
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, yaml},
};

mod pairs;

/// The longest file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// How many places a file may have, aliases counted as often as they are used.
pub const MAX_NODES: usize = 20_000;
/// How deeply lists and maps may be nested.
pub const MAX_DEPTH: usize = 64;

/// The tree of a file, or `None` where it is no YAML at all. Everything wrong goes to `sink`;
/// what is wrong only in one place becomes [`Kind::Bad`] there.
pub fn load(file: &SourceFile, sink: &mut Sink) -> Option<Node> {
    if file.text.len() > MAX_BYTES {
        sink.error(yaml::TOO_BIG, 0..0, "the file is too big")
            .noted(format!(
                "a file may have {MAX_BYTES} bytes; this one has {}",
                file.text.len()
            ));
        return None;
    }
    repair::read(file, sink)
}

/// The same for a text of that size that is read as it is.
pub(super) fn parsed(file: &SourceFile, sink: &mut Sink) -> Option<Node> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    options.emit_anchor_events = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let parser = Parser::new_from_str_with_options(&file.text, options);
    let mut loader = Loader {
        text: &file.text,
        parser,
        sink,
        anchors: BTreeMap::new(),
        left: MAX_NODES,
        last: 0..0,
        failed: false,
    };
    loader.document()
}

type Events<'a> = Parser<'a, granit_parser::StrInput<'a>>;

struct Loader<'a, 's> {
    text: &'a str,
    parser: Events<'a>,
    sink: &'s mut Sink,
    /// What each anchor stands for, with its number of places.
    anchors: BTreeMap<usize, (Node, usize)>,
    left: usize,
    /// The scalar read last: where syntax errors usually begin.
    last: Span,
    failed: bool,
}

impl<'a> Loader<'a, '_> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        while let Some((event, span)) = self.next() {
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    self.sink
                        .error(yaml::NOT_YAML, span, "a second document begins here")
                        .labelled("remove this line")
                        .noted("a file holds one document; `---` may stand at its top only");
                    return None;
                }
                Event::DocumentStart(..) => {}
                Event::StreamEnd => break,
                event => root = Some(self.node(event, span)?),
            }
        }
        // An empty file is a place where nothing is written.
        let end = self.text.len();
        let root = root.unwrap_or_else(|| self.scalar("", ScalarStyle::Plain, end..end, None));
        (!self.failed).then_some(root)
    }

    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        match self.parser.next_event()? {
            Ok((event, span)) => {
                let bytes = span.byte_range().unwrap_or(0..0);
                let bytes = match (&event, span.tag_span()) {
                    // A tag hides what follows it; its own place is what the author must see.
                    (
                        Event::Scalar(..) | Event::MappingStart(..) | Event::SequenceStart(..),
                        Some(tag),
                    ) => tag.byte_range().unwrap_or(bytes),
                    _ => bytes,
                };
                Some((event, bytes))
            }
            Err(error) => {
                mistakes::report(self.text, &error, &self.last, self.sink);
                self.failed = true;
                None
            }
        }
    }

    /// Takes one place off the budget.
    fn spend(&mut self, places: usize, span: &Span) -> Option<()> {
        if let Some(left) = self.left.checked_sub(places) {
            self.left = left;
            return Some(());
        }
        self.failed = true;
        self.sink
            .error(yaml::TOO_BIG, span.clone(), "the file holds too much")
            .labelled("the limit is reached here")
            .noted(format!(
                "a file may have {MAX_NODES} values, each alias (`*name`) counted as often as it is used"
            ));
        None
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Option<Node> {
        self.spend(1, &span)?;
        let before = self.left;
        let (id, tagged) = match &event {
            Event::Scalar(_, _, id, tag)
            | Event::SequenceStart(_, id, tag)
            | Event::MappingStart(_, id, tag) => (*id, tag.is_some()),
            _ => (0, false),
        };
        let anchor = if id > 0 { self.anchor() } else { None };
        let mut node = match event {
            Event::Scalar(text, style, ..) => {
                self.scalar(&text, style, span.clone(), anchor.clone())
            }
            Event::SequenceStart(..) => self.list(span.clone())?,
            Event::MappingStart(style, ..) => self.map(style, span.clone())?,
            Event::Alias(id) => return self.alias(id, span),
            Event::UnresolvedAlias(_) => {
                self.swallowed(
                    &span,
                    "`*` makes this an alias of something that is not there",
                );
                bad(span.clone())
            }
            _ => bad(span.clone()),
        };
        if tagged {
            self.swallowed(&span, "`!` makes this a YAML tag, and its value is lost");
            node.kind = Kind::Bad;
        } else if let Some(anchor) = anchor.filter(|_| node.is_empty()) {
            self.swallowed(
                &anchor,
                "`&` makes this a YAML anchor, and its value is lost",
            );
            node.kind = Kind::Bad;
        }
        if id > 0 {
            self.anchors
                .insert(id, (node.clone(), before - self.left + 1));
        }
        Some(node)
    }

    /// Takes the event that tells where an anchor stands.
    fn anchor(&mut self) -> Option<Span> {
        match self.parser.peek() {
            Some(Ok((Event::Anchor(..), _))) => self.next().map(|(_, span)| span),
            _ => None,
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Option<Node> {
        let Some((node, places)) = self.anchors.get(&id).cloned() else {
            self.swallowed(&span, "this alias stands inside what it repeats");
            return Some(bad(span));
        };
        self.spend(places, &span)?;
        Some(node)
    }

    fn swallowed(&mut self, span: &Span, label: &str) {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let rest = written.trim_start_matches(['!', '&', '*']);
        let diagnostic = self
            .sink
            .error(
                yaml::SWALLOWED,
                span.clone(),
                format!("YAML swallows `{written}`"),
            )
            .labelled(label)
            .noted(
                "`!`, `&` and `*` at the beginning of a value have a meaning of their own in YAML",
            );
        if written.starts_with('!') && !rest.is_empty() {
            diagnostic
                .noted(format!("to negate a condition, write `not {rest}`"))
                .replaced(span.clone(), format!("not {rest}"));
        } else {
            diagnostic.noted("put the whole value in quotes if it is meant as it stands");
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span, anchor: Option<Span>) -> Node {
        self.last = span.clone();
        // `{ a }` gives `a` a value that nobody wrote.
        let written = if span.is_empty() { "" } else { text };
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            _ => Style::Block,
        };
        let comment = (style == Style::Plain && !span.is_empty())
            .then(|| comment_behind(self.text, span.end))
            .flatten();
        let kind = Kind::Scalar(Scalar {
            text: Arc::from(written),
            style,
            anchor,
            comment,
        });
        Node { span, kind }
    }

    fn list(&mut self, start: Span) -> Option<Node> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next() {
            if matches!(event, Event::SequenceEnd) {
                let span = around(start, items.first(), items.last(), &span);
                return Some(Node {
                    span,
                    kind: Kind::List(items),
                });
            }
            items.push(self.node(event, span)?);
        }
        None
    }

    fn map(&mut self, style: StructureStyle, start: Span) -> Option<Node> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        while let Some((event, span)) = self.next() {
            if matches!(event, Event::MappingEnd) {
                let span = around(
                    start,
                    entries.first().map(|e| &e.0),
                    entries.last().map(|e| &e.1),
                    &span,
                );
                if style == StructureStyle::Flow {
                    self.rejoin(&mut entries);
                }
                return Some(Node {
                    span,
                    kind: Kind::Map(self.pairs(entries)),
                });
            }
            let key = self.node(event, span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            entries.push((key, value));
        }
        None
    }

    /// Finds values in `{ … }` that a comma has cut in two: the rest looks like a field without
    /// a colon. The value becomes [`Kind::Bad`] and the rest is dropped.
    fn rejoin(&mut self, entries: &mut Vec<(Node, Node)>) {
        let mut whole: Vec<(Node, Node)> = Vec::with_capacity(entries.len());
        let mut cut: Option<Span> = None;
        for (key, value) in entries.drain(..) {
            let bare = value.span.is_empty()
                && value.is_empty()
                && !self.text[key.span.end..].trim_start().starts_with(':');
            let plain = |n: &Node| n.scalar().is_some_and(|s| s.style == Style::Plain);
            match (&mut cut, whole.last_mut()) {
                (Some(span), _) if bare => span.end = key.span.end,
                (None, Some((_, last))) if bare && plain(last) => {
                    cut = Some(last.span.start..key.span.end);
                    last.kind = Kind::Bad;
                }
                _ => {
                    self.report_cut(cut.take());
                    whole.push((key, value));
                }
            }
        }
        self.report_cut(cut);
        *entries = whole;
    }

    fn report_cut(&mut self, cut: Option<Span>) {
        let Some(span) = cut else { return };
        let written = self.text.get(span.clone()).unwrap_or_default();
        // `1,5h` is no duration in quotes either.
        let (note, text) = match crate::parse::mended_duration(written) {
            Some(mended) => (format!("durations are whole numbers: {mended}"), mended),
            None => {
                let quoted = mistakes::quoted(written);
                (format!("put the value in quotes: {quoted}"), quoted)
            }
        };
        self.sink
            .error(yaml::COMMA, span.clone(), "a comma cuts this value in two")
            .labelled("inside `{ … }` a comma begins the next field")
            .noted(note)
            .replaced(span, text);
    }
}

/// Whether a word is what other languages have for a second `if`.
pub(crate) fn is_else_if(word: &str) -> bool {
    ["elif", "elsif", "elseif", "else if", "else_if", "sinon si"].contains(&word)
}

fn bad(span: Span) -> Node {
    Node {
        span,
        kind: Kind::Bad,
    }
}

/// From the opening or the first child to the closing or the last child.
fn around(start: Span, first: Option<&Node>, last: Option<&Node>, end: &Span) -> Span {
    let from = if start.is_empty() {
        first.map_or(start.start, |n| n.span.start)
    } else {
        start.start
    };
    let to = if end.is_empty() {
        last.map_or(start.end, |n| n.span.end)
    } else {
        end.end
    };
    from..to.max(from)
}

/// The comment that follows on the same line.
fn comment_behind(text: &str, from: usize) -> Option<Span> {
    let line = text.get(from..)?.lines().next()?;
    let start = from + (line.len() - line.trim_start().len());
    line.trim_start()
        .starts_with('#')
        .then_some(start..from + line.trim_end().len())
}
