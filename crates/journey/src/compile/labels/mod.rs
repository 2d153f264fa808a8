//! Data-usage labels: where what carries one flows to, and whether it may (`labels` of `config/policies.yaml`).
//!
//! Values are followed through variables, traits, answers, parameters of fragments and `start`, from journey to
//! journey. Decisions are followed to what they decide: who enters or leaves, the whole journey; an arm, its steps, and
//! what comes after it where it leaves; a wait, all that comes after it. How information flows through a program is told
//! like this since D. E. Denning and P. J. Denning, "Certification of Programs for Secure Information Flow", CACM 20(7),
//! 1977; what is not followed is time: that an arm takes longer than another.

mod asked;
mod marks;
mod read;
mod report;
mod steps;

use std::{collections::BTreeMap, sync::Arc};

use self::{marks::Marks, read::Here, report::Report};
use super::World;
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::{Sink, names, nearest, policy},
    parse::ast::{By, Journey, Word},
    source::{Kind, Node},
};

/// Labelled data behind names that no schema describes. It grows, walk by walk, until nothing is added.
#[derive(Default)]
struct Known {
    /// Variables of runs, and their `key`, by journey and name.
    variables: BTreeMap<(Arc<str>, Arc<str>), Marks>,
    /// What steps tell, by journey and id; inside a fragment `USE.ID`.
    steps: BTreeMap<(Arc<str>, String), Marks>,
    /// What journeys are started with.
    started: BTreeMap<Arc<str>, Started>,
    grown: bool,
}

/// What `start` gives a journey.
#[derive(Default)]
struct Started {
    /// That it is started at all.
    decided: Marks,
    /// Fields of its `run.event`.
    fields: BTreeMap<Arc<str>, Marks>,
    /// All of its `run.event`.
    whole: Marks,
}

/// One journey, step by step.
struct Walk<'w> {
    world: World<'w>,
    journey: &'w Journey,
    name: Arc<str>,
    known: &'w mut Known,
    /// The file that the steps stand in: the journey's, or a fragment's.
    file: SourceFile,
    /// What the fragment's parameters carry.
    params: BTreeMap<Arc<str>, Marks>,
    /// What stands before the ids of the fragment's steps.
    prefix: String,
    /// Where it is told what is wrong; not while it is still being found out what flows where.
    report: Option<Report<'w>>,
}

/// Checks all journeys of a workspace together, for one passes data on to another.
pub fn check<'j>(
    journeys: impl Iterator<Item = (&'j Journey, &'j SourceFile)> + Clone,
    world: World<'j>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if world.policies.labels.is_empty() || !carried(world) {
        return found;
    }
    let mut known = Known::default();
    // Labels are only ever added, so that this ends.
    loop {
        known.grown = false;
        for (journey, file) in journeys.clone() {
            Walk::new(journey, file, world, &mut known).journey();
        }
        if !known.grown {
            break;
        }
    }
    for (journey, file) in journeys {
        let mut sink = Sink::new(file);
        let mut walk = Walk::new(journey, file, world, &mut known);
        walk.report = Some(Report::new(world.policies, &mut sink));
        walk.journey();
        found.extend(sink.finish());
    }
    found
}

/// Whether anything carries a label.
fn carried(world: World<'_>) -> bool {
    let mut endpoints = world.endpoints.0.values();
    let mut sources = world.sources.0.values();
    !world.schemas.carried().is_empty()
        || endpoints.any(|e| e.labels.is_some())
        || sources.any(|s| s.labels.is_some())
}

