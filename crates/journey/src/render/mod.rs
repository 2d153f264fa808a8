//! Templates, as far as journeys name them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, SourceFile},
    message::Channel,
};

/// Which templates there are.
#[derive(Clone, Debug, Default)]
pub struct Templates(BTreeMap<Arc<str>, Vec<Channel>>);

impl Templates {
    /// From the files under `templates/`.
    pub fn compile(files: &[SourceFile], _default_locale: &str) -> (Self, Vec<Diagnostic>) {
        let mut found: BTreeMap<Arc<str>, Vec<Channel>> = BTreeMap::new();
        for file in files {
            let Some((name, last)) = file
                .path
                .strip_prefix("templates/")
                .and_then(|p| p.rsplit_once('/'))
            else {
                continue;
            };
            let channel = last.split('.').next().and_then(|c| c.parse().ok());
            let there = found.entry(Arc::from(name)).or_default();
            there.extend(channel.filter(|c| !there.contains(c)));
        }
        (Self(found), Vec::new())
    }

    /// Whether there is one of that name.
    pub fn has(&self, template: &str) -> bool {
        self.0.contains_key(template)
    }

    /// By which channels it can go out.
    pub fn channels(&self, template: &str) -> Vec<Channel> {
        self.0.get(template).cloned().unwrap_or_default()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|k| &**k)
    }
}
