//! How long runs stay, and what the held-out are compared by.

use super::env::all_steps;
use crate::{
    diagnostics::{Sink, flow},
    parse::ast::{Action, Arm, Journey},
};

/// Warns of runs that may stay for ever, and of arms that are held out for nothing.
pub(super) fn check(journey: &Journey, sink: &mut Sink) {
    // An exit or a goal with a mistake is not here, and no reason to warn.
    if sink.failed() {
        return;
    }
    let leaves = journey.stay.is_some() || !journey.exits.is_empty();
    let counts = journey.goal.is_some()
        || journey
            .exits
            .iter()
            .any(|e| e.reason.as_ref().is_some_and(|r| &*r.text == "goal"));
    for step in all_steps(&journey.steps) {
        match &step.action {
            action if waits_for_ever(action) && !leaves => {
                sink.error(
                    flow::FOR_EVER,
                    step.verb_span.clone(),
                    "customers may stay here for ever",
                )
                .labelled("without `within`, and the journey has no `exit`")
                .noted("say how long with `within: 7d`, or bound the whole stay: `exit: { after: 30d }`")
                .warns();
            }
            Action::Split(split) if !counts => {
                for arm in split.arms.iter().filter(|a| holds_out(a)) {
                    sink.error(
                        flow::NO_GOAL,
                        arm.name.span.clone(),
                        format!("`{}` is held out, but nothing is compared", arm.name.text),
                    )
                    .labelled("this arm only leaves")
                    .noted("a `goal` counts for those who left as well: `goal: { event: order.placed, within: 14d }`")
                    .warns();
                }
            }
            _ => {}
        }
    }
}

/// Whether only others can end it. A call ends by itself: its retries are bounded.
fn waits_for_ever(action: &Action) -> bool {
    match action {
        Action::WaitFor(wait) => !wait.bounded,
        Action::Ask(ask) => !ask.bounded,
        Action::HandOver(call) => !call.bounded,
        _ => false,
    }
}

/// Whether an arm does nothing but leave.
fn holds_out(arm: &Arm) -> bool {
    let leaves = arm
        .steps
        .iter()
        .all(|s| matches!(s.action, Action::Exit(_)));
    leaves && !arm.steps.is_empty() && arm.weight != Some(0)
}
