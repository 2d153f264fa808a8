//! The settings of a process as sources: `config/parcours.yaml`, and the environment that wins over it. What they
//! mean is the binary's business; here they are checked, and hidden where they are secret.

mod shown;

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, nearest, yaml},
    grammar::{File, Key, Takes, VARIABLES, below, takes_at},
    message::Channel,
    parse::{self, Reader},
    source::{self, Kind, Node, Pair, Scalar, Span, Style},
};

pub use shown::shown;

/// Where the settings stand in a workspace.
pub const FILE: &str = "config/parcours.yaml";
/// Whether a channel has a provider of that kind; not, where the file cannot be read.
pub(crate) fn carries(file: &SourceFile, channel: Channel, kind: &str) -> bool {
    let below = |node: &Node, name: &str| match &node.kind {
        Kind::Map(pairs) => {
            let found = pairs.iter().find(|p| *p.name == *name);
            found.map(|p| p.value.clone())
        }
        _ => None,
    };
    let root = source::load(file, &mut Sink::new(file));
    let channels = root.and_then(|root| below(&root, "channels"));
    let Some(providers) = channels.and_then(|c| below(&c, channel.as_str())) else {
        return false;
    };
    match &providers.kind {
        Kind::List(all) => all.iter().any(|one| below(one, kind).is_some()),
        _ => below(&providers, kind).is_some(),
    }
}

/// What the environment is called in diagnostics.
pub const ENVIRONMENT: &str = "environment";
/// How the variables of ours begin.
const PREFIX: &str = "PARCOURS_";

/// All that is wrong with the file.
pub fn check(file: &SourceFile) -> Vec<Diagnostic> {
    let mut sink = Sink::new(file);
    if let Some(root) = source::load(file, &mut sink) {
        parse::settings(&root, &mut Reader::new(file, &mut sink));
    }
    sink.finish()
}

/// The variables of the environment that are ours, a line each, and all that is wrong with them. A variable that
/// begins like ours and is none is a warning if it is nearly one.
pub fn environment(
    variables: impl IntoIterator<Item = (String, String)>,
) -> (SourceFile, Vec<Diagnostic>) {
    let mut all: Vec<(String, String)> = variables
        .into_iter()
        .filter(|(name, value)| {
            let ours = setting(name).is_some() || name.starts_with(PREFIX);
            ours && !value.trim().is_empty()
        })
        .map(|(name, value)| (name, value.replace(['\n', '\r'], " ")))
        .collect();
    all.sort();
    let lines: Vec<String> = all
        .iter()
        .map(|(name, v)| format!("{name}={v}\n"))
        .collect();
    let file = SourceFile {
        path: Arc::from(ENVIRONMENT),
        text: Arc::from(lines.concat()),
    };
    let mut sink = Sink::new(&file);
    let mut at = 0;
    for ((name, value), line) in all.iter().zip(&lines) {
        let span = at..at + name.len();
        at += line.len();
        match takes(name) {
            Some(takes) => {
                let node = scalar(value, span.end + 1);
                Reader::new(&file, &mut sink).described(&node, &takes);
            }
            None => strange(name, span, &mut sink),
        }
    }
    let found = sink.finish();
    (file, found)
}

fn strange(name: &str, span: Span, sink: &mut Sink) {
    let known = VARIABLES.iter().map(|(name, _)| *name);
    if let Some(near) = nearest(name, known) {
        sink.error(
            yaml::UNKNOWN_WORD,
            span,
            format!("no setting is called `{name}`"),
        )
        .offered(Some(near))
        .severity = Severity::Warning;
    }
}

fn scalar(text: &str, start: usize) -> Node {
    Node {
        span: start..start + text.len(),
        kind: Kind::Scalar(Scalar {
            text: Arc::from(text),
            style: Style::Double,
            anchor: None,
            comment: None,
        }),
    }
}

/// The setting that a variable of the environment wins over, as the names on the way to it.
pub fn setting(variable: &str) -> Option<&'static [&'static str]> {
    let found = VARIABLES.iter().find(|(name, _)| *name == variable);
    found.map(|(_, path)| *path)
}

/// The variable of the environment that wins over a setting.
pub fn variable(path: &[&str]) -> Option<&'static str> {
    let found = VARIABLES.iter().find(|(_, of)| *of == path);
    found.map(|(name, _)| *name)
}

