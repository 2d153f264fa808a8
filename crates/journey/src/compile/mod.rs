//! From a typed journey to its machine, and every check that needs more than one place.

mod check;
mod env;
mod here;
mod limits;
mod lower;
mod messages;
mod stay;

pub use limits::{Names, strangers};
pub(crate) use lower::operand;

use std::sync::Arc;

use crate::{
    diagnostic::SourceFile, diagnostics::Sink, machine::Machine, parse::ast::Journey,
    policies::Policies, render::Templates, schema::Schemas,
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
    Some(Arc::new(lower::machine(journey, &file.text).sealed()))
}
