//! What is proven of a journey: what follows from its words for every customer, whatever they do.
//!
//! A proof that cannot decide stays silent. Each walks the ways of the journey once ([`walk`]), so
//! that what it costs grows with the number of steps.

mod flow;
mod head;
pub(crate) mod loops;
mod stay;
mod walk;

pub(super) use head::segment;

use std::collections::BTreeMap;

use super::World;
use crate::{
    diagnostic::SourceFile,
    diagnostics::Sink,
    machine::InFlight,
    parse::ast::{Action, Journey, Step, Use},
};

/// Proves what there is to prove of a journey in which no error stands.
pub(super) fn check(journey: &Journey, file: &SourceFile, world: World<'_>, sink: &mut Sink) {
    head::check(journey, world, sink);
    stay::check(journey, sink);
    flow::check(journey, file, world, sink);
    let mut used = BTreeMap::new();
    fragments(&journey.steps, &mut used);
    for fragment in used.values() {
        flow::fragment(journey, fragment, world, sink);
    }
}

/// The fragments that steps use, those inside fragments among them, each once.
fn fragments<'s>(steps: &'s [Step], found: &mut BTreeMap<&'s str, &'s Use>) {
    for step in super::env::all_steps(steps) {
        if let Action::Use(used) = &step.action
            && found.insert(&used.file.path, used).is_none()
        {
            fragments(&used.steps, found);
        }
    }
}

/// Whether customers may come from another version right to a step, past all that stands before it.
fn drops_in(journey: &Journey) -> bool {
    let migrate = journey.migrate.as_ref();
    migrate.is_some_and(|m| m.in_flight == InFlight::Move)
}
