//! The typed check: names that do not exist, and types that do not fit. A mistake is reported
//! once; what comes of it has no known type and is not looked at again.

use std::ops::Range;

use super::{
    ast::{Arithmetic, Comparison, Kind, Node},
    eval::moment_text,
    problem::{Problem, listed, nearest},
    types::{Env, Type},
};
use crate::value::Value;

mod call;
mod path;

/// The type of the tree, and what is wrong with it.
pub(super) fn check(tree: &Node, env: &Env) -> (Type, Vec<Problem>) {
    let mut checker = Checker::new(env);
    let found = checker.typed(tree);
    (found, checker.problems)
}

/// What is wrong with the tree as a condition.
pub(super) fn condition(tree: &Node, env: &Env) -> Vec<Problem> {
    let mut checker = Checker::new(env);
    checker.condition(tree, "a condition");
    checker.problems
}

struct Checker<'a> {
    env: &'a Env,
    locals: Vec<Type>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn new(env: &'a Env) -> Self {
        Self {
            env,
            locals: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn report(&mut self, problem: Problem) -> Type {
        self.problems.push(problem);
        Type::Any
    }

    fn typed(&mut self, node: &Node) -> Type {
        match &node.kind {
            Kind::Const(value) | Kind::Constants(value, _) => of_value(value),
            Kind::Path(path) => self.path(path, &node.span),
            Kind::Local(slot, names) => {
                let start = self.locals.get(*slot).cloned().unwrap_or(Type::Any);
                self.walk(start, None, names)
            }
            Kind::List(items) => self.list(items),
            Kind::Field(of, name) => {
                let of_type = self.typed(of);
                self.field(of_type, name, &node.span)
            }
            Kind::Index(of, index) => self.index(of, index),
            Kind::Not(inner) => {
                self.condition(inner, "what follows `not`");
                Type::Bool
            }
            Kind::Negate(inner) => self.negated(inner),
            Kind::And(all) => self.conditions(all, "each side of `and`"),
            Kind::Or(all) => self.conditions(all, "each side of `or`"),
            Kind::Compare(op, left, right) => self.compared(*op, left, right),
            Kind::In(item, list) => self.inside(item, list),
            Kind::Arithmetic(op, left, right) => self.arithmetic(*op, left, right, &node.span),
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::Quantifier(_, list, condition) => self.quantified(list, condition),
            Kind::Has(path) => {
                self.typed(path);
                Type::Bool
            }
            Kind::Unknown => Type::Any,
        }
    }

    /// Reports what is not true or false.
    fn condition(&mut self, node: &Node, what: &str) {
        let found = self.typed(node);
        if matches!(found, Type::Bool | Type::Any) {
            return;
        }
        let message = format!("{what} must be true or false");
        let problem = Problem::new("J221", node.span.clone(), message)
            .label(format!("this is {}", name(&found)))
            .note(match found {
                Type::Number => "compare it, for example with `> 0`",
                Type::Moment => "compare it, for example with `< now`",
                _ => "compare it, or ask whether it is there with has(…)",
            });
        self.report(problem);
    }

    fn conditions(&mut self, all: &[Node], what: &str) -> Type {
        for operand in all {
            self.condition(operand, what);
        }
        Type::Bool
    }

    fn list(&mut self, items: &[Node]) -> Type {
        let types: Vec<_> = items.iter().map(|i| self.typed(i)).collect();
        Type::List(Box::new(common(types)))
    }

    fn negated(&mut self, inner: &Node) -> Type {
        match self.typed(inner) {
            found @ (Type::Number | Type::Span | Type::Any) => found,
            found => {
                let problem =
                    Problem::new("J224", inner.span.clone(), "only a number can be negative");
                self.report(problem.label(format!("this is {}", name(&found))))
            }
        }
    }

    fn compared(&mut self, op: Comparison, left: &Node, right: &Node) -> Type {
        let before = self.problems.len();
        let (a, b) = (self.typed(left), self.typed(right));
        if self.problems.len() == before {
            self.matching(op, (left, &a), (right, &b));
        }
        let ordering = !matches!(op, Comparison::Equal | Comparison::NotEqual);
        if ordering && self.problems.len() == before {
            self.ordered(left, &a);
            if self.problems.len() == before {
                self.ordered(right, &b);
            }
        }
        Type::Bool
    }

    fn ordered(&mut self, node: &Node, found: &Type) {
        if matches!(found, Type::Bool | Type::List(_) | Type::Map { .. }) {
            let problem = Problem::new(
                "J223",
                node.span.clone(),
                format!("{} has no greater and no less", name(found)),
            );
            let problem = problem.label(format!("this is {}", name(found)));
            self.report(match found {
                Type::List(_) => problem.note("compare how many items it has: size(…)"),
                _ => problem,
            });
        }
    }

    /// Reports values that can never be the same.
    fn matching(&mut self, op: Comparison, left: (&Node, &Type), right: (&Node, &Type)) {
        for ((node, _), (_, other)) in [(left, right), (right, left)] {
            if let Some(problem) = misfit(node, other) {
                self.report(problem);
                return;
            }
        }
        if !comparable(left.1, right.1) {
            let span = left.0.span.start..right.0.span.end;
            let message = format!("{} is compared with {}", name(left.1), name(right.1));
            let problem = Problem::new("J220", span, message).label("these are never the same");
            let problem = unquote(problem, left, right);
            self.report(match op {
                Comparison::Equal => one_of_list(problem, left, right),
                _ => problem,
            });
        }
    }

    fn inside(&mut self, item: &Node, list: &Node) -> Type {
        let before = self.problems.len();
        let (a, b) = (self.typed(item), self.typed(list));
        if self.problems.len() > before {
            return Type::Bool;
        }
        match &b {
            Type::Any => {}
            Type::List(of) => self.member((item, &a), list, of),
            other => {
                let problem = Problem::new("J226", list.span.clone(), "`in` looks into a list")
                    .label(format!("this is {}", name(other)))
                    .note("for example customer.country in [\"FR\", \"BE\"]; part of a text is found by event.name.contains(\"gift\")");
                self.report(problem);
            }
        }
        Type::Bool
    }

    /// `item in list`, whose items are of type `of`.
    fn member(&mut self, item: (&Node, &Type), list: &Node, of: &Type) {
        if let Some(problem) = misfit(item.0, of) {
            self.report(problem);
            return;
        }
        if let (Kind::Constants(Value::List(values), places), Type::Text(Some(allowed))) =
            (&list.kind, item.1)
        {
            for (value, place) in values.iter().zip(places) {
                let stranger = value
                    .as_text()
                    .filter(|t| !allowed.iter().any(|a| **a == **t));
                if let Some(text) = stranger {
                    let names = allowed.iter().map(|a| &**a);
                    self.report(no_such_value(place.clone(), text, names));
                }
            }
        }
        if !comparable(item.1, of) {
            let span = item.0.span.start..list.span.end;
            let message = format!("{} is looked for in a list of {}", name(item.1), plural(of));
            self.report(Problem::new("J220", span, message).label("it is never there"));
        }
    }

    fn arithmetic(
        &mut self,
        op: Arithmetic,
        left: &Node,
        right: &Node,
        span: &Range<usize>,
    ) -> Type {
        let (a, b) = (self.typed(left), self.typed(right));
        if let Some(result) = result_of(op, &a, &b) {
            return result;
        }
        let sign = op.as_str();
        let message = format!("`{sign}` does not work on {} and {}", name(&a), name(&b));
        let problem = Problem::new("J224", span.clone(), message);
        self.report(match op {
            Arithmetic::Add => problem.note("`+` adds numbers or durations, moves a moment by a duration, and joins two texts"),
            Arithmetic::Subtract => problem.note("`-` works on numbers, durations and moments; a name with a hyphen stands in brackets: customer[\"first-name\"]"),
            _ => problem.note(format!("`{sign}` works on numbers")),
        })
    }
}

/// A text literal that can never be a value of `other`: not among its values, or no moment.
fn misfit(node: &Node, other: &Type) -> Option<Problem> {
    let Kind::Const(Value::Text(text)) = &node.kind else {
        return None;
    };
    match other {
        Type::Text(Some(allowed)) if !allowed.contains(text) => {
            let names = allowed.iter().map(|a| &**a);
            Some(no_such_value(node.span.clone(), text, names))
        }
        Type::Moment if moment_text(text).is_none() => Some(
            Problem::new("J220", node.span.clone(), "this text is no moment")
                .note("a moment is written \"2026-01-31\" or \"2026-01-31T09:00:00+01:00\""),
        ),
        _ => None,
    }
}

fn no_such_value<'a>(
    span: Range<usize>,
    text: &str,
    allowed: impl Iterator<Item = &'a str> + Clone,
) -> Problem {
    let problem = Problem::new(
        "J225",
        span,
        format!("`{text}` is none of the values it can have"),
    );
    let problem = match nearest(text, allowed.clone()) {
        Some(near) => {
            let quoted = format!("\"{near}\"");
            problem
                .label(format!("did you mean {quoted}?"))
                .instead(quoted)
        }
        None => problem,
    };
    problem.note(format!("its values are {}", listed(allowed)))
}

