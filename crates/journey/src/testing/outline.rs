//! A machine as tests speak of it: its steps, the branches of each, and the reasons of its exits.

use std::{collections::BTreeSet, sync::Arc};

use crate::machine::{Ask, By, Expect, Inside, Machine, Missed, Node, NodeId, Op, Send, WaitFor};

/// The node of a step's id, declared or generated.
pub(crate) fn find<'m>(machine: &'m Machine, id: &str) -> Option<&'m Node> {
    machine.nodes.iter().find(|n| &*n.id == id)
}

/// The message that a step sends, if it sends one.
pub(crate) fn message(node: &Node) -> Option<&Send> {
    node.op.send()
}

/// The endpoint that a step calls, if it calls one.
pub(crate) fn endpoint(node: &Node) -> Option<&Arc<str>> {
    match &node.op {
        Op::Call(call) => Some(&call.endpoint),
        Op::HandOver(call) => Some(&call.endpoint),
        _ => None,
    }
}

/// What is waited for: `then`, or of several the event, or the place in the list.
fn awaited(wait: &WaitFor) -> Vec<(Arc<str>, NodeId)> {
    let single = wait.arms.len() == 1;
    if single && wait.within.is_none() {
        return Vec::new();
    }
    let same = |event: &Arc<str>| {
        wait.arms
            .iter()
            .filter(|a| a.event.as_ref() == Some(event))
            .count()
    };
    let arms = wait.arms.iter().enumerate().map(|(i, arm)| {
        let label = match &arm.event {
            _ if single => Arc::from("then"),
            Some(event) if same(event) == 1 => event.clone(),
            _ => Arc::from(format!("any {}", i + 1)),
        };
        (label, arm.then)
    });
    let timeout = wait.within.map(|_| (Arc::from("else"), wait.otherwise));
    arms.chain(timeout).collect()
}

/// The answers of a question, what is not understood, and silence.
fn answers(node: &Node, ask: &Ask) -> Vec<(Arc<str>, NodeId)> {
    let mut found: Vec<(Arc<str>, NodeId)> = match &ask.expect {
        Expect::Options(choices) => choices.iter().map(|c| (c.name.clone(), c.then)).collect(),
        _ => vec![(Arc::from("answered"), node.next)],
    };
    if !matches!(ask.expect, Expect::Text) {
        found.push((Arc::from("not_understood"), ask.not_understood));
    }
    found.push((Arc::from("else"), ask.otherwise));
    found
}

/// Whether an author has given the step its id.
pub(crate) fn is_named(id: &str) -> bool {
    !id.contains('#')
}

/// The branches of a step, each with where it leads; none of a step that leads to one place only.
pub fn branches(node: &Node) -> Vec<(Arc<str>, NodeId)> {
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
        Op::WaitFor(wait) => awaited(wait),
        Op::Ask(ask) => answers(node, ask),
        Op::Call(call) => vec![name("answered", node.next), name("else", call.otherwise)],
        Op::HandOver(call) => vec![name("handed_back", node.next), name("else", call.otherwise)],
        Op::Repeat(repeat) => vec![name("again", repeat.first), name("done", node.next)],
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
    found.insert(Arc::from("stopped"));
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

/// Whether another journey or the API can start it.
pub(crate) fn can_be_started(machine: &Machine) -> bool {
    machine.entries.iter().any(|e| matches!(e.by, By::Api))
}

/// Whether a goal can be counted at all.
pub(crate) fn has_goal(machine: &Machine) -> bool {
    machine.goal.is_some() || reasons(machine).contains("goal")
}
