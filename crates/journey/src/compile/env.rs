//! The types of the names that a journey's expressions can start from.

use std::{collections::BTreeMap, sync::Arc};

use super::World;
use crate::{
    expr::{
        Root,
        types::{Env, Type},
    },
    machine::Target,
    message::{Channel, Reason},
    parse::ast::{Action, Ask, By, Entry, Expect, Journey, Missed, Step},
};

/// Every step of a list with those inside it, in the order of the text. What stands in a fragment
/// is not among them: its places are those of another file.
pub(super) fn all_steps(steps: &[Step]) -> Vec<&Step> {
    let mut found = Vec::new();
    for step in steps {
        found.push(step);
        for list in branches(step) {
            found.extend(all_steps(list));
        }
    }
    found
}

/// The lists of steps inside a step, in the order of the machine.
pub(super) fn branches(step: &Step) -> Vec<&[Step]> {
    match &step.action {
        Action::Choose(arms, otherwise) => {
            let mut lists: Vec<&[Step]> = arms.iter().map(|a| a.1.as_slice()).collect();
            lists.push(otherwise);
            lists
        }
        Action::WaitFor(w) => {
            let mut lists: Vec<&[Step]> = w.arms.iter().map(|a| a.then.as_slice()).collect();
            lists.extend(w.otherwise.iter().map(|o| o.1.as_slice()));
            lists
        }
        Action::Ask(ask) => asked(ask),
        Action::Call(call) | Action::HandOver(call) => vec![call.otherwise.as_slice()],
        Action::Repeat(repeat) => vec![repeat.steps.as_slice()],
        Action::Split(split) => split.arms.iter().map(|a| a.steps.as_slice()).collect(),
        Action::Wait(wait) => match &wait.missed {
            Missed::Steps(steps) => vec![steps.as_slice()],
            _ => Vec::new(),
        },
        Action::Send(_)
        | Action::Set(_)
        | Action::Emit(..)
        | Action::Start(..)
        | Action::Stop(_)
        | Action::Use(_)
        | Action::Exit(_)
        | Action::Unknown(_) => Vec::new(),
    }
}

/// After an answer that was not understood, after silence, and after each option.
fn asked(ask: &Ask) -> Vec<&[Step]> {
    let silence = ask.otherwise.as_ref().map_or(&[][..], |o| &o.1);
    let mut lists = vec![ask.not_understood.as_slice(), silence];
    if let Some(Expect::Options(choices)) = &ask.expect {
        lists.extend(choices.iter().map(|c| c.then.as_slice()));
    }
    lists
}

/// Every step of a list with those inside it and inside the fragments that it uses.
fn every_step<'s>(steps: &'s [Step], found: &mut Vec<&'s Step>) {
    for step in all_steps(steps) {
        found.push(step);
        if let Action::Use(fragment) = &step.action {
            every_step(&fragment.steps, found);
        }
    }
}

/// The events that steps make.
pub(super) fn emitted(steps: &[Step]) -> Vec<Arc<str>> {
    let mut all = Vec::new();
    every_step(steps, &mut all);
    let event = |step: &&Step| match &step.action {
        Action::Emit(event, _) => event.as_ref().map(|e| e.text.clone()),
        _ => None,
    };
    all.iter().filter_map(event).collect()
}

/// The variables of the run and the traits that a step may set.
pub(super) fn targets(step: &Step) -> Vec<&Target> {
    match &step.action {
        Action::Set(set) => set.iter().map(|(target, ..)| target).collect(),
        Action::Ask(ask) => ask.save.iter().collect(),
        Action::Call(call) | Action::HandOver(call) => call.save.iter().collect(),
        _ => Vec::new(),
    }
}

/// What `steps` holds for a list of steps; `true`: there may be others.
pub(super) fn step_types(steps: &[Step]) -> (BTreeMap<Arc<str>, Type>, bool) {
    let (mut found, mut unknown) = (BTreeMap::new(), false);
    for step in all_steps(steps) {
        if let Action::Unknown(ids) = &step.action {
            unknown = true;
            found.extend(ids.iter().map(|id| (id.text.clone(), Type::Any)));
        }
        if let Some(id) = &step.id {
            found.insert(id.text.clone(), step_type(step));
        }
    }
    (found, unknown)
}

