//! From tokens to the tree: a Pratt parser. It goes on after mistakes whose meaning is clear, so
//! that all of them are reported in one go.

#![expect(
    clippy::result_large_err,
    reason = "at most one fatal mistake per parse: its size costs nothing"
)]

use std::{ops::Range, sync::Arc};

use super::{
    Root,
    ast::{Arithmetic, Comparison, Kind, Names, Node, Path},
    function::{Function, SPECIAL},
    lexer::{Spanned, Token, tokens},
    problem::{Problem, listed, nearest},
};
use crate::value::Value;

mod call;
mod infix;
mod unexpected;

/// The longest expression, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;
/// How deep an expression nests at most: evaluation recurses that far.
pub(super) const DEEPEST: usize = 64;

/// A mistake after which nothing can be made of the rest; or its absence.
type Parsed<T> = Result<T, Problem>;

/// How tightly each operator binds.
mod binding {
    pub const LOOSEST: u8 = 0;
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARE: u8 = 4;
    pub const ADD: u8 = 5;
    pub const MULTIPLY: u8 = 6;
    pub const UNARY: u8 = 7;
}

/// The tree of `source`, or everything that is wrong with its form.
pub(super) fn parse(source: &str) -> Result<Node, Vec<Problem>> {
    match mended(source) {
        (Some(node), problems) if problems.is_empty() => Ok(node),
        (_, problems) => Err(problems),
    }
}

/// The same, with the tree that is meant where only operators are misspelt.
pub(super) fn mended(source: &str) -> (Option<Node>, Vec<Problem>) {
    let spelling = |p: &Problem| {
        matches!(p.code, "J202" | "J203") || (p.code == "J201" && p.replacement.is_some())
    };
    match parsed(source) {
        Ok((node, problems)) if problems.iter().all(spelling) => (Some(node), problems),
        Ok((_, problems)) | Err(problems) => (None, problems),
    }
}