/// `event.total > "20"`: offers the number without its quotes.
fn unquote(problem: Problem, left: (&Node, &Type), right: (&Node, &Type)) -> Problem {
    for ((node, _), (_, other)) in [(left, right), (right, left)] {
        if let (Kind::Const(Value::Text(text)), Type::Number | Type::Bool) = (&node.kind, other) {
            let literal = match other {
                Type::Bool => matches!(&**text, "true" | "false"),
                _ => text.parse::<f64>().is_ok_and(f64::is_finite),
            };
            if literal {
                let mut problem = problem.note(format!("without quotes it would be: {text}"));
                problem.replacement = Some((node.span.clone(), text.to_string()));
                return problem;
            }
        }
    }
    problem
}

/// `customer.interests == "coffee"`: offers to look into the list.
fn one_of_list(problem: Problem, left: (&Node, &Type), right: (&Node, &Type)) -> Problem {
    for ((list, of), (item, single)) in [(left, right), (right, left)] {
        let (Type::List(of), Kind::Path(path), Kind::Const(value)) = (of, &list.kind, &item.kind)
        else {
            continue;
        };
        if comparable(of, single) {
            let names = path.names.names.iter().map(|n| format!(".{n}"));
            let path: String = names.fold(path.root.as_str().to_owned(), |all, name| all + &name);
            // Not `"coffee" in …`: that would not do unquoted in YAML.
            let text = format!("{path}.contains({value})");
            let mut problem = problem.note(format!("to ask whether it is in the list: {text}"));
            problem.replacement = Some((problem.span.clone(), text));
            return problem;
        }
    }
    problem
}

