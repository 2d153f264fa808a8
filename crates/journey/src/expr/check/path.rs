//! The names of a path, one after the other.

use std::{collections::BTreeMap, sync::Arc};

use super::{Checker, Kind, Node, Problem, Range, Type, Value, listed, name, nearest};
use crate::expr::{
    Root,
    ast::{Names, Path},
};

impl Checker<'_> {
    pub(super) fn path(&mut self, path: &Path, span: &Range<usize>) -> Type {
        if let Some(found) = self.env.roots.get(&path.root) {
            return self.walk(found.clone(), Some(path.root), &path.names);
        }
        let root = path.root.as_str();
        let at = span.start..(span.start + root.len()).min(span.end);
        let problem = Problem::new("J111", at, format!("`{root}` cannot be named here"));
        let problem = match self.env.absent.get(&path.root) {
            Some(why) => problem.note(why.clone()),
            None => problem,
        };
        self.report(problem)
    }

    /// The type at the end of `names`, from a value of type `at`.
    pub(super) fn walk(&mut self, mut at: Type, root: Option<Root>, names: &Names) -> Type {
        for (depth, (word, span)) in names.names.iter().zip(&names.spans).enumerate() {
            at = match at {
                Type::Any => return Type::Any,
                Type::Map { mut fields, open } => match fields.remove(word) {
                    Some(found) => found,
                    None if open => return Type::Any,
                    None => return self.report(unknown(root, depth, names, span, &fields)),
                },
                other => return self.report(no_fields(&other, word, span)),
            };
        }
        at
    }

    /// The type of a computed value's field.
    pub(super) fn field(&mut self, of: Type, word: &Arc<str>, span: &Range<usize>) -> Type {
        let names = Names {
            names: Arc::new([word.clone()]),
            spans: vec![span.clone()],
        };
        self.walk(of, None, &names)
    }

    pub(super) fn index(&mut self, of: &Node, index: &Node) -> Type {
        let (list, at) = (self.typed(of), self.typed(index));
        match (list, at) {
            (Type::List(item), Type::Number | Type::Any) => {
                if let Kind::Const(Value::Float(_)) | Kind::Const(Value::Int(..0)) = index.kind {
                    let problem =
                        Problem::new("J228", index.span.clone(), "items are counted 0, 1, 2");
                    return self.report(problem);
                }
                *item
            }
            (Type::Any | Type::Map { .. }, _) => Type::Any,
            (Type::List(_), other) => {
                let problem = Problem::new(
                    "J228",
                    index.span.clone(),
                    "an item of a list is named by a number",
                );
                self.report(problem.label(format!("this is {}", name(&other))))
            }
            (other, _) => {
                let message = format!("{} has no items", name(&other));
                self.report(Problem::new("J228", of.span.clone(), message))
            }
        }
    }
}

fn no_fields(found: &Type, word: &str, span: &Range<usize>) -> Problem {
    let message = format!("{} has no field `{word}`", name(found));
    let problem = Problem::new("J228", span.clone(), message);
    match found {
        Type::List(_) if matches!(word, "length" | "size" | "count") => {
            problem.note("how many items a list has is size(…)")
        }
        Type::List(_) => problem.note(format!(
            "to ask something of its items, write .exists(item, item.{word} …) or .all(…)"
        )),
        _ => problem,
    }
}

/// A name that is not there, in the words of what it should have named.
fn unknown(
    root: Option<Root>,
    depth: usize,
    names: &Names,
    span: &Range<usize>,
    fields: &BTreeMap<Arc<str>, Type>,
) -> Problem {
    let word = &names.names[depth];
    let known = || fields.keys().map(|k| &**k);
    let (code, message) = match (root, depth) {
        (Some(Root::Steps), 0) => ("J101", format!("no step is called `{word}`")),
        (Some(Root::Steps), _) => ("J106", format!("a step says nothing of `{word}`")),
        (Some(Root::Event), 0) => ("J102", format!("the event has no field `{word}`")),
        (Some(Root::Customer), 0) => ("J103", format!("no trait is called `{word}`")),
        (Some(Root::Run), 0) => ("J104", format!("the run has no variable `{word}`")),
        (Some(Root::Run), 1) if *names.names[0] == *"event" => {
            ("J102", format!("the event has no field `{word}`"))
        }
        (Some(Root::Consent), 0) => ("J105", format!("no purpose is called `{word}`")),
        (Some(Root::Consent), _) => ("J105", format!("no channel is called `{word}`")),
        _ => ("J107", format!("there is no field `{word}`")),
    };
    let problem = Problem::new(code, span.clone(), message);
    let problem = match nearest(word, known()) {
        Some(near) => problem.label(format!("did you mean `{near}`?")),
        None => problem,
    };
    let problem = match nearest(word, known()).filter(|near| plain(near)) {
        // Only a name after a dot can be put in place of a name after a dot.
        Some(near) if span.len() == word.len() => problem.instead(near),
        _ => problem,
    };
    if fields.is_empty() && root == Some(Root::Steps) && depth == 0 {
        problem.note(format!(
            "no step here has an id: give it to the one that is meant, `id: {word}`"
        ))
    } else if fields.is_empty() {
        problem
    } else {
        let place = match (root, depth) {
            (Some(Root::Customer), 0) => "; config/traits.yaml declares them",
            _ => "",
        };
        problem.note(format!("known here: {}{place}", listed(known())))
    }
}

fn plain(word: &str) -> bool {
    word.chars().all(|c| c == '_' || c.is_alphanumeric())
        && !word.starts_with(|c: char| c.is_ascii_digit())
}
