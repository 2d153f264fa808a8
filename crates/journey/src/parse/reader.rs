//! Reading one value as what it must be.

use std::sync::Arc;

use super::{
    Fragments,
    ast::{Formula, Word},
    foreign::meant_value,
};
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, names, yaml},
    expr::{Expr, Problem},
    source::{Kind, Node, Scalar, Span, Style, quoted},
};

/// A file while it is read.
pub(crate) struct Reader<'s> {
    /// The file.
    pub(crate) file: &'s SourceFile,
    /// What is wrong with it.
    pub(crate) sink: &'s mut Sink,
    /// The fragments that steps may use.
    pub(crate) fragments: &'s Fragments,
    /// The fragments that are being put in, from the outside inwards.
    pub(crate) using: Vec<Arc<str>>,
    /// Whether an expression is read.
    pub(crate) in_condition: bool,
}

impl<'s> Reader<'s> {
    /// For a file whose steps use no fragments, or that has none.
    pub(crate) fn new(file: &'s SourceFile, sink: &'s mut Sink) -> Self {
        Self {
            file,
            sink,
            fragments: &NO_FRAGMENTS,
            using: Vec::new(),
            in_condition: false,
        }
    }

    /// The same with fragments.
    pub(crate) fn with(mut self, fragments: &'s Fragments) -> Self {
        self.fragments = fragments;
        self
    }
}

static NO_FRAGMENTS: Fragments = Fragments::none();

