//! From a typed journey to its machine, and every check that needs more than one place.

mod check;
mod clashes;
mod entries;
mod env;
mod fragments;
mod here;
pub(crate) mod labels;
mod limits;
mod lower;
mod messages;
mod proofs;
mod segments;
mod stay;
mod talk;
mod unused;

pub use limits::{Names, strangers, useless};
pub(crate) use lower::operand;
pub(crate) use proofs::loops;
pub(crate) use segments::check as segment;
pub use unused::{Declares, Used};
pub(crate) use unused::{check as unused, endpoints as unused_endpoints, names as unused_names};

use std::sync::Arc;

use crate::{
    diagnostic::SourceFile, diagnostics::Sink, endpoints::Endpoints, machine::Machine,
    parse::ast::Journey, policies::Policies, render::Templates, schema::Schemas,
    segments::Segments, sources::Sources,
};

/// What a journey is checked against.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// Purposes.
    pub policies: &'w Policies,
    /// What events and traits hold.
    pub schemas: &'w Schemas,
    /// Templates; `None`: they are not looked at.
    pub templates: Option<&'w Templates>,
    /// Segments.
    pub segments: &'w Segments,
    /// Endpoints.
    pub endpoints: &'w Endpoints,
    /// What messages are filled in from when they leave.
    pub sources: &'w Sources,
    /// The journeys beside this one; `None`: nobody knows all of them.
    pub journeys: Option<&'w Names>,
    /// Whether chat leaves by WhatsApp, as far as the settings tell.
    pub whatsapp: bool,
}

/// The machine of a journey; `None` where an error stands in `sink`.
pub fn journey(
    journey: &Journey,
    file: &SourceFile,
    world: World<'_>,
    sink: &mut Sink,
) -> Option<Arc<Machine>> {
    check::check(journey, file, world, sink);
    if sink.failed() {
        return None;
    }
    let (machine, places) = lower::machine(journey, &file.text, world, sink);
    limits::too_close::check(&machine, &places, world, sink);
    limits::rounds::check(&machine, &places, world, sink);
    proofs::check(journey, file, world, sink);
    (!sink.failed()).then(|| Arc::new(machine.sealed()))
}