/// What the declared labels say of endpoints, in `config/policies.yaml`; with `unused`, also labels that nothing carries.
pub fn declared(root: &Node, world: World<'_>, unused: bool, sink: &mut Sink) {
    let Some(Kind::Map(labels)) = root.get("labels").map(|n| &n.kind) else {
        return;
    };
    let carried = world.schemas.carried();
    let answers = |label: &str| {
        let endpoints = world.endpoints.0.values().filter_map(|e| e.labels.as_ref());
        let sources = world.sources.0.values().filter_map(|s| s.labels.as_ref());
        let mut named = endpoints.chain(sources);
        named.any(|labels| labels.iter().any(|l| **l == *label))
    };
    for pair in labels {
        let allowed = pair.value.get("only_to");
        let named = allowed.map_or(&[][..], |node| match &node.kind {
            Kind::List(items) => items,
            _ => std::slice::from_ref(node),
        });
        for node in named {
            let Some(name) = node.scalar().map(|s| s.text.trim()) else {
                continue;
            };
            let endpoints = || {
                let sources = world.sources.0.keys();
                world.endpoints.0.keys().chain(sources).map(|k| &**k)
            };
            if name.is_empty() || endpoints().any(|known| known == name) {
                continue;
            }
            let diagnostic = sink
                .error(
                    names::NO_ENDPOINT,
                    node.span.clone(),
                    format!("no endpoint is called `{name}`"),
                )
                .guessed(name, endpoints());
            if nearest(name, endpoints()).is_none() {
                diagnostic.noted("endpoints are declared in config/endpoints.yaml, and content sources in config/content.yaml");
            }
        }
        if unused && !carried.contains(&pair.name) && !answers(&pair.name) {
            sink.error(
                policy::UNUSED_LABEL,
                pair.name_span.clone(),
                format!("nothing is labelled `{}`", pair.name),
            )
            .labelled("declared for nothing")
            .noted("traits (config/traits.yaml), events and their fields (config/events/), endpoints and content sources carry labels: `labels: …`")
            .warns();
        }
    }
}

impl<'w> Walk<'w> {
    fn new(
        journey: &'w Journey,
        file: &'w SourceFile,
        world: World<'w>,
        known: &'w mut Known,
    ) -> Self {
        let name = journey.name.as_ref();
        Self {
            world,
            journey,
            name: name.map_or_else(|| Arc::from(""), |n| n.text.clone()),
            known,
            file: file.clone(),
            params: BTreeMap::new(),
            prefix: String::new(),
            report: None,
        }
    }

    fn journey(&mut self) {
        let here = Here {
            decided: self.head(),
            current: self.entering(),
        };
        let journey = self.journey;
        self.steps(&journey.steps, here);
    }

    /// What decides who enters and who leaves, and so about all that happens in between.
    fn head(&mut self) -> Marks {
        let journey = self.journey;
        let mut decided = Marks::default();
        for entry in &journey.entries {
            let current = match &entry.by {
                Some(By::Event(event, _)) => vec![event.text.clone()],
                _ => Vec::new(),
            };
            decided.add(&self.by(entry.by.as_ref()));
            if let Some(condition) = &entry.condition {
                decided.add(&self.formula(condition, &current));
            }
            if let Some(key) = &entry.key {
                let marks = self.formula(key, &current);
                self.keep("key", &marks);
            }
        }
        let goal = journey.goal.iter();
        let goal = goal.map(|g| (g.event.as_ref(), g.condition.as_ref()));
        let exits = journey.exits.iter();
        let exits = exits.map(|e| (e.event.as_ref(), e.condition.as_ref()));
        for (event, condition) in goal.chain(exits) {
            decided.add(&self.listened(event));
            let current: Vec<_> = event.map(|e| e.text.clone()).into_iter().collect();
            if let Some(condition) = condition {
                decided.add(&self.formula(condition, &current));
            }
        }
        decided
    }

    /// What a way in knows of the customer.
    fn by(&self, by: Option<&By>) -> Marks {
        match by {
            Some(By::Event(event, _)) => self.listened(Some(event)),
            Some(
                By::Segment { name, .. }
                | By::Schedule {
                    segment: Some(name),
                    ..
                },
            ) => self.segment(name),
            Some(By::Date { of, .. }) => {
                let path = of.text.strip_prefix("customer.").unwrap_or(&of.text);
                let path: Vec<&str> = path.split('.').collect();
                self.customer(&path, self.place(&of.span), "this date")
            }
            Some(By::Api) => {
                let started = self.known.started.get(&self.name);
                started.map(|s| s.decided.clone()).unwrap_or_default()
            }
            Some(By::Schedule { segment: None, .. }) | None => Marks::default(),
        }
    }

    fn segment(&self, name: &Word) -> Marks {
        let Some(Some(condition)) = self.world.segments.get(&name.text) else {
            return Marks::default();
        };
        let place = self.place(&name.span);
        let read = condition.paths().into_iter();
        let marks: Vec<Marks> = read
            .map(|(_, names, _)| self.customer(&names, place.clone(), "read by this segment"))
            .collect();
        Marks::all(&marks)
    }
}
