//! Tables of expressions and what becomes of them, and the laws that hold for all of them.

mod check;
mod eval;
mod laws;
mod parse;

use std::sync::Arc;

use super::{Expr, Problem, Root, Scope};
use crate::value::Value;

/// A scope of one map: `{"event": {…}, "now": …}`.
pub(in crate::expr) struct Fields(pub Value);

impl Scope for Fields {
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value {
        self.0.field(root.as_str()).at(path)
    }
}

pub(in crate::expr) fn expr(source: &str) -> Expr {
    Expr::parse(source).unwrap_or_else(|p| panic!("{source}: {p:#?}"))
}

pub(super) fn problems(source: &str) -> Vec<Problem> {
    Expr::parse(source).expect_err(source)
}

/// Each problem as `code|the words at fault|the cure`.
pub(super) fn brief(source: &str, problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|p| {
            let cure = p.replacement.as_ref().map_or("", |(_, text)| text);
            format!("{}|{}|{cure}", p.code, &source[p.span.clone()])
        })
        .collect()
}
