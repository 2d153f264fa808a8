//! Where things get their names, where they are named, and how to call them otherwise.

use std::sync::Arc;

use super::{
    project::Project,
    symbol::{self, Named, Symbol},
    template,
};
use crate::source::Span;

/// A place of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub path: Arc<str>,
    /// Its bytes.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

impl Place {
    fn new(path: &Arc<str>, span: &Span) -> Self {
        Self {
            path: path.clone(),
            start: span.start,
            end: span.end,
        }
    }
}

/// Where the thing at the byte `at` gets its name; several where it has several files or places.
/// The first answer is what stands at the cursor.
pub fn definition(project: &Project, path: &str, at: usize) -> Option<(Span, Vec<Place>)> {
    let named = symbol::at(project, path, at)?;
    let places = defined(project, &named.symbol);
    (!places.is_empty()).then_some((named.span, places))
}

fn defined(project: &Project, symbol: &Symbol) -> Vec<Place> {
    match symbol {
        Symbol::Step { journey, id } => {
            let found = project.journey_of(journey).zip(project.step(journey, id));
            found
                .map(|((path, _), step)| Place::new(path, &step.id.span))
                .into_iter()
                .collect()
        }
        Symbol::Variable { journey, name } => {
            let Some((path, facts)) = project.journey_of(journey) else {
                return Vec::new();
            };
            let set = facts.variables.iter().filter(|v| v.text == *name);
            set.map(|v| Place::new(path, &v.span)).collect()
        }
        Symbol::Event(name) => top(project.event(name).map(|e| e.1)),
        Symbol::Field { event, .. } => {
            let file = project.event(event).map(|e| e.1);
            declared(project, symbol, file)
        }
        Symbol::Trait(path) => trait_places(project, symbol, path),
        Symbol::Purpose(name) => named_in(&project.purposes(), name),
        Symbol::Label(name) => named_in(&project.labels(), name),
        Symbol::Endpoint(name) => named_in(&project.endpoints(), name),
        Symbol::Cap(name) => named_in(&project.caps(), name),
        Symbol::Template(name) => {
            let files = project.templates().remove(&**name).unwrap_or_default();
            files
                .into_iter()
                .map(|path| Place::new(path, &(0..0)))
                .collect()
        }
        Symbol::Shared(name) => stem_places(project.shared(), name),
        Symbol::Segment(name) => stem_places(project.stems("config/segments/"), name),
        Symbol::Fragment(name) => stem_places(project.stems("journeys/_fragments/"), name),
        Symbol::Filled { template, name } => {
            let sends = project.sends(template).into_iter();
            let fields =
                sends.flat_map(|(path, _, send)| send.fields.iter().map(move |f| (path, f)));
            fields
                .filter(|(_, f)| f.0.text == *name)
                .map(|(path, f)| Place::new(path, &f.0.span))
                .collect()
        }
        Symbol::Journey(name) => {
            let named = project
                .journeys()
                .filter_map(|(path, f)| Some((path, f.name.as_ref()?)));
            named
                .filter(|(_, n)| n.text == *name)
                .map(|(path, n)| Place::new(path, &n.span))
                .collect()
        }
        Symbol::Root(_)
        | Symbol::Tells { .. }
        | Symbol::Tag(_)
        | Symbol::Function(_)
        | Symbol::Filter(_)
        | Symbol::Word(..)
        | Symbol::Choice(_) => Vec::new(),
    }
}

fn top(file: Option<&Arc<str>>) -> Vec<Place> {
    file.map(|path| Place::new(path, &(0..0)))
        .into_iter()
        .collect()
}

fn declared(project: &Project, symbol: &Symbol, file: Option<&Arc<str>>) -> Vec<Place> {
    let shape = template::shape(project, symbol);
    file.zip(shape)
        .map(|(path, shape)| Place::new(path, &shape.place))
        .into_iter()
        .collect()
}

/// Where a trait is declared; else where journeys set it.
fn trait_places(project: &Project, symbol: &Symbol, path: &[Arc<str>]) -> Vec<Place> {
    let found = declared(project, symbol, project.traits().map(|t| t.1));
    if !found.is_empty() {
        return found;
    }
    let sets = project
        .journeys()
        .flat_map(|(file, f)| f.traits.iter().map(move |t| (file, t)));
    sets.filter(|(_, t)| path.first() == Some(&t.text))
        .map(|(file, t)| Place::new(file, &t.span))
        .collect()
}

