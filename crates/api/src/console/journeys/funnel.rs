//! The way that most take: how many came to each of its steps, and how many did not go on along it.

use std::{collections::BTreeSet, sync::Arc};

use journey::{
    counts::branches,
    graph::Graph,
    machine::{Machine, Node, NodeId},
};
use store::read::Counted;

use crate::console::words::{self, percent};

/// One step of the way.
pub(super) struct Stage {
    pub(super) id: Arc<str>,
    pub(super) title: String,
    pub(super) came: String,
    /// Of all who came to the first step.
    pub(super) share: String,
    /// The same in percent, as a width.
    pub(super) width: u64,
    /// How many of them did not come to the next step of this way: they went another way, left, or are still there.
    pub(super) lost: String,
}

/// The steps in their order; nothing where nobody has come.
pub(super) fn of(machine: &Machine, graph: &Graph, counted: &Counted) -> Vec<Stage> {
    let way = along(machine, counted);
    let came = |node: &Node| counted.steps.get(&node.id).map_or(0, |step| step.came);
    let all = way.first().map_or(0, |(node, _)| came(node));
    if all == 0 {
        return Vec::new();
    }
    let stage = |(node, on): &(&Node, u64)| {
        let title = graph.boxes.iter().find(|b| b.id == node.id);
        let came = came(node);
        let lost = came.saturating_sub(*on);
        Stage {
            id: node.id.clone(),
            title: title.map_or_else(String::new, |b| b.title.clone()),
            came: words::number(came),
            share: percent(came, all),
            width: (came * 100 / all).min(100),
            lost: match lost {
                0 => String::new(),
                lost => format!("{} · {}", words::number(lost), percent(lost, came)),
            },
        }
    };
    way.iter().map(stage).collect()
}

/// From the first step on, always the way that most took, each with how many took it; never twice through a step.
fn along<'m>(machine: &'m Machine, counted: &Counted) -> Vec<(&'m Node, u64)> {
    let (mut way, mut seen) = (Vec::new(), BTreeSet::new());
    let mut at = NodeId(0);
    while let Some(node) = machine.node(at).filter(|_| seen.insert(at)) {
        let took = counted.steps.get(&node.id).map(|step| &step.took);
        let n = |way: &Arc<str>| took.and_then(|t| t.get(way)).copied().unwrap_or_default();
        let mut ways: Vec<(u64, NodeId)> = branches(node)
            .iter()
            .map(|(way, to)| (n(way), *to))
            .collect();
        if ways.is_empty() {
            ways.push((n(&Arc::from("")), node.next));
        }
        // Rounds that were walked already lead nowhere new.
        ways.retain(|(_, to)| !seen.contains(to));
        // Of several that as many took, the first as written.
        let Some((on, to)) = ways.into_iter().rev().max_by_key(|(n, _)| *n) else {
            way.push((node, 0));
            break;
        };
        way.push((node, on));
        if on == 0 {
            break;
        }
        at = to;
    }
    way
}
