//! Steps that are read where they cannot have run.

use std::sync::Arc;

use super::{Flow, State};
use crate::{
    diagnostics::flow,
    expr::Root,
    parse::ast::{Action, Call, Formula, Given, Send, Step},
    source::Span,
};

impl Flow<'_> {
    /// Reports what a step reads too early, but for the conditions that are looked at by themselves.
    pub(super) fn read_early(&mut self, step: &Step, state: &State) {
        let mut formulas = Vec::new();
        match &step.action {
            Action::Wait(wait) => formulas.extend(&wait.moment),
            Action::Send(send) => sent(send, &mut formulas),
            Action::Ask(ask) => sent(&ask.send, &mut formulas),
            Action::Call(call) | Action::HandOver(call) => called(call, &mut formulas),
            Action::Set(set) => set.iter().for_each(|(_, g, _)| in_given(g, &mut formulas)),
            Action::Emit(_, Some(with)) | Action::Start(_, Some(with)) => {
                in_given(with, &mut formulas);
            }
            Action::Use(used) => used.given.values().for_each(|g| in_given(g, &mut formulas)),
            _ => {}
        }
        for formula in formulas {
            self.reads_early(formula, state);
        }
    }

    /// Reports the steps that a formula reads and that cannot have run; true if there are any.
    pub(super) fn reads_early(&mut self, formula: &Formula, state: &State) -> bool {
        let mut found = false;
        for (root, names, span) in formula.expr.paths() {
            let Some(first) = names.first().filter(|_| root == Root::Steps) else {
                continue;
            };
            if state.ran.contains(&self.whole_id(first)) {
                continue;
            }
            let known = self.ids.iter().find(|(id, _)| id == first);
            let Some((_, place)) = known.cloned().filter(|_| !self.is_elsewhere()) else {
                continue;
            };
            found = true;
            if !self.drops_in {
                let at = formula.span(&self.file.text, &span);
                self.early(first, names.last(), at, &place);
            }
        }
        found
    }

    fn early(&mut self, id: &str, field: Option<&Arc<str>>, at: Span, place: &Span) {
        if self.sink.has(flow::TOO_EARLY, &at) {
            return;
        }
        let empty = matches!(field.map(|f| &**f), Some("reason" | "answer" | "arm"));
        let (shows, cure) = match (self.here.as_ref() == Some(place), place.start > at.start) {
            (true, _) => (
                "this is the step itself",
                "ask behind the step: what a step tells is there once it has run",
            ),
            (false, true) => (
                "this step comes later",
                "ask behind the step: what a step tells is there once it has run",
            ),
            (false, false) => (
                "this step stands on another way",
                "ask on the way on which the step stands, or behind where the ways meet",
            ),
        };
        self.sink
            .error(
                flow::TOO_EARLY,
                at,
                format!("nobody who gets here has been at `{id}`"),
            )
            .labelled(if empty {
                "always null here"
            } else {
                "always false here"
            })
            .shown(place.clone(), shows)
            .noted(cure);
    }
}

fn sent<'s>(send: &'s Send, found: &mut Vec<&'s Formula>) {
    for given in [&send.with, &send.key].into_iter().flatten() {
        in_given(given, found);
    }
}

fn called<'s>(call: &'s Call, found: &mut Vec<&'s Formula>) {
    if let Some(with) = &call.with {
        in_given(with, found);
    }
}

fn in_given<'s>(given: &'s Given, found: &mut Vec<&'s Formula>) {
    match given {
        Given::Literal(_) => {}
        Given::Computed(formula) => found.push(formula),
        Given::List(items) => items.iter().for_each(|g| in_given(g, found)),
        Given::Map(fields) => fields.iter().for_each(|(_, g)| in_given(g, found)),
    }
}
