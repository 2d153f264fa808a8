//! What the words of a file name: the same symbol wherever the same thing is named.

use std::sync::Arc;

use super::{
    expression::{self, Path, Token},
    facts::scalar,
    outline::{Level, Node, Pair},
    project::{Project, Read},
    scope, template,
    walk::{self, Met},
};
use crate::{
    expr::Root,
    grammar::{Choice, File, Known, Takes, Word},
    source::Span,
};

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A step of the journey in that file.
    Step {
        journey: Arc<str>,
        id: Arc<str>,
    },
    /// A variable of the journey in that file.
    Variable {
        journey: Arc<str>,
        name: Arc<str>,
    },
    /// What a step tells.
    Tells {
        verb: &'static str,
        name: Arc<str>,
    },
    /// A name that expressions start from.
    Root(Root),
    Event(Arc<str>),
    /// A field of an event.
    Field {
        event: Arc<str>,
        path: Vec<Arc<str>>,
    },
    /// A trait, or a field inside one.
    Trait(Vec<Arc<str>>),
    Purpose(Arc<str>),
    /// What kind of data something is.
    Label(Arc<str>),
    Template(Arc<str>),
    /// A template for `include` and `extends`.
    Shared(Arc<str>),
    /// A field of `with`, which the template names.
    Filled {
        template: Arc<str>,
        name: Arc<str>,
    },
    Journey(Arc<str>),
    Tag(Arc<str>),
    Cap(Arc<str>),
    Segment(Arc<str>),
    Endpoint(Arc<str>),
    Fragment(Arc<str>),
    /// A function of expressions.
    Function(Arc<str>),
    /// A filter of templates.
    Filter(Arc<str>),
    /// A word of the language.
    Word(&'static str, WordRef),
    /// One of the few values of a word.
    Choice(ChoiceRef),
}

/// A word, compared by its place in the grammar.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordRef(pub &'static Word);

impl PartialEq for WordRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for WordRef {}

/// A choice, compared by its place in the grammar.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChoiceRef(pub &'static Choice);

impl PartialEq for ChoiceRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for ChoiceRef {}

/// A place that names something.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub span: Span,
    pub symbol: Symbol,
    /// Whether the thing gets its name here.
    pub defines: bool,
}

/// Everything that a file names, in the order of the text.
pub(super) fn all(project: &Project, path: &str) -> Vec<Named> {
    let Some(read) = project.get(path) else {
        return Vec::new();
    };
    let Some(file) = read.file else {
        return template::symbols(project, path, &read.text);
    };
    let mut found = Finder {
        project,
        path,
        read,
        file,
        found: Vec::new(),
    };
    walk::walk(&read.text, file, &read.tree, &mut |way, met| match met {
        Met::Field(pair, takes) => found.field(way, pair, takes),
        Met::Scalar(node, takes) => found.scalar(way, node, takes),
    });
    found.found
}

/// What stands at the byte `at` of a file; the narrowest where several do.
pub(super) fn at(project: &Project, path: &str, at: usize) -> Option<Named> {
    all(project, path)
        .into_iter()
        .filter(|n| n.span.start <= at && at <= n.span.end)
        .min_by_key(|n| n.span.len())
}

struct Finder<'p> {
    project: &'p Project,
    path: &'p str,
    read: &'p Read,
    file: File,
    found: Vec<Named>,
}

