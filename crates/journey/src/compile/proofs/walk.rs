//! The ways through a journey, walked once: what a proof knows is carried from step to step,
//! parted where ways part and joined where they meet.

use super::super::env::branches;
use crate::parse::ast::{Action, Awaited, Choice, Expect, Formula, Missed, Repeat, Step, Use};

/// One way on from a step that has several.
#[derive(Clone, Copy)]
pub(super) enum Way<'s> {
    /// An arm of a split, by its number.
    Arm(usize),
    /// What a `wait_for` waits for has come.
    Came(&'s Awaited),
    /// `within` is over.
    TimedOut,
    /// The moment of a wait has come, or is missed and the journey goes on.
    Waited,
    /// The moment was missed, and steps are there for that.
    Missed,
    /// That option was chosen.
    Chosen(&'s Choice),
    /// A question without options was answered, a call too, or somebody handed back.
    Answered,
    /// No answer was understood.
    NotUnderstood,
    /// No answer came, or none that is one.
    Failed,
}

/// What is carried along the ways.
pub(super) trait Proof {
    type State: Clone;

    /// What holds behind a step, whichever way goes on from it.
    fn step(&mut self, step: &Step, state: Self::State) -> Self::State;

    /// What holds at the beginning of each arm of `if` or `choose`, and of its `else`; `None`:
    /// nobody goes there.
    fn choose(
        &mut self,
        arms: &[(Option<Formula>, Vec<Step>)],
        otherwise: &[Step],
        state: &Self::State,
    ) -> Vec<Option<Self::State>>;

    /// What holds at the beginning of a way; `None`: nobody goes there.
    fn way(&mut self, step: &Step, way: Way<'_>, state: &Self::State) -> Option<Self::State>;

    /// What holds where two ways meet.
    fn join(&mut self, a: Self::State, b: Self::State) -> Self::State;

    /// What holds at the beginning of each round; `first`: at that of the first.
    fn round(&mut self, step: &Step, repeat: &Repeat, first: Self::State) -> Self::State;

    /// What holds behind the rounds. `start` and `end`: at the beginning and the end of one.
    fn rounds_over(
        &mut self,
        step: &Step,
        repeat: &Repeat,
        start: Self::State,
        end: Self::State,
    ) -> Option<Self::State>;

    /// What holds at the beginning of a fragment.
    fn inside(&mut self, step: &Step, used: &Use, state: Self::State) -> Self::State;

    /// What holds behind it; nothing comes in where every way leaves the journey.
    fn outside(&mut self, used: &Use, end: Option<Self::State>) -> Option<Self::State>;
}

/// Walks steps; `None`: every way leaves the journey.
pub(super) fn walk<P: Proof>(
    proof: &mut P,
    steps: &[Step],
    mut state: P::State,
) -> Option<P::State> {
    for step in steps {
        state = pass(proof, step, state)?;
    }
    Some(state)
}

fn pass<P: Proof>(proof: &mut P, step: &Step, state: P::State) -> Option<P::State> {
    match &step.action {
        Action::Exit(_) => {
            proof.step(step, state);
            None
        }
        Action::Choose(arms, otherwise) => {
            let state = proof.step(step, state);
            let starts = proof.choose(arms, otherwise, &state);
            let mut ends = Vec::new();
            for (list, start) in branches(step).into_iter().zip(starts) {
                ends.push(start.and_then(|start| walk(proof, list, start)));
            }
            meet(proof, ends)
        }
        Action::Repeat(repeat) => {
            let state = proof.step(step, state);
            let start = proof.round(step, repeat, state);
            let end = walk(proof, &repeat.steps, start.clone())?;
            proof.rounds_over(step, repeat, start, end)
        }
        Action::Use(used) => {
            let inside = proof.inside(step, used, state);
            let end = walk(proof, &used.steps, inside);
            proof.outside(used, end)
        }
        action => {
            let state = proof.step(step, state);
            let ways = ways(action);
            if ways.is_empty() {
                return Some(state);
            }
            let mut ends = Vec::new();
            for (way, list) in ways {
                let start = proof.way(step, way, &state);
                ends.push(start.and_then(|start| walk(proof, list, start)));
            }
            meet(proof, ends)
        }
    }
}

fn meet<P: Proof>(proof: &mut P, ends: Vec<Option<P::State>>) -> Option<P::State> {
    let mut ends = ends.into_iter().flatten();
    let first = ends.next()?;
    Some(ends.fold(first, |a, b| proof.join(a, b)))
}

/// The ways on from a step, with the steps of each.
fn ways(action: &Action) -> Vec<(Way<'_>, &[Step])> {
    match action {
        Action::Split(split) => {
            let arms = split.arms.iter().enumerate();
            arms.map(|(i, arm)| (Way::Arm(i), arm.steps.as_slice()))
                .collect()
        }
        Action::WaitFor(wait) => {
            let came = wait.arms.iter().map(|a| (Way::Came(a), a.then.as_slice()));
            let otherwise = wait.otherwise.as_ref().map_or(&[][..], |o| &o.1);
            let timed_out = wait.bounded.then_some((Way::TimedOut, otherwise));
            came.chain(timed_out).collect()
        }
        Action::Wait(wait) => match &wait.missed {
            Missed::Steps(steps) => vec![(Way::Waited, &[][..]), (Way::Missed, steps.as_slice())],
            _ => Vec::new(),
        },
        Action::Ask(ask) => {
            let silence = ask.otherwise.as_ref().map_or(&[][..], |o| &o.1);
            let mut ways = vec![
                (Way::NotUnderstood, ask.not_understood.as_slice()),
                (Way::Failed, silence),
            ];
            match &ask.expect {
                Some(Expect::Options(choices)) => {
                    let chosen = |c| -> (Way<'_>, &[Step]) { (Way::Chosen(c), &c.then) };
                    ways.extend(choices.iter().map(chosen));
                }
                _ => ways.push((Way::Answered, &[])),
            }
            ways
        }
        Action::Call(call) | Action::HandOver(call) => {
            vec![
                (Way::Answered, &[]),
                (Way::Failed, call.otherwise.as_slice()),
            ]
        }
        _ => Vec::new(),
    }
}
