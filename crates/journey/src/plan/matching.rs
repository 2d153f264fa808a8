//! Which step of the new version a step of the old one is.
//!
//! A step with an id is the step of that id, if the verb is the same (rule 52). A step without one
//! is the same step if it says the same between the same neighbours, or if it is the only change of
//! its verb between two steps that are the same. So an inserted step does not make every later one
//! another. What `plan` shows and what a moving run does are this one function.

use std::collections::BTreeMap;

use super::facets::{self, Facet};
use crate::machine::{Machine, Node, NodeId};

/// The most cells of the table that aligns two versions; beyond it, unnamed steps are matched
/// only at the beginning and the end, where both say the same.
const MAX_CELLS: usize = 4_000_000;

/// Two versions of a journey, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// For each node of the old version, its node in the new one.
    new_of: Vec<Option<usize>>,
    /// The other way round.
    old_of: Vec<Option<usize>>,
}

impl Matching {
    /// Matches the steps of two versions.
    pub fn of(old: &Machine, new: &Machine) -> Self {
        let mut matching = Self {
            new_of: vec![None; old.nodes.len()],
            old_of: vec![None; new.nodes.len()],
        };
        let (a, b) = (keys(old, new), keys(new, old));
        for (i, j) in common(&a, &b) {
            matching.pair(i, j);
        }
        matching.pair_moved(old, new);
        matching.pair_gaps(old, new);
        matching
    }

    /// The node of the new version that this one of the old is.
    pub fn new_of(&self, old: NodeId) -> Option<NodeId> {
        get(&self.new_of, old)
    }

    /// The node of the old version that this one of the new is.
    pub fn old_of(&self, new: NodeId) -> Option<NodeId> {
        get(&self.old_of, new)
    }

    fn pair(&mut self, old: usize, new: usize) {
        self.new_of[old] = Some(new);
        self.old_of[new] = Some(old);
    }

    /// Steps with an id are the same wherever they went.
    fn pair_moved(&mut self, old: &Machine, new: &Machine) {
        let places: BTreeMap<_, _> = named(new).collect();
        for (key, i) in named(old) {
            if let (None, Some(j)) = (self.new_of[i], places.get(&key)) {
                self.pair(i, *j);
            }
        }
    }

    /// Between two steps that are the same and in order, the unnamed ones of a verb are the same
    /// where there are as many of them as before.
    fn pair_gaps(&mut self, old: &Machine, new: &Machine) {
        let (mut i, mut j) = (0, 0);
        let mut anchors: Vec<(usize, usize)> = Vec::new();
        for (at, to) in self.new_of.iter().enumerate() {
            // Only what stands in order bounds a gap.
            if let Some(to) = to.filter(|to| anchors.last().is_none_or(|(_, last)| last < to)) {
                anchors.push((at, to));
            }
        }
        anchors.push((old.nodes.len(), new.nodes.len()));
        for (end, to) in anchors {
            self.pair_gap((old, i, end), (new, j, to));
            (i, j) = (end + 1, to + 1);
        }
    }

    fn pair_gap(&mut self, old: (&Machine, usize, usize), new: (&Machine, usize, usize)) {
        let before = unnamed(old.0, old.1..old.2, &self.new_of);
        let after = unnamed(new.0, new.1..new.2, &self.old_of);
        for (verb, olds) in before {
            match after.get(verb) {
                Some(news) if news.len() == olds.len() => {
                    for (i, j) in olds.into_iter().zip(news) {
                        self.pair(i, *j);
                    }
                }
                _ => {}
            }
        }
    }
}

fn get(of: &[Option<usize>], node: NodeId) -> Option<NodeId> {
    let found = of.get(usize::try_from(node.0).ok()?).copied().flatten()?;
    Some(NodeId(u32::try_from(found).ok()?))
}

/// Whether the author gave it an id.
pub fn is_named(node: &Node) -> bool {
    !node.id.contains('#')
}

/// Steps with an id, by id and verb.
fn named(machine: &Machine) -> impl Iterator<Item = ((&str, &str), usize)> {
    let nodes = machine.nodes.iter().enumerate();
    nodes
        .filter(|(_, n)| is_named(n))
        .map(|(i, n)| ((&*n.id, n.op.verb()), i))
}

/// The unnamed and unmatched of a part, by verb.
fn unnamed<'m>(
    machine: &'m Machine,
    part: std::ops::Range<usize>,
    matched: &[Option<usize>],
) -> BTreeMap<&'m str, Vec<usize>> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for i in part {
        let Some(node) = machine.nodes.get(i) else {
            break;
        };
        if !is_named(node) && matched[i].is_none() {
            found.entry(written_verb(node)).or_default().push(i);
        }
    }
    found
}

/// The verb as the author wrote it: `if` and `choose` are one operation.
pub(super) fn written_verb(node: &Node) -> &str {
    match node.id.split_once('#') {
        Some((verb, _)) => verb,
        None => node.op.verb(),
    }
}

/// By what a step is known.
#[derive(PartialEq, Eq)]
enum Key<'m> {
    Named(&'m str),
    Says(&'m str, Vec<Facet>),
    /// Its id is not in the other version, or there with another verb.
    Alone,
}

fn keys<'m>(machine: &'m Machine, other: &'m Machine) -> Vec<Key<'m>> {
    let there: BTreeMap<_, _> = named(other).collect();
    let key = |node: &'m Node| {
        if !is_named(node) {
            return Key::Says(written_verb(node), facets::step(&node.op));
        }
        match there.contains_key(&(&*node.id, node.op.verb())) {
            true => Key::Named(&node.id),
            false => Key::Alone,
        }
    };
    machine.nodes.iter().map(key).collect()
}

fn same(a: &Key<'_>, b: &Key<'_>) -> bool {
    a == b && *a != Key::Alone
}

/// The longest common sequence, as pairs in order.
fn common(a: &[Key<'_>], b: &[Key<'_>]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(x, y)| same(x, y)).count();
    let (rest_a, rest_b) = (&a[head..], &b[head..]);
    let backwards = rest_a.iter().rev().zip(rest_b.iter().rev());
    let tail = backwards.take_while(|(x, y)| same(x, y)).count();
    let (end_a, end_b) = (rest_a.len() - tail, rest_b.len() - tail);
    let mut pairs: Vec<_> = (0..head).map(|i| (i, i)).collect();
    let middle = middle(&rest_a[..end_a], &rest_b[..end_b]);
    pairs.extend(middle.into_iter().map(|(i, j)| (head + i, head + j)));
    pairs.extend((0..tail).map(|n| (head + end_a + n, head + end_b + n)));
    pairs
}

/// The classic table, once both ends are off.
fn middle(a: &[Key<'_>], b: &[Key<'_>]) -> Vec<(usize, usize)> {
    if a.len().saturating_mul(b.len()) > MAX_CELLS {
        return Vec::new();
    }
    // longest[i][j]: of a[i..] and b[j..].
    let mut longest = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if same(&a[i], &b[j]) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if same(&a[i], &b[j]) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
