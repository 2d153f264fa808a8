//! The difference between two versions of a journey, in the author's words.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    edges,
    facets::{self, Facet},
    head::head,
    matching::{Matching, is_named, written_verb},
    shares::{self, Share},
    variables,
};
use crate::machine::{Machine, Node, NodeId};

/// One field that is another now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Which: `within`, `arm discount`, `exit bought, if`.
    pub what: String,
    /// What it was; `None`: it was not there.
    pub before: Option<String>,
    /// What it is; `None`: it is not there any more.
    pub after: Option<String>,
}

/// A step as an author finds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct StepRef {
    /// Its id, if the author gave it one.
    pub id: Option<Arc<str>>,
    /// Its verb as written: `if` and `choose` are two.
    pub verb: Arc<str>,
    /// The line in `journey.yaml`, from 1.
    pub line: u32,
}

impl StepRef {
    /// The step of that node.
    pub fn of(node: &Node) -> Self {
        Self {
            id: is_named(node).then(|| node.id.clone()),
            verb: Arc::from(written_verb(node)),
            line: node.line,
        }
    }

    /// ``send `nudge` ``, `the wait in line 12`.
    pub fn name(&self) -> String {
        match &self.id {
            Some(id) => format!("{} `{id}`", self.verb),
            None => format!("the {} in line {}", self.verb, self.line),
        }
    }
}

/// What happened to one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum StepDiff {
    /// It is new.
    Added {
        /// Which, in the new version.
        step: StepRef,
        /// What it says, in one line.
        says: String,
    },
    /// It is gone.
    Removed {
        /// Which, in the old version.
        step: StepRef,
        /// What it said, in one line.
        says: String,
    },
    /// It says something else, or leads elsewhere.
    Changed {
        /// Which, in the new version.
        step: StepRef,
        /// What is another now.
        changes: Vec<Change>,
        /// Of a split: the share of all customers who would now get another arm (rule 31).
        #[serde(skip_serializing_if = "Option::is_none")]
        redrawn: Option<Share>,
    },
}

/// The difference between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diff {
    /// Fields of the head.
    pub head: Vec<Change>,
    /// Steps, in the order of the text; a step that is gone stands where it stood.
    pub steps: Vec<StepDiff>,
    /// Variables that both versions set, with values of different kinds (rule 52).
    pub variables: Vec<Change>,
}

impl Diff {
    /// Between `old` and `new`.
    pub fn between(old: &Machine, new: &Machine) -> Self {
        let matching = Matching::of(old, new);
        Self {
            head: changes(&head(old), &head(new)),
            steps: steps(old, new, &matching),
            variables: variables_changed(old, new),
        }
    }

    /// Whether an author would see no difference: only lines have moved.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.steps.is_empty() && self.variables.is_empty()
    }
}

/// Compares fields by name; fields of one name by their order.
pub(super) fn changes(old: &[Facet], new: &[Facet]) -> Vec<Change> {
    let (old, new) = (numbered(old), numbered(new));
    let value = |of: &[((String, usize), String)], key: &(String, usize)| {
        let found = of.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.clone())
    };
    let gone = old.iter().filter(|(key, _)| value(&new, key).is_none());
    let all = new.iter().chain(gone).map(|(key, _)| key);
    let changed = all.filter_map(|key| {
        let (before, after) = (value(&old, key), value(&new, key));
        (before != after).then(|| Change {
            what: key.0.clone(),
            before,
            after,
        })
    });
    changed.collect()
}

fn numbered(facets: &[Facet]) -> Vec<((String, usize), String)> {
    let mut seen: Vec<((String, usize), String)> = Vec::new();
    for facet in facets {
        let number = seen.iter().filter(|((w, _), _)| *w == facet.what).count();
        seen.push(((facet.what.clone(), number), facet.value.clone()));
    }
    seen
}

