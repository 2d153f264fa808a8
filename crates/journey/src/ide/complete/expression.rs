//! Inside an expression.

use std::sync::Arc;

use super::{Completion, CompletionKind as Kind, Cursor};
use crate::{
    expr::Root,
    ide::{
        expression::{Path, Token, path_before, tokens},
        facts::{Shape, StepFact},
        functions, hover, outline,
        outline::{Node, Style},
        scope::Scope,
        tells,
    },
    message::Channel,
    source::Span,
};

/// What could stand at the cursor. `whole`: an expression, not only a path.
pub(super) fn complete(cursor: &Cursor<'_>, node: &Node, whole: bool) -> Vec<Completion> {
    let Some(span) = node.inner() else {
        return Vec::new();
    };
    let scope = Scope {
        project: cursor.project,
        path: cursor.path,
        text: cursor.text,
        way: cursor.way,
    };
    let compared = compared(cursor, node, &span, &scope);
    let Some(path) = path_before(cursor.text, &span, cursor.mark) else {
        return compared;
    };
    let start = path.parts.last().map_or(cursor.mark, |p| p.start);
    if path.parts.len() == 1 {
        let mut found = compared;
        found.extend(first(cursor, &span, start, whole));
        return found;
    }
    let before = &path.parts[..path.parts.len() - 1];
    let path = Path {
        parts: before.to_vec(),
        called: false,
    };
    let mut found = behind(cursor, &scope, &path, &span, start);
    // Roots and steps have no functions, and what steps tell is true or false.
    let plain = matches!(path.root(cursor.text), Some(Root::Steps | Root::Consent));
    found.extend(methods(
        cursor,
        start,
        whole && !plain && path.parts.len() > 1,
    ));
    found
}

/// A name that an expression starts from, a function, a word.
fn first(cursor: &Cursor<'_>, span: &Span, start: usize, whole: bool) -> Vec<Completion> {
    // Parameters are there in fragments alone.
    let here = |root: &&Root| **root != Root::Param || cursor.path.contains("/_fragments/");
    let roots = Root::ALL.iter().filter(here).map(|root| {
        cursor
            .offer(start, Kind::Variable, root.as_str())
            .with(hover::root(*root), "")
    });
    let mut found: Vec<Completion> = roots.collect();
    if !whole {
        return found;
    }
    for local in locals(cursor.text, span, cursor.mark) {
        found.insert(
            0,
            cursor
                .offer(start, Kind::Variable, &local.0)
                .with("each item", ""),
        );
    }
    found.extend(functions::ALL.iter().filter(|f| f.alone).map(|f| {
        let insert = format!("{}{}(", cursor.lead, f.name);
        cursor
            .offer(start, Kind::Function, f.name)
            .with(f.example, f.about)
            .inserting(insert)
    }));
    let keywords = ["and", "or", "not", "in", "true", "false", "null"];
    found.extend(
        keywords
            .iter()
            .map(|w| cursor.offer(start, Kind::Keyword, w)),
    );
    found
}

/// What could stand behind a path and a dot.
fn behind(
    cursor: &Cursor<'_>,
    scope: &Scope<'_>,
    path: &Path,
    span: &Span,
    start: usize,
) -> Vec<Completion> {
    let names = path.names(cursor.text);
    let Some(root) = path.root(cursor.text) else {
        let local = locals(cursor.text, span, cursor.mark)
            .into_iter()
            .rev()
            .find(|l| l.0 == names[0]);
        let shapes = local.map_or_else(Vec::new, |l| item_shapes(scope, &l.1, &names[1..]));
        return fields(cursor, start, &shapes);
    };
    match (root, &names[1..]) {
        (Root::Steps, []) => steps(cursor, start),
        (Root::Steps, [id]) => {
            let step = cursor.project.step(cursor.path, id);
            let verb = step.map_or("", |s| s.verb);
            if let Some(used) = step.filter(|s| s.verb == "use") {
                return inside_fragment(cursor, start, used);
            }
            let tells = tells::of(verb).iter();
            tells
                .map(|(name, about)| cursor.offer(start, Kind::Field, name).with(*about, ""))
                .collect()
        }
        (Root::Run, []) => run(cursor, start),
        (Root::Param, []) => params(cursor, start, cursor.path),
        (Root::Consent, []) => {
            let purposes = cursor.project.purposes().into_iter();
            let offer = |p: &crate::ide::facts::Declared| {
                let docs = hover::code("yaml", &p.source);
                cursor
                    .offer(start, Kind::Reference, &p.name.text)
                    .with("purpose", docs)
            };
            purposes.map(|(p, _)| offer(p)).collect()
        }
        (Root::Consent, [_]) => {
            let channels = Channel::ALL.iter();
            channels
                .map(|c| cursor.offer(start, Kind::Value, c.as_str()))
                .collect()
        }
        (root, names) => fields(cursor, start, &scope.shapes(root, names)),
    }
}

