//! What a workspace declares and nobody uses.

use std::{collections::BTreeSet, sync::Arc};

use super::World;
use crate::{
    diagnostic::SourceFile,
    diagnostics::{Sink, names, schemas, templates},
    machine::{By, Machine, Op, is_of_the_engine},
};

/// What the journeys of a workspace use, by name.
#[derive(Default)]
pub struct Used {
    templates: BTreeSet<Arc<str>>,
    segments: BTreeSet<Arc<str>>,
    endpoints: BTreeSet<Arc<str>>,
    fragments: BTreeSet<Arc<str>>,
    events: BTreeSet<Arc<str>>,
}

impl Used {
    /// Adds what a machine uses.
    pub fn add(&mut self, machine: &Machine) {
        self.events.extend(machine.listens());
        for entry in &machine.entries {
            match &entry.by {
                By::Segment { name, .. } => drop(self.segments.insert(name.clone())),
                By::Schedule {
                    segment: Some((name, _)),
                    ..
                } => drop(self.segments.insert(name.clone())),
                _ => {}
            }
        }
        for node in &machine.nodes {
            match &node.op {
                Op::Send(send) => drop(self.templates.insert(send.template.clone())),
                Op::Ask(ask) => drop(self.templates.insert(ask.send.template.clone())),
                Op::Call(call) => drop(self.endpoints.insert(call.endpoint.clone())),
                Op::HandOver(call) => drop(self.endpoints.insert(call.endpoint.clone())),
                Op::Emit { event, .. } => drop(self.events.insert(event.clone())),
                Op::Use { fragment } => drop(self.fragments.insert(fragment.clone())),
                _ => {}
            }
        }
    }
}

/// What a file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declares<'f> {
    /// A template of that name.
    Template(&'f str),
    /// A segment.
    Segment(&'f str),
    /// A fragment.
    Fragment(&'f str),
    /// An event.
    Event(&'f str),
}

/// Warns of a file that declares what nobody uses.
pub fn check(file: &SourceFile, declares: Declares<'_>, used: &Used, sink: &mut Sink) {
    let (code, what, name, unused) = match declares {
        Declares::Template(name) => (
            templates::UNUSED_TEMPLATE,
            "template",
            name,
            !used.templates.contains(name),
        ),
        Declares::Segment(name) => (
            names::UNUSED,
            "segment",
            name,
            !used.segments.contains(name),
        ),
        Declares::Fragment(name) => (
            names::UNUSED,
            "fragment",
            name,
            !used.fragments.contains(name),
        ),
        Declares::Event(name) => (
            schemas::UNHEARD,
            "event",
            name,
            !is_of_the_engine(name) && !used.events.contains(name),
        ),
    };
    if !unused {
        return;
    }
    let line = file
        .text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .len();
    let (message, label) = match what {
        "event" => (
            format!("no journey listens to `{name}`"),
            "declared, and nobody waits for it",
        ),
        _ => (
            format!("no journey uses the {what} `{name}`"),
            "declared for nothing",
        ),
    };
    sink.error(code, 0..line, message)
        .labelled(label)
        .noted("it can go, or a name somewhere is not what was meant")
        .warns();
}

/// Warns of endpoints that nobody calls.
pub fn endpoints(root: &crate::source::Node, world: World<'_>, used: &Used, sink: &mut Sink) {
    let crate::source::Kind::Map(pairs) = &root.kind else {
        return;
    };
    for pair in pairs {
        if world.endpoints.0.contains_key(&pair.name) && !used.endpoints.contains(&pair.name) {
            sink.error(
                names::UNUSED,
                pair.name_span.clone(),
                format!("no journey calls the endpoint `{}`", pair.name),
            )
            .labelled("declared for nothing")
            .noted("it can go, or a name somewhere is not what was meant")
            .warns();
        }
    }
}

/// Warns of declarations that no template names.
pub fn names(root: &crate::source::Node, (what, named): (&str, BTreeSet<&str>), sink: &mut Sink) {
    let crate::source::Kind::Map(pairs) = &root.kind else {
        return;
    };
    for pair in pairs.iter().filter(|p| !named.contains(&*p.name)) {
        let message = format!("no template names the {what} `{}`", pair.name);
        sink.error(names::UNUSED, pair.name_span.clone(), message)
            .labelled("declared for nothing")
            .warns();
    }
}
