//! What runs in flight still need, and the workspace to be published does not have.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Draft, Fate, Published, Running,
    assemble::{Journey, Passage},
    check::runs,
    limits,
};
use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::versions as codes,
    machine::{Machine, Op},
    source::Span,
};

/// J904, J905 and J907.
pub(super) fn gone(running: &Running, draft: Draft<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for version in &running.published {
        let staying = finishing(version, running, draft);
        let Some(machine) = version.machine.as_ref().filter(|_| staying > 0) else {
            continue;
        };
        let missing = missing(machine, running, draft);
        let missing = missing.into_iter();
        found.extend(
            missing
                .map(|(code, what, name)| still_needed(code, what, name, version, staying, draft)),
        );
    }
    found
}

/// What a machine names that is gone: the code, what it is, and its name.
fn missing<'m>(
    machine: &'m Machine,
    running: &Running,
    draft: Draft<'_>,
) -> BTreeSet<(&'static str, &'static str, &'m str)> {
    let in_folder = |files: &[SourceFile], name: &str| {
        let folder = format!("templates/{name}/");
        files.iter().any(|f| f.path.starts_with(&folder))
    };
    let workspace = draft.workspace;
    let mut missing = BTreeSet::new();
    for (template, purpose) in limits::sends(machine) {
        // One that was not there before either is nothing that this apply takes away.
        if in_folder(&running.files, template) && !in_folder(draft.files, template) {
            missing.insert((codes::TEMPLATE_GONE, "template", template));
        }
        if !workspace.policies.purposes.contains_key(purpose) {
            missing.insert((codes::PURPOSE_GONE, "purpose", purpose));
        }
    }
    for endpoint in calls(machine).filter(|name| !workspace.endpoints.0.contains_key(*name)) {
        missing.insert((codes::ENDPOINT_GONE, "endpoint", endpoint));
    }
    missing
}

/// The endpoints that a machine calls.
fn calls(machine: &Machine) -> impl Iterator<Item = &str> {
    machine.nodes.iter().filter_map(|node| match &node.op {
        Op::Call(call) => Some(&*call.endpoint),
        Op::HandOver(call) => Some(&*call.endpoint),
        _ => None,
    })
}

/// How many runs stay on that version.
fn finishing(version: &Published, running: &Running, draft: Draft<'_>) -> u64 {
    let journey = Journey::of(&version.journey, running, draft);
    let passage = Passage::of(&journey, version);
    let staying = journey
        .at(version)
        .filter(|f| matches!(passage.fate(f.node), Fate::Finishes | Fate::Kept));
    staying.map(|f| f.runs).sum()
}

fn still_needed(
    code: &'static str,
    what: &str,
    name: &str,
    version: &Published,
    staying: u64,
    draft: Draft<'_>,
) -> Diagnostic {
    let mut all = draft.workspace.machines.iter();
    let own = all.find(|c| c.machine.journey == version.journey);
    let policies = || Arc::from("config/policies.yaml");
    let file = own.map_or_else(policies, |c| c.path.clone());
    let journey = &version.journey;
    let end = match own {
        Some(_) => {
            "or let them go: `migrate: { from: any, in_flight: move, lost: exit }`".to_owned()
        }
        None => format!("or end them: `parcours apply --stop {journey}`"),
    };
    Diagnostic {
        code,
        severity: Severity::Error,
        message: format!("the {what} `{name}` is gone, and runs in flight still need it"),
        span: head_of(&file, draft.files),
        file,
        label: String::new(),
        also: Vec::new(),
        elsewhere: Vec::new(),
        notes: vec![
            format!(
                "{} finish on version {} of `{journey}`, which uses it",
                runs(staying),
                version.version
            ),
            format!("keep it until they are through, {end}"),
        ],
        replacement: None,
    }
}

/// The first line that says something, for what has no place of its own.
fn head_of(path: &str, files: &[SourceFile]) -> Span {
    let text = files.iter().find(|f| &*f.path == path);
    let Some(text) = text.map(|f| &*f.text) else {
        return 0..0;
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if !words.is_empty() && !words.starts_with('#') {
            let start = at + line.len() - line.trim_start().len();
            return start..start + words.len();
        }
        at += line.len();
    }
    0..0
}
