//! What `parcours simulate` and the console need beside a player: the world, scripts of events, and times.

mod once;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use self::once::{Field, Once, Wrong, once};
use super::{
    label,
    play::Player,
    read::{self, Known},
    stage,
    stamp::Stamp,
    written::Happening,
};
use crate::{
    customer::Customer,
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::Sink,
    input::Event,
    machine::Op,
    parse::Reader,
    source, time,
    workspace::Workspace,
    world::World,
};

/// Events in the form of `tests.yaml`.
#[derive(Clone, Debug)]
pub struct Script {
    happenings: Vec<Happening>,
}

/// Reads a YAML file with a list of what happens: the `events` of a test.
///
/// # Errors
/// What is wrong with the file.
pub fn script(
    workspace: &Workspace,
    journey: &str,
    file: &SourceFile,
) -> Result<Script, Vec<Diagnostic>> {
    let happenings = read(workspace, journey, file, read::happenings)?;
    Ok(Script {
        happenings: happenings.unwrap_or_default(),
    })
}

/// Reads a part of a file of tests that stands by itself; `None` of an empty file.
fn read<T>(
    workspace: &Workspace,
    journey: &str,
    file: &SourceFile,
    part: impl Fn(&source::Node, &Known<'_>, &mut Reader<'_>) -> T,
) -> Result<Option<T>, Vec<Diagnostic>> {
    let machines = super::machines(workspace);
    let known = Known {
        machine: machines.get(journey).map(|m| &**m),
        machines: &machines,
        complete: true,
        policies: &workspace.policies,
        schemas: &workspace.schemas,
        sources: &workspace.sources,
    };
    let mut sink = Sink::new(file);
    let root = source::load(file, &mut sink);
    let read = root.map(|root| part(&root, &known, &mut Reader::new(file, &mut sink)));
    let found = sink.finish();
    if found.iter().any(|d| d.severity == Severity::Error) {
        return Err(found);
    }
    Ok(read)
}

impl Player<'_> {
    /// Plays a script from `start` on. What could not happen is said at its place in `file`.
    pub fn follow(
        &mut self,
        script: &Script,
        file: &SourceFile,
        start: Timestamp,
    ) -> Vec<Diagnostic> {
        let zone = self.zone();
        let moments = stage::moments(&script.happenings, start, &zone);
        let mut order: Vec<_> = moments.into_iter().zip(&script.happenings).collect();
        order.sort_by_key(|(at, _)| *at);
        for (at, happening) in order {
            self.act(happening, at);
        }
        let mut sink = Sink::new(file);
        for trouble in self.troubles() {
            sink.error(
                "",
                trouble.span.clone(),
                "this cannot happen as the file says",
            )
            .labelled(trouble.says.clone())
            .noted(trouble.note.clone());
        }
        sink.finish()
    }
}

/// The journey with those beside it, and with these arms of its splits forced.
///
/// # Errors
/// A sentence that names the journey, split or arm that is not there.
pub fn world(
    workspace: &Workspace,
    journey: &str,
    beside: &[String],
    arms: &[(String, String)],
) -> Result<World, String> {
    let machines = super::machines(workspace);
    let find = |name: &str| {
        machines.get(name).ok_or_else(|| {
            let names: Vec<&str> = machines.keys().map(|k| &**k).collect();
            format!(
                "there is no journey `{name}`; there are: {}",
                names.join(", ")
            )
        })
    };
    let machine = find(journey)?;
    let mut wanted = Vec::new();
    for (split, arm) in arms {
        let found = machine.nodes.iter().find_map(|n| match &n.op {
            Op::Split { arms, .. } if *n.id == **split => Some(arms),
            _ => None,
        });
        let arms = found.ok_or_else(|| format!("{journey} has no split `{split}`"))?;
        if arms.iter().all(|a| *a.name != **arm) {
            let names: Vec<&str> = arms.iter().map(|a| &*a.name).collect();
            return Err(format!(
                "the split `{split}` has no arm `{arm}`; it has: {}",
                names.join(", ")
            ));
        }
        wanted.push((Arc::from(&**split), Arc::from(&**arm)));
    }
    let mut current = vec![stage::forced(machine, &wanted)];
    for name in beside {
        current.push(find(name)?.clone());
    }
    Ok(World::new(current, [], workspace.policies.clone()))
}

/// The moment that a text spells, as in `tests.yaml`: with its offset, or on the customer's clock;
/// of a time of the day, the next one at or after `from`.
pub fn moment(
    text: &str,
    from: Timestamp,
    customer: &Customer,
    workspace: &Workspace,
) -> Option<Timestamp> {
    let zone = time::of_customer(customer, &workspace.policies.defaults).zone;
    Stamp::parse(text).map(|stamp| stamp.resolve(from, &zone))
}

/// A length of time as journeys write it, such as `1d 12h`.
pub fn length(text: &str) -> Option<SignedDuration> {
    crate::parse::seconds(text).map(SignedDuration::from_secs)
}

/// An event as a timeline names it.
pub fn named(event: &Event) -> String {
    let fields = event.properties.as_map().cloned().unwrap_or_default();
    label::event_label(&event.name, &fields, &event.traits)
}
