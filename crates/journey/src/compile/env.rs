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
    parse::ast::{Action, Journey, Missed, Step},
};

/// Every step of a list with those inside it, in the order of the text.
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
            let mut lists = vec![w.then.as_slice()];
            lists.extend(w.otherwise.iter().map(|o| o.1.as_slice()));
            lists
        }
        Action::Split(split) => split.arms.iter().map(|a| a.steps.as_slice()).collect(),
        Action::Wait(wait) => match &wait.missed {
            Missed::Steps(steps) => vec![steps.as_slice()],
            _ => Vec::new(),
        },
        Action::Send(_) | Action::Set(_) | Action::Exit(_) | Action::Unknown(_) => Vec::new(),
    }
}

/// The names that hold throughout the journey: all but `event`.
pub(super) fn names(journey: &Journey, world: World<'_>) -> Env {
    let mut env = Env::default();
    let mut traits = world.schemas.traits();
    let mut vars = BTreeMap::from([
        (Arc::from("key"), Type::Any),
        (Arc::from("event"), entering(journey, world)),
    ]);
    let mut steps = BTreeMap::new();
    // A step that was reported may have set anything.
    let mut unknown = false;
    for step in all_steps(&journey.steps) {
        if let Action::Set(set) = &step.action {
            for (target, _) in set {
                match (target, &mut traits) {
                    (Target::Run(name), _) => drop(vars.insert(name.clone(), Type::Any)),
                    (Target::Customer(name), Type::Map { fields, .. }) => {
                        fields.entry(name.clone()).or_insert(Type::Any);
                    }
                    _ => {}
                }
            }
        }
        if let Action::Unknown(ids) = &step.action {
            unknown = true;
            steps.extend(ids.iter().map(|id| (id.text.clone(), Type::Any)));
        }
        if let Some(id) = &step.id {
            steps.insert(id.text.clone(), step_type(step));
        }
    }
    env.roots.insert(Root::Customer, traits);
    let run = Type::Map {
        fields: vars,
        open: unknown,
    };
    env.roots.insert(Root::Run, run);
    env.roots.insert(Root::Steps, closed(steps));
    env.roots.insert(Root::Consent, consent(world));
    env.roots.insert(Root::Now, Type::Moment);
    env
}

/// What `run.event` holds: the event of the entry, if there is one only.
fn entering(journey: &Journey, world: World<'_>) -> Type {
    let mut events: Vec<_> = journey
        .entries
        .iter()
        .map(|e| e.event.as_ref().map(|w| &w.text))
        .collect();
    events.sort();
    events.dedup();
    match events.as_slice() {
        [Some(event)] => world.schemas.event(event),
        _ => Type::Any,
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
        Action::Send(_) => {
            let reasons = Reason::ALL.map(|r| Arc::from(r.as_str())).to_vec();
            let flags = [
                "sent",
                "delivered",
                "opened",
                "clicked",
                "replied",
                "failed",
                "suppressed",
            ];
            closed(
                flags
                    .map(flag)
                    .into_iter()
                    .chain([(Arc::from("reason"), Type::Text(Some(reasons)))]),
            )
        }
        Action::WaitFor(_) => closed([flag("matched")]),
        Action::Split(split) => {
            let arms = split.arms.iter().map(|a| a.name.text.clone()).collect();
            closed([(Arc::from("arm"), Type::Text(Some(arms)))])
        }
        Action::Unknown(_) => Type::Any,
        Action::Wait(_) | Action::Choose(..) | Action::Set(_) | Action::Exit(_) => closed([]),
    }
}

fn closed(fields: impl IntoIterator<Item = (Arc<str>, Type)>) -> Type {
    Type::Map {
        fields: fields.into_iter().collect(),
        open: false,
    }
}
