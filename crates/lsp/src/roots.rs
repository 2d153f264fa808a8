//! Workspaces: where they are, what they hold, and what was found in them. The only file here
//! that looks at a disk; reading is what the binary gives.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use journey::{
    diagnostic::{Diagnostic, SourceFile},
    ide::Project,
};

use crate::documents::Documents;

/// What a workspace holds on disk.
#[derive(Debug, Default)]
pub struct Sources {
    /// The files that the compiler reads.
    pub files: Vec<SourceFile>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(String, String)>,
}

/// Reads the workspace in a folder, and never fails: what cannot be read is said.
pub type Read = fn(&Path) -> Sources;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Of which state of the workspace.
    pub revision: u64,
    /// The files as they were.
    pub files: Vec<SourceFile>,
    /// What is wrong with them.
    pub found: Vec<Diagnostic>,
}

/// A workspace.
#[derive(Debug)]
pub struct Root {
    /// Its folder.
    pub path: PathBuf,
    /// Its files as they are on disk.
    disk: BTreeMap<Arc<str>, SourceFile>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(String, String)>,
    /// Counts its changes.
    pub revision: u64,
    /// Which of them was given to be checked last.
    pub asked: u64,
    /// What is known of its files.
    pub project: Project,
    /// What was found last.
    pub checked: Option<Checked>,
    /// The files that have diagnostics in the editor.
    pub published: BTreeSet<String>,
}

impl Root {
    /// The workspace in that folder.
    pub fn new(path: PathBuf, read: Read) -> Self {
        let mut root = Self {
            path,
            disk: BTreeMap::new(),
            unreadable: Vec::new(),
            revision: 0,
            asked: 0,
            project: Project::default(),
            checked: None,
            published: BTreeSet::new(),
        };
        root.reload(read);
        root
    }

    /// Reads its files anew.
    pub fn reload(&mut self, read: Read) {
        let sources = read(&self.path);
        self.disk = sources
            .files
            .into_iter()
            .map(|f| (f.path.clone(), f))
            .collect();
        self.unreadable = sources.unreadable;
        self.revision += 1;
    }

    /// The path of a file within it, with `/`.
    pub fn relative(&self, path: &Path) -> Option<String> {
        let parts = path.strip_prefix(&self.path).ok()?.components();
        let parts: Option<Vec<&str>> = parts.map(|c| c.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// Its files, with the unsaved text of those that are open, in order of their paths.
    pub fn files(&self, open: &Documents) -> Vec<SourceFile> {
        let mut files = self.disk.clone();
        for (path, document) in open.iter() {
            let Some(relative) = self.relative(path) else {
                continue;
            };
            if files.contains_key(&*relative) || belongs(&relative) {
                let path: Arc<str> = Arc::from(relative);
                let text = document.text.clone();
                files.insert(path.clone(), SourceFile { path, text });
            }
        }
        files.into_values().collect()
    }

    /// Brings what is known of its files up to date.
    pub fn refresh(&mut self, open: &Documents) {
        let files = self.files(open);
        let paths: BTreeSet<&str> = files.iter().map(|f| &*f.path).collect();
        self.project.retain(&|path| paths.contains(path));
        for file in &files {
            self.project.set(file);
        }
    }
}

/// Whether a file that is not on disk yet is one of a workspace.
fn belongs(path: &str) -> bool {
    let yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["templates", _, ..] => true,
        ["journeys", "_fragments", _] | ["config", "events" | "segments", _] => yaml,
        ["journeys", _, "journey.yaml" | "tests.yaml"]
        | [
            "config",
            "policies.yaml" | "traits.yaml" | "endpoints.yaml" | "content.yaml" | "vouchers.yaml",
        ] => true,
        _ => false,
    }
}

/// The nearest folder at or above `path` that holds a workspace.
pub fn above(path: &Path) -> Option<PathBuf> {
    let holds = |dir: &&Path| {
        dir.join("journeys").is_dir() || dir.join("config").join("policies.yaml").is_file()
    };
    path.ancestors().find(holds).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::belongs;

    #[test]
    fn files_of_others_are_no_journeys() {
        assert!(belongs("journeys/a/journey.yaml") && belongs("templates/a/email.fr.txt"));
        assert!(!belongs("compose.yaml") && !belongs("config/parcours.yaml"));
        assert!(!belongs("journeys/a/notes.yaml") && !belongs(".github/workflows/a.yaml"));
    }
}
