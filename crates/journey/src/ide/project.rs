//! The files of a workspace, each read as far as it goes.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    facts::{Declared, Facts, JourneyFacts, Named, SendFact, Shape, StepFact},
    outline::{self, Node},
};
use crate::{diagnostic::SourceFile, grammar::File, source::MAX_BYTES};

/// A workspace as an editor sees it. Setting a file reads that one alone.
#[derive(Debug, Default)]
pub struct Project {
    files: BTreeMap<Arc<str>, Read>,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub text: Arc<str>,
    /// Absent in templates, which are no YAML.
    pub file: Option<File>,
    pub tree: Node,
    pub facts: Facts,
}

impl Project {
    /// Takes a file, or its new text. A file that is longer than the compiler reads is known by
    /// its path alone.
    pub fn set(&mut self, file: &SourceFile) {
        let known = self.files.get(&file.path);
        if known.is_some_and(|k| Arc::ptr_eq(&k.text, &file.text) || k.text == file.text) {
            return;
        }
        let text: Arc<str> = if file.text.len() > MAX_BYTES {
            Arc::from("")
        } else {
            file.text.clone()
        };
        let kind = File::of(&file.path);
        let tree = match kind {
            Some(_) => outline::read(&text),
            None => Node::empty(0),
        };
        let facts = Facts::of(kind, &text, &tree);
        let read = Read {
            text,
            file: kind,
            tree,
            facts,
        };
        self.files.insert(file.path.clone(), read);
    }

    /// Forgets the files that are not among these.
    pub fn retain(&mut self, paths: &dyn Fn(&str) -> bool) {
        self.files.retain(|path, _| paths(path));
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&Arc<str>> {
        self.files.get(path).map(|f| &f.text)
    }

    pub(super) fn get(&self, path: &str) -> Option<&Read> {
        self.files.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&Arc<str>, &Read)> {
        self.files.iter()
    }

    /// Every journey with its path.
    pub(super) fn journeys(&self) -> impl Iterator<Item = (&Arc<str>, &JourneyFacts)> {
        self.files
            .iter()
            .filter_map(|(path, file)| match &file.facts {
                Facts::Journey(facts) => Some((path, &**facts)),
                _ => None,
            })
    }

    /// The journey that a file is, or that the tests in its folder are about.
    pub(super) fn journey_of(&self, path: &str) -> Option<(&Arc<str>, &JourneyFacts)> {
        let folder = path.rsplit_once('/').map_or("", |p| p.0);
        self.journeys().find(|(p, _)| ***p == *path).or_else(|| {
            self.journeys()
                .find(|(p, _)| p.rsplit_once('/').map_or("", |p| p.0) == folder)
        })
    }

    pub(super) fn step(&self, journey: &str, id: &str) -> Option<&StepFact> {
        let (_, facts) = self.journey_of(journey)?;
        facts.steps.iter().find(|s| *s.id.text == *id)
    }

    /// Events by name with what is declared about them, and the file.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &Shape, &Arc<str>)> {
        self.files
            .iter()
            .filter_map(|(path, file)| match (&file.facts, file.file) {
                (Facts::Schema(shape), Some(File::Event)) => {
                    Some((stem(path, "config/events/")?, &**shape, path))
                }
                _ => None,
            })
    }

    pub(super) fn event(&self, name: &str) -> Option<(&Shape, &Arc<str>)> {
        self.events().find(|e| e.0 == name).map(|e| (e.1, e.2))
    }

    /// What is declared about customers, and the file.
    pub(super) fn traits(&self) -> Option<(&Shape, &Arc<str>)> {
        self.files
            .iter()
            .find_map(|(path, file)| match (&file.facts, file.file) {
                (Facts::Schema(shape), Some(File::Traits)) => Some((&**shape, path)),
                _ => None,
            })
    }

    /// Purposes with their file; those of a workspace without policies have none.
    pub(super) fn purposes(&self) -> Vec<(&Declared, &Arc<str>)> {
        self.declared(|facts| match facts {
            Facts::Policies { purposes, .. } => Some(purposes),
            _ => None,
        })
    }

    pub(super) fn caps(&self) -> Vec<(&Declared, &Arc<str>)> {
        self.declared(|facts| match facts {
            Facts::Policies { caps, .. } => Some(caps),
            _ => None,
        })
    }

    /// Labels of data.
    pub(super) fn labels(&self) -> Vec<(&Declared, &Arc<str>)> {
        self.declared(|facts| match facts {
            Facts::Policies { labels, .. } => Some(labels),
            _ => None,
        })
    }

    pub(super) fn endpoints(&self) -> Vec<(&Declared, &Arc<str>)> {
        self.declared(|facts| match facts {
            Facts::Endpoints(all) => Some(all),
            _ => None,
        })
    }

    /// What files declare, each with its file.
    fn declared(
        &self,
        of: impl Fn(&Facts) -> Option<&Vec<Declared>>,
    ) -> Vec<(&Declared, &Arc<str>)> {
        let files = self.files.iter();
        let found = files.filter_map(|(path, file)| Some((path, of(&file.facts)?)));
        found
            .flat_map(|(path, all)| all.iter().map(move |d| (d, path)))
            .collect()
    }

    /// The names of the files in a folder, without extension, each with its file.
    pub(super) fn stems(&self, folder: &'static str) -> Vec<(&str, &Arc<str>)> {
        self.files
            .keys()
            .filter_map(|path| Some((stem(path, folder)?, path)))
            .collect()
    }

    /// The names of templates, in order, each with its files.
    pub(super) fn templates(&self) -> BTreeMap<&str, Vec<&Arc<str>>> {
        let mut found = BTreeMap::<&str, Vec<&Arc<str>>>::new();
        for path in self.files.keys() {
            if let Some(name) = template_of(path) {
                found.entry(name).or_default().push(path);
            }
        }
        found
    }

    /// Shared templates, as `extends` and `include` name them, each with its file.
    pub(super) fn shared(&self) -> Vec<(&str, &Arc<str>)> {
        let shared = self.files.keys().filter_map(|path| {
            let name = path.strip_prefix("templates/")?;
            (is_shared(name) && !SourceFile::is_binary(path)).then_some((name, path))
        });
        shared.collect()
    }

    /// The sends of a template, each with its journey's path.
    pub(super) fn sends(&self, template: &str) -> Vec<(&Arc<str>, &JourneyFacts, &SendFact)> {
        let mut found = Vec::new();
        for (path, facts) in self.journeys() {
            let sends = facts.sends.iter().filter(|s| *s.template == *template);
            found.extend(sends.map(|send| (path, facts, send)));
        }
        found
    }

    /// Every variable of a journey, each name once.
    pub(super) fn variables<'p>(&'p self, journey: &str) -> Vec<&'p Named> {
        let all = self.journey_of(journey).map_or(&[][..], |j| &j.1.variables);
        let mut found: Vec<&Named> = Vec::new();
        for variable in all {
            if !found.iter().any(|v| v.text == variable.text) {
                found.push(variable);
            }
        }
        found
    }
}

/// A file's name without folder and extension.
fn stem<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let name = path.strip_prefix(folder)?;
    name.strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
}

fn is_shared(name: &str) -> bool {
    name.split('/')
        .rev()
        .skip(1)
        .any(|part| part.starts_with('_'))
}

/// The template that a file belongs to: `cart/nudge`.
pub(super) fn template_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("templates/")?;
    let (folder, _) = name.rsplit_once('/')?;
    (!is_shared(name)).then_some(folder)
}
