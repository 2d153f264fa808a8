//! Which names a piece of a template reads, told from its syntax tree: which ones it needs, so
//! that the message fails without them, and which it names at all.
//!
//! What cannot be followed is not guessed: names inside macros, or behind a test, are named but
//! not needed.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use minijinja::machinery::{
    ast::{Expr, Stmt},
    parse,
};

use self::expressions::Spelt;
use super::environment::{Pieces, Place};

mod expressions;
mod statements;

/// How deep shared templates are followed, and how many of them in all.
const DEEPEST: usize = 10;
const MOST: u32 = 1_000;
/// The longest path that is followed.
const LONGEST: usize = 32;

/// A name and its fields; [`ITEM`] stands for any item of a list.
pub(crate) type Path = Vec<String>;

/// A step of a path: an item of a list.
pub(crate) const ITEM: &str = "[]";

/// What a piece reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    /// What it needs, in order of reading.
    pub needs: Vec<Need>,
    /// What it names, needed or not, and where first: the file, and the bytes there.
    pub named: BTreeMap<Path, (Arc<str>, Range<usize>)>,
    /// Whether it holds another template whose name is worked out, so that it may name anything.
    pub unknown: bool,
}

/// A name that must have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The name.
    pub path: Path,
    /// Whether it is printed as a date or an amount, which no other text can stand for.
    pub formatted: bool,
    /// Whether that is a date.
    pub dated: bool,
    /// How many steps of the path are there wherever it is read, because a test came before.
    pub tested: usize,
    /// The file.
    pub file: Arc<str>,
    /// The expression that reads it, in bytes of the file.
    pub span: Range<usize>,
    /// Where each step of the path is written, as far as it is.
    pub words: Vec<Option<Range<usize>>>,
}

/// A path as an author writes it: `cart.items[].name`.
pub(crate) fn written(path: &[String]) -> String {
    let mut text = String::new();
    for (at, step) in path.iter().enumerate() {
        if at > 0 && step != ITEM {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

/// What a piece reads, with the shared templates that it names.
pub(super) fn reads(pieces: &Pieces, piece: &str) -> Reads {
    let globals = pieces.env.globals().map(|(name, _)| name.to_owned());
    let mut walk = Walk {
        pieces,
        globals: globals.collect(),
        reads: Reads::default(),
        paths: Vec::new(),
        open: Vec::new(),
        overridden: BTreeSet::new(),
        quiet: 0,
        read: 0,
        formatted: false,
        dated: false,
        place: None,
    };
    walk.piece(piece, &mut Scope::default());
    walk.reads
}

/// What names mean at a place.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// What the template has named itself, and what that is another name for, if it is known.
    own: BTreeMap<String, Option<Path>>,
    /// What has been tested.
    tested: Vec<Path>,
}

struct Walk<'p> {
    pieces: &'p Pieces,
    globals: BTreeSet<String>,
    reads: Reads,
    /// Every path that was read, in order.
    paths: Vec<Path>,
    /// The pieces being read, outermost first.
    open: Vec<String>,
    /// Blocks that a template which extends has replaced.
    overridden: BTreeSet<String>,
    /// Above zero, nothing is needed.
    quiet: u32,
    /// How many pieces were read.
    read: u32,
    /// Whether what is read is printed as a date or an amount.
    formatted: bool,
    dated: bool,
    place: Option<&'p Place>,
}

impl<'p> Walk<'p> {
    fn piece(&mut self, name: &str, scope: &mut Scope) {
        let Some(place) = self.pieces.place(name) else {
            return;
        };
        self.read += 1;
        if self.open.len() >= DEEPEST || self.read > MOST {
            self.reads.unknown = true;
            return;
        }
        if self.open.iter().any(|o| o == name) {
            return;
        }
        let Ok(Stmt::Template(root)) = parse(&place.text, name, Default::default()) else {
            return;
        };
        let outer = self.place.replace(place);
        self.open.push(name.to_owned());
        self.template(&root.children, scope);
        self.open.pop();
        self.place = outer;
    }

    /// A template that extends another is that one with its own blocks.
    fn template(&mut self, children: &[Stmt<'_>], scope: &mut Scope) {
        let parent = children.iter().find_map(|child| match child {
            Stmt::Extends(extends) => Some(&extends.name),
            _ => None,
        });
        let Some(parent) = parent else {
            return self.all(children, scope);
        };
        // Outside blocks it prints nothing.
        self.quiet += 1;
        for child in children {
            if !matches!(child, Stmt::Block(_)) {
                self.statement(child, scope);
            }
        }
        self.quiet -= 1;
        for child in children {
            if let Stmt::Block(block) = child {
                self.statement(child, scope);
                if !calls_super(&block.body) {
                    self.overridden.insert(block.name.to_owned());
                }
            }
        }
        self.named_template(parent, scope);
    }

    /// Another template that this one names.
    fn named_template(&mut self, name: &Expr<'_>, scope: &mut Scope) {
        match name.as_const().as_ref().and_then(|v| v.as_str()) {
            Some(name) => self.piece(name, scope),
            None => self.reads.unknown = true,
        }
    }

    fn need(&mut self, path: &[String], needed: usize, scope: &Scope, spelt: &Spelt) {
        let Some(place) = self.place else { return };
        let mut words = spelt.places(path, place);
        words.truncate(needed);
        let path = &path[..needed];
        let root = path.first().is_some_and(|r| self.globals.contains(r));
        if path.is_empty() || root || self.quiet > 0 {
            return;
        }
        let tested = scope.tested.iter().map(|t| {
            let shared = t.iter().zip(path).take_while(|(a, b)| a == b).count();
            if shared == t.len() || shared == path.len() {
                shared
            } else {
                0
            }
        });
        let need = Need {
            path: path.to_vec(),
            formatted: self.formatted,
            dated: self.dated,
            tested: tested.max().unwrap_or(0),
            file: place.file.clone(),
            span: place.at(spelt.span.clone()),
            words,
        };
        if need.tested < path.len() {
            self.reads.needs.push(need);
        }
    }
}

/// Whether a block prints the one that it replaces.
fn calls_super(body: &[Stmt<'_>]) -> bool {
    // The tree prints itself whole; a name that only looks like it does no harm.
    format!("{body:?}").contains("\"super\"")
}
