//! Names in statements.

use minijinja::machinery::ast::{Expr, ForLoop, IfCond, Macro, Stmt, WithBlock};

use super::{ITEM, Path, Scope, Walk};

impl Walk<'_> {
    pub(super) fn all(&mut self, statements: &[Stmt<'_>], scope: &mut Scope) {
        for statement in statements {
            self.statement(statement, scope);
        }
    }

    pub(super) fn statement(&mut self, statement: &Stmt<'_>, scope: &mut Scope) {
        match statement {
            Stmt::Template(template) => self.all(&template.children, scope),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr, scope, true),
            Stmt::EmitRaw(_) | Stmt::Extends(_) => {}
            Stmt::ForLoop(each) => self.each(each, scope),
            Stmt::IfCond(test) => self.test(test, scope),
            Stmt::WithBlock(with) => self.with(with, scope),
            Stmt::Set(set) => {
                self.expression(&set.expr, scope, false);
                let alias = Self::alias(&set.expr, scope);
                name(&set.target, alias, scope);
            }
            Stmt::SetBlock(set) => {
                self.all(&set.body, &mut scope.clone());
                name(&set.target, None, scope);
            }
            Stmt::AutoEscape(block) => self.all(&block.body, scope),
            Stmt::FilterBlock(block) => {
                self.expression(&block.filter, scope, false);
                self.all(&block.body, &mut scope.clone());
            }
            Stmt::Block(block) => {
                if !self.overridden.contains(block.name) {
                    self.all(&block.body, &mut scope.clone());
                }
            }
            Stmt::Import(import) => {
                self.imported(&import.expr);
                name(&import.name, None, scope);
            }
            Stmt::FromImport(import) => {
                self.imported(&import.expr);
                for (original, renamed) in &import.names {
                    name(renamed.as_ref().unwrap_or(original), None, scope);
                }
            }
            Stmt::Include(include) => self.named_template(&include.name, &mut scope.clone()),
            Stmt::Macro(made) => {
                scope.own.insert(made.name.to_owned(), None);
                self.made(made, scope);
            }
            Stmt::CallBlock(block) => {
                self.arguments(&block.call.args, scope);
                self.made(&block.macro_decl, scope);
            }
            Stmt::Do(action) => self.arguments(&action.call.args, scope),
        }
    }

    fn each(&mut self, each: &ForLoop<'_>, scope: &Scope) {
        self.expression(&each.iter, scope, true);
        let mut item = Self::alias(&each.iter, scope);
        if let Some(path) = &mut item {
            path.push(ITEM.to_owned());
        }
        let mut inner = scope.clone();
        inner.own.insert("loop".to_owned(), None);
        name(&each.target, item, &mut inner);
        if let Some(filter) = &each.filter_expr {
            inner = self.behind(filter, &inner);
        }
        self.all(&each.body, &mut inner);
        self.all(&each.else_body, &mut scope.clone());
    }

    fn test(&mut self, test: &IfCond<'_>, scope: &mut Scope) {
        let inner = self.behind(&test.expr, scope);
        for body in [&test.true_body, &test.false_body] {
            let mut branch = inner.clone();
            self.all(body, &mut branch);
            // What is set in one branch may be set behind both.
            for (own, path) in branch.own {
                if inner.own.get(&own) != Some(&path) {
                    scope.own.insert(own, None);
                }
            }
        }
    }

    fn with(&mut self, with: &WithBlock<'_>, scope: &Scope) {
        let mut inner = scope.clone();
        for (target, value) in &with.assignments {
            self.expression(value, &inner, false);
            let alias = Self::alias(value, &inner);
            name(target, alias, &mut inner);
        }
        self.all(&with.body, &mut inner);
    }

    /// A macro reads what it reads only where it is called.
    fn made(&mut self, made: &Macro<'_>, scope: &Scope) {
        let mut inner = scope.clone();
        inner.own.insert("caller".to_owned(), None);
        for argument in &made.args {
            name(argument, None, &mut inner);
        }
        self.quiet += 1;
        for default in &made.defaults {
            self.expression(default, scope, false);
        }
        self.all(&made.body, &mut inner);
        self.quiet -= 1;
    }

    fn imported(&mut self, template: &Expr<'_>) {
        self.quiet += 1;
        self.named_template(template, &mut Scope::default());
        self.quiet -= 1;
    }
}

/// Gives a name of the template's own.
fn name(target: &Expr<'_>, path: Option<Path>, scope: &mut Scope) {
    match target {
        Expr::Var(var) => drop(scope.own.insert(var.id.to_owned(), path)),
        Expr::List(list) => list.items.iter().for_each(|t| name(t, None, scope)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|t| name(t, None, scope)),
        _ => {}
    }
}