fn steps(old: &Machine, new: &Machine, matching: &Matching) -> Vec<StepDiff> {
    let mut steps = Vec::new();
    let mut at = 0;
    for (number, node) in ids(new) {
        match matching.old_of(number).and_then(|n| old.node(n)) {
            None => steps.push(StepDiff::Added {
                step: StepRef::of(node),
                says: says(node),
            }),
            Some(was) => {
                // What is gone stands before the step that it stood before.
                let until = matching.old_of(number).map_or(at, |n| n.0);
                steps.extend(gone(old, at..until, matching));
                at = at.max(until);
                steps.extend(changed(old, was, new, node, matching));
            }
        }
    }
    steps.extend(gone(old, at..u32::MAX, matching));
    steps
}

fn ids(machine: &Machine) -> impl Iterator<Item = (NodeId, &Node)> {
    (0..).map(NodeId).zip(&machine.nodes)
}

fn gone(old: &Machine, part: std::ops::Range<u32>, matching: &Matching) -> Vec<StepDiff> {
    let inside = ids(old).filter(|(id, _)| part.contains(&id.0));
    let gone = inside.filter(|(id, _)| matching.new_of(*id).is_none());
    gone.map(|(_, node)| StepDiff::Removed {
        step: StepRef::of(node),
        says: says(node),
    })
    .collect()
}

/// What a step says in one line, in at most 100 characters.
fn says(node: &Node) -> String {
    let facets = facets::step(&node.op);
    let verb = written_verb(node);
    let one = |f: &Facet| match f.what == verb {
        true => f.value.clone(),
        false => format!("{}: {}", f.what, f.value),
    };
    let text = facets.iter().map(one).collect::<Vec<_>>().join(", ");
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn changed(
    old: &Machine,
    was: &Node,
    new: &Machine,
    node: &Node,
    matching: &Matching,
) -> Option<StepDiff> {
    let mut changes = changes(&facets::step(&was.op), &facets::step(&node.op));
    changes.extend(leads_elsewhere(old, was, new, node, matching));
    let redrawn = shares::moved(&was.op, &node.op).filter(|share| share.of > 0);
    (!changes.is_empty()).then(|| StepDiff::Changed {
        step: StepRef::of(node),
        changes,
        redrawn,
    })
}

/// Ways on that lead to another step than before, and not only because one was put in between
/// or taken out.
fn leads_elsewhere(
    old: &Machine,
    was: &Node,
    new: &Machine,
    node: &Node,
    matching: &Matching,
) -> Vec<Change> {
    let (before, after) = (edges::of(was), edges::of(node));
    let ways = after.into_iter().filter_map(|(label, to)| {
        let (_, from) = before.iter().find(|(l, _)| *l == label)?;
        let kept = |id: NodeId| matching.new_of(id);
        let was = settle(old, *from, |id| kept(id).is_some());
        let is = settle(new, to, |id| matching.old_of(id).is_some());
        let same = was.map(kept) == is.map(Some);
        (!same).then(|| Change {
            what: format!("{label} goes on with"),
            before: Some(place(old, was)),
            after: Some(place(new, is)),
        })
    });
    ways.collect()
}

/// The first step at or behind `from` that both versions have; `None`: the end.
fn settle(machine: &Machine, from: NodeId, kept: impl Fn(NodeId) -> bool) -> Option<NodeId> {
    let mut at = from;
    for _ in 0..=machine.nodes.len() {
        let node = machine.node(at)?;
        if kept(at) {
            return Some(at);
        }
        at = node.next;
    }
    None
}

fn place(machine: &Machine, at: Option<NodeId>) -> String {
    match at.and_then(|at| machine.node(at)) {
        Some(node) => StepRef::of(node).name(),
        None => "the end".into(),
    }
}

fn variables_changed(old: &Machine, new: &Machine) -> Vec<Change> {
    let (before, after) = (variables::kinds(old), variables::kinds(new));
    let both = before.into_iter().filter_map(|(name, was)| {
        let (was, is) = (was?, after.get(&name)?.clone()?);
        let said = |kinds: &std::collections::BTreeSet<variables::Kind>| {
            let words: Vec<_> = kinds.iter().map(|k| k.as_str()).collect();
            Some(words.join(" or "))
        };
        (!was.is_subset(&is)).then(|| Change {
            what: format!("run.{name}"),
            before: said(&was),
            after: said(&is),
        })
    });
    both.collect()
}
