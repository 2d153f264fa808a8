//! How much text a template can make of what it is given, told before it runs.
//!
//! Fuel bounds steps, not sizes: `{% set a = a ~ a %}` doubles a text in four of them. So each
//! expression gets a weight, the most texts that its value can be put together from; and no
//! weight may be above [`HEAVIEST`]. What is captured is bounded when it runs, by
//! [`super::environment`].

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::{
    Span,
    ast::{BinOpKind, Call, CallArg, Expr, Macro, Stmt},
    parse,
};

use super::environment::Pieces;

/// The most texts that a value may be put together from.
const HEAVIEST: u64 = 64;
/// The most for an argument of a macro, and for a text that a block or macro has made.
const ARGUMENT: u64 = 8;
/// The longest line that `"-" * 40` may draw, in bytes.
const LONGEST_LINE: u64 = 1_000;
/// The most that one loop inside a macro or a capturing block may print again and again, in bytes.
const REPEATED: usize = 4 * 1024;
/// As deep and as often as other templates are looked into.
const DEEPEST: usize = 10;
const MOST: u32 = 1_000;
/// As many statements as are looked at: loops within loops are looked at twice each.
const PATIENCE: u32 = 100_000;

/// The first place of a piece where a text could grow without bound, in bytes of its text.
pub(super) fn unbounded(
    pieces: &Pieces,
    piece: &str,
    known: &BTreeSet<String>,
) -> Option<std::ops::Range<usize>> {
    let mut scale = Scale {
        pieces,
        known,
        open: 0,
        read: 0,
        steps: 0,
        captured: 0,
        looped: 0,
        found: None,
        outer: None,
    };
    scale.piece(piece, &mut BTreeMap::new());
    let span = scale.found?;
    Some(span.start_offset as usize..span.end_offset as usize)
}

/// The weights of the template's own names; others weigh one.
type Weights = BTreeMap<String, u64>;

struct Scale<'p> {
    pieces: &'p Pieces,
    /// Shared templates that have been found wanting already.
    known: &'p BTreeSet<String>,
    open: usize,
    read: u32,
    steps: u32,
    /// Inside how many macros and capturing blocks.
    captured: u32,
    /// Inside how many loops of those.
    looped: u32,
    found: Option<Span>,
    /// The statement of the outermost piece that leads here.
    outer: Option<Span>,
}

