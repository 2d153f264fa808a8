//! The folder that the new journey goes to, as it is before.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use journey::{
    diagnostic::SourceFile,
    message::Channel,
    workspace::{self as compiler, Options},
};

use crate::{gallery, workspace};

/// Where files of the gallery are declared in one file by name, and under which name of it.
pub const TRAITS: (&str, Option<&str>) = ("config/traits.yaml", Some("properties"));
/// The endpoints.
pub const ENDPOINTS: (&str, Option<&str>) = ("config/endpoints.yaml", None);
/// The purposes.
pub const PURPOSES: (&str, Option<&str>) = ("config/policies.yaml", Some("purposes"));

/// What is in the folder.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its files that belong to a workspace, by path.
    files: BTreeMap<Arc<str>, Arc<str>>,
    /// The folder, if it is one on disk.
    root: Option<PathBuf>,
}

impl Place {
    /// Reads the workspace at `root`; a folder that holds none, or does not exist, is fresh.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let files: Result<Vec<SourceFile>> = workspace::found(root)?
            .iter()
            .map(|path| workspace::source(path, &workspace::relative(root, path)))
            .collect();
        let mut place = Self::of(files?);
        place.root = Some(root.to_owned());
        Ok(place)
    }

    /// A workspace of these files.
    pub fn of(files: impl IntoIterator<Item = SourceFile>) -> Self {
        let files = files.into_iter().map(|f| (f.path, f.text)).collect();
        Self { files, root: None }
    }

    /// Whether there is no workspace yet.
    pub fn is_fresh(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| &**text)
    }

    /// Whether there is a file or folder of that path, part of a workspace or not.
    pub fn is_taken(&self, path: &str) -> bool {
        let below = |file: &Arc<str>| {
            let rest = file.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let root = self.root.as_ref();
        self.files.keys().any(below) || root.is_some_and(|r| r.join(path).exists())
    }

    /// Whether a journey of the workspace names this event.
    pub fn names_event(&self, event: &str) -> bool {
        self.journeys().any(|(_, text)| {
            let needs = gallery::Needs::of(&gallery::data(text));
            needs.events.contains(event)
        })
    }

    /// The file of the journey of that name, wherever it stands.
    pub fn journey(&self, name: &str) -> Option<&str> {
        self.journeys()
            .find(|(_, text)| gallery::data(text)["journey"] == name)
            .map(|(path, _)| path)
    }

    /// The locale that every template needs.
    pub fn default_locale(&self) -> String {
        let policies = self.text(PURPOSES.0).map(|text| SourceFile {
            path: PURPOSES.0.into(),
            text: text.into(),
        });
        let (read, _) = compiler::compile(policies.as_slice(), &Options::default());
        let policies = read.map(|w| w.policies).unwrap_or_default();
        policies.defaults.locale.to_string()
    }

    /// The locales of its templates, in order.
    pub fn locales(&self) -> Vec<String> {
        let names = self.files.keys().filter(|p| p.starts_with("templates/"));
        let mut found: Vec<String> = names
            .filter_map(|path| {
                let name = path.rsplit('/').next()?;
                let mut parts = name.split('.');
                let channel: Result<Channel, _> = parts.next()?.parse();
                channel.ok()?;
                parts.next().map(str::to_owned)
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// All files, in order, with those that are planned.
    pub fn with(&self, plan: &super::Plan) -> Vec<SourceFile> {
        let mut files = self.files.clone();
        let created = plan.created.iter().map(|f| (&f.path, &f.text));
        let changed = plan.additions.iter().map(|a| (&a.path, &a.text));
        for (path, text) in created.chain(changed) {
            files.insert(path.as_str().into(), text.as_str().into());
        }
        let file = |(path, text)| SourceFile { path, text };
        files.into_iter().map(file).collect()
    }

    fn journeys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| path.starts_with("journeys/") && path.ends_with("/journey.yaml"))
            .map(|(path, text)| (&**path, &**text))
    }
}
