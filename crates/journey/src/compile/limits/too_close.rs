//! Sends that follow each other closer than a cap allows, on every way through the journey.
//!
//! For every step the longest time is known that can have passed since the last, the last but one, …
//! message that the cap counts: the longest over all ways that lead there. Where that time is
//! shorter than the window for as many messages as the cap lets through, the next one can never go
//! when those before it have gone. Whatever has no longest time proves nothing.

use jiff::SignedDuration;

use crate::{
    compile::World,
    diagnostics::{Sink, policy},
    machine::{Capped, Hours, Machine, Node, NodeId, Op, Quiet, Send, Wait},
    policies::{Cap, ConsentRule, Policies, Window},
    source::Span,
};

/// How many messages a cap may let through for this proof: more are a matter of volume.
pub(super) const MAX_COUNTED: u32 = 50;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The longest time since a message, and which it was; no time: there is no longest.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Since {
    time: Option<SignedDuration>,
    node: Option<NodeId>,
}

const EVER: Since = Since {
    time: None,
    node: None,
};

impl Since {
    fn plus(self, time: Option<SignedDuration>) -> Self {
        let sum = self.time.zip(time).and_then(|(a, b)| a.checked_add(b));
        match sum {
            Some(_) => Self { time: sum, ..self },
            None => EVER,
        }
    }

    fn or_longer(self, other: Self) -> Self {
        match (self.time, other.time) {
            (Some(a), Some(b)) if a >= b => self,
            (Some(_), Some(_)) => other,
            _ => EVER,
        }
    }
}

/// Warns of sends that cannot go when those before them have gone. `places`: where each step
/// stands in the journey's file, if it does.
pub(in crate::compile) fn check(
    machine: &Machine,
    places: &[Option<Span>],
    world: World<'_>,
    sink: &mut Sink,
) {
    let mut reported = vec![false; machine.nodes.len()];
    for cap in &world.policies.caps {
        let Window::Rolling { per } = &cap.window else {
            continue;
        };
        if cap.max == 0 || cap.max > MAX_COUNTED || !concerns(cap, machine) {
            continue;
        }
        for (late, first, held) in too_close(machine, cap, *per, world.policies) {
            let place = places.get(late).cloned().flatten();
            let (Some(place), false) = (place, reported[late]) else {
                continue;
            };
            reported[late] = true;
            let first = places.get(first.0 as usize).cloned().flatten();
            report(cap, *per, held, (place, first), sink);
        }
    }
}

/// Whether the cap counts messages of that journey at all.
pub(super) fn concerns(cap: &Cap, machine: &Machine) -> bool {
    cap.journey.as_ref().is_none_or(|j| *j == machine.journey)
        && cap.tag.as_ref().is_none_or(|t| machine.tags.contains(t))
}

/// The steps that cannot send, each with the first of the messages that are too close, and whether
/// it is held until it can.
fn too_close(
    machine: &Machine,
    cap: &Cap,
    per: SignedDuration,
    policies: &Policies,
) -> Vec<(usize, NodeId, bool)> {
    let count = cap.max as usize;
    let mut at: Vec<Option<Vec<Since>>> = vec![None; machine.nodes.len()];
    if let Some(first) = at.first_mut() {
        *first = Some(vec![EVER; count]);
    }
    let mut found = Vec::new();
    for (number, node) in machine.nodes.iter().enumerate() {
        let Some(here) = at[number].take() else {
            continue;
        };
        let counted = node.op.send().filter(|send| counts(cap, send, policies));
        if let Some(send) = counted
            && let (Some(time), Some(first)) = (here[count - 1].time, here[count - 1].node)
            && time < per
            && word(cap, send, policies) != Capped::Send
        {
            let held = word(cap, send, policies) == Capped::Hold;
            found.push((number, first, held));
        }
        let times = longest(node, policies);
        let after = leave(times, NodeId(number as u32), here, counted.is_some());
        for to in node.leads_to() {
            let Some(place) = at.get_mut(to.0 as usize) else {
                continue;
            };
            // Rounds lead back: what they bring is not looked at twice.
            if to.0 as usize <= number {
                continue;
            }
            *place = Some(match place.take() {
                None => after.clone(),
                Some(there) => there
                    .into_iter()
                    .zip(&after)
                    .map(|(a, b)| a.or_longer(*b))
                    .collect(),
            });
        }
    }
    found
}

/// The times behind a step.
fn leave(
    (before, behind): Times,
    number: NodeId,
    mut since: Vec<Since>,
    counted: bool,
) -> Vec<Since> {
    for s in &mut since {
        *s = s.plus(before);
    }
    if counted {
        since.rotate_right(1);
        since[0] = Since {
            time: Some(SignedDuration::ZERO),
            node: Some(number),
        };
    }
    for s in &mut since {
        *s = s.plus(behind);
    }
    since
}

