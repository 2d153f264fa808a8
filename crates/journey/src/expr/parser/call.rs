//! Calls: plain functions, and the forms that take a variable or a path.

use super::{Function, Kind, Node, Parsed, Parser, Problem, Range, SPECIAL, Token, binding};
use super::{listed, nearest, root};
use crate::expr::ast::Quantifier;

impl Parser<'_> {
    /// `name(…)`; the name is passed, the bracket is next.
    pub(super) fn function(&mut self, name: &str, at: Range<usize>) -> Parsed<Node> {
        let open = self.pass();
        match name {
            "exists" | "all" => {
                let list = self.expression(binding::LOOSEST)?;
                if !self.pass_if(",") {
                    return Err(quantifier_form(name, at));
                }
                self.quantifier(list, name, at.clone(), &open, at.start)
            }
            "has" => self.has(at, &open),
            _ => {
                let arguments = self.items(")", &open)?;
                self.call(name, at.clone(), arguments, at.start)
            }
        }
    }

    /// `node.name(…)`; the name is passed, the bracket is next.
    pub(super) fn method(&mut self, node: Node, name: &str, at: Range<usize>) -> Parsed<Node> {
        let open = self.pass();
        let start = node.span.start;
        if matches!(name, "exists" | "all") {
            return self.quantifier(node, name, at, &open, start);
        }
        let mut arguments = vec![node];
        arguments.extend(self.items(")", &open)?);
        self.call(name, at, arguments, start)
    }

    fn call(
        &mut self,
        name: &str,
        at: Range<usize>,
        arguments: Vec<Node>,
        start: usize,
    ) -> Parsed<Node> {
        let span = start..self.tokens[self.at - 1].1.end;
        let Some(function) = Function::named(name) else {
            self.problems.push(unknown_function(name, at));
            return self.node(Kind::Unknown, span);
        };
        if arguments.len() != function.arity() {
            self.problems
                .push(wrong_count(function, at, arguments.len()));
            return self.node(Kind::Unknown, span);
        }
        self.node(Kind::Call(function, arguments), span)
    }

    /// `VARIABLE, CONDITION)`.
    fn quantifier(
        &mut self,
        list: Node,
        name: &str,
        at: Range<usize>,
        open: &Range<usize>,
        start: usize,
    ) -> Parsed<Node> {
        let Token::Word(variable) = self.token().clone() else {
            return Err(quantifier_form(name, at));
        };
        let place = self.pass();
        if !self.pass_if(",") {
            return Err(quantifier_form(name, at));
        }
        if reserved(&variable) {
            let message = format!("`{variable}` already means something else");
            let problem = Problem::new("J208", place, message).label("choose another variable");
            self.problems.push(problem);
        }
        self.locals.push(variable.into());
        let condition = self.expression(binding::LOOSEST);
        self.locals.pop();
        let condition = condition?;
        let close = self.close(")", open)?;
        let quantifier = if name == "all" {
            Quantifier::All
        } else {
            Quantifier::Exists
        };
        let kind = Kind::Quantifier(quantifier, list.into(), condition.into());
        self.node(kind, start..close.end)
    }

    fn has(&mut self, at: Range<usize>, open: &Range<usize>) -> Parsed<Node> {
        let arguments = self.items(")", open)?;
        let span = at.start..self.tokens[self.at - 1].1.end;
        let mut arguments = arguments.into_iter();
        let path = arguments.next().filter(|p| {
            use Kind as K;
            matches!(
                p.kind,
                K::Path(_) | K::Local(..) | K::Field(..) | K::Index(..) | K::Unknown
            )
        });
        match (path, arguments.next()) {
            (Some(path), None) => self.node(Kind::Has(path.into()), span),
            _ => {
                let problem = Problem::new("J208", at, "`has` takes one path");
                self.problems
                    .push(problem.note("for example has(event.coupon)"));
                self.node(Kind::Unknown, span)
            }
        }
    }
}

fn reserved(word: &str) -> bool {
    root(word).is_some()
        || matches!(
            word,
            "and" | "or" | "not" | "in" | "true" | "false" | "null"
        )
}

fn quantifier_form(name: &str, at: Range<usize>) -> Problem {
    Problem::new(
        "J208",
        at,
        format!("`{name}` takes a list, a variable and a condition"),
    )
    .note(format!(
        "for example event.items.{name}(item, item.price > 100)"
    ))
}

fn unknown_function(name: &str, at: Range<usize>) -> Problem {
    let known = || {
        Function::ALL
            .map(Function::as_str)
            .into_iter()
            .chain(SPECIAL)
    };
    let bare = name.replace('_', "");
    let near = match bare.to_lowercase().as_str() {
        "len" | "length" | "count" => Some("size"),
        "any" | "some" => Some("exists"),
        "every" => Some("all"),
        "lowercase" | "tolower" | "lowerascii" => Some("lower"),
        "uppercase" | "toupper" | "upperascii" => Some("upper"),
        "includes" => Some("contains"),
        _ => nearest(&bare, known()),
    };
    Problem::new("J207", at, format!("no function is called `{name}`"))
        .did_you_mean(near)
        .note(format!("the functions are {}", listed(known())))
}

fn wrong_count(function: Function, at: Range<usize>, given: usize) -> Problem {
    let (name, wanted) = (function.as_str(), function.arity());
    let plural = if wanted == 1 { "value" } else { "values" };
    Problem::new("J208", at, format!("`{name}` takes {wanted} {plural}"))
        .label(format!("given {given}"))
        .note(format!("for example {}", function.example()))
}