impl Finder<'_> {
    fn push(&mut self, span: Span, symbol: Symbol, defines: bool) {
        self.found.push(Named {
            span,
            symbol,
            defines,
        });
    }

    fn journey(&self) -> Arc<str> {
        let journey = self.project.journey_of(self.path);
        journey.map_or_else(|| Arc::from(self.path), |j| j.0.clone())
    }

    fn field(&mut self, way: &[Level<'_>], pair: &Pair, takes: &Takes) {
        let (text, map) = (self.read.text.clone(), way.last().map(|l| l.node));
        let name = &text[pair.key.clone()];
        if let (Some(known), None) = (walk::named(takes), walk::context(takes)) {
            return self.known(pair.key.clone(), name, known, true);
        }
        if let (Some(map), Takes::GivenMap) = (map, takes) {
            return self.passed_on(way, map, pair);
        }
        let word = map.and_then(|map| walk::word(&text, takes, map, pair));
        if let (Some(word), Some(context)) = (word, walk::context(takes)) {
            self.push(
                pair.key.clone(),
                Symbol::Word(context.what, WordRef(word)),
                false,
            );
        }
    }

    /// A field of a send's `with`.
    fn passed_on(&mut self, way: &[Level<'_>], _map: &Node, pair: &Pair) {
        let text = &self.read.text;
        let step = way.iter().rev().nth(1).map(|l| l.node);
        let template = step.and_then(|s| scalar(text, s.get(text, "template")?));
        if let Some(template) = template {
            let name = Arc::from(&text[pair.key.clone()]);
            let symbol = Symbol::Filled {
                template: template.text,
                name,
            };
            self.push(pair.key.clone(), symbol, true);
        }
    }

    fn scalar(&mut self, way: &[Level<'_>], node: &Node, takes: &Takes) {
        let Some(named) = scalar(&self.read.text, node) else {
            return;
        };
        if self.names_step(way) {
            let (journey, id) = (self.journey(), named.text);
            return self.push(named.span, Symbol::Step { journey, id }, true);
        }
        match takes {
            Takes::Either(all) => {
                let fits = |t: &&Takes| fits(t, &named.text);
                if let Some(one) = all.iter().find(fits) {
                    self.scalar_as(way, named, one);
                }
            }
            other => self.scalar_as(way, named, other),
        }
    }

    fn scalar_as(&mut self, way: &[Level<'_>], named: super::facts::Named, takes: &Takes) {
        match takes {
            Takes::OneOrMore(one) => self.scalar_as(way, named, one),
            Takes::Expression => self.expression(way, &named.span),
            Takes::Given | Takes::Until | Takes::Moment if computed(&named.text) => {
                self.expression(way, &named.span);
            }
            Takes::Ref(known) => self.known(named.span, &named.text, *known, false),
            Takes::OneOf(choices) => {
                if let Some(choice) = choices.iter().find(|c| *c.name == *named.text) {
                    self.push(named.span, Symbol::Choice(ChoiceRef(choice)), false);
                }
            }
            Takes::Text | Takes::Slug | Takes::Name
                if self.file == File::Policies && self.is_field(way, "name") =>
            {
                self.push(named.span, Symbol::Cap(named.text), true);
            }
            Takes::Slug if self.is_field(way, "journey") => {
                self.push(named.span, Symbol::Journey(named.text), true);
            }
            Takes::Slug if self.is_field(way, "tags") => {
                self.push(named.span, Symbol::Tag(named.text), true);
            }
            _ => {}
        }
    }

    /// The name of the field that a scalar, or the list it is in, belongs to.
    fn is_field(&self, way: &[Level<'_>], name: &str) -> bool {
        let pair = way
            .iter()
            .rev()
            .take(2)
            .find_map(|l| l.node.pairs().get(l.child));
        pair.is_some_and(|p| self.read.text[p.key.clone()] == *name)
    }

    /// Whether the scalar is the id of a step.
    fn names_step(&self, way: &[Level<'_>]) -> bool {
        let (Some(level), File::Journey | File::Fragment) = (way.last(), self.file) else {
            return false;
        };
        let Some(pair) = level.node.pairs().get(level.child) else {
            return false;
        };
        let key = &self.read.text[pair.key.clone()];
        let step = walk::along(&self.read.text, self.file, &way[..way.len() - 1]);
        let is_step = step
            .as_ref()
            .and_then(walk::context)
            .is_some_and(|c| c.name == "step");
        is_step && (key == "id" || key == "split")
    }

    fn known(&mut self, span: Span, name: &str, known: Known, key: bool) {
        let text: Arc<str> = Arc::from(name);
        let journey = self.journey();
        let (symbol, defines) = match known {
            Known::Event => (Symbol::Event(text), false),
            Known::Purpose => (Symbol::Purpose(text), key && self.file == File::Policies),
            Known::Label => (Symbol::Label(text), key),
            Known::Template => (Symbol::Template(text), false),
            Known::Journey => (Symbol::Journey(text), false),
            Known::Tag => (Symbol::Tag(text), self.file == File::Journey),
            Known::Segment => (Symbol::Segment(text), false),
            Known::Endpoint => (Symbol::Endpoint(text), key),
            Known::Fragment => (Symbol::Fragment(text), false),
            Known::Step => (Symbol::Step { journey, id: text }, false),
            Known::Trait => (Symbol::Trait(vec![text]), false),
            Known::TraitPath | Known::Target => {
                return self.target(&span, name, key);
            }
            _ => return,
        };
        self.push(span, symbol, defines);
    }

    /// `run.code` or `customer.tier`, as they are set.
    fn target(&mut self, span: &Span, name: &str, sets: bool) {
        let Some((root, last)) = name.split_once('.') else {
            return;
        };
        let part = span.start + root.len() + 1..span.end;
        match root {
            "run" => {
                let (journey, name) = (self.journey(), Arc::from(last));
                self.push(part, Symbol::Variable { journey, name }, sets);
            }
            "customer" => {
                let path = last.split('.').map(Arc::from).collect();
                self.push(part, Symbol::Trait(path), false);
            }
            _ => {}
        }
    }

    fn expression(&mut self, way: &[Level<'_>], span: &Span) {
        let text = self.read.text.clone();
        for token in expression::tokens(&text, span) {
            if let Token::Path(path) = token {
                self.path(way, &path, &text);
            }
        }
    }

    fn path(&mut self, way: &[Level<'_>], path: &Path, text: &str) {
        let last = path.parts.last().filter(|_| path.called).cloned();
        if let Some(last) = last {
            let name = Arc::from(&text[last.clone()]);
            self.push(last, Symbol::Function(name), false);
        }
        let Some(root) = path.root(text) else { return };
        self.push(path.parts[0].clone(), Symbol::Root(root), false);
        let end = path.parts.len() - usize::from(path.called);
        let names = path.names(text);
        for depth in 1..end {
            if names[depth].is_empty() {
                break;
            }
            let scope = scope::Scope {
                project: self.project,
                path: self.path,
                text,
                way,
            };
            if let Some(symbol) = scope.symbol(root, &names[1..=depth]) {
                self.push(path.parts[depth].clone(), symbol, false);
            }
        }
    }
}

/// Whether a value by rule 3 is a path or a computation.
pub(super) fn computed(text: &str) -> bool {
    let text = text.trim_start();
    let root = text.split('.').next().unwrap_or_default().trim();
    text.starts_with('=') || Root::ALL.iter().any(|r| r.as_str() == root)
}

/// Whether a scalar is meant as that alternative.
fn fits(takes: &Takes, text: &str) -> bool {
    match takes {
        Takes::OneOf(choices) => choices.iter().any(|c| c.name == text),
        Takes::Just(word) => *word == text,
        Takes::Given | Takes::Until => computed(text),
        Takes::OneOrMore(one) => fits(one, text),
        Takes::Ref(_) | Takes::Expression | Takes::Slug => true,
        _ => false,
    }
}
