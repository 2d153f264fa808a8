//! A machine as tests speak of it: its steps, the branches of each, and the reasons of its exits.

use std::{collections::BTreeSet, sync::Arc};

use crate::machine::{Inside, Machine, Missed, Node, NodeId, Op, Send};

/// The node of a step's id, declared or generated.
pub(crate) fn find<'m>(machine: &'m Machine, id: &str) -> Option<&'m Node> {
    machine.nodes.iter().find(|n| &*n.id == id)
}

/// The message that a step sends, if it sends one.
pub(crate) fn message(node: &Node) -> Option<&Send> {
    match &node.op {
        Op::Send(send) => Some(send),
        _ => None,
    }
}

/// Whether an author has given the step its id.
pub(crate) fn is_named(id: &str) -> bool {
    !id.contains('#')
}

/// The branches of a step, each with where it leads; none of a step that leads to one place only.
pub(crate) fn branches(node: &Node) -> Vec<(Arc<str>, NodeId)> {
    let name = |name: &str, to: NodeId| (Arc::from(name), to);
    match &node.op {
        Op::Choose { arms, otherwise } => {
            let single = arms.len() == 1;
            let arms = arms.iter().enumerate().map(|(i, (_, to))| {
                let label = if single {
                    "then".to_owned()
                } else {
                    format!("when {}", i + 1)
                };
                name(&label, *to)
            });
            arms.chain([name("else", *otherwise)]).collect()
        }
        Op::Split { arms, .. } => arms
            .iter()
            .filter(|arm| arm.weight > 0)
            .map(|arm| (arm.name.clone(), arm.first))
            .collect(),
        Op::WaitFor(wait) if wait.within.is_some() => {
            vec![name("then", wait.then), name("else", wait.otherwise)]
        }
        Op::Wait(wait) => match wait.missed {
            Missed::Steps(to) => vec![name("in time", node.next), name("missed", to)],
            Missed::Exit => vec![name("in time", node.next), name("missed", NodeId::END)],
            Missed::GoOn => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Every reason with which a customer can leave, each once, in order.
pub(crate) fn reasons(machine: &Machine) -> BTreeSet<Arc<str>> {
    let mut found: BTreeSet<Arc<str>> = machine.exits.iter().map(|e| e.reason.clone()).collect();
    found.insert(Arc::from("completed"));
    found.extend(machine.stay.as_ref().map(|s| s.reason.clone()));
    if machine.inside == Inside::Restart {
        found.insert(Arc::from("restarted"));
    }
    for node in &machine.nodes {
        match &node.op {
            Op::Exit { reason } => drop(found.insert(reason.clone())),
            Op::Wait(wait) if wait.missed == Missed::Exit => {
                found.insert(Arc::from("missed"));
            }
            _ => {}
        }
    }
    found
}

/// Whether a goal can be counted at all.
pub(crate) fn has_goal(machine: &Machine) -> bool {
    machine.goal.is_some() || reasons(machine).contains("goal")
}
