//! Names in expressions.

use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, CallType, Expr, Filter, UnaryOpKind};

use super::{LONGEST, Path, Place, Scope, Walk};

/// Filters that refuse a name without a value. Others may do without one.
const STRICT: [&str; 8] = [
    "money",
    "date",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "replace",
];

/// Those of them that want more than a text.
const FORMATS: [&str; 2] = ["money", "date"];

impl Walk<'_> {
    /// Reads an expression; `strict`: its value must be there.
    pub(super) fn expression(&mut self, e: &Expr<'_>, scope: &Scope, strict: bool) {
        if let Some(spelt) = Spelt::of(e) {
            return self.path(&spelt, scope, strict);
        }
        match e {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::UnaryOp(op) => {
                self.expression(&op.expr, scope, matches!(op.op, UnaryOpKind::Neg));
            }
            Expr::BinOp(op) => self.operator(op.op, &op.left, &op.right, scope, strict),
            Expr::Compare(all) => {
                self.expression(&all.expr, scope, true);
                for op in &all.ops {
                    self.expression(&op.expr, scope, true);
                }
            }
            Expr::IfExpr(e) => {
                let inner = self.behind(&e.test_expr, scope);
                self.expression(&e.true_expr, &inner, strict);
                if let Some(other) = &e.false_expr {
                    self.expression(other, &inner, strict);
                }
            }
            Expr::Filter(filter) => self.filter(filter, scope),
            Expr::Test(test) => {
                self.expression(&test.expr, scope, false);
                self.arguments(&test.args, scope);
            }
            Expr::GetAttr(get) => self.expression(&get.expr, scope, true),
            Expr::GetItem(get) => {
                self.expression(&get.expr, scope, true);
                self.expression(&get.subscript_expr, scope, false);
            }
            Expr::Slice(slice) => {
                let parts = [&slice.start, &slice.stop, &slice.step];
                self.expression(&slice.expr, scope, false);
                self.soft(parts.into_iter().flatten(), scope);
            }
            Expr::Call(call) => self.call(call, scope),
            Expr::List(list) => self.soft(&list.items, scope),
            Expr::Tuple(tuple) => self.soft(&tuple.items, scope),
            Expr::Map(map) => self.soft(map.keys.iter().chain(&map.values), scope),
        }
    }

    /// The names behind a test: what it tests is there, or has been thought of.
    pub(super) fn behind(&mut self, test: &Expr<'_>, scope: &Scope) -> Scope {
        let before = self.paths.len();
        self.expression(test, scope, false);
        let mut inner = scope.clone();
        inner.tested.extend(self.paths[before..].iter().cloned());
        inner
    }

    /// The path that an expression is another name for, if it is one.
    pub(super) fn alias(e: &Expr<'_>, scope: &Scope) -> Option<Path> {
        Spelt::of(e)?.expanded(scope)
    }

    fn soft<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr<'e>>, scope: &Scope) {
        for e in all {
            self.expression(e, scope, false);
        }
    }

    fn path(&mut self, spelt: &Spelt, scope: &Scope, strict: bool) {
        let Some(path) = spelt.expanded(scope) else {
            return;
        };
        // Without a value a name can be tested; a field of it cannot.
        let needed = if strict { path.len() } else { path.len() - 1 };
        self.need(&path, needed, scope, spelt);
        if let Some(place) = self.place {
            let named = self.reads.named.entry(path.clone());
            named.or_insert_with(|| (place.file.clone(), place.at(spelt.span.clone())));
        }
        self.paths.push(path);
    }

    fn operator(
        &mut self,
        op: BinOpKind,
        left: &Expr<'_>,
        right: &Expr<'_>,
        scope: &Scope,
        strict: bool,
    ) {
        match op {
            BinOpKind::ScAnd | BinOpKind::ScOr => {
                let inner = self.behind(left, scope);
                self.expression(right, &inner, strict);
            }
            _ => {
                self.expression(left, scope, true);
                self.expression(right, scope, true);
            }
        }
    }

    fn filter(&mut self, filter: &Filter<'_>, scope: &Scope) {
        if let Some(inner) = &filter.expr {
            let outer = std::mem::replace(&mut self.formatted, FORMATS.contains(&filter.name));
            let date = std::mem::replace(&mut self.dated, filter.name == "date");
            self.expression(inner, scope, STRICT.contains(&filter.name));
            (self.formatted, self.dated) = (outer, date);
        }
        self.arguments(&filter.args, scope);
    }

    fn call(&mut self, call: &Call<'_>, scope: &Scope) {
        if let CallType::Method(of, _) = call.identify_call() {
            self.expression(of, scope, true);
        }
        self.arguments(&call.args, scope);
    }

    pub(super) fn arguments(&mut self, arguments: &[CallArg<'_>], scope: &Scope) {
        for argument in arguments {
            match argument {
                CallArg::Pos(e)
                | CallArg::Kwarg(_, e)
                | CallArg::PosSplat(e)
                | CallArg::KwargSplat(e) => self.expression(e, scope, false),
            }
        }
    }
}

/// A path that an expression spells: `a.b`, `a["b"]`.
pub(super) struct Spelt {
    /// Its steps, with the end of each in the template's text.
    steps: Vec<(String, usize)>,
    /// All of the expression, in bytes of the template's text.
    pub(super) span: Range<usize>,
}

impl Spelt {
    fn of(e: &Expr<'_>) -> Option<Self> {
        let (mut spelt, step, span) = match e {
            Expr::Var(var) => (None, var.id.to_owned(), var.span()),
            Expr::GetAttr(get) => (Some(Self::of(&get.expr)?), get.name.to_owned(), get.span()),
            Expr::GetItem(get) => {
                let key = get.subscript_expr.as_const()?.as_str()?.to_owned();
                (Some(Self::of(&get.expr)?), key, get.span())
            }
            _ => return None,
        };
        let (start, end) = (offset(span.start_offset), offset(span.end_offset));
        let start = spelt.as_ref().map_or(start, |s| s.span.start);
        let mut steps = spelt.take().map_or_else(Vec::new, |s| s.steps);
        steps.push((step, end));
        let span = start..end;
        Some(Self { steps, span })
    }

    /// The path with the template's own names replaced; `None` where one of those is not followed.
    fn expanded(&self, scope: &Scope) -> Option<Path> {
        let path = self.steps.iter().map(|(step, _)| step);
        match scope.own.get(&self.steps.first()?.0) {
            None => Some(path.cloned().collect()),
            Some(None) => None,
            Some(Some(other)) if other.len() + self.steps.len() > LONGEST => None,
            Some(Some(other)) => Some(other.iter().chain(path.skip(1)).cloned().collect()),
        }
    }

    /// Where each step of the expanded path is written in the file.
    pub(super) fn places(&self, path: &[String], place: &Place) -> Vec<Option<Range<usize>>> {
        // What stands for a name of the template's own is written elsewhere.
        let own = self.steps.first().map(|(name, _)| name) != path.first();
        let written = self.steps.iter().skip(usize::from(own));
        let hidden = path.len().saturating_sub(written.len());
        let written = written.map(|(step, end)| {
            let text = place.text.get(..*end).filter(|_| place.exact)?;
            let text = text.trim_end_matches([']', '"', '\'']);
            let start = text.strip_suffix(step.as_str())?.len();
            Some(place.at(start..text.len()))
        });
        let hidden = std::iter::repeat_n(None, hidden);
        hidden.chain(written).collect()
    }
}

fn offset(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
