//! What conditions have shown and which steps have run: arms that nobody reaches, conditions that
//! are decided before they are asked, steps that are read before they run, and sends whose consent
//! is known not to be there.

mod choose;
mod consent;
mod order;
mod state;

use std::{collections::BTreeSet, sync::Arc};

use self::state::{At, State};
use super::{
    drops_in,
    walk::{Proof, Way, walk},
};
use crate::{
    compile::{
        World,
        env::{all_steps, targets},
    },
    diagnostic::SourceFile,
    diagnostics::Sink,
    expr::{Root, facts::Facts},
    machine::{Capped, Inside, Quiet, Target},
    parse::ast::{Action, By, Formula, Given, Journey, Repeat, Send, Step, Use},
    source::Span,
    value::Value,
};

/// Proves the flow of a journey.
pub(super) fn check(journey: &Journey, file: &SourceFile, world: World<'_>, sink: &mut Sink) {
    let mut flow = Flow::new(journey, file, world, sink, &journey.steps);
    let state = flow.at_entry();
    walk(&mut flow, &journey.steps, state);
}

/// Proves the flow of a fragment by itself: what is so wherever it is used.
pub(super) fn fragment(journey: &Journey, used: &Use, world: World<'_>, sink: &mut Sink) {
    let mut inner = Sink::new(&used.file);
    let mut flow = Flow::new(journey, &used.file, world, &mut inner, &used.steps);
    walk(&mut flow, &used.steps, State::default());
    sink.absorb(inner);
}

struct Flow<'f> {
    journey: &'f Journey,
    file: &'f SourceFile,
    world: World<'f>,
    sink: &'f mut Sink,
    /// The conditions that taught something, by the number that facts know them by; none: in
    /// another file.
    lessons: Vec<Option<Span>>,
    /// Every step of this file that has an id.
    ids: Vec<(Arc<str>, Span)>,
    /// What stands before the ids of a fragment's steps, one for each fragment around.
    prefixes: Vec<String>,
    /// Splits: what they tell stays.
    splits: BTreeSet<Arc<str>>,
    /// Whether customers may come from another version to any step.
    drops_in: bool,
    /// The id of the step that is looked at.
    here: Option<Span>,
}

impl<'f> Flow<'f> {
    fn new(
        journey: &'f Journey,
        file: &'f SourceFile,
        world: World<'f>,
        sink: &'f mut Sink,
        steps: &[Step],
    ) -> Self {
        let all = all_steps(steps);
        let id = |s: &&Step| Some((s.id.as_ref()?.text.clone(), s.id.as_ref()?.span.clone()));
        let splits = all.iter().filter(|s| matches!(s.action, Action::Split(_)));
        Self {
            journey,
            file,
            world,
            sink,
            lessons: Vec::new(),
            ids: all.iter().filter_map(id).collect(),
            prefixes: Vec::new(),
            splits: splits
                .filter_map(|s| Some(s.id.as_ref()?.text.clone()))
                .collect(),
            drops_in: drops_in(journey),
            here: None,
        }
    }

    /// Whether steps of another file are walked, of which nothing is reported here.
    fn is_elsewhere(&self) -> bool {
        !self.prefixes.is_empty()
    }

    /// The number of a condition for facts.
    fn lesson(&mut self, formula: &Formula) -> u32 {
        let place = (!self.is_elsewhere()).then(|| formula.node.span.clone());
        self.lessons.push(place);
        u32::try_from(self.lessons.len() - 1).unwrap_or(u32::MAX)
    }

    /// A number for what is known otherwise than by a condition.
    fn other_lesson(&mut self, place: Option<&Span>) -> u32 {
        let place = place.filter(|_| !self.is_elsewhere());
        self.lessons.push(place.cloned());
        u32::try_from(self.lessons.len() - 1).unwrap_or(u32::MAX)
    }

    fn at<'s>(&'s self, state: &'s State) -> At<'s> {
        At {
            state,
            world: self.world,
        }
    }