impl Reader<'_> {
    /// Reports that something else was expected; silent where a report stands already.
    pub(crate) fn wrong_kind(&mut self, node: &Node, expected: &str) {
        match node.kind {
            Kind::Bad => {}
            _ if node.is_empty() => {
                let span = self.before(node);
                self.sink
                    .error(yaml::MISSING, span, format!("{expected} should stand here"))
                    .labelled("nothing is written behind this");
            }
            _ => {
                let span = self.first_line(&node.span);
                self.sink
                    .error(
                        yaml::WRONG_KIND,
                        span,
                        format!("{expected} should stand here"),
                    )
                    .labelled(format!("this is {}", node.what()));
            }
        }
    }

    /// Offers `{ event: NAME }` for a name that stands alone: what was reported last.
    pub(crate) fn offer_event(&mut self, node: &Node) {
        let text = node
            .scalar()
            .map(|s| s.text.trim().replacen(" within ", ", within: ", 1));
        let simple = |t: &String| {
            let name = t.replacen(", within: ", "", 1);
            !name.is_empty() && !name.contains([' ', '{', ','])
        };
        let Some(name) = text.filter(simple) else {
            return;
        };
        if let Some(diagnostic) = self.sink.last(yaml::WRONG_KIND) {
            diagnostic.rewritten(format!("{{ event: {name} }}"));
        }
    }

    /// Offers `{ FIELD: VALUE }` for a value that stands alone and begins so: what was reported
    /// last.
    pub(crate) fn offer_field(&mut self, node: &Node, field: &str, begins: &[&str]) {
        let value = node.scalar().map(|s| s.text.trim().to_owned());
        let fits =
            |v: &String| begins.iter().any(|b| v.starts_with(b)) && !v.contains([' ', ',', '}']);
        let Some(value) = value.filter(fits) else {
            return;
        };
        if let Some(diagnostic) = self.sink.last(yaml::WRONG_KIND) {
            diagnostic.rewritten(format!("{{ {field}: {value} }}"));
        }
    }

    /// The last word before an empty value.
    fn before(&self, node: &Node) -> Span {
        let text = self
            .file
            .text
            .get(..node.span.start)
            .unwrap_or_default()
            .trim_end();
        let start = text.rfind(|c: char| c.is_whitespace() || c == '{' || c == ',');
        start.map_or(0, |n| n + 1)..text.len()
    }

    /// Only the first line of a place: a caret under a whole block helps nobody.
    pub(crate) fn first_line(&self, span: &Span) -> Span {
        let text = self.file.text.get(span.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        span.start..span.start + line.len()
    }

    /// The scalar at a place, or a report that `expected` should stand there.
    pub(crate) fn scalar<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n Scalar> {
        let Some(scalar) = node.scalar() else {
            self.wrong_kind(node, expected);
            return None;
        };
        // `# ` begins a comment that is meant; `#1` is a value that YAML has cut.
        let cut = scalar.comment.clone().filter(|c| {
            let comment = self.file.text.get(c.start + 1..c.end).unwrap_or_default();
            !comment.is_empty() && !comment.starts_with([' ', '\t', '#', '-', '='])
        });
        if let Some(comment) = cut {
            self.comment_cuts(node, &comment);
            return None;
        }
        Some(scalar)
    }

    pub(crate) fn comment_cuts(&mut self, node: &Node, comment: &Span) {
        let whole = node.span.start..comment.end;
        let text = quoted(self.file.text.get(whole.clone()).unwrap_or_default());
        // Behind a whole condition a comment is meant.
        let left = self.file.text.get(node.span.clone()).unwrap_or_default();
        let meant = self.in_condition && Expr::parse(left).is_ok();
        let diagnostic = self
            .sink
            .error(yaml::COMMENT, comment.clone(), "a comment cuts this value")
            .labelled("YAML sees a comment from here on")
            .shown(node.span.clone(), "this is all that is left of the value");
        if meant {
            diagnostic
                .noted("if a comment is meant, leave a space behind `#`; else put the whole value in quotes")
                .replaced(comment.start..comment.start + 1, "# ");
        } else {
            diagnostic
                .noted(format!("put the whole value in quotes: {text}; or, if it is a comment, leave a space behind `#`"))
                .replaced(whole, text);
        }
    }

    /// Text of any kind.
    pub(crate) fn text(&mut self, node: &Node, expected: &str) -> Option<Word> {
        let scalar = self.scalar(node, expected)?;
        if scalar.text.trim().is_empty() {
            self.sink
                .error(
                    yaml::MISSING,
                    node.span.clone(),
                    format!("{expected} should stand here"),
                )
                .labelled("this is empty");
            return None;
        }
        Some(Word {
            text: Arc::from(scalar.text.trim()),
            span: node.span.clone(),
        })
    }

    /// An id, variable, arm or reason (rule 2).
    pub(crate) fn name(&mut self, node: &Node, expected: &str) -> Option<Word> {
        let word = self.text(node, expected)?;
        self.named(&word, expected, false).then_some(word)
    }

    /// Whether a word has the form of a name; `-` is allowed in names of journeys and the like.
    pub(crate) fn named(&mut self, word: &Word, what: &str, dashes: bool) -> bool {
        let allowed = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || (dashes && c == '-')
        };
        let text = &*word.text;
        if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed) {
            return true;
        }
        let mended = text
            .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
            .to_lowercase()
            .chars()
            .map(|c| if allowed(c) { c } else { '_' })
            .collect::<String>();
        let mended = mended.trim_end_matches('_');
        let form = if dashes {
            "letters a-z, digits, `_` and `-`"
        } else {
            "letters a-z, digits and `_`"
        };
        let diagnostic = self
            .sink
            .error(
                names::BAD_NAME,
                word.span.clone(),
                format!("`{text}` cannot be {what}"),
            )
            .noted(format!(
                "it begins with a small letter and holds {form} only"
            ));
        if !mended.is_empty() {
            diagnostic
                .labelled(format!("perhaps `{mended}`"))
                .replaced(word.span.clone(), mended);
        }
        false
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let all = words
            .iter()
            .map(|w| format!("`{}`", w.0))
            .collect::<Vec<_>>()
            .join(", ");
        let word = self.text(node, &format!("one of {all}"))?;
        let found = words.iter().find(|w| *w.0 == *word.text).map(|w| w.1);
        if found.is_none() {
            self.sink
                .error(
                    yaml::UNKNOWN_VALUE,
                    word.span,
                    format!("`{}` is no {what}", word.text),
                )
                .offered(meant_value(&word.text, words.iter().map(|w| w.0)))
                .noted(format!("it can be {all}"));
        }
        found
    }

    /// An expression.
    pub(crate) fn formula(&mut self, node: &Node) -> Option<Formula> {
        self.in_condition = true;
        let scalar = self.scalar(node, "a condition");
        self.in_condition = false;
        let scalar = scalar?;
        if self.is_jinja(node, &scalar.text) {
            return None;
        }
        if let Some(anchor) = scalar.anchor.clone() {
            let word = self
                .file
                .text
                .get(anchor.clone())
                .unwrap_or_default()
                .to_owned();
            self.sink
                .error(yaml::SWALLOWED, anchor, format!("YAML swallows `{word}`"))
                .labelled("`&` makes this a YAML anchor, and it is lost to the condition")
                .noted("put the whole condition in quotes if it is meant as it stands");
            return None;
        }
        let text = scalar.text.trim();
        let offset = scalar.text.len() - scalar.text.trim_start().len();
        self.parse(node, text, offset)
    }

    /// Whether a value is one of a template, `{{ … }}`, where a name stands by itself: reported.
    pub(crate) fn is_jinja(&mut self, node: &Node, text: &str) -> bool {
        let inner = text
            .trim()
            .strip_prefix("{{")
            .and_then(|t| t.strip_suffix("}}"));
        let Some(inner) = inner.map(str::trim).filter(|t| !t.contains("{{")) else {
            return false;
        };
        self.sink
            .error(
                yaml::WRONG_KIND,
                node.span.clone(),
                "`{{ … }}` belongs into templates",
            )
            .rewritten(inner)
            .noted("in a journey a name stands by itself, as in `key: event.cart_id`");
        true
    }

    /// Parses `text`, which begins at `offset` of the scalar's text.
    pub(crate) fn parse(&mut self, node: &Node, text: &str, offset: usize) -> Option<Formula> {
        let (expr, problems) = Expr::mended(text);
        let comment = node.scalar().and_then(|s| s.comment.clone());
        let unfinished = problems.iter().any(|p| p.span.end >= text.len());
        if let Some(comment) = comment.filter(|_| unfinished) {
            self.comment_cuts(node, &comment);
            return None;
        }
        for problem in problems {
            self.problem(node, offset, problem);
        }
        Some(Formula {
            expr: expr?,
            node: node.clone(),
            offset,
        })
    }

    /// A cure that would be the quotes of YAML where it begins an unquoted value: the whole value
    /// in quotes.
    fn in_yaml(&self, node: &Node, (part, text): (Span, String)) -> (Span, String) {
        let plain = node.scalar().is_some_and(|s| s.style == Style::Plain);
        if !plain || part.start != node.span.start || !text.starts_with(['"', '\'', '[', '{', '!'])
        {
            return (part, text);
        }
        let rest = self.file.text.get(part.end..node.span.end);
        let whole = format!("{text}{}", rest.unwrap_or_default());
        (node.span.clone(), quoted(&whole))
    }

    /// A problem of an expression, in bytes of the file.
    pub(crate) fn problem(&mut self, node: &Node, offset: usize, problem: Problem) {
        let place =
            |part: &Span| node.within(&self.file.text, &(part.start + offset..part.end + offset));
        let span = place(&problem.span);
        let replacement = problem
            .replacement
            .map(|(part, text)| (place(&part), text))
            // Where escapes hide the exact bytes, a patch would overwrite the whole scalar.
            .filter(|(part, _)| *part != node.span || problem.span.len() == node.span.len())
            .map(|cure| self.in_yaml(node, cure));
        let diagnostic = self
            .sink
            .error(problem.code, span, problem.message)
            .labelled(problem.label);
        diagnostic.notes = problem.notes;
        diagnostic.replacement = replacement;
    }
}
