//! Where a step leads: every way on, with the author's word for it.

use crate::machine::{Missed, Node, NodeId, Op};

/// The ways on from a node, in the order of the text.
pub(super) fn of(node: &Node) -> Vec<(String, NodeId)> {
    let word = |word: &str, to: NodeId| (word.to_owned(), to);
    match &node.op {
        Op::Wait(wait) => {
            let mut ways = vec![word("then", node.next)];
            if let Missed::Steps(first) = &wait.missed {
                ways.push(word("missed", *first));
            }
            ways
        }
        Op::WaitFor(wait) => vec![word("then", wait.then), word("else", wait.otherwise)],
        Op::Choose { arms, otherwise } => {
            let numbered = arms.iter().enumerate();
            let mut ways: Vec<_> = numbered
                .map(|(n, (_, to))| (format!("then {}", n + 1), *to))
                .collect();
            if let [(only, _)] = ways.as_mut_slice() {
                "then".clone_into(only);
            }
            ways.push(word("else", *otherwise));
            ways
        }
        Op::Split { arms, .. } => arms
            .iter()
            .map(|arm| (format!("arm {}", arm.name), arm.first))
            .collect(),
        Op::Send(_) | Op::Set(_) => vec![word("then", node.next)],
        Op::Exit { .. } => Vec::new(),
    }
}