/// The steps of the fragment that a step uses.
fn inside_fragment(cursor: &Cursor<'_>, start: usize, used: &StepFact) -> Vec<Completion> {
    let fragments = cursor.project.stems("journeys/_fragments/");
    let path = fragments
        .iter()
        .find(|f| used.names.iter().any(|n| **n == *f.0));
    let facts = path.and_then(|f| cursor.project.journey_of(f.1));
    let steps = facts.map_or(&[][..], |f| &f.1.steps);
    let offer = |s: &StepFact| cursor.offer(start, Kind::Step, &s.id.text).with(s.verb, "");
    steps.iter().map(offer).collect()
}

fn steps(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let steps = cursor
        .project
        .journey_of(cursor.path)
        .map_or(&[][..], |j| &j.1.steps);
    let told = |s: &&StepFact| ["", "use"].contains(&s.verb) || !tells::of(s.verb).is_empty();
    let told = steps.iter().filter(told);
    told.map(|s| cursor.offer(start, Kind::Step, &s.id.text).with(s.verb, ""))
        .collect()
}

/// The parameters of the fragment in that file.
pub(super) fn params(cursor: &Cursor<'_>, start: usize, path: &str) -> Vec<Completion> {
    let facts = cursor.project.journey_of(path).map(|j| j.1);
    let params = facts.map_or(&[][..], |f| &f.params);
    let offer = |p: &crate::ide::facts::Named| {
        cursor
            .offer(start, Kind::Variable, &p.text)
            .with("a parameter of the fragment", "")
    };
    params.iter().map(offer).collect()
}

fn run(cursor: &Cursor<'_>, start: usize) -> Vec<Completion> {
    let mut found = vec![
        cursor
            .offer(start, Kind::Field, "event")
            .with("the event that entered, or refreshed", ""),
        cursor
            .offer(start, Kind::Field, "key")
            .with("what tells this run from others", ""),
    ];
    let variables = cursor.project.variables(cursor.path);
    found.extend(variables.into_iter().map(|v| {
        cursor
            .offer(start, Kind::Variable, &v.text)
            .with("a variable of the run", "")
    }));
    found
}

fn fields(cursor: &Cursor<'_>, start: usize, shapes: &[&Shape]) -> Vec<Completion> {
    let all = shapes.iter().flat_map(|s| &s.fields);
    let offer = |(name, shape): &(Arc<str>, Shape)| {
        cursor
            .offer(start, Kind::Field, name)
            .with(&*shape.kind, hover::about(shape))
    };
    all.map(offer).collect()
}

fn methods(cursor: &Cursor<'_>, start: usize, whole: bool) -> Vec<Completion> {
    let all = functions::ALL.iter().filter(|f| whole && f.method);
    let offer = |f: &functions::Function| {
        let insert = format!("{}{}(", cursor.lead, f.name);
        cursor
            .offer(start, Kind::Function, f.name)
            .with(f.example, f.about)
            .inserting(insert)
    };
    all.map(offer).collect()
}

