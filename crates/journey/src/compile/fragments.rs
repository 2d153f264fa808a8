//! Fragments where they are used: checked with what they are given, and put in (rule 33).

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use super::{check::Checker, env::step_types, here::Here};
use crate::{
    diagnostics::Sink,
    expr::{Expr, Root, types::Type},
    parse::{
        Reader,
        ast::{Given, Step, Use},
    },
    value::Value,
};

impl Checker<'_> {
    /// Checks what a fragment is given and, in its own file, its steps.
    pub(super) fn fragment(&mut self, step: &Step, used: &Use, here: Here) -> Here {
        let mut types = BTreeMap::new();
        for (name, given) in &used.given {
            // Defaults are literals of the other file: nothing in them can be wrong here.
            self.given(given, &here);
            types.insert(name.clone(), self.type_of(given, &here));
        }
        let mut env = self.env.clone();
        let closed = |fields| Type::Map {
            fields,
            open: false,
        };
        env.roots.insert(Root::Param, closed(types));
        let (steps, open) = step_types(&used.steps);
        env.roots.insert(
            Root::Steps,
            Type::Map {
                fields: steps,
                open,
            },
        );
        let mut sink = Sink::new(&used.file);
        let end = {
            let mut inner = Checker {
                reader: Reader::new(&used.file, &mut sink),
                world: self.world,
                journey: self.journey,
                env,
            };
            inner.unique_ids(&used.steps);
            inner.walk(&used.steps, here.elsewhere())
        };
        self.reader.sink.absorb(sink);
        end.behind(&step.verb_span)
    }
}

/// How the names of a fragment's expressions are written where it is used.
#[derive(Clone, Default)]
pub(super) struct Rewrite {
    /// What its parameters are, as expressions and as values.
    params: BTreeMap<Arc<str>, Given>,
    /// What stands before the ids of its steps.
    prefix: String,
    /// Its own step ids.
    ids: Vec<Arc<str>>,
}

impl Rewrite {
    /// For a fragment that is used as `id`, within what is rewritten already.
    pub(super) fn inner(&self, id: &str, used: &Use) -> Self {
        Self {
            params: used
                .given
                .iter()
                .map(|(name, given)| (name.clone(), self.given(given)))
                .collect(),
            prefix: format!("{}{id}.", self.prefix),
            ids: super::env::all_steps(&used.steps)
                .iter()
                .filter_map(|s| Some(s.id.as_ref()?.text.clone()))
                .collect(),
        }
    }

    /// The id of a step of the fragment, in the journey.
    pub(super) fn id(&self, id: &str) -> Arc<str> {
        Arc::from(format!("{}{id}", self.prefix))
    }

    /// A value with the names that it has in the journey.
    pub(super) fn given(&self, given: &Given) -> Given {
        match given {
            Given::Literal(value) => Given::Literal(value.clone()),
            Given::Computed(formula) => match self.whole_parameter(&formula.expr) {
                Some(given) => given.clone(),
                None => {
                    let mut formula = formula.clone();
                    formula.expr = self.expr(&formula.expr).unwrap_or(formula.expr);
                    Given::Computed(formula)
                }
            },
            Given::List(items) => Given::List(items.iter().map(|g| self.given(g)).collect()),
            Given::Map(fields) => Given::Map(
                fields
                    .iter()
                    .map(|(k, g)| (k.clone(), self.given(g)))
                    .collect(),
            ),
        }
    }

    /// The parameter that an expression is nothing but.
    fn whole_parameter(&self, expr: &Expr) -> Option<&Given> {
        let paths = expr.paths();
        let [(Root::Param, names, span)] = paths.as_slice() else {
            return None;
        };
        let [name] = names.as_slice() else {
            return None;
        };
        (span.len() == expr.source().len())
            .then(|| self.params.get(name))
            .flatten()
    }

    /// An expression with the names that it has in the journey; `None` if it becomes too long or
    /// too deep.
    pub(super) fn expr(&self, expr: &Expr) -> Option<Expr> {
        let source = expr.source();
        let mut text = String::new();
        let mut done = 0;
        for (root, names, span) in expr.paths() {
            let (Some(new), Some(before)) = (self.path(root, &names), source.get(done..span.start))
            else {
                continue;
            };
            text.push_str(before);
            text.push_str(&new);
            done = span.end;
        }
        if done == 0 {
            return Some(expr.clone());
        }
        text.push_str(&source[done..]);
        Expr::parse(&text).ok()
    }

    /// What a path is in the journey, if it changes.
    fn path(&self, root: Root, names: &[Arc<str>]) -> Option<String> {
        let (first, rest) = names.split_first()?;
        match root {
            Root::Steps if self.ids.contains(first) => {
                Some(format!("steps.{}{}", self.prefix, names.join(".")))
            }
            Root::Param => {
                let (mut given, mut rest) = (self.params.get(first)?, rest);
                while let (Given::Map(fields), Some((name, deeper))) = (given, rest.split_first()) {
                    let Some((_, field)) = fields.iter().find(|f| f.0 == *name) else {
                        break;
                    };
                    (given, rest) = (field, deeper);
                }
                let tail: String = rest.iter().map(|name| format!(".{name}")).collect();
                Some(format!("{}{tail}", term(given)))
            }
            _ => None,
        }
    }
}

/// A value as a term of an expression.
fn term(given: &Given) -> String {
    match given {
        Given::Literal(value) => literal(value),
        Given::Computed(formula) => {
            let text = formula.expr.source();
            let plain = text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            if plain {
                text.to_owned()
            } else {
                format!("({text})")
            }
        }
        Given::List(items) => {
            let items: Vec<String> = items.iter().map(term).collect();
            format!("[{}]", items.join(", "))
        }
        // Expressions have no maps: a field of one is looked up by `Rewrite::given` alone.
        Given::Map(_) => "null".to_owned(),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Null | Value::Map(_) => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) if *i < 0 => format!("({i})"),
        Value::Int(i) => i.to_string(),
        Value::Float(f) if *f < 0.0 => format!("({f})"),
        Value::Float(f) => f.to_string(),
        Value::Moment(at) => quoted(&at.to_string()),
        Value::Span(span) => format!("{}s", span.as_secs()),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                let _ = write!(out, "\\{c}");
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
