//! Names in expressions.

use minijinja::machinery::{
    Span,
    ast::{BinOpKind, Call, CallArg, CallType, Expr, Filter, UnaryOpKind},
};

use super::{LONGEST, Path, Scope, Walk};

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

impl Walk<'_> {
    /// Reads an expression; `strict`: its value must be there.
    pub(super) fn expression(&mut self, e: &Expr<'_>, scope: &Scope, strict: bool) {
        if let Some((path, span)) = path(e) {
            return self.path(path, scope, span, strict);
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
        let (path, _) = path(e)?;
        expand(path, scope)
    }

    fn soft<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr<'e>>, scope: &Scope) {
        for e in all {
            self.expression(e, scope, false);
        }
    }

    fn path(&mut self, path: Path, scope: &Scope, span: Span, strict: bool) {
        let Some(path) = expand(path, scope) else {
            return;
        };
        // Without a value a name can be tested; a field of it cannot.
        let needed = if strict { path.len() } else { path.len() - 1 };
        self.need(&path[..needed], scope, span);
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
            self.expression(inner, scope, STRICT.contains(&filter.name));
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

/// The path that an expression spells: `a.b`, `a["b"]`.
fn path(e: &Expr<'_>) -> Option<(Path, Span)> {
    match e {
        Expr::Var(var) => Some((vec![var.id.to_owned()], var.span())),
        Expr::GetAttr(get) => {
            let (mut path, _) = path(&get.expr)?;
            path.push(get.name.to_owned());
            Some((path, get.span()))
        }
        Expr::GetItem(get) => {
            let (mut path, _) = path(&get.expr)?;
            let key = get.subscript_expr.as_const()?;
            path.push(key.as_str()?.to_owned());
            Some((path, get.span()))
        }
        _ => None,
    }
}

/// The path with the template's own names replaced; `None` where one of those is not followed.
fn expand(path: Path, scope: &Scope) -> Option<Path> {
    match scope.own.get(path.first()?) {
        None => Some(path),
        Some(None) => None,
        Some(Some(other)) if other.len() + path.len() > LONGEST => None,
        Some(Some(other)) => Some(other.iter().chain(&path[1..]).cloned().collect()),
    }
}
