//! What `parcours new` writes: a journey of the gallery under a new name, with everything that it
//! names and the workspace does not have.
//!
//! All of it is planned in memory, against what is there, before anything is written. Nothing that
//! exists is ever overwritten; a file that holds many declarations (`traits.yaml`, `endpoints.yaml`,
//! `policies.yaml`) gets those that are missing at its end, or, where that is not safe, they are
//! shown to be pasted.

mod declare;
mod gather;
pub mod insert;
pub mod locales;
mod names;
pub mod place;
mod prune;
mod write;

use std::collections::BTreeSet;

use serde::Serialize;

pub use self::{gather::plan, names::check_name, prune::check, write::write};

/// What is to be written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    /// The new journey's name.
    pub journey: String,
    /// The entry of the gallery that it is made from.
    pub from: String,
    /// New files, by their path in the workspace.
    #[serde(serialize_with = "paths")]
    pub created: Vec<File>,
    /// Files that get something at the end of a list.
    #[serde(rename = "added")]
    pub additions: Vec<Addition>,
    /// Files that are there already, and stay as they are.
    pub kept: BTreeSet<String>,
    /// What the author has to add by hand.
    pub pasted: Vec<Paste>,
    /// New files whose text still has to be translated.
    pub untranslated: BTreeSet<String>,
    /// Tests of the gallery that would not hold in this workspace.
    pub left_out: Vec<String>,
    /// Journeys that came along, because the new one starts or stops them.
    pub companions: BTreeSet<String>,
}

/// A new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the root of the workspace, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// Declarations for a file that exists.
#[derive(Clone, Debug, Serialize)]
pub struct Addition {
    /// The file.
    pub path: String,
    /// What is declared.
    pub names: Vec<String>,
    /// The whole file as it becomes.
    #[serde(skip)]
    pub text: String,
    /// The whole file as it was: if it has changed since, nothing is written.
    #[serde(skip)]
    pub before: String,
}

/// Declarations that only the author can put into their place.
#[derive(Clone, Debug, Serialize)]
pub struct Paste {
    /// The file.
    pub path: String,
    /// Under which name of it, if not at the margin.
    pub under: Option<String>,
    /// The lines.
    pub text: String,
}

impl Plan {
    /// Plans a file, unless it is there or planned already.
    fn create(&mut self, place: &place::Place, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        if place.is_taken(&path) {
            self.kept.insert(path);
        } else if !self.created.iter().any(|f| f.path == path) {
            let text = text.into();
            self.created.push(File { path, text });
        }
    }
}

fn paths<S: serde::Serializer>(files: &[File], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files.iter().map(|f| &f.path))
}