    /// What holds at the first step: what the entries have in common, as far as it lasts. Other
    /// journeys may act between the entry and the first step, so that of traits nothing is known.
    fn at_entry(&mut self) -> State {
        let entries = &self.journey.entries;
        let event = |by: &Option<By>| match by {
            Some(By::Event(name, _)) => Some(name.text.clone()),
            _ => None,
        };
        let names: BTreeSet<Option<Arc<str>>> = entries.iter().map(|e| event(&e.by)).collect();
        let mut state = State {
            entering: !names.is_empty() && !names.contains(&None),
            event: (names.len() == 1)
                .then(|| names.into_iter().next().flatten())
                .flatten(),
            ..State::default()
        };
        if !state.entering {
            return state;
        }
        let mut known: Option<Facts> = None;
        for entry in entries {
            let facts = match &entry.condition {
                None => Some(Facts::default()),
                Some(formula) => {
                    let lesson = self.lesson(formula);
                    let none = Facts::default();
                    none.assume(&formula.expr, true, lesson, &self.at(&state))
                }
            };
            let Some(facts) = facts else { continue };
            known = Some(match known {
                None => facts,
                Some(known) => known.join(&facts),
            });
        }
        state.facts = known.unwrap_or_default();
        state
            .facts
            .forget(|root, _| !matches!(root, Root::Event | Root::Run));
        state
    }

    /// What holds once the run has waited, for however short a time.
    fn waited(&self, mut state: State) -> State {
        let refreshed = self.journey.inside == Inside::Refresh;
        let gone = |root: Root, name: Option<&str>| match root {
            Root::Run => refreshed && name.is_none_or(|n| n == "event"),
            Root::Steps => name.is_none_or(|n| !self.splits.contains(n)),
            Root::Event | Root::Customer | Root::Consent | Root::Now => true,
            Root::Param => false,
        };
        state.facts.forget(gone);
        if self.drops_in {
            state.facts = Facts::default();
        }
        (state.entering, state.event) = (false, None);
        state
    }

    /// The step has run: what it tells is new.
    fn ran(&mut self, step: &Step, mut state: State) -> State {
        let Some(id) = &step.id else { return state };
        state
            .facts
            .forget(|root, name| root == Root::Steps && name.is_none_or(|n| *n == *id.text));
        state.ran.insert(self.whole_id(&id.text));
        state
    }

    /// The id of a step of this file, or of the fragment that is walked.
    fn whole_id(&self, id: &str) -> Arc<str> {
        let prefix = self.prefixes.last().map_or("", String::as_str);
        Arc::from(format!("{prefix}{id}"))
    }

    /// What a step tells of itself on a way: `steps.ID.FIELD` is that.
    fn tells(&mut self, step: &Step, field: &str, value: &Value, state: &mut State) {
        if let Some(id) = &step.id {
            let lesson = self.other_lesson(Some(&id.span));
            let path = [id.text.clone(), Arc::from(field)];
            state.facts.set(Root::Steps, &path, value, lesson);
        }
    }

    fn put(&mut self, target: &Target, given: Option<&Given>, place: &Span, state: &mut State) {
        let (root, name) = match target {
            Target::Run(name) => (Root::Run, name),
            Target::Customer(name) => (Root::Customer, name),
        };
        match given {
            // Null takes a trait away, and then `customer.id` is the customer's own.
            Some(Given::Literal(value)) if **name != *"id" => {
                let lesson = self.other_lesson(Some(place));
                let path = [name.clone()];
                state.facts.set(root, &path, value, lesson);
            }
            _ => state
                .facts
                .forget(|r, n| r == root && n.is_none_or(|n| *n == **name)),
        }
    }
}

/// Whether a send may wait for a cap or for the end of quiet hours.
pub(super) fn may_be_held(send: &Send) -> bool {
    let capped = send.capped.as_ref().map(|c| c.0);
    let quiet = send.quiet.as_ref().map(|q| q.0);
    !(capped.is_some_and(|c| c != Capped::Hold) && quiet.is_some_and(|q| q != Quiet::Hold))
}

