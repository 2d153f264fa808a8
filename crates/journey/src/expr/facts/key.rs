//! Terms under one name: two expressions with the same key have the same value.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use super::{Ground, Reads};
use crate::expr::{
    Root,
    ast::{Comparison, Kind, Node},
};

/// The key of a path.
pub(super) fn path(root: Root, names: &[Arc<str>]) -> Arc<str> {
    let mut key = root.as_str().to_owned();
    for name in names {
        // Names may hold whatever stands in brackets: `event["a.b"]` is not `event.a.b`.
        let _ = write!(key, ".{name:?}");
    }
    Arc::from(key)
}

/// The root and names of a path: `event.x` is `run.event.x` while the event is the entering one.
pub(super) fn place(root: Root, names: &[Arc<str>], ground: &dyn Ground) -> (Root, Vec<Arc<str>>) {
    if root == Root::Event && ground.entering() {
        let mut whole = vec![Arc::from("event")];
        whole.extend(names.iter().cloned());
        return (Root::Run, whole);
    }
    (root, names.to_vec())
}

/// The key of any expression.
pub(super) fn of(node: &Node, ground: &dyn Ground) -> Arc<str> {
    let mut key = String::new();
    write(node, ground, &mut key);
    Arc::from(key)
}

fn write(node: &Node, ground: &dyn Ground, key: &mut String) {
    match &node.kind {
        Kind::Path(found) => {
            let (root, names) = place(found.root, &found.names.names, ground);
            key.push_str(&path(root, &names));
            return;
        }
        Kind::Const(value) | Kind::Constants(value, _) => {
            let _ = write!(key, "{value:?}");
            return;
        }
        _ => key.push_str(&head(node)),
    }
    key.push('(');
    for child in node.children() {
        write(child, ground, key);
        key.push(',');
    }
    key.push(')');
}

/// What an expression does with those below it.
fn head(node: &Node) -> String {
    match &node.kind {
        Kind::Local(slot, names) => format!("local{slot}{:?}", names.names),
        Kind::Field(_, name) => format!("field{name:?}"),
        Kind::Call(function, _) => format!("{function:?}"),
        Kind::Compare(op, ..) => format!("{op:?}"),
        Kind::Arithmetic(op, ..) => format!("{op:?}"),
        Kind::Quantifier(quantifier, ..) => format!("{quantifier:?}"),
        Kind::List(_) => "list".to_owned(),
        Kind::Index(..) => "index".to_owned(),
        Kind::Not(_) => "not".to_owned(),
        Kind::Negate(_) => "minus".to_owned(),
        Kind::And(_) => "and".to_owned(),
        Kind::Or(_) => "or".to_owned(),
        Kind::In(..) => "in".to_owned(),
        Kind::Has(_) => "has".to_owned(),
        Kind::Unknown => format!("unknown{:?}", node.span),
        Kind::Path(_) | Kind::Const(_) | Kind::Constants(..) => String::new(),
    }
}

/// The comparison of two terms under a name that does not depend on its direction, and whether it
/// is the opposite of that (`!=`).
pub(super) fn comparison(
    op: Comparison,
    left: &Node,
    right: &Node,
    ground: &dyn Ground,
) -> (Arc<str>, bool) {
    use Comparison as C;
    let (a, b) = (of(left, ground), of(right, ground));
    let (sign, turned, opposite) = match op {
        C::Equal => ("==", a > b, false),
        C::NotEqual => ("==", a > b, true),
        C::Less => ("<", false, false),
        C::Greater => ("<", true, false),
        C::LessOrEqual => ("<=", false, false),
        C::GreaterOrEqual => ("<=", true, false),
    };
    let (first, second) = if turned { (b, a) } else { (a, b) };
    (Arc::from(format!("{first} {sign} {second}")), opposite)
}

/// What an expression reads.
pub(super) fn reads(nodes: &[&Node], ground: &dyn Ground) -> Reads {
    let mut found = BTreeSet::new();
    let mut stack: Vec<&Node> = nodes.to_vec();
    while let Some(node) = stack.pop() {
        if let Kind::Path(path) = &node.kind {
            let (root, names) = place(path.root, &path.names.names, ground);
            found.insert((root, names.into_iter().next()));
        }
        stack.extend(node.children());
    }
    found.into_iter().collect()
}

/// The keys of everything in an expression that something may be known of.
pub(super) fn terms(tree: &Node, ground: &dyn Ground) -> BTreeSet<Arc<str>> {
    let (mut found, mut stack) = (BTreeSet::new(), vec![tree]);
    while let Some(node) = stack.pop() {
        match &node.kind {
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) => {}
            Kind::Compare(op, left, right) => {
                found.insert(comparison(*op, left, right, ground).0);
            }
            Kind::Const(_) | Kind::Constants(..) => continue,
            _ => {
                found.insert(of(node, ground));
            }
        }
        stack.extend(node.children());
    }
    found
}