fn takes(variable: &str) -> Option<Takes> {
    let keys: Vec<Key<'_>> = setting(variable)?.iter().map(|n| Key::Name(n)).collect();
    takes_at(File::Settings, &keys)
}

/// The settings of the file with those of the environment over them, as their grammar reads them: whole numbers are
/// numbers, truth values are such, durations are in seconds (`90s`), everything else is text. What is wrong with them is said by [`check`] and [`environment`].
pub fn values(file: Option<&SourceFile>, environment: &SourceFile) -> Json {
    let root = file.and_then(|file| source::load(file, &mut Sink::new(file)));
    let mut values = match &root {
        Some(root) if !root.is_empty() => value(root, &File::Settings.root()),
        _ => Json::Object(Map::new()),
    };
    for line in environment.text.lines() {
        let Some((name, text)) = line.split_once('=') else {
            continue;
        };
        if let (Some(path), Some(takes)) = (setting(name), takes(name)) {
            put(&mut values, path, value(&scalar(text.trim(), 0), &takes));
        }
    }
    values
}

fn value(node: &Node, takes: &Takes) -> Json {
    match (&node.kind, takes) {
        (Kind::Map(pairs), _) => {
            let one = |pair: &Pair| {
                let takes = below(takes, &Key::Name(&pair.name)).unwrap_or(Takes::Anything);
                (pair.name.to_string(), value(&pair.value, &takes))
            };
            Json::Object(pairs.iter().map(one).collect())
        }
        (Kind::List(items), _) => {
            let takes = below(takes, &Key::Index(0)).unwrap_or(Takes::Anything);
            items.iter().map(|item| value(item, &takes)).collect()
        }
        (Kind::Scalar(scalar), Takes::Duration) => {
            let seconds = parse::seconds(&scalar.text);
            seconds.map_or(Json::Null, |s| Json::from(format!("{s}s")))
        }
        (Kind::Scalar(scalar), Takes::Whole { .. }) => {
            let number = scalar.text.trim().parse::<u32>();
            number.map_or(Json::Null, Json::from)
        }
        (Kind::Scalar(scalar), Takes::Truth) => {
            let truth = scalar.text.trim().parse::<bool>();
            truth.map_or(Json::Null, Json::from)
        }
        (Kind::Scalar(scalar), _) if !node.is_empty() => Json::from(scalar.text.trim()),
        _ => Json::Null,
    }
}

fn put(values: &mut Json, path: &[&str], value: Json) {
    let mut place = values;
    for name in path {
        if !place.is_object() {
            *place = Json::Object(Map::new());
        }
        place = &mut place[*name];
    }
    *place = value;
}

/// Where a setting stands: of the file its value, or as much of the way to it as there is; of the environment
/// the line of its variable.
pub fn place(file: &SourceFile, path: &[&str]) -> Span {
    if &*file.path == ENVIRONMENT {
        let name = variable(path).unwrap_or_default();
        let start = file.text.find(&format!("{name}=")).unwrap_or_default();
        let line = file.text[start..].lines().next().unwrap_or_default();
        return start + name.len() + 1..start + line.len();
    }
    let mut sink = Sink::new(file);
    let Some(root) = source::load(file, &mut sink) else {
        return 0..0;
    };
    let (mut node, mut span) = (&root, 0..0);
    for name in path {
        let Kind::Map(pairs) = &node.kind else { break };
        let Some(pair) = pairs.iter().find(|p| &*p.name == *name) else {
            break;
        };
        node = &pair.value;
        span = match node.kind {
            Kind::Scalar(_) => node.span.clone(),
            _ => pair.name_span.clone(),
        };
    }
    span
}

/// A diagnostic of our own about a setting, at its place.
pub fn wrong(file: &SourceFile, path: &[&str], message: String, label: String) -> Diagnostic {
    Diagnostic {
        code: yaml::UNKNOWN_VALUE,
        severity: Severity::Error,
        message,
        file: file.path.clone(),
        span: place(file, path),
        label,
        also: Vec::new(),
        elsewhere: Vec::new(),
        notes: Vec::new(),
        replacement: None,
    }
}

#[cfg(test)]
mod tests;
