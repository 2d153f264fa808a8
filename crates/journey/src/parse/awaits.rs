//! `wait_for`, and the rounds of `repeat`.

use super::{
    Fields, Reader,
    ast::{Action, Awaited, Repeat, Step, WaitFor},
};
use crate::{
    diagnostics::{flow, yaml},
    source::{Kind, Node, Span},
};

/// The most rounds of a `repeat`.
const MAX_ROUNDS: u32 = 366;

impl Reader<'_> {
    pub(super) fn wait_for(&mut self, node: &Node, step: &mut Fields<'_>) -> Action {
        let then_pair = step.pair("then");
        let then_place = then_pair.map(|p| p.name_span.clone());
        let then = then_pair.map_or_else(Vec::new, |p| self.steps(&p.value));
        let otherwise = step
            .pair("else")
            .map(|p| (p.name_span.clone(), self.steps(&p.value)));
        let Some(mut f) = Fields::of(node, "a `wait_for`", self) else {
            return Action::Unknown(Vec::new());
        };
        let any = f.get("any");
        let arms = match any {
            Some(any) => {
                for word in ["event", "if"] {
                    f.exclude_unasked(
                        "any",
                        word,
                        "of several things each stands in the list behind `any`",
                        self,
                    );
                }
                if let Some(place) = &then_place {
                    self.then_beside_any(place);
                }
                self.any(any)
            }
            None => {
                if ["event", "if"].iter().all(|w| node.get(w).is_none()) {
                    f.need(
                        "event",
                        "a run waits for an event, a condition (`if`), or both; or for `any` of a list",
                        self,
                    );
                }
                vec![self.awaited(&mut f, then)]
            }
        };
        let within = f.get("within");
        let wait = WaitFor {
            arms,
            within: within.and_then(|n| self.some_time(n)),
            bounded: within.is_some(),
            otherwise,
        };
        f.finish(self);
        Action::WaitFor(wait)
    }

    fn then_beside_any(&mut self, place: &Span) {
        self.sink
            .error(
                yaml::EXCLUDES,
                place.clone(),
                "`then` cannot stand beside `any`",
            )
            .labelled("each thing in the list has its own `then`")
            .noted("what all of them have in common stands behind the step");
    }

    fn awaited(&mut self, f: &mut Fields<'_>, then: Vec<Step>) -> Awaited {
        Awaited {
            event: f
                .get("event")
                .and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            then,
        }
    }

    /// A list of things to wait for, each with its own `then` (rule 28).
    fn any(&mut self, node: &Node) -> Vec<Awaited> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of events and conditions");
            if let Some(diagnostic) = self.sink.last(yaml::WRONG_KIND) {
                diagnostic.noted("each begins with a dash: `- event: order.placed`");
            }
            return Vec::new();
        };
        if items.is_empty() {
            self.sink
                .error(
                    yaml::MISSING,
                    node.span.clone(),
                    "something to wait for should stand here",
                )
                .labelled("this list is empty");
        }
        let mut arms = Vec::new();
        for item in items {
            let Some(mut f) = Fields::of(item, "something to wait for", self) else {
                continue;
            };
            let then = f.get("then").map_or_else(Vec::new, |n| self.steps(n));
            if ["event", "if"].iter().all(|w| item.get(w).is_none()) {
                f.need("event", "it is an event, a condition (`if`), or both", self);
            }
            let arm = self.awaited(&mut f, then);
            f.finish(self);
            arms.push(arm);
        }
        arms
    }

    pub(super) fn repeat(&mut self, node: &Node) -> Action {
        let Some(mut f) = Fields::of(node, "a `repeat`", self) else {
            return Action::Unknown(Vec::new());
        };
        let every = f
            .need(
                "every",
                "it says how long from the start of one round to the next: `every: 7d`",
                self,
            )
            .and_then(|n| self.round_length(n));
        let times = f
            .need(
                "times",
                "a repeat is always bounded: `times: 3`, at most 366",
                self,
            )
            .and_then(|n| self.whole(n, "a number of rounds", 1, MAX_ROUNDS));
        let until = f.get("until").and_then(|n| self.formula(n));
        let steps = f
            .need("steps", "it says what one round does", self)
            .map_or_else(Vec::new, |n| self.steps(n));
        f.finish(self);
        Action::Repeat(Box::new(Repeat {
            every,
            times,
            until,
            steps,
        }))
    }

    /// Rounds that follow each other at once would be a loop without a wait.
    fn round_length(&mut self, node: &Node) -> Option<jiff::SignedDuration> {
        let every = self.duration(node)?;
        if every.is_zero() {
            self.sink
                .error(
                    flow::NO_WAIT,
                    node.span.clone(),
                    "these rounds do not wait for each other",
                )
                .labelled("all of them at once")
                .noted("say how long from the start of one round to the next, such as `1d`");
            return None;
        }
        Some(every)
    }
}
