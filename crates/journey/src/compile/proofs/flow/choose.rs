//! Conditions that are decided before they are asked, and arms that nobody reaches.

use super::{
    super::head::{cure, shadowed},
    Flow, State,
};
use crate::{
    diagnostics::flow,
    expr::facts::Facts,
    parse::ast::{Arm, Awaited, Formula, Step, WaitFor},
    source::Span,
};

/// How a condition comes out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Open,
    Always,
    Never,
    /// Nobody is here at all.
    Nowhere,
}

/// How many places that explain a condition are shown.
const MAX_SHOWN: usize = 2;

impl Flow<'_> {
    /// What holds at the beginning of each arm and of `else`; `None`: nobody goes there.
    pub(super) fn chosen(
        &mut self,
        arms: &[(Option<Formula>, Vec<Step>)],
        otherwise: &[Step],
        state: &State,
    ) -> Vec<Option<State>> {
        // Where none of the arms before was taken; nothing: nobody gets so far.
        let mut rest = Some(state.clone());
        let mut starts = Vec::new();
        // The condition after which nobody is left, until that is reported or does no harm.
        let mut last: Option<Span> = None;
        for (condition, _) in arms {
            let Some(formula) = condition else {
                starts.push(rest.clone());
                continue;
            };
            if let Some(span) = last.take() {
                self.nobody_left(&formula.node.span, &span);
            }
            let Some(here) = &rest else {
                starts.push(None);
                continue;
            };
            if self.reads_early(formula, here) {
                starts.push(Some(here.clone()));
                continue;
            }
            let lesson = self.lesson(formula);
            let (yes, no) = self.both_ways(formula, lesson, here);
            match outcome(yes.as_ref(), no.as_ref()) {
                Outcome::Never if self.outcome(formula, state) == Outcome::Never => {
                    self.decided(formula, false, state);
                }
                Outcome::Never => self.covered(formula, lesson, here),
                Outcome::Always if self.outcome(formula, state) == Outcome::Always => {
                    self.decided(formula, true, state);
                }
                Outcome::Always => last = Some(formula.node.span.clone()),
                Outcome::Open | Outcome::Nowhere => {}
            }
            let here = here.clone();
            let with = |facts| State {
                facts,
                ..here.clone()
            };
            starts.push(yes.map(with));
            rest = no.map(with);
        }
        if let (Some(span), Some(first)) = (last, otherwise.first()) {
            self.nobody_left(&first.verb_span, &span);
        }
        starts.push(rest);
        starts
    }

    /// What is known where the condition holds, and where it does not.
    fn both_ways(
        &self,
        formula: &Formula,
        lesson: u32,
        state: &State,
    ) -> (Option<Facts>, Option<Facts>) {
        let at = self.at(state);
        let of = |holds| state.facts.assume(&formula.expr, holds, lesson, &at);
        (of(true), of(false))
    }

    fn outcome(&self, formula: &Formula, state: &State) -> Outcome {
        let (yes, no) = self.both_ways(formula, u32::MAX, state);
        outcome(yes.as_ref(), no.as_ref())
    }

    /// A condition that comes out the same for everybody who gets there.
    fn decided(&mut self, formula: &Formula, holds: bool, state: &State) {
        if self.is_elsewhere() {
            return;
        }
        let taught = state.facts.taught(&formula.expr, &self.at(state));
        let shown = self.places(&taught, formula);
        let (code, message, label) = match holds {
            true => (
                flow::ALWAYS,
                "this condition always holds",
                "true for everybody who gets here",
            ),
            false => (
                flow::NEVER,
                "this condition never holds",
                "true for nobody who gets here",
            ),
        };
        let diagnostic = self
            .sink
            .error(code, formula.node.span.clone(), message)
            .labelled(label)
            .warns();
        for place in &shown {
            diagnostic.shown(place.clone(), "this has decided it");
        }
        diagnostic.noted(match (shown.is_empty(), holds) {
            (true, _) => cure(formula, holds),
            (false, true) => "nothing has changed since: the condition can go",
            (false, false) => {
                "nothing has changed since: take this out, or move it to where it can hold"
            }
        });
    }

    /// An arm that those before it leave nobody for.
    fn covered(&mut self, formula: &Formula, lesson: u32, state: &State) {
        if self.is_elsewhere() {
            return;
        }
        let mut taught = state.facts.taught(&formula.expr, &self.at(state));
        taught.retain(|n| *n < lesson);
        let shown = self.places(&taught, formula);
        let diagnostic = self
            .sink
            .error(flow::COVERED, formula.node.span.clone(), "nobody takes this arm")
            .labelled("whoever fits it has gone another way")
            .noted("the first condition that holds is taken: put the narrower one first, or take this arm out")
            .warns();
        for place in shown {
            diagnostic.shown(place, "this leaves nobody for it");
        }
    }

    /// What stands behind an arm that takes everybody who is left.
    fn nobody_left(&mut self, place: &Span, last: &Span) {
        if self.is_elsewhere() {
            return;
        }
        self.sink
            .error(flow::COVERED, place.clone(), "nobody gets here")
            .labelled("the conditions before it leave nobody")
            .shown(last.clone(), "whoever is left is taken here")
            .noted("one of them must hold: what stands here can go, or one of the conditions takes too many")
            .warns();
    }

    /// The places of conditions in this file, the last ones first.
    fn places(&self, taught: &[u32], but: &Formula) -> Vec<Span> {
        let mut found: Vec<Span> = Vec::new();
        for number in taught.iter().rev() {
            let place = self.lessons.get(*number as usize).cloned().flatten();
            let Some(place) = place.filter(|p| *p != but.node.span && !found.contains(p)) else {
                continue;
            };
            found.push(place);
            if found.len() == MAX_SHOWN {
                break;
            }
        }
        found
    }

    /// Conditions that a `wait_for` waits for.
    pub(super) fn awaited(&mut self, wait: &WaitFor, state: &State) {
        for arm in &wait.arms {
            let Some(formula) = &arm.condition else {
                continue;
            };
            let here = State {
                event: arm.event.as_ref().map(|e| e.text.clone()),
                ..state.clone()
            };
            self.decide(formula, &here);
        }
        if !self.is_elsewhere() {
            self.shadowed_arms(&wait.arms, state);
        }
    }

    /// Arms that wake nobody whom an arm before them does not wake: the first as written wins.
    fn shadowed_arms(&mut self, arms: &[Awaited], state: &State) {
        for (i, arm) in arms.iter().enumerate() {
            let before = arms[..i].iter().find(|other| {
                let hears = other.event.is_none()
                    || other.event.as_ref().map(|e| &e.text) == arm.event.as_ref().map(|e| &e.text);
                hears && self.takes_all(other, arm, state)
            });
            if let Some((place, first)) = awaited_at(arm).zip(before.and_then(awaited_at)) {
                shadowed(&place, &first, "arm", "wakes", self.sink);
            }
        }
    }

    /// Whether the condition of one arm holds wherever that of another does. Not where one of them
    /// is decided by itself, which is said there.
    fn takes_all(&self, wide: &Awaited, narrow: &Awaited, state: &State) -> bool {
        let state = State {
            event: narrow.event.as_ref().map(|e| e.text.clone()),
            ..state.clone()
        };
        let at = self.at(&state);
        let of = |facts: &Facts, formula: &Formula, holds| {
            facts.assume(&formula.expr, holds, u32::MAX, &at)
        };
        let Some(narrow) = &narrow.condition else {
            return wide.condition.is_none();
        };
        let Some(known) = of(&state.facts, narrow, true) else {
            return false;
        };
        wide.condition.as_ref().is_none_or(|wide| {
            of(&known, wide, false).is_none() && of(&state.facts, wide, false).is_some()
        })
    }

    /// The end of rounds.
    pub(super) fn until(&mut self, formula: &Formula, state: &State) {
        if !self.reads_early(formula, state) {
            self.decide(formula, state);
        }
    }

    fn decide(&mut self, formula: &Formula, state: &State) {
        if self.reads_early(formula, state) {
            return;
        }
        match self.outcome(formula, state) {
            Outcome::Always => self.decided(formula, true, state),
            Outcome::Never => self.decided(formula, false, state),
            Outcome::Open | Outcome::Nowhere => {}
        }
    }

    /// An arm of a split that is never dealt.
    pub(super) fn weightless(&mut self, arm: &Arm) {
        if self.is_elsewhere() || arm.steps.is_empty() {
            return;
        }
        self.sink
            .error(
                flow::WEIGHTLESS,
                arm.name.span.clone(),
                format!("nobody is dealt to `{}`", arm.name.text),
            )
            .labelled("its weight is zero")
            .noted("take the arm out, or give it a weight above zero")
            .warns();
    }
}

fn awaited_at(arm: &Awaited) -> Option<Span> {
    let event = arm.event.as_ref().map(|e| e.span.clone());
    event.or_else(|| arm.condition.as_ref().map(|c| c.node.span.clone()))
}

fn outcome(yes: Option<&Facts>, no: Option<&Facts>) -> Outcome {
    match (yes, no) {
        (Some(_), Some(_)) => Outcome::Open,
        (Some(_), None) => Outcome::Always,
        (None, Some(_)) => Outcome::Never,
        (None, None) => Outcome::Nowhere,
    }
}