/// The longest time that a step takes before it decides its message, and behind that.
type Times = (Option<SignedDuration>, Option<SignedDuration>);

fn longest(node: &Node, policies: &Policies) -> Times {
    let none = Some(SignedDuration::ZERO);
    match &node.op {
        Op::Send(send) => (held(send, policies), none),
        // It waits for its turn while another question is open.
        Op::Ask(_) => (None, none),
        Op::Wait(wait) => (longest_wait(wait), none),
        Op::WaitFor(wait) => (wait.within, none),
        Op::Call(call) => (call.within, none),
        Op::HandOver(call) => (call.within, none),
        // Each round takes its time, and nobody knows how many there are.
        Op::Repeat(_) => (None, none),
        _ => (none, none),
    }
}

/// How long a send may be held: not at all, until it expires, or nobody knows.
pub(super) fn held(send: &Send, policies: &Policies) -> Option<SignedDuration> {
    let by_cap = policies
        .caps
        .iter()
        .any(|cap| word(cap, send, policies) == Capped::Hold);
    let by_fatigue = policies.fatigue.as_ref().is_some_and(|fatigue| {
        let word = send.capped.or(fatigue.capped);
        word.unwrap_or(policies.defaults.capped) == Capped::Hold
    });
    let by_quiet = policies.quiet_hours.iter().any(|rule| {
        let channels = &rule.channels;
        let touches = channels.is_empty() || send.channels.iter().any(|c| channels.contains(c));
        let word = send.quiet.or(rule.quiet).unwrap_or(policies.defaults.quiet);
        touches && !rule.except.contains(&send.purpose) && word == Quiet::Hold
    });
    match by_cap || by_fatigue || by_quiet {
        false => Some(SignedDuration::ZERO),
        true => send.expires,
    }
}

pub(super) fn longest_wait(wait: &Wait) -> Option<SignedDuration> {
    if wait.moment.is_some() {
        return None;
    }
    let until = match (&wait.at, wait.days.is_empty()) {
        (None, true) => SignedDuration::ZERO,
        // The next such time, or opening: a day, an hour where the clocks change, and as much again
        // for those who travel meanwhile.
        (Some(Hours::At(_) | Hours::Between { .. }), true) => DAY * 2 + HOUR,
        (_, false) => DAY * 8 + HOUR,
    };
    wait.span.checked_add(until)
}

/// Whether the cap counts that message, whatever its channel becomes.
pub(super) fn counts(cap: &Cap, send: &Send, policies: &Policies) -> bool {
    let purpose = match &cap.purpose {
        Some(purpose) => *purpose == send.purpose,
        None => {
            let known = policies.purposes.get(&send.purpose);
            let needs = |p: &crate::policies::Purpose| {
                let mut channels = send.channels.iter();
                channels.all(|c| p.consent_on(*c) != ConsentRule::None)
            };
            known.is_some_and(needs)
        }
    };
    purpose && !send.channels.is_empty() && cap.channel.is_none_or(|c| send.channels == [c])
}

/// What the cap does to the send once it is used up.
pub(super) fn word(cap: &Cap, send: &Send, policies: &Policies) -> Capped {
    send.capped
        .or(cap.capped)
        .unwrap_or(policies.defaults.capped)
}

fn report(
    cap: &Cap,
    per: SignedDuration,
    held: bool,
    (late, first): (Span, Option<Span>),
    sink: &mut Sink,
) {
    let before = match cap.max {
        1 => "the message before it".to_owned(),
        n => format!("the {n} messages before it"),
    };
    let diagnostic = sink
        .error(
            policy::TOO_CLOSE,
            late,
            match held {
                true => format!("this message is always held when {before} went out"),
                false => format!("this message cannot go out when {before} did"),
            },
        )
        .labelled(format!("always within {} of them", written(per)));
    if let Some(first) = first {
        diagnostic.shown(first, "the first of them");
    }
    diagnostic
        .noted(format!(
            "the cap {} of config/policies.yaml lets {} through in {}",
            cap.name,
            cap.max,
            written(per)
        ))
        .noted("wait longer before it, or take one of them out")
        .warns();
}

/// A duration as authors write it.
pub(super) fn written(per: SignedDuration) -> String {
    let seconds = per.as_secs();
    [("d", 86_400), ("h", 3_600), ("m", 60)]
        .into_iter()
        .find(|(_, unit)| seconds % unit == 0)
        .map_or_else(
            || format!("{seconds}s"),
            |(name, unit)| format!("{}{name}", seconds / unit),
        )
}
