//! What names mean at a place of a journey.

use std::sync::Arc;

use super::{
    facts::{JourneyFacts, Shape},
    outline::{Level, Node},
    project::Project,
    symbol::Symbol,
    tells,
};
use crate::expr::Root;

/// A place of a file, with the way that leads there.
#[derive(Clone, Copy)]
pub(super) struct Scope<'p> {
    pub project: &'p Project,
    pub path: &'p str,
    pub text: &'p str,
    pub way: &'p [Level<'p>],
}

/// Fields whose expressions see the event that is named beside them.
const SEES_EVENT: [&str; 8] = [
    "if", "key", "then", "steps", "when", "until", "save", "within",
];

impl<'p> Scope<'p> {
    fn facts(&self) -> Option<&'p JourneyFacts> {
        self.project.journey_of(self.path).map(|j| j.1)
    }

    fn journey(&self) -> Arc<str> {
        let journey = self.project.journey_of(self.path);
        journey.map_or_else(|| Arc::from(self.path), |j| j.0.clone())
    }

    /// The names of the events that `event` may be here: the one beside or around, else those of
    /// the entries.
    pub fn current_events(&self) -> Vec<Arc<str>> {
        let around = self.way.iter().rev().find_map(|level| self.event_of(level));
        around.map_or_else(|| self.entering(), |event| vec![event])
    }

    fn event_of(&self, level: &Level<'_>) -> Option<Arc<str>> {
        let pair = level.node.pairs().get(level.child)?;
        let key = &self.text[pair.key.clone()];
        let event = |node: &Node| {
            let raw = node.get(self.text, "event")?.raw(self.text)?;
            (!raw.is_empty()).then(|| Arc::from(raw))
        };
        if !SEES_EVENT.contains(&key) {
            return None;
        }
        event(level.node)
            .or_else(|| (key == "then").then(|| event(level.node.get(self.text, "wait_for")?))?)
    }

    /// The events by which customers enter.
    pub fn entering(&self) -> Vec<Arc<str>> {
        self.facts().map_or_else(Vec::new, |f| f.events.clone())
    }

    /// What a path from a known name leads to. `names` are those behind the root; at least one.
    pub fn symbol(&self, root: Root, names: &[&str]) -> Option<Symbol> {
        let (first, rest) = names.split_first()?;
        match root {
            Root::Steps => self.step(first, rest),
            Root::Customer => {
                let path: Vec<Arc<str>> = names.iter().map(|n| Arc::from(*n)).collect();
                Some(Symbol::Trait(path))
            }
            Root::Consent if rest.is_empty() => Some(Symbol::Purpose(Arc::from(*first))),
            Root::Event => field(&self.current_events(), names),
            Root::Run if *first == "event" && !rest.is_empty() => field(&self.entering(), rest),
            Root::Run if rest.is_empty() && !["event", "key"].contains(first) => {
                Some(Symbol::Variable {
                    journey: self.journey(),
                    name: Arc::from(*first),
                })
            }
            _ => None,
        }
    }

    fn step(&self, id: &str, rest: &[&str]) -> Option<Symbol> {
        match rest {
            [] => Some(Symbol::Step {
                journey: self.journey(),
                id: Arc::from(id),
            }),
            [name] => {
                let step = self.project.step(self.path, id)?;
                Some(Symbol::Tells {
                    verb: step.verb,
                    name: Arc::from(*name),
                })
            }
            _ => None,
        }
    }

    /// What is known of the value at the end of a path.
    pub fn shapes(&self, root: Root, names: &[&str]) -> Vec<&'p Shape> {
        match (root, names) {
            (Root::Customer, path) => self
                .project
                .traits()
                .and_then(|t| t.0.at(path))
                .into_iter()
                .collect(),
            (Root::Event, path) => self.fields(&self.current_events(), path),
            (Root::Run, ["event", path @ ..]) => self.fields(&self.entering(), path),
            _ => Vec::new(),
        }
    }

    fn fields(&self, events: &[Arc<str>], path: &[&str]) -> Vec<&'p Shape> {
        let shapes = events.iter().filter_map(|e| self.project.event(e));
        shapes.filter_map(|(shape, _)| shape.at(path)).collect()
    }

    /// The texts that the value at the end of a path can be.
    pub fn among(&self, root: Root, names: &[&str]) -> Vec<Arc<str>> {
        if let (Root::Steps, [id, "arm" | "answer"]) = (root, names) {
            let step = self.project.step(self.path, id);
            return step.map_or_else(Vec::new, |s| s.names.clone());
        }
        if let (Root::Steps, [_, "reason"]) = (root, names) {
            return tells::reasons();
        }
        let shapes = self.shapes(root, names);
        shapes
            .iter()
            .flat_map(|s| s.among.iter().cloned())
            .collect()
    }
}

fn field(events: &[Arc<str>], names: &[&str]) -> Option<Symbol> {
    Some(Symbol::Field {
        event: events.first()?.clone(),
        path: names.iter().map(|n| Arc::from(*n)).collect(),
    })
}