/// What `a op b` gives, if it gives something.
fn result_of(op: Arithmetic, a: &Type, b: &Type) -> Option<Type> {
    use Arithmetic as A;
    use Type as T;
    Some(match (op, a, b) {
        (_, T::Number, T::Number) => T::Number,
        (A::Add, T::Text(_), T::Text(_)) => T::Text(None),
        (A::Add | A::Subtract, T::Span, T::Span) => T::Span,
        (A::Add | A::Subtract, T::Moment | T::Text(None), T::Span) => T::Moment,
        (A::Add, T::Span, T::Moment) => T::Moment,
        (A::Subtract, T::Moment, T::Moment | T::Text(None)) => T::Span,
        (A::Subtract, T::Text(None), T::Moment) => T::Span,
        (A::Multiply, T::Span, T::Number) | (A::Multiply, T::Number, T::Span) => T::Span,
        (A::Divide, T::Span, T::Number) => T::Span,
        (A::Divide, T::Span, T::Span) => T::Number,
        (_, T::Any, other) | (_, other, T::Any) if works_at_all(op, other) => T::Any,
        _ => return None,
    })
}

fn works_at_all(op: Arithmetic, with: &Type) -> bool {
    match with {
        Type::Any | Type::Number => true,
        Type::Span => op != Arithmetic::Remainder,
        Type::Moment | Type::Text(_) => matches!(op, Arithmetic::Add | Arithmetic::Subtract),
        Type::Bool | Type::List(_) | Type::Map { .. } => false,
    }
}

/// Whether values of these types can be the same.
fn comparable(a: &Type, b: &Type) -> bool {
    use Type as T;
    match (a, b) {
        (T::Any, _) | (_, T::Any) => true,
        (T::Text(_), T::Text(_)) => true,
        (T::Moment, T::Text(None)) | (T::Text(None), T::Moment) => true,
        (T::List(a), T::List(b)) => comparable(a, b),
        (T::Map { .. }, T::Map { .. }) => true,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn of_value(value: &Value) -> Type {
    match value {
        Value::Null => Type::Any,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) | Value::Float(_) => Type::Number,
        Value::Text(_) => Type::Text(None),
        Value::Moment(_) => Type::Moment,
        Value::Span(_) => Type::Span,
        Value::List(items) => Type::List(Box::new(common(items.iter().map(of_value)))),
        Value::Map(_) => Type::Map {
            fields: std::collections::BTreeMap::default(),
            open: true,
        },
    }
}

/// The type of all of these; `Any` where they differ or there are none.
fn common(types: impl IntoIterator<Item = Type>) -> Type {
    let mut types = types.into_iter();
    let first = types.next().unwrap_or(Type::Any);
    if types.all(|t| t == first) {
        first
    } else {
        Type::Any
    }
}

/// A type in an author's words.
fn name(found: &Type) -> &'static str {
    match found {
        Type::Any => "something",
        Type::Bool => "true or false",
        Type::Number => "a number",
        Type::Text(_) => "text",
        Type::Moment => "a moment",
        Type::Span => "a duration",
        Type::List(_) => "a list",
        Type::Map { .. } => "a group of fields",
    }
}

fn plural(found: &Type) -> &'static str {
    match found {
        Type::Any => "things",
        Type::Bool => "true and false",
        Type::Number => "numbers",
        Type::Text(_) => "texts",
        Type::Moment => "moments",
        Type::Span => "durations",
        Type::List(_) => "lists",
        Type::Map { .. } => "groups of fields",
    }
}
