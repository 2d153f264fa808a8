//! The labels of what expressions read.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Walk,
    marks::{Marks, Origin, Place},
};
use crate::{
    expr::Root,
    parse::ast::{By, Formula, Given, Word},
    source::Span,
};

/// What holds where a step begins.
#[derive(Clone)]
pub(super) struct Here {
    /// What has decided that the step is done, or when.
    pub(super) decided: Marks,
    /// The events that `event` may be.
    pub(super) current: Vec<Arc<str>>,
}

impl Walk<'_> {
    pub(super) fn place(&self, span: &Span) -> Place {
        Place::new(&self.file.path, span)
    }

    /// The events that let customers in.
    pub(super) fn entering(&self) -> Vec<Arc<str>> {
        let event = |by: &By| match by {
            By::Event(event, _) => Some(event.text.clone()),
            _ => None,
        };
        let entries = self.journey.entries.iter();
        entries
            .filter_map(|e| e.by.as_ref().and_then(event))
            .collect()
    }

    /// That an event happens at all may tell something.
    pub(super) fn listened(&self, event: Option<&Word>) -> Marks {
        let Some(event) = event else {
            return Marks::default();
        };
        let origin = Origin {
            what: format!("the event `{}`", event.text),
            place: self.place(&event.span),
            said: "listened for here",
        };
        Marks::of(self.world.schemas.labels_of_event(&event.text), &origin)
    }

    /// A trait, or what is in it.
    pub(super) fn customer<S: AsRef<str>>(
        &self,
        path: &[S],
        place: Place,
        said: &'static str,
    ) -> Marks {
        let origin = Origin {
            what: written("customer", path),
            place,
            said,
        };
        Marks::of(self.world.schemas.labels_of_trait(path), &origin)
    }

    fn field(&self, root: &str, events: &[Arc<str>], path: &[Arc<str>], place: &Place) -> Marks {
        let origin = Origin {
            what: written(root, path),
            place: place.clone(),
            said: "read here",
        };
        let labels = events
            .iter()
            .flat_map(|event| self.world.schemas.labels_of_field(event, path));
        Marks::of(labels.collect(), &origin)
    }

    pub(super) fn formula(&self, formula: &Formula, current: &[Arc<str>]) -> Marks {
        let read = formula.expr.paths().into_iter();
        let marks: Vec<Marks> = read
            .map(|(root, names, span)| {
                let place = self.place(&formula.span(&self.file.text, &span));
                self.path(root, &names, current, place)
            })
            .collect();
        Marks::all(&marks)
    }

    fn path(&self, root: Root, names: &[Arc<str>], current: &[Arc<str>], place: Place) -> Marks {
        match root {
            Root::Customer => self.customer(names, place, "read here"),
            Root::Event => self.field("event", current, names, &place),
            Root::Run => self.run(names, &place),
            Root::Steps => self.told_by(names.first()),
            Root::Param => match names.first() {
                Some(name) => self.params.get(name).cloned().unwrap_or_default(),
                None => Marks::all(self.params.values()),
            },
            Root::Consent | Root::Now => Marks::default(),
        }
    }

    fn run(&self, names: &[Arc<str>], place: &Place) -> Marks {
        let own = |name: &Arc<str>| self.known.variables.get(&(self.name.clone(), name.clone()));
        match names.split_first() {
            Some((event, path)) if **event == *"event" => self.run_event(path, place),
            Some((name, _)) => own(name).cloned().unwrap_or_default(),
            None => {
                let all = self.known.variables.iter();
                let all = all.filter(|((journey, _), _)| *journey == self.name);
                Marks::all(all.map(|v| v.1)).with(&self.run_event(&[], place))
            }
        }
    }

    fn run_event(&self, path: &[Arc<str>], place: &Place) -> Marks {
        let marks = self.field("run.event", &self.entering(), path, place);
        let Some(started) = self.known.started.get(&self.name) else {
            return marks;
        };
        let fields = match path.first() {
            Some(name) => Marks::all(started.fields.get(name)),
            None => Marks::all(started.fields.values()),
        };
        marks.with(&started.whole).with(&fields)
    }

    /// What a step tells, or all steps of a fragment.
    fn told_by(&self, id: Option<&Arc<str>>) -> Marks {
        let inside = format!("{}{}", self.prefix, id.map_or("", |id| &**id));
        let dotted = format!("{inside}.");
        let all = self.known.steps.iter().filter(|((journey, step), _)| {
            let meant = id.is_none() || *step == inside || step.starts_with(&dotted);
            *journey == self.name && meant
        });
        Marks::all(all.map(|s| s.1))
    }

    pub(super) fn given(&self, given: &Given, current: &[Arc<str>]) -> Marks {
        match given {
            Given::Literal(_) => Marks::default(),
            Given::Computed(formula) => self.formula(formula, current),
            Given::List(items) => {
                let items: Vec<Marks> = items.iter().map(|g| self.given(g, current)).collect();
                Marks::all(&items)
            }
            Given::Map(fields) => {
                let fields = fields.iter().map(|(_, g)| self.given(g, current));
                Marks::all(&fields.collect::<Vec<_>>())
            }
        }
    }

    /// What is passed on, field by field; and what nobody can tell the field of.
    pub(super) fn fields(
        &self,
        with: Option<&Given>,
        current: &[Arc<str>],
    ) -> (BTreeMap<Arc<str>, Marks>, Marks) {
        match with {
            Some(Given::Map(fields)) => {
                let fields = fields
                    .iter()
                    .map(|(name, g)| (name.clone(), self.given(g, current)));
                (fields.collect(), Marks::default())
            }
            Some(given) => (BTreeMap::new(), self.given(given, current)),
            None => Default::default(),
        }
    }

    /// Remembers what a variable of the run carries.
    pub(super) fn keep(&mut self, name: &str, marks: &Marks) {
        let key = (self.name.clone(), Arc::from(name));
        let grown = self.known.variables.entry(key).or_default().add(marks);
        self.known.grown |= grown;
    }

    /// Remembers what a step tells.
    pub(super) fn tell(&mut self, id: Option<&Word>, marks: &Marks) {
        let Some(id) = id else { return };
        let key = (self.name.clone(), format!("{}{}", self.prefix, id.text));
        let grown = self.known.steps.entry(key).or_default().add(marks);
        self.known.grown |= grown;
    }
}

/// A path as people write it.
fn written<S: AsRef<str>>(root: &str, path: &[S]) -> String {
    let mut text = format!("`{root}");
    for name in path {
        if name.as_ref() != "[]" {
            text.push('.');
        }
        text.push_str(name.as_ref());
    }
    text.push('`');
    text
}