fn named_in(all: &[(&super::facts::Declared, &Arc<str>)], name: &str) -> Vec<Place> {
    let found = all.iter().filter(|(d, _)| *d.name.text == *name);
    found
        .map(|(d, path)| Place::new(path, &d.name.span))
        .collect()
}

fn stem_places(all: Vec<(&str, &Arc<str>)>, name: &str) -> Vec<Place> {
    let found = all.into_iter().filter(|s| s.0 == name);
    found.map(|(_, path)| Place::new(path, &(0..0))).collect()
}

/// The most places of one answer.
const MOST: usize = 10_000;

/// Every place that names the thing at the byte `at`; with `declared`, also where it gets its name.
pub fn references(project: &Project, path: &str, at: usize, declared: bool) -> Vec<Place> {
    let Some(named) = symbol::at(project, path, at) else {
        return Vec::new();
    };
    let mut found = places(project, &named.symbol, declared);
    if declared {
        found.extend(defined(project, &named.symbol));
    }
    found.sort();
    found.dedup();
    found.truncate(MOST);
    found
}

fn places(project: &Project, symbol: &Symbol, declared: bool) -> Vec<Place> {
    let mut found = Vec::new();
    for (path, _) in project
        .files()
        .filter(|(path, _)| may_name(project, symbol, path))
    {
        let same = symbol::all(project, path).into_iter();
        let same = same.filter(|n| n.symbol == *symbol && (declared || !n.defines));
        found.extend(same.map(|n| Place::new(path, &n.span)));
    }
    found
}

/// Whether a file may name it at all: steps and variables belong to one journey.
fn may_name(project: &Project, symbol: &Symbol, path: &str) -> bool {
    match symbol {
        Symbol::Step { journey, .. } | Symbol::Variable { journey, .. } => {
            path == &**journey || project.journey_of(path).is_some_and(|j| j.0 == journey)
        }
        _ => true,
    }
}

/// The name at the byte `at`, if it can be changed: a step's id or a variable.
pub fn can_rename(project: &Project, path: &str, at: usize) -> Result<(Span, Arc<str>), String> {
    let named = symbol::at(project, path, at).ok_or("there is nothing here that has a name")?;
    let name = renamed(&named)?;
    if defined(project, &named.symbol).is_empty() {
        return Err(format!(
            "nothing is called `{name}`: there is nothing to rename"
        ));
    }
    Ok((named.span, name))
}

fn renamed(named: &Named) -> Result<Arc<str>, String> {
    match &named.symbol {
        Symbol::Step { id, .. } => Ok(id.clone()),
        Symbol::Variable { name, .. } => Ok(name.clone()),
        Symbol::Filled { name, .. } => Err(format!(
            "`{name}` is named in templates too: change it there and here"
        )),
        _ => Err("only ids of steps and variables of the run can be renamed here".to_owned()),
    }
}

/// Every place that has to be changed so that the thing at the byte `at` is called `name`.
///
/// # Errors
/// In the author's words, if it cannot be called so.
pub fn rename(project: &Project, path: &str, at: usize, name: &str) -> Result<Vec<Place>, String> {
    can_rename(project, path, at)?;
    let named = symbol::at(project, path, at).ok_or("there is nothing here that has a name")?;
    let letters = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(letters) {
        return Err(format!(
            "`{name}` cannot be a name: it begins with a small letter and has small letters, digits and `_`"
        ));
    }
    taken(project, &named.symbol, name)?;
    Ok(references(project, path, at, true))
}

fn taken(project: &Project, symbol: &Symbol, name: &str) -> Result<(), String> {
    match symbol {
        Symbol::Step { journey, id } if **id != *name && project.step(journey, name).is_some() => {
            Err(format!("a step is called `{name}` already"))
        }
        Symbol::Variable { journey, name: old } if **old != *name => {
            let variables = project.variables(journey);
            let taken =
                ["key", "event"].contains(&name) || variables.iter().any(|v| *v.text == *name);
            let why = || format!("the run has `run.{name}` already");
            if taken { Err(why()) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}
