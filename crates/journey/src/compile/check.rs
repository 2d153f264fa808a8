//! The checks that walk a journey from step to step.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    World,
    env::{all_steps, names},
    here::{Current, Here, join},
    limits, messages, stay,
};
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, flow, names as name_codes, yaml},
    expr::{
        Root,
        types::{Env, Type},
    },
    machine::Target,
    parse::{
        Reader,
        ast::{Action, Formula, Given, Journey, Missed, Send, Step, Wait, WaitFor},
    },
    source::Span,
    value::Value,
};

pub(super) struct Checker<'c> {
    pub(super) reader: Reader<'c>,
    pub(super) world: World<'c>,
    pub(super) journey: &'c Journey,
    pub(super) env: Env,
}

/// Checks everything that concerns more than one place.
pub(super) fn check(journey: &Journey, file: &SourceFile, world: World<'_>, sink: &mut Sink) {
    let mut c = Checker {
        reader: Reader::new(file, sink),
        world,
        journey,
        env: names(journey, world),
    };
    c.unique_ids(&journey.steps);
    c.head();
    let start = Here {
        event: Current::Is(c.entering_event()),
        left: None,
    };
    c.walk(&journey.steps, start);
    stay::check(journey, sink);
}

impl Checker<'_> {
    pub(super) fn unique_ids(&mut self, steps: &[Step]) {
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for step in all_steps(steps) {
            let Some(id) = &step.id else { continue };
            if let Some(first) = seen.get(&id.text) {
                let taken = |name: &str| {
                    all_steps(steps)
                        .iter()
                        .any(|s| s.id.as_ref().is_some_and(|id| *id.text == *name))
                };
                let free = (2_u32..)
                    .map(|n| format!("{}_{n}", id.text))
                    .find(|name| !taken(name));
                let free = free.unwrap_or_default();
                self.reader
                    .sink
                    .error(
                        name_codes::TAKEN_ID,
                        id.span.clone(),
                        format!("two steps are called `{}`", id.text),
                    )
                    .labelled("the second")
                    .shown(first.clone(), "the first")
                    .noted(format!(
                        "`steps.ID` must name one step; call this one otherwise, such as `{free}`"
                    ))
                    .replaced(id.span.clone(), free);
            } else {
                seen.insert(id.text.clone(), id.span.clone());
            }
        }
    }

    /// What `event` holds in the first steps.
    fn entering_event(&self) -> Type {
        match self.env.roots.get(&Root::Run) {
            Some(Type::Map { fields, .. }) => fields.get("event").cloned().unwrap_or(Type::Any),
            _ => Type::Any,
        }
    }

    fn head(&mut self) {
        let journey = self.journey;
        self.entries();
        if let Some(goal) = &journey.goal {
            let env = self.listening(goal.event.as_ref().map(|w| &*w.text), "a goal");
            self.condition(goal.condition.as_ref(), &env);
        }
        for exit in &journey.exits {
            let env = self.listening(exit.event.as_ref().map(|w| &*w.text), "an exit");
            self.condition(exit.condition.as_ref(), &env);
        }
        if let Some(purpose) = &journey.purpose {
            self.reader
                .known_purpose(purpose, &self.world.policies.purposes);
        }
    }

    /// The names where an event is listened for, or only a condition is watched.
    fn listening(&self, event: Option<&str>, what: &str) -> Env {
        if let Some(event) = event {
            return with_event(&self.env, self.world.schemas.event(event));
        }
        let mut env = self.env.clone();
        env.absent.insert(
            Root::Event,
            format!("{what} without `event:` is tested on every input, so that there is no event to speak of; add `event: NAME`, or use `run.event`"),
        );
        env
    }

    pub(super) fn walk(&mut self, steps: &[Step], mut here: Here) -> Here {
        for step in steps {
            if let Some(exit) = here.left.take() {
                self.reader
                    .sink
                    .error(
                        flow::UNREACHABLE,
                        step.verb_span.clone(),
                        "no customer reaches this step",
                    )
                    .labelled("never done")
                    .shown(exit, "every way leaves the journey here at the latest")
                    .noted("remove the step, or move it before the `exit`");
                // Reported: what it names is no second error.
                here.event = Current::Is(Type::Any);
            }
            here = self.step(step, here);
        }
        here
    }

    fn step(&mut self, step: &Step, here: Here) -> Here {
        match &step.action {
            Action::Wait(wait) => self.wait(step, wait, &here),
            Action::WaitFor(wait) => self.wait_for(step, wait),
            Action::Choose(arms, otherwise) => {
                let mut ends = Vec::new();
                for (condition, steps) in arms {
                    let env = self.at(&here, condition.as_ref());
                    self.condition(condition.as_ref(), &env);
                    ends.push(self.walk(steps, here.clone()));
                }
                ends.push(self.walk(otherwise, here.clone()));
                join(ends, &here.event)
            }
            Action::Split(split) => {
                let ends = split
                    .arms
                    .iter()
                    .map(|arm| self.walk(&arm.steps, here.clone()));
                let ends: Vec<Here> = ends.collect();
                match ends.is_empty() {
                    true => here,
                    false => join(ends, &here.event),
                }
            }
            Action::Send(send) => self.send(step, send, false, here),
            Action::Ask(ask) => self.ask(step, ask, here),
            Action::Call(call) | Action::HandOver(call) => self.call(step, call, &here),
            Action::Repeat(repeat) => self.repeat(step, repeat, here),
            Action::Use(used) => self.fragment(step, used, here),
            Action::Emit(event, with) => {
                self.emit(event.as_ref(), with.as_ref(), &here);
                here
            }
            Action::Start(journey, with) => {
                self.start(journey.as_ref(), with.as_ref(), &here);
                here
            }
            Action::Stop(journey) => {
                self.stop(journey.as_ref());
                here
            }
            Action::Set(set) => {
                for (target, given, span) in set {
                    self.given(given, &here);
                    self.fits(target, given, span);
                }
                here
            }
            Action::Exit(_) => Here {
                left: Some(step.verb_span.clone()),
                ..here
            },
            // Whatever it was meant to do, what follows is not to blame.
            Action::Unknown(_) => Here {
                event: Current::Is(Type::Any),
                left: None,
            },
        }
    }

    /// Whether a trait can have the text that it is set to.
    fn fits(&mut self, target: &Target, given: &Given, span: &Span) {
        let (Target::Customer(name), Given::Literal(Value::Text(text))) = (target, given) else {
            return;
        };
        let Some(Type::Map { fields, .. }) = self.env.roots.get(&Root::Customer) else {
            return;
        };
        let (values, what) = match fields.get(name) {
            Some(Type::Text(Some(values))) if !values.contains(text) => (values.to_vec(), None),
            Some(Type::Number) => (Vec::new(), Some("a number")),
            Some(Type::Bool) => (Vec::new(), Some("true or false")),
            _ => return,
        };
        let values: Vec<&str> = values.iter().map(|v| &**v).collect();
        let note = what.map_or_else(
            || format!("its values are {}", values.join(", ")),
            |what| format!("config/traits.yaml says that it is {what}"),
        );
        self.reader
            .sink
            .error(
                "J225",
                span.clone(),
                format!("`{text}` is none of the values that `customer.{name}` can have"),
            )
            .guessed(text, values.iter().copied())
            .noted(note);
    }

    fn wait(&mut self, step: &Step, wait: &Wait, here: &Here) -> Here {
        if let Some(moment) = &wait.moment {
            let env = self.at(here, Some(moment));
            self.moment(moment, &env);
        }
        let after = Here {
            event: Current::Gone(Some(step.verb_span.clone())),
            left: None,
        };
        match &wait.missed {
            Missed::Steps(steps) => {
                let missed = self.walk(steps, here.clone());
                join(vec![after, missed], &here.event)
            }
            Missed::GoOn | Missed::Exit => after,
        }
    }

    fn wait_for(&mut self, step: &Step, wait: &WaitFor) -> Here {
        let gone = Current::Gone(Some(step.verb_span.clone()));
        let mut ends = Vec::new();
        for arm in &wait.arms {
            let event = arm.event.as_ref().map(|w| &*w.text);
            let env = self.listening(event, "a `wait_for`");
            self.condition(arm.condition.as_ref(), &env);
            let event = match event {
                Some(event) => Current::Is(self.world.schemas.event(event)),
                None => gone.clone(),
            };
            ends.push(self.walk(&arm.then, Here { event, left: None }));
        }
        if let Some((place, steps)) = &wait.otherwise {
            if !wait.bounded {
                self.reader
                    .sink
                    .error(
                        flow::NEVER_ELSE,
                        place.clone(),
                        "this `else` is never taken",
                    )
                    .labelled("there is no `within`, so that the wait never times out")
                    .noted("add `within: 2h`, say, to the `wait_for`");
            }
            ends.push(self.walk(
                steps,
                Here {
                    event: gone.clone(),
                    left: None,
                },
            ));
        } else if wait.bounded {
            ends.push(Here {
                event: gone.clone(),
                left: None,
            });
        }
        join(ends, &gone)
    }

    /// `offers`: whether it asks a question with options.
    pub(super) fn send(&mut self, step: &Step, send: &Send, offers: bool, here: Here) -> Here {
        for given in [&send.with, &send.key].into_iter().flatten() {
            self.given(given, &here);
        }
        match (&send.purpose, &self.journey.purpose) {
            (Some(purpose), _) => self
                .reader
                .known_purpose(purpose, &self.world.policies.purposes),
            (None, Some(_)) => {}
            (None, None) => {
                self.reader
                    .sink
                    .error(yaml::MISSING, step.verb_span.clone(), "this send has no purpose")
                    .labelled("why is it sent?")
                    .noted("the purpose says which consent it needs: write `purpose: marketing`, say, here or at the head of the journey");
            }
        }
        let event = match &here.event {
            Current::Is(event) => event.clone(),
            _ => Type::Any,
        };
        let purpose = send.purpose.as_ref().or(self.journey.purpose.as_ref());
        let env = with_event(&self.env, event);
        limits::check(send, purpose, self.world, &mut self.reader);
        messages::check(send, offers, purpose, &env, self.world, &mut self.reader);
        let decided_at_once = {
            use crate::machine::{Capped, Quiet};
            send.capped.as_ref().is_some_and(|c| c.0 != Capped::Hold)
                && send.quiet.as_ref().is_some_and(|q| q.0 != Quiet::Hold)
        };
        match here.event {
            Current::Is(_) if !decided_at_once => Here {
                event: Current::Unsure(Some(step.verb_span.clone())),
                ..here
            },
            _ => here,
        }
    }

    /// The same path of the event that entered, where `event` can mean no other.
    fn lasting(&self, place: &Span) -> Option<String> {
        let path = self.reader.file.text.get(place.clone())?;
        let steps = all_steps(&self.journey.steps);
        let another = steps
            .iter()
            .any(|s| ["wait_for", "hand_over"].contains(&s.verb));
        let is_path = path == "event" || path.starts_with("event.");
        (is_path && !another && self.journey.entries.len() == 1).then(|| format!("run.{path}"))
    }

    /// The names at a place, after a report of `event` where it is gone.
    pub(super) fn at(&mut self, here: &Here, formula: Option<&Formula>) -> Env {
        let (wait, sure) = match &here.event {
            Current::Is(event) => return with_event(&self.env, event.clone()),
            Current::Gone(wait) => (wait, true),
            Current::Unsure(send) => (send, false),
        };
        let named = formula
            .into_iter()
            .flat_map(|f| f.expr.paths().into_iter().map(move |p| (f, p)))
            .find(|(_, (root, ..))| *root == Root::Event);
        if let Some((formula, (_, _, part))) = named {
            let place = formula.span(&self.reader.file.text, &part);
            let lasting = self.lasting(&place);
            if sure {
                let diagnostic = self
                    .reader
                    .sink
                    .error(flow::EVENT_GONE, place, "the event is gone here")
                    .labelled("`event` lasts until the journey next waits");
                if let Some(lasting) = lasting {
                    diagnostic.replaced(diagnostic.span.clone(), lasting);
                }
                if let Some(wait) = wait {
                    diagnostic.shown(wait.clone(), "it has waited here");
                }
                diagnostic.noted("`run.event` is the event that entered and lasts; anything else must be kept before the wait: `set: { run.NAME: event.FIELD }`");
            } else {
                let diagnostic = self
                    .reader
                    .sink
                    .error(flow::EVENT_GONE, place, "the event may be gone here")
                    .labelled("null if the message above was held back first");
                if let Some(wait) = wait {
                    diagnostic.shown(
                        wait.clone(),
                        "this waits while it is held by a cap or by quiet hours",
                    );
                }
                diagnostic
                    .noted("use `run.event`, or keep the field before the send: `set: { run.NAME: event.FIELD }`")
                    .warns();
            }
        }
        with_event(&self.env, Type::Any)
    }

    pub(super) fn given(&mut self, given: &Given, here: &Here) {
        match given {
            Given::Literal(_) => {}
            Given::Computed(formula) => {
                let env = self.at(here, Some(formula));
                self.formula(formula, &env);
            }
            Given::List(items) => items.iter().for_each(|g| self.given(g, here)),
            Given::Map(fields) => fields.iter().for_each(|(_, g)| self.given(g, here)),
        }
    }

    pub(super) fn condition(&mut self, formula: Option<&Formula>, env: &Env) {
        if let Some(f) = formula {
            for problem in f.expr.check_condition(env) {
                self.reader.problem(&f.node, f.offset, problem);
            }
        }
    }

    /// What is known of a value.
    pub(super) fn type_of(&self, given: &Given, here: &Here) -> Type {
        let event = match &here.event {
            Current::Is(event) => event.clone(),
            _ => Type::Any,
        };
        messages::type_of(given, &with_event(&self.env, event))
    }

    pub(super) fn formula(&mut self, f: &Formula, env: &Env) -> Type {
        let (found, problems) = f.expr.check(env);
        for problem in problems {
            self.reader.problem(&f.node, f.offset, problem);
        }
        found
    }

    fn moment(&mut self, f: &Formula, env: &Env) {
        let found = self.formula(f, env);
        if matches!(
            found,
            Type::Bool | Type::Number | Type::Span | Type::List(_)
        ) {
            self.reader
                .sink
                .error(crate::diagnostics::time::MOMENT, f.node.span.clone(), "this is no moment to wait for")
                .labelled("a date and time is expected")
                .noted("declare the field as `{ type: string, format: date-time }`; for a length of time use `for`, or `= now + 3d`");
        }
    }
}

pub(super) fn with_event(env: &Env, event: Type) -> Env {
    let mut env = env.clone();
    env.roots.insert(Root::Event, event);
    env
}
