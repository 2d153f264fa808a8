//! Rounds that send more often than a cap allows.
//!
//! Where every round sends, and takes no longer than from one round to the next, the same message of
//! as many rounds as the cap lets through lies within a known time. Rounds that part, wait for
//! something open, or may hold a message prove nothing.

use jiff::SignedDuration;

use super::too_close::{MAX_COUNTED, concerns, counts, held, longest_wait, word, written};
use crate::{
    compile::World,
    diagnostics::{Sink, policy},
    machine::{Capped, Machine, Node, Op, Repeat, Send},
    policies::{Cap, Policies, Window},
    source::Span,
};

/// Warns of messages that cannot go in later rounds. `places`: where each step stands in the
/// journey's file, if it does.
pub(in crate::compile) fn check(
    machine: &Machine,
    places: &[Option<Span>],
    world: World<'_>,
    sink: &mut Sink,
) {
    for (number, node) in machine.nodes.iter().enumerate() {
        let Op::Repeat(repeat) = &node.op else {
            continue;
        };
        let sends = round(machine, repeat, number, world.policies).unwrap_or_default();
        for sent in sends {
            let mut caps = world.policies.caps.iter();
            let cap = caps.find(|cap| beyond(cap, repeat, &sent, machine, world.policies));
            let place = places.get(sent.node).cloned().flatten();
            if let Some((cap, place)) = cap
                .zip(place)
                .filter(|(_, at)| !sink.has(policy::TOO_CLOSE, at))
            {
                let held = word(cap, sent.send, world.policies) == Capped::Hold;
                let rounds = places.get(number).cloned().flatten();
                report(cap, held, (place, rounds), sink);
            }
        }
    }
}

fn report(cap: &Cap, held: bool, (place, rounds): (Span, Option<Span>), sink: &mut Sink) {
    let Window::Rolling { per } = cap.window else {
        return;
    };
    let (round, per) = (cap.max + 1, written(per));
    let before = match cap.max {
        1 => "it did in the one before".to_owned(),
        n => format!("it did in the {n} before"),
    };
    let diagnostic = sink
        .error(
            policy::TOO_CLOSE,
            place,
            match held {
                true => format!("in round {round} this message is always held when {before}"),
                false => format!("in round {round} this message cannot go out when {before}"),
            },
        )
        .labelled(format!("always within {per} of them"));
    if let Some(rounds) = rounds {
        diagnostic.shown(rounds, "the rounds");
    }
    diagnostic
        .noted(format!(
            "the cap {} of config/policies.yaml lets {} through in {per}",
            cap.name, cap.max
        ))
        .noted("wait longer between the rounds, or make them fewer")
        .warns();
}

/// A message of a round, and how long after its beginning it goes.
struct Sent<'m> {
    node: usize,
    send: &'m Send,
    least: SignedDuration,
    most: SignedDuration,
}

/// The messages of every round; `None` where it takes longer than from one round to the next, or
/// nobody knows.
fn round<'m>(
    machine: &'m Machine,
    repeat: &Repeat,
    number: usize,
    policies: &Policies,
) -> Option<Vec<Sent<'m>>> {
    let (mut least, mut most) = (SignedDuration::ZERO, SignedDuration::ZERO);
    let mut sends = Vec::new();
    let mut at = repeat.first;
    while at.0 as usize != number {
        let node = machine.node(at)?;
        let (shortest, longest) = length(node, policies)?;
        least = least.checked_add(shortest)?;
        most = most.checked_add(longest)?;
        if let Op::Send(send) = &node.op {
            let node = at.0 as usize;
            sends.push(Sent {
                node,
                send,
                least,
                most,
            });
        }
        at = node.next;
    }
    (most <= repeat.every).then_some(sends)
}

/// The shortest and the longest time of a step behind which there is one way on.
fn length(node: &Node, policies: &Policies) -> Option<(SignedDuration, SignedDuration)> {
    let none = SignedDuration::ZERO;
    let straight = node.leads_to().iter().all(|to| *to == node.next);
    match &node.op {
        _ if !straight => None,
        Op::Wait(wait) => Some((wait.span, longest_wait(wait)?)),
        Op::WaitFor(wait) => Some((none, wait.within?)),
        Op::Send(send) => Some((none, held(send, policies)?)),
        Op::Set(_) | Op::Emit { .. } | Op::Start { .. } | Op::Stop { .. } | Op::Use { .. } => {
            Some((none, none))
        }
        _ => None,
    }
}

/// Whether that message cannot go in the round behind those that the cap lets through.
fn beyond(
    cap: &Cap,
    repeat: &Repeat,
    sent: &Sent<'_>,
    machine: &Machine,
    policies: &Policies,
) -> bool {
    let Window::Rolling { per } = cap.window else {
        return false;
    };
    let applies = (1..=MAX_COUNTED).contains(&cap.max)
        && concerns(cap, machine)
        && counts(cap, sent.send, policies)
        && word(cap, sent.send, policies) != Capped::Send;
    let rounds = i32::try_from(cap.max).unwrap_or(i32::MAX);
    let gap = repeat
        .every
        .checked_mul(rounds)
        .and_then(|gap| gap.checked_add(sent.most - sent.least));
    applies && repeat.times > cap.max && gap.is_some_and(|gap| gap < per)
}
