//! What is wrong with a workspace, file by file, to the editor.

use std::collections::{BTreeMap, BTreeSet};

use lsp_server::Notification;
use lsp_types::{
    Diagnostic, DiagnosticSeverity, PublishDiagnosticsParams, Uri, notification as note,
    notification::Notification as _,
};

use crate::{
    convert,
    position::Lines,
    roots::{Checked, Root},
    state::State,
};

/// What was found, for every file that has something or had.
pub fn all(state: &mut State, index: usize, checked: Checked) -> Vec<Notification> {
    let root = &state.roots[index];
    let mut by_file = BTreeMap::<String, Vec<Diagnostic>>::new();
    for file in &checked.files {
        let Some(uri) = state.uri(root, &file.path) else {
            continue;
        };
        let mut here = checked
            .found
            .iter()
            .filter(|d| d.file == file.path)
            .peekable();
        // An open file without any is told so, too: the editor knows then that it was checked.
        if here.peek().is_some() || is_open(state, root, &file.path) {
            let lines = Lines::new(&file.text, state.encoding);
            let docs = state.docs.as_deref();
            let here = here.map(|d| {
                convert::diagnostic(d, &lines, &uri, docs, |other| {
                    state.elsewhere(root, &checked.files, other)
                })
            });
            by_file.insert(file.path.to_string(), here.collect());
        }
    }
    for (path, why) in &root.unreadable {
        by_file
            .entry(path.clone())
            .or_default()
            .push(unreadable(why));
    }
    let now: BTreeSet<String> = by_file
        .iter()
        .filter(|f| !f.1.is_empty())
        .map(|f| f.0.clone())
        .collect();
    let told: BTreeSet<String> = by_file.keys().cloned().collect();
    let gone = root.published.difference(&told);
    let cleared = gone.map(|path| (path.clone(), Vec::new()));
    let notices = cleared
        .chain(by_file)
        .filter_map(|(path, found)| notice(state, root, &path, found));
    let notices: Vec<Notification> = notices.collect();
    let root = &mut state.roots[index];
    root.published = now;
    root.checked = Some(checked);
    notices
}

/// Takes back what was said about a workspace that is closed.
pub fn nothing(state: &State, root: &Root) -> Vec<Notification> {
    let paths = root.published.iter();
    paths
        .filter_map(|path| notice(state, root, path, Vec::new()))
        .collect()
}

fn is_open(state: &State, root: &Root, path: &str) -> bool {
    state.open.get(&whole(root, path)).is_some()
}

fn whole(root: &Root, path: &str) -> std::path::PathBuf {
    path.split('/')
        .fold(root.path.clone(), |p, part| p.join(part))
}

fn unreadable(why: &str) -> Diagnostic {
    Diagnostic {
        severity: Some(DiagnosticSeverity::ERROR),
        source: Some(convert::SOURCE.to_owned()),
        message: why.to_owned(),
        ..Diagnostic::default()
    }
}

fn notice(state: &State, root: &Root, path: &str, found: Vec<Diagnostic>) -> Option<Notification> {
    let uri: Uri = state.uri(root, path)?;
    let version = state.open.get(&whole(root, path)).map(|d| d.version);
    let params = PublishDiagnosticsParams::new(uri, found, version);
    Some(Notification::new(
        note::PublishDiagnostics::METHOD.to_owned(),
        params,
    ))
}