impl Scale<'_> {
    fn piece(&mut self, name: &str, own: &mut Weights) {
        let Some(place) = self.pieces.place(name) else {
            return;
        };
        self.read += 1;
        if self.open >= DEEPEST || self.known.contains(name) {
            return;
        }
        let Ok(root) = parse(&place.text, name, Default::default()) else {
            return;
        };
        self.open += 1;
        self.statement(&root, own);
        self.open -= 1;
    }

    fn report(&mut self, span: Span) {
        self.found.get_or_insert(self.outer.unwrap_or(span));
    }

    /// Another template, with the names that this one has.
    fn other(&mut self, name: &Expr<'_>, own: &mut Weights) {
        if self.read > MOST || (self.looped > 0 && self.captured > 0) {
            return self.report(name.span());
        }
        let before = self.outer;
        self.outer = before.or(Some(name.span()));
        if let Some(name) = name.as_const().as_ref().and_then(|v| v.as_str()) {
            self.piece(name, own);
        }
        self.outer = before;
    }

    fn all(&mut self, statements: &[Stmt<'_>], own: &mut Weights) {
        for statement in statements {
            self.statement(statement, own);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>, own: &mut Weights) {
        self.steps += 1;
        if self.steps > PATIENCE {
            return self.report(Span::default());
        }
        match statement {
            Stmt::Template(template) => self.all(&template.children, own),
            Stmt::EmitExpr(emit) => drop(self.weight(&emit.expr, own)),
            Stmt::EmitRaw(raw) => {
                if self.looped > 0 && self.captured > 0 && raw.raw.len() > REPEATED {
                    self.report(raw.span());
                }
            }
            Stmt::ForLoop(each) => {
                let item = self.weight(&each.iter, own);
                let item = if each.recursive {
                    item.max(ARGUMENT)
                } else {
                    item
                };
                assign(&each.target, item, own);
                if let Some(filter) = &each.filter_expr {
                    self.weight(filter, own);
                }
                self.rounds(&each.body, own);
                self.all(&each.else_body, own);
            }
            Stmt::IfCond(test) => {
                self.weight(&test.expr, own);
                self.all(&test.true_body, own);
                self.all(&test.false_body, own);
            }
            Stmt::WithBlock(with) => {
                let mut inner = own.clone();
                for (target, value) in &with.assignments {
                    let weight = self.weight(value, &inner);
                    assign(target, weight, &mut inner);
                }
                self.all(&with.body, &mut inner);
            }
            Stmt::Set(set) => {
                let weight = self.weight(&set.expr, own);
                assign(&set.target, weight, own);
            }
            Stmt::SetBlock(set) => {
                self.capture(&set.body, own);
                assign(&set.target, ARGUMENT, own);
            }
            Stmt::AutoEscape(block) => self.all(&block.body, own),
            Stmt::FilterBlock(block) => {
                self.weight(&block.filter, own);
                self.capture(&block.body, own);
            }
            Stmt::Block(block) => self.all(&block.body, own),
            Stmt::Import(import) => {
                self.other(&import.expr, &mut BTreeMap::new());
                assign(&import.name, HEAVIEST, own);
            }
            Stmt::FromImport(import) => {
                self.other(&import.expr, &mut BTreeMap::new());
                for (name, renamed) in &import.names {
                    assign(renamed.as_ref().unwrap_or(name), HEAVIEST, own);
                }
            }
            Stmt::Extends(extends) => self.other(&extends.name, own),
            Stmt::Include(include) => self.other(&include.name, &mut own.clone()),
            Stmt::Macro(made) => self.made(made, own),
            Stmt::CallBlock(block) => {
                self.call(&block.call, own);
                self.made(&block.macro_decl, own);
            }
            Stmt::Do(action) => drop(self.call(&action.call, own)),
        }
    }

    /// The body of a loop: what is heavier after a second round grows with each.
    fn rounds(&mut self, body: &[Stmt<'_>], own: &mut Weights) {
        self.looped += u32::from(self.captured > 0);
        self.all(body, own);
        let once = own.clone();
        self.all(body, own);
        self.looped -= u32::from(self.captured > 0);
        let grows = own.iter().any(|(name, w)| once.get(name) < Some(w));
        if let (true, Some(first)) = (grows, body.iter().find_map(set_in)) {
            self.report(first);
        }
    }

    fn capture(&mut self, body: &[Stmt<'_>], own: &Weights) {
        self.captured += 1;
        self.all(body, &mut own.clone());
        self.captured -= 1;
    }

    /// A macro, whatever it is called with: its arguments weigh no more than calls allow.
    fn made(&mut self, made: &Macro<'_>, own: &Weights) {
        let mut inner = own.clone();
        for default in &made.defaults {
            self.argument(default, own);
        }
        for argument in &made.args {
            assign(argument, ARGUMENT, &mut inner);
        }
        let looped = std::mem::take(&mut self.looped);
        self.capture(&made.body, &inner);
        self.looped = looped;
    }

    fn argument(&mut self, e: &Expr<'_>, own: &Weights) {
        if self.weight(e, own) > ARGUMENT {
            self.report(e.span());
        }
    }

    fn call(&mut self, call: &Call<'_>, own: &Weights) -> u64 {
        if !matches!(call.expr, Expr::Var(_)) {
            self.weight(&call.expr, own);
        }
        for argument in &call.args {
            self.argument(passed(argument), own);
        }
        ARGUMENT
    }

    /// How many texts the value can be put together from.
    fn weight(&mut self, e: &Expr<'_>, own: &Weights) -> u64 {
        let weight = self.plain_weight(e, own);
        if weight > HEAVIEST {
            self.report(e.span());
        }
        weight.min(HEAVIEST)
    }

    fn plain_weight(&mut self, e: &Expr<'_>, own: &Weights) -> u64 {
        match e {
            Expr::Var(var) => own.get(var.id).copied().unwrap_or(1),
            Expr::Const(_) => 1,
            Expr::UnaryOp(op) => self.weight(&op.expr, own),
            Expr::BinOp(op) => self.operator(op.op, &op.left, &op.right, own),
            Expr::Compare(all) => {
                let first = self.weight(&all.expr, own);
                let others = all.ops.iter().map(|op| self.weight(&op.expr, own));
                others.fold(first, u64::max)
            }
            Expr::IfExpr(e) => {
                let all = [
                    Some(&e.test_expr),
                    Some(&e.true_expr),
                    e.false_expr.as_ref(),
                ];
                self.heaviest(all.into_iter().flatten(), own)
            }
            Expr::Filter(filter) => {
                let inner = self.heaviest(filter.expr.iter(), own);
                let others = self.sum(filter.args.iter().map(passed), own);
                // One character becomes up to six.
                let factor = if matches!(filter.name, "escape" | "e") {
                    6
                } else {
                    1
                };
                inner.saturating_mul(factor).saturating_add(others)
            }
            Expr::Test(test) => {
                let inner = self.weight(&test.expr, own);
                inner.max(self.heaviest(test.args.iter().map(passed), own))
            }
            Expr::GetAttr(get) => self.weight(&get.expr, own),
            Expr::GetItem(get) => self.heaviest([&get.expr, &get.subscript_expr], own),
            Expr::Slice(slice) => {
                let ends = [&slice.start, &slice.stop, &slice.step];
                let inner = self.weight(&slice.expr, own);
                inner.max(self.heaviest(ends.into_iter().flatten(), own))
            }
            Expr::Call(call) => self.call(call, own),
            Expr::List(list) => self.sum(&list.items, own),
            Expr::Tuple(tuple) => self.sum(&tuple.items, own),
            Expr::Map(map) => self.sum(map.keys.iter().chain(&map.values), own),
        }
    }

    fn heaviest<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr<'e>>, own: &Weights) -> u64 {
        let weights = all.into_iter().map(|e| self.weight(e, own));
        weights.max().unwrap_or(0)
    }

    fn sum<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr<'e>>, own: &Weights) -> u64 {
        all.into_iter().map(|e| self.weight(e, own)).sum()
    }

    fn operator(&mut self, op: BinOpKind, left: &Expr<'_>, right: &Expr<'_>, own: &Weights) -> u64 {
        let (l, r) = (self.weight(left, own), self.weight(right, own));
        match op {
            BinOpKind::Concat | BinOpKind::Add => l + r,
            BinOpKind::Mul => {
                let line = repeated(left, right).or_else(|| repeated(right, left));
                line.unwrap_or_else(|| l.max(r))
            }
            _ => l.max(r),
        }
    }
}

/// What a text literal weighs that is repeated; `None` where `text` is no such literal.
fn repeated(text: &Expr<'_>, times: &Expr<'_>) -> Option<u64> {
    let text = text.as_const()?;
    let length = u64::try_from(text.as_str()?.len()).unwrap_or(u64::MAX);
    let times = times.as_const().and_then(|t| t.as_usize());
    let times = times.map_or(u64::MAX, |t| u64::try_from(t).unwrap_or(u64::MAX));
    let fits = length.saturating_mul(times) <= LONGEST_LINE;
    Some(if fits { 1 } else { u64::MAX })
}

/// The expression that is passed.
fn passed<'e>(argument: &'e CallArg<'e>) -> &'e Expr<'e> {
    match argument {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => e,
    }
}

/// Gives a name its weight; the heavier one, where branches may give it several.
fn assign(target: &Expr<'_>, weight: u64, own: &mut Weights) {
    match target {
        Expr::Var(var) => {
            let kept = own.entry(var.id.to_owned()).or_default();
            *kept = weight.max(*kept);
        }
        Expr::List(list) => list.items.iter().for_each(|t| assign(t, weight, own)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|t| assign(t, weight, own)),
        _ => {}
    }
}

/// The first place in a statement where a name is set.
fn set_in(statement: &Stmt<'_>) -> Option<Span> {
    let inside = |all: &[Stmt<'_>]| all.iter().find_map(set_in);
    match statement {
        Stmt::Set(set) => Some(set.span()),
        Stmt::SetBlock(set) => Some(set.span()),
        Stmt::ForLoop(each) => inside(&each.body),
        Stmt::IfCond(test) => inside(&test.true_body).or_else(|| inside(&test.false_body)),
        Stmt::WithBlock(with) => inside(&with.body),
        Stmt::Include(include) => Some(include.span()),
        _ => None,
    }
}