/// The tree with what is wrong with it, or everything that is wrong where there is none.
fn parsed(source: &str) -> Result<(Node, Vec<Problem>), Vec<Problem>> {
    if source.len() > LONGEST {
        let problem = Problem::new("J209", 0..source.len(), "this expression is too long")
            .note(format!("an expression has at most {LONGEST} bytes"));
        return Err(vec![problem]);
    }
    let mut parser = Parser {
        source,
        tokens: tokens(source).map_err(|p| vec![p])?,
        at: 0,
        level: 0,
        locals: Vec::new(),
        problems: Vec::new(),
    };
    match parser.whole() {
        Ok(node) => Ok((node, parser.problems)),
        Err(fatal) => {
            parser.problems.push(fatal);
            Err(parser.problems)
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Spanned>,
    at: usize,
    level: usize,
    /// The variables of the `exists` and `all` around this place.
    locals: Vec<Arc<str>>,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Parsed<Node> {
        if self.tokens.len() == 1 {
            let span = 0..self.source.len();
            return Err(Problem::new("J201", span, "this expression is empty"));
        }
        let node = self.expression(binding::LOOSEST)?;
        match self.token() {
            Token::End => Ok(node),
            _ => Err(self.unexpected()),
        }
    }

    fn token(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn after(&self, by: usize) -> &Token {
        let at = (self.at + by).min(self.tokens.len() - 1);
        &self.tokens[at].0
    }

    /// The current token's place, which is passed.
    fn pass(&mut self) -> Range<usize> {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        span
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token(), Token::Sign(s) if *s == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(w) if w == word)
    }

    fn pass_if(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.pass();
        }
        found
    }

    fn node(&self, kind: Kind, span: Range<usize>) -> Parsed<Node> {
        let mut node = Node {
            kind,
            span,
            depth: 0,
        };
        node.depth = 1 + node.children().iter().map(|c| c.depth).max().unwrap_or(0);
        if node.depth > DEEPEST {
            return Err(too_deep(node.span));
        }
        Ok(node)
    }

    /// An expression whose operators bind tighter than `least`.
    fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.level += 1;
        if self.level > DEEPEST {
            return Err(too_deep(self.span()));
        }
        let mut left = self.prefix()?;
        while let Some((infix, width)) = self.infix() {
            if infix.binding() <= least {
                break;
            }
            self.check_spelling(width);
            for _ in 0..width {
                self.pass();
            }
            let right = self.expression(infix.binding())?;
            left = self.join(left, &infix, right)?;
            self.check_chain(&infix);
        }
        self.level -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Parsed<Node> {
        let start = self.span().start;
        if self.is_word("not") || self.is("!") {
            let least = if self.is("!") {
                binding::UNARY
            } else {
                binding::NOT
            };
            self.pass();
            let inner = self.expression(least)?;
            let span = start..inner.span.end;
            return self.node(Kind::Not(inner.into()), span);
        }
        if self.pass_if("-") {
            let inner = self.expression(binding::UNARY)?;
            let span = start..inner.span.end;
            return self.node(negated(inner), span);
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn primary(&mut self) -> Parsed<Node> {
        let span = self.span();
        match self.token().clone() {
            Token::Literal(value) => {
                self.pass();
                self.node(Kind::Const(value), span)
            }
            Token::Word(word) => self.word(&word),
            Token::Sign("(") => self.bracketed(),
            Token::Sign("[") => self.list(),
            _ => Err(self.no_value()),
        }
    }

    fn bracketed(&mut self) -> Parsed<Node> {
        let open = self.pass();
        let mut inner = self.expression(binding::LOOSEST)?;
        let close = self.close(")", &open)?;
        inner.span = open.start..close.end;
        Ok(inner)
    }

    fn list(&mut self) -> Parsed<Node> {
        let open = self.pass();
        let items = self.items("]", &open)?;
        let span = open.start..self.tokens[self.at - 1].1.end;
        let mut values = Vec::new();
        for item in &items {
            match &item.kind {
                Kind::Const(value) | Kind::Constants(value, _) => values.push(value.clone()),
                _ => return self.node(Kind::List(items), span),
            }
        }
        // One flat constant: its depth is that of its deepest item.
        let depth = 1 + items.iter().map(|i| i.depth).max().unwrap_or(0);
        if depth > DEEPEST {
            return Err(too_deep(span));
        }
        let places = items.into_iter().map(|i| i.span).collect();
        let kind = Kind::Constants(Value::List(values.into()), places);
        Ok(Node { kind, span, depth })
    }

    /// Expressions between commas up to `close`, which is passed.
    fn items(&mut self, close: &'static str, open: &Range<usize>) -> Parsed<Vec<Node>> {
        let mut items = Vec::new();
        while !self.is(close) {
            items.push(self.expression(binding::LOOSEST)?);
            if !self.pass_if(",") {
                break;
            }
        }
        self.close(close, open)?;
        Ok(items)
    }

    /// Passes the bracket that closes the one at `open`.
    fn close(&mut self, sign: &'static str, open: &Range<usize>) -> Parsed<Range<usize>> {
        if self.is(sign) {
            return Ok(self.pass());
        }
        if *self.token() == Token::End {
            let problem = Problem::new("J205", open.clone(), "this bracket is not closed");
            return Err(problem.label(format!("its `{sign}` is missing")));
        }
        Err(self.unexpected())
    }

    fn word(&mut self, word: &str) -> Parsed<Node> {
        let literal = match word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            "and" | "or" | "in" => return Err(self.no_value()),
            _ => None,
        };
        let start = self.pass();
        if let Some(value) = literal {
            return self.node(Kind::Const(value), start);
        }
        if self.is("(") {
            return self.function(word, start);
        }
        let local = self.locals.iter().rposition(|l| **l == *word);
        let names = self.names()?;
        let span = start.start..names.spans.last().map_or(start.end, |s| s.end);
        let kind = match (local, root(word)) {
            (Some(slot), _) => Kind::Local(slot, names),
            (None, Some(root)) => Kind::Path(Path { root, names }),
            (None, None) => {
                let problem = self.unknown_name(word, start);
                self.problems.push(problem);
                Kind::Unknown
            }
        };
        self.node(kind, span)
    }

    /// `.name` and `["name"]`, as far as they go.
    fn names(&mut self) -> Parsed<Names> {
        let (mut names, mut spans) = (Vec::<Arc<str>>::new(), Vec::new());
        loop {
            match (self.token(), self.after(1), self.after(2)) {
                (Token::Sign("."), Token::Word(_), Token::Sign("(")) => break,
                (Token::Sign("."), Token::Word(name), _) => {
                    names.push(name.as_str().into());
                    self.pass();
                    spans.push(self.pass());
                }
                (Token::Sign("["), Token::Literal(Value::Text(name)), Token::Sign("]")) => {
                    names.push(name.clone());
                    let open = self.pass();
                    self.pass();
                    spans.push(open.start..self.pass().end);
                }
                _ => break,
            }
        }
        let names = names.into();
        Ok(Names { names, spans })
    }

    /// Whatever is asked of a value: a call, a field, an item.
    fn postfix(&mut self, mut node: Node) -> Parsed<Node> {
        loop {
            if self.is(".") {
                self.pass();
                node = self.member(node)?;
            } else if self.is("[") {
                let open = self.pass();
                let index = self.expression(binding::LOOSEST)?;
                let close = self.close("]", &open)?;
                let span = node.span.start..close.end;
                let kind = match index.kind {
                    Kind::Const(Value::Text(name)) => Kind::Field(node.into(), name),
                    _ => Kind::Index(node.into(), index.into()),
                };
                node = self.node(kind, span)?;
            } else {
                return Ok(node);
            }
        }
    }

    /// What follows the dot after `node`.
    fn member(&mut self, node: Node) -> Parsed<Node> {
        let Token::Word(name) = self.token().clone() else {
            return Err(self.no_member());
        };
        let at = self.pass();
        if self.is("(") {
            return self.method(node, &name, at);
        }
        let span = node.span.start..at.end;
        self.node(Kind::Field(node.into(), name.into()), span)
    }
}

/// `-x`; of a literal, the literal.
fn negated(inner: Node) -> Kind {
    match inner.kind {
        Kind::Const(Value::Int(i)) if i != i64::MIN => Kind::Const(Value::Int(-i)),
        Kind::Const(Value::Float(f)) => Kind::Const(Value::Float(-f)),
        Kind::Const(Value::Span(d)) => Kind::Const(Value::Span(-d)),
        _ => Kind::Negate(inner.into()),
    }
}

fn too_deep(span: Range<usize>) -> Problem {
    Problem::new("J209", span, "this expression nests too deeply")
        .note(format!("it may nest {DEEPEST} levels"))
}

/// The name that a path starts from.
fn root(word: &str) -> Option<Root> {
    Root::ALL.into_iter().find(|r| r.as_str() == word)
}
