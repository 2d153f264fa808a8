//! The head of a journey: conditions that are decided beforehand, and entries and exits that others
//! before them take.

use super::super::World;
use crate::{
    diagnostics::{Sink, flow},
    expr::{
        Root,
        facts::{Facts, Ground, NoGround, Values},
    },
    machine::is_of_the_engine,
    parse::ast::{By, Entry, Exit, Formula, Journey},
    source::Span,
};

/// Proves what there is to prove of the head.
pub(super) fn check(journey: &Journey, world: World<'_>, sink: &mut Sink) {
    for entry in &journey.entries {
        let event = match &entry.by {
            Some(By::Event(name, _)) => Some(&name.text),
            _ => None,
        };
        let ground = Entering { event, world };
        decided(
            entry.condition.as_ref(),
            &ground,
            "nobody enters by it",
            sink,
        );
    }
    if let Some(goal) = &journey.goal {
        decided(goal.condition.as_ref(), &NoGround, "it never counts", sink);
    }
    for exit in &journey.exits {
        decided(
            exit.condition.as_ref(),
            &NoGround,
            "nobody leaves by it",
            sink,
        );
    }
    shadowed_entries(&journey.entries, sink);
    shadowed_exits(&journey.exits, sink);
}

/// The condition of a segment.
pub(in crate::compile) fn segment(formula: &Formula, sink: &mut Sink) {
    decided(Some(formula), &NoGround, "nobody belongs to it", sink);
}

/// What is sure of an event that enters.
struct Entering<'w> {
    event: Option<&'w std::sync::Arc<str>>,
    world: World<'w>,
}

impl Ground for Entering<'_> {
    fn values(&self, root: Root, names: &[std::sync::Arc<str>]) -> Values {
        let by_intake = |name: &&std::sync::Arc<str>| {
            !is_of_the_engine(name) && self.world.journeys.is_some_and(|j| !j.emits(name))
        };
        match self.event.filter(by_intake) {
            Some(name) if root == Root::Event => self.world.schemas.sure(name, names),
            _ => Values::any(),
        }
    }
}

fn decided(formula: Option<&Formula>, ground: &dyn Ground, never: &str, sink: &mut Sink) {
    let Some(formula) = formula else { return };
    let can = |holds| {
        Facts::default()
            .assume(&formula.expr, holds, 0, ground)
            .is_some()
    };
    let (yes, no) = (can(true), can(false));
    let span = formula.node.span.clone();
    if yes && !no {
        sink.error(flow::ALWAYS, span, "this condition always holds")
            .labelled("whatever the values are")
            .noted(cure(formula, true))
            .warns();
    } else if no && !yes {
        sink.error(flow::NEVER, span, "this condition never holds")
            .labelled(never)
            .noted(cure(formula, false))
            .warns();
    }
}

/// What to do about a condition that is decided by itself.
pub(super) fn cure(formula: &Formula, holds: bool) -> &'static str {
    match (formula.expr.paths().is_empty(), holds) {
        (true, _) => {
            "nothing in it ever changes: name a field, such as `event.total` or `customer.country`"
        }
        (_, true) => {
            "one value is always different from one of two: perhaps `and` is meant; else the condition can go"
        }
        (_, false) => "one value cannot be two things at once: perhaps `or` is meant",
    }
}

/// Whether the second condition never holds where the first does not. Not where the first always
/// holds, which is said there.
fn within(wide: Option<&Formula>, narrow: Option<&Formula>) -> bool {
    let Some(wide) = wide else { return true };
    let Some(narrow) = narrow else { return false };
    let known = Facts::default().assume(&narrow.expr, true, 0, &NoGround);
    let fails = |facts: &Facts| facts.assume(&wide.expr, false, 1, &NoGround).is_some();
    known.is_some_and(|known| !fails(&known) && fails(&Facts::default()))
}

fn shadowed_entries(entries: &[Entry], sink: &mut Sink) {
    for (i, entry) in entries.iter().enumerate() {
        let Some(By::Event(name, fresh)) = &entry.by else {
            continue;
        };
        let before = entries[..i].iter().find_map(|other| {
            let Some(By::Event(first, longer)) = &other.by else {
                return None;
            };
            let same_key = key(entry) == key(other);
            let takes = first.text == name.text && fresh <= longer && same_key;
            (takes && within(other.condition.as_ref(), entry.condition.as_ref())).then_some(first)
        });
        if let Some(first) = before {
            shadowed(&name.span, &first.span, "entry", "lets in", sink);
        }
    }
}

fn key(entry: &Entry) -> Option<&str> {
    entry.key.as_ref().map(|key| key.expr.source())
}

fn shadowed_exits(exits: &[Exit], sink: &mut Sink) {
    for (i, exit) in exits.iter().enumerate() {
        let before = exits[..i].iter().find(|other| {
            let hears = match (&other.event, &exit.event) {
                (Some(first), Some(second)) => first.text == second.text,
                (None, _) => true,
                (Some(_), None) => false,
            };
            hears && within(other.condition.as_ref(), exit.condition.as_ref())
        });
        if let Some((place, first)) = place(exit).zip(before.and_then(place)) {
            shadowed(&place, &first, "exit", "lets out", sink);
        }
    }
}

fn place(exit: &Exit) -> Option<Span> {
    let event = exit.event.as_ref().map(|e| e.span.clone());
    event.or_else(|| exit.condition.as_ref().map(|c| c.node.span.clone()))
}

/// Reports what one before it takes for itself.
pub(super) fn shadowed(place: &Span, first: &Span, what: &str, does: &str, sink: &mut Sink) {
    sink.error(
        flow::SHADOWED,
        place.clone(),
        format!("this {what} is never the one that counts"),
    )
    .labelled(format!(
        "whoever it {does} has been taken by the one before"
    ))
    .shown(first.clone(), "this one comes first")
    .noted("the first that fits counts: put the narrower one first, or take this one out")
    .warns();
}