impl Proof for Flow<'_> {
    type State = State;

    fn step(&mut self, step: &Step, state: State) -> State {
        self.here = step.id.as_ref().map(|id| id.span.clone());
        self.read_early(step, &state);
        match &step.action {
            Action::Wait(_) => self.waited(state),
            Action::WaitFor(wait) => {
                let state = self.waited(state);
                self.awaited(wait, &state);
                self.ran(step, state)
            }
            Action::Send(send) => {
                self.denied(send, &state);
                // Who comes from another version may have been held there.
                let state = match may_be_held(send) || self.drops_in {
                    true => self.waited(state),
                    false => state,
                };
                self.ran(step, state)
            }
            Action::Ask(ask) => {
                self.denied(&ask.send, &state);
                let mut state = self.waited(state);
                if let Some(target) = &ask.save {
                    self.put(target, None, &step.verb_span, &mut state);
                }
                self.ran(step, state)
            }
            Action::Call(call) | Action::HandOver(call) => {
                let mut state = self.waited(state);
                if let Some(target) = &call.save {
                    self.put(target, None, &step.verb_span, &mut state);
                }
                self.ran(step, state)
            }
            Action::Set(set) => {
                let mut state = state;
                for (target, given, _) in set {
                    self.put(target, Some(given), &step.verb_span, &mut state);
                }
                state
            }
            Action::Split(_) | Action::Repeat(_) => self.ran(step, state),
            _ => state,
        }
    }

    fn choose(
        &mut self,
        arms: &[(Option<Formula>, Vec<Step>)],
        otherwise: &[Step],
        state: &State,
    ) -> Vec<Option<State>> {
        self.chosen(arms, otherwise, state)
    }

    fn way(&mut self, step: &Step, way: Way<'_>, state: &State) -> Option<State> {
        let mut state = state.clone();
        match (way, &step.action) {
            (Way::Arm(i), Action::Split(split)) => {
                let arm = split.arms.get(i)?;
                if arm.weight == Some(0) {
                    self.weightless(arm);
                    return None;
                }
                let name = Value::Text(arm.name.text.clone());
                self.tells(step, "arm", &name, &mut state);
            }
            (Way::Came(arm), _) => {
                state.event = arm.event.as_ref().map(|e| e.text.clone());
                self.tells(step, "matched", &Value::Bool(true), &mut state);
                if let Some(formula) = &arm.condition {
                    let lesson = self.lesson(formula);
                    let at = self.at(&state);
                    let known = state.facts.assume(&formula.expr, true, lesson, &at)?;
                    state.facts = known;
                    // Other journeys may act first: of traits nothing is known.
                    state.facts.forget(|root, _| {
                        matches!(root, Root::Customer | Root::Consent | Root::Now)
                    });
                }
            }
            (Way::TimedOut, _) => {
                self.tells(step, "matched", &Value::Bool(false), &mut state);
            }
            (Way::Chosen(choice), _) => {
                let name = Value::Text(choice.name.text.clone());
                self.tells(step, "answer", &name, &mut state);
            }
            _ => {}
        }
        Some(state)
    }

    fn join(&mut self, a: State, b: State) -> State {
        a.join(&b)
    }

    fn round(&mut self, step: &Step, repeat: &Repeat, first: State) -> State {
        if self.is_once(repeat) {
            return first;
        }
        let mut state = self.waited(first);
        self.changed_within(&repeat.steps, &mut state);
        self.ran(step, state)
    }

    fn rounds_over(&mut self, _: &Step, repeat: &Repeat, _: State, end: State) -> Option<State> {
        if self.is_once(repeat) {
            return Some(end);
        }
        let end = self.waited(end);
        if let Some(until) = &repeat.until {
            self.until(until, &end);
        }
        Some(end)
    }

    fn inside(&mut self, step: &Step, _: &Use, state: State) -> State {
        let mut state = self.ran(step, state);
        let id = step.id.as_ref().map_or("", |id| &id.text);
        self.prefixes.push(format!("{}.", self.whole_id(id)));
        // Its steps and parameters are others of the same names.
        state
            .facts
            .forget(|root, _| matches!(root, Root::Steps | Root::Param));
        state
    }

    fn outside(&mut self, _: &Use, end: Option<State>) -> Option<State> {
        self.prefixes.pop();
        let mut state = end?;
        state
            .facts
            .forget(|root, _| matches!(root, Root::Steps | Root::Param));
        Some(state)
    }
}

impl Flow<'_> {
    /// Whether nobody waits for a next round: who comes from another version may have waited there.
    fn is_once(&self, repeat: &Repeat) -> bool {
        repeat.times == Some(1) && !self.drops_in
    }

    /// What any step of a list may change, fragments and later steps included, is not known, and
    /// any of them may have run.
    fn changed_within(&mut self, steps: &[Step], state: &mut State) {
        for step in all_steps(steps) {
            for target in targets(step) {
                self.put(target, None, &step.verb_span, state);
            }
            if let Action::Use(used) = &step.action {
                let id = step.id.as_ref().map_or("", |id| &id.text);
                self.prefixes.push(format!("{}.", self.whole_id(id)));
                self.changed_within(&used.steps, state);
                self.prefixes.pop();
            }
            *state = self.ran(step, std::mem::take(state));
        }
    }
}