/// The names that hold throughout the journey: all but `event`.
pub(super) fn names(journey: &Journey, world: World<'_>) -> Env {
    let mut env = Env::default();
    let mut traits = world.schemas.traits();
    let mut vars = BTreeMap::from([
        (Arc::from("key"), Type::Any),
        (Arc::from("event"), entering(journey, world)),
    ]);
    let mut everything = Vec::new();
    every_step(&journey.steps, &mut everything);
    for target in everything.iter().flat_map(|s| targets(s)) {
        match (target, &mut traits) {
            (Target::Run(name), _) => drop(vars.insert(name.clone(), Type::Any)),
            (Target::Customer(name), Type::Map { fields, .. }) => {
                fields.entry(name.clone()).or_insert(Type::Any);
            }
            _ => {}
        }
    }
    // A step that was reported may have set anything.
    let unknown = everything
        .iter()
        .any(|s| matches!(s.action, Action::Unknown(_)));
    let (steps, _) = step_types(&journey.steps);
    env.roots.insert(Root::Customer, traits);
    let run = Type::Map {
        fields: vars,
        open: unknown,
    };
    env.roots.insert(Root::Run, run);
    env.roots.insert(Root::Steps, closed(steps));
    env.roots.insert(Root::Consent, consent(world));
    env.roots.insert(Root::Now, Type::Moment);
    let why = "parameters are there in fragments only: journeys/_fragments/NAME.yaml";
    env.absent.insert(Root::Param, why.to_owned());
    env
}

/// What `run.event` holds: what the entries have in common, if they are of one kind only.
fn entering(journey: &Journey, world: World<'_>) -> Type {
    let mut types = journey.entries.iter().map(|e| entered_with(e, world));
    let first = types.next().unwrap_or(Type::Any);
    if types.all(|t| t == first) {
        first
    } else {
        Type::Any
    }
}

/// What `event` holds where that entry lets a customer in.
pub(super) fn entered_with(entry: &Entry, world: World<'_>) -> Type {
    let moment = |name: &str| closed([(Arc::from(name), Type::Moment)]);
    match &entry.by {
        Some(By::Event(name, _)) => world.schemas.event(&name.text),
        Some(By::Segment { name, .. }) => closed([
            (
                Arc::from("segment"),
                Type::Text(Some(vec![name.text.clone()])),
            ),
            (Arc::from("change"), Type::Text(None)),
        ]),
        Some(By::Schedule { .. }) => moment("at"),
        Some(By::Date { .. }) => moment("date"),
        Some(By::Api) | None => Type::Any,
    }
}

fn consent(world: World<'_>) -> Type {
    if world.policies.purposes.is_empty() {
        return Type::Any;
    }
    let channels = closed(
        Channel::ALL
            .into_iter()
            .map(|c| (Arc::from(c.as_str()), Type::Bool)),
    );
    closed(
        world
            .policies
            .purposes
            .keys()
            .map(|p| (p.clone(), channels.clone())),
    )
}

/// What `steps.ID` tells of a step.
fn step_type(step: &Step) -> Type {
    let flag = |name: &str| (Arc::from(name), Type::Bool);
    match &step.action {
        Action::Send(_) => closed(sent()),
        Action::Ask(ask) => with_answer(ask),
        Action::Call(_) => closed([flag("failed"), (Arc::from("answer"), Type::Any)]),
        Action::HandOver(_) => closed([
            flag("matched"),
            flag("failed"),
            (Arc::from("answer"), Type::Any),
        ]),
        Action::Repeat(_) => closed([(Arc::from("round"), Type::Number)]),
        Action::Use(fragment) => {
            let (fields, open) = step_types(&fragment.steps);
            Type::Map { fields, open }
        }
        Action::WaitFor(_) => closed([flag("matched")]),
        Action::Split(split) => {
            let arms = split.arms.iter().map(|a| a.name.text.clone()).collect();
            closed([(Arc::from("arm"), Type::Text(Some(arms)))])
        }
        Action::Unknown(_) => Type::Any,
        Action::Wait(_)
        | Action::Choose(..)
        | Action::Set(_)
        | Action::Emit(..)
        | Action::Start(..)
        | Action::Stop(_)
        | Action::Exit(_) => closed([]),
    }
}

/// What a message tells.
fn sent() -> impl Iterator<Item = (Arc<str>, Type)> {
    let flags = [
        "sent",
        "delivered",
        "opened",
        "clicked",
        "replied",
        "failed",
        "suppressed",
    ];
    let reasons = Reason::ALL.map(|r| Arc::from(r.as_str())).to_vec();
    flags
        .into_iter()
        .map(|name| (Arc::from(name), Type::Bool))
        .chain([(Arc::from("reason"), Type::Text(Some(reasons)))])
}

/// What a question tells: what its message does, and the answer.
fn with_answer(ask: &Ask) -> Type {
    let answer = match &ask.expect {
        Some(Expect::Options(choices)) => {
            Type::Text(Some(choices.iter().map(|c| c.name.text.clone()).collect()))
        }
        Some(Expect::Number { .. }) => Type::Number,
        Some(Expect::Text | Expect::Email | Expect::Date) => Type::Text(None),
        None => Type::Any,
    };
    closed(sent().chain([(Arc::from("answer"), answer)]))
}

fn closed(fields: impl IntoIterator<Item = (Arc<str>, Type)>) -> Type {
    Type::Map {
        fields: fields.into_iter().collect(),
        open: false,
    }
}
