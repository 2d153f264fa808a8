//! Where a step leads: every way on, with the author's word for it.

use crate::machine::{Expect, Missed, Node, NodeId, Op};

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
        Op::WaitFor(wait) => {
            let arms = wait.arms.iter().map(|arm| arm.then);
            let mut ways = numbered(arms);
            ways.push(word("else", wait.otherwise));
            ways
        }
        Op::Choose { arms, otherwise } => {
            let mut ways = numbered(arms.iter().map(|(_, to)| *to));
            ways.push(word("else", *otherwise));
            ways
        }
        Op::Split { arms, .. } => arms
            .iter()
            .map(|arm| (format!("arm {}", arm.name), arm.first))
            .collect(),
        Op::Ask(ask) => {
            let mut ways = match &ask.expect {
                Expect::Options(choices) => choices
                    .iter()
                    .map(|choice| (format!("option {}", choice.name), choice.then))
                    .collect(),
                _ => vec![word("then", node.next)],
            };
            ways.push(word("not_understood", ask.not_understood));
            ways.push(word("else", ask.otherwise));
            ways
        }
        Op::Call(call) => vec![word("then", node.next), word("else", call.otherwise)],
        Op::HandOver(call) => vec![word("then", node.next), word("else", call.otherwise)],
        Op::Repeat(repeat) => vec![word("steps", repeat.first), word("then", node.next)],
        Op::Send(_)
        | Op::Set(_)
        | Op::Emit { .. }
        | Op::Start { .. }
        | Op::Stop { .. }
        | Op::Use { .. } => vec![word("then", node.next)],
        Op::Exit { .. } => Vec::new(),
    }
}

/// `then` where there is one, else `then 1`, `then 2`, …
fn numbered(to: impl ExactSizeIterator<Item = NodeId>) -> Vec<(String, NodeId)> {
    let one = to.len() == 1;
    let label = |n: usize| match one {
        true => "then".to_owned(),
        false => format!("then {}", n + 1),
    };
    to.enumerate().map(|(n, to)| (label(n), to)).collect()
}