/// The variables of the `exists` and `all` around the cursor, each with the path of its list.
fn locals(text: &str, span: &Span, at: usize) -> Vec<(String, Vec<String>)> {
    let before = tokens(text, &(span.start..at));
    let mut found = Vec::new();
    for window in before.windows(4) {
        let [
            Token::Path(list),
            Token::Sign('(', _),
            Token::Path(name),
            Token::Sign(',', _),
        ] = window
        else {
            continue;
        };
        let mut list: Vec<String> = list.names(text).into_iter().map(str::to_owned).collect();
        let function = list.pop().unwrap_or_default();
        if ["exists", "all"].contains(&&*function) {
            found.push((name.names(text).join("."), list));
        }
    }
    found
}

/// What is known of a path from an item of a list.
fn item_shapes<'p>(scope: &Scope<'p>, list: &[String], rest: &[&str]) -> Vec<&'p Shape> {
    let words: Vec<&str> = list.iter().map(String::as_str).collect();
    let Some((first, names)) = words.split_first() else {
        return Vec::new();
    };
    let Some(root) = Root::ALL.into_iter().find(|r| r.as_str() == *first) else {
        return Vec::new();
    };
    let lists = scope.shapes(root, names).into_iter();
    lists.filter_map(|s| s.item.as_deref()?.at(rest)).collect()
}

/// The values that the other side of `==`, `!=` or `in [` can have.
fn compared(cursor: &Cursor<'_>, node: &Node, span: &Span, scope: &Scope<'_>) -> Vec<Completion> {
    let before = tokens(cursor.text, &(span.start..cursor.mark));
    let (typed, rest) = match before.split_last() {
        Some((Token::Text(text), rest)) if text.end == cursor.mark => (Some(text.start), rest),
        Some((Token::Path(path), rest))
            if path.parts.last().is_some_and(|p| p.end == cursor.mark) =>
        {
            (None, rest)
        }
        _ => (None, &before[..]),
    };
    let Some(path) = other_side(rest) else {
        return Vec::new();
    };
    let names = path.names(cursor.text);
    let Some(root) = path.root(cursor.text) else {
        return Vec::new();
    };
    let quote = if matches!(node.kind, outline::Kind::Scalar(Style::Double)) {
        '\''
    } else {
        '"'
    };
    let word = before.last().and_then(|t| match t {
        Token::Path(path) => path
            .parts
            .first()
            .map(|p| p.start)
            .filter(|_| rest.len() < before.len()),
        _ => None,
    });
    let start = typed.or(word).unwrap_or(cursor.mark);
    let offer = |value: &Arc<str>| in_quotes(cursor, start, typed.is_some(), quote, value);
    scope.among(root, &names[1..]).iter().map(offer).collect()
}

/// A text in quotes, of which the first may be typed already and the last stand there.
fn in_quotes(
    cursor: &Cursor<'_>,
    start: usize,
    typed: bool,
    quote: char,
    value: &str,
) -> Completion {
    let open = cursor.text[start..]
        .chars()
        .next()
        .filter(|_| typed)
        .unwrap_or(quote);
    let label = format!("{open}{value}{open}");
    let behind = &cursor.text[cursor.mark + super::MARK.len()..];
    let mut completion = cursor.offer(start, Kind::Value, &label);
    if typed && behind[cursor.behind.min(behind.len())..].starts_with(open) {
        completion.replace.end += open.len_utf8();
    }
    completion
}

/// The path before `==`, `!=`, `in` or `in [ …`.
fn other_side(before: &[Token]) -> Option<&Path> {
    let mut rest = before;
    while let [head @ .., Token::Text(_) | Token::Sign(',' | '[', _)] = rest {
        rest = head;
    }
    let listed = rest.len() < before.len();
    match rest {
        [
            ..,
            Token::Path(path),
            Token::Sign('=' | '!', _),
            Token::Sign('=', _),
        ] if !listed => Some(path),
        [.., Token::Path(path), Token::Path(word)] if listed && word.parts.len() == 1 => Some(path),
        _ => None,
    }
}
