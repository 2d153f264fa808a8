//! The settings of a process as sources: `config/parcours.yaml`, and the environment that wins over it. What they
//! mean is the binary's business; here they are checked, and hidden where they are secret.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{Sink, nearest, yaml},
    grammar::{File, Key, Known, Takes, VARIABLES, takes_at},
    parse::{self, Reader},
    source::{self, Kind, Node, Pair, Scalar, Span, Style},
};

/// Where the settings stand in a workspace.
pub const FILE: &str = "config/parcours.yaml";
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
/// numbers, everything else is text. What is wrong with them is said by [`check`] and [`environment`].
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
            let context = takes.fields();
            let one = |pair: &Pair| {
                let word = context.and_then(|c| c.word(&pair.name, &[]));
                let takes = word.map_or(Takes::Anything, |w| w.takes);
                (pair.name.to_string(), value(&pair.value, &takes))
            };
            Json::Object(pairs.iter().map(one).collect())
        }
        (Kind::Scalar(scalar), Takes::Whole { .. }) => {
            let number = scalar.text.trim().parse::<u32>();
            number.map_or(Json::Null, Json::from)
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

/// The file and what was found in it as they may be shown: the text byte for byte as long, with everything hidden
/// that is secret or might be. These are values of secret settings and of words that are not known, and where the
/// text is no YAML every value but those of settings that hold none.
pub fn shown(file: &SourceFile, found: Vec<Diagnostic>) -> (SourceFile, Vec<Diagnostic>) {
    let (mut hidden, said) = hidden(file);
    let masked = SourceFile {
        path: file.path.clone(),
        text: Arc::from(starred(&file.text, &hidden)),
    };
    hidden.truncate(said);
    let words: Vec<&str> = words();
    let secrets: Vec<&str> = hidden
        .iter()
        .filter_map(|span| file.text.get(span.clone()))
        .flat_map(|text| text.split(|c: char| c.is_whitespace() || "\"'`,{}[]".contains(c)))
        // `!` and its like have a meaning of their own before a word.
        .flat_map(|word| [word, word.trim_matches(|c: char| !c.is_alphanumeric())])
        .filter(|word| word.len() >= SHORTEST && word.chars().any(char::is_alphanumeric))
        .filter(|word| !words.contains(word))
        .collect();
    let hushed = found.into_iter().map(|d| match d.file == file.path {
        true => hushed(d, &secrets),
        false => d,
    });
    (masked, hushed.collect())
}

/// A word that is shorter is no secret, and would be hidden within others.
const SHORTEST: usize = 4;

/// What is said, without the secrets that it quotes.
fn hushed(mut d: Diagnostic, secrets: &[&str]) -> Diagnostic {
    let hush = |text: &mut String| {
        for secret in secrets {
            if text.contains(secret) {
                *text = text.replace(secret, "***");
            }
        }
    };
    let cure = d.replacement.iter_mut().map(|(_, text)| text);
    let also = d.also.iter_mut().map(|(_, text)| text);
    let own = [&mut d.message, &mut d.label].into_iter();
    own.chain(&mut d.notes)
        .chain(also)
        .chain(cure)
        .for_each(hush);
    d
}

/// The words of the settings themselves, which messages name.
fn words() -> Vec<&'static str> {
    let contexts = File::Settings.contexts();
    let all = contexts.iter().flat_map(|c| {
        let forms = c.forms.iter().map(|f| &f.head);
        forms.chain(c.words).map(|w| w.name)
    });
    all.chain(VARIABLES.iter().map(|(name, _)| *name)).collect()
}

/// What is hidden, and how many of these spans what is said of the file may quote: comments of whole lines it does
/// not.
fn hidden(file: &SourceFile) -> (Vec<Span>, usize) {
    let mut hidden = Vec::new();
    if &*file.path == ENVIRONMENT {
        let mut at = 0;
        for line in file.text.split_inclusive('\n') {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            if takes(name).is_none_or(|takes| is_secret(&takes, value)) {
                hidden.push(at + name.len() + 1..at + line.len());
            }
            at += line.len();
        }
        let all = hidden.len();
        return (hidden, all);
    }
    let mut sink = Sink::new(file);
    let read = source::load(file, &mut sink).filter(|_| !sink.failed());
    match read {
        Some(root) => hide(&root, Some(File::Settings.root()), &mut hidden),
        None => hide_lines(&file.text, &mut hidden),
    }
    let said = comments(&file.text, &mut hidden);
    (hidden, said)
}

/// Whether a value is: a web address is where it carries an account.
fn is_secret(takes: &Takes, value: &str) -> bool {
    let account = || matches!(takes, Takes::Ref(Known::Url)) && value.contains('@');
    takes.is_secret() || account()
}

/// What is secret below a node, of which `takes` says what it may be; `None`: a word that is not known.
fn hide(node: &Node, takes: Option<Takes>, hidden: &mut Vec<Span>) {
    match (&node.kind, takes) {
        (Kind::Map(pairs), takes) => {
            let context = takes.and_then(|t| t.fields());
            for pair in pairs {
                let word = context.and_then(|c| c.word(&pair.name, &[]));
                hide(&pair.value, word.map(|w| w.takes), hidden);
            }
        }
        (Kind::Scalar(scalar), Some(takes))
            if takes.fields().is_none() && !is_secret(&takes, &scalar.text) => {}
        _ => hidden.push(node.span.clone()),
    }
}

/// The same for a text without a tree: a line shows its value only if it is one setting that is known and holds
/// nothing secret.
fn hide_lines(text: &str, hidden: &mut Vec<Span>) {
    let open: Vec<&str> = File::Settings
        .contexts()
        .iter()
        .flat_map(|c| c.words.iter())
        .filter(|w| !w.takes.is_secret() && w.takes.fields().is_none())
        .map(|w| w.name)
        .collect();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let name = line.trim_start().split(':').next().unwrap_or_default();
        let alone = line.matches(':').count() <= 2 && !line.contains(['{', '[', ',']);
        if !(open.contains(&name) && alone) {
            let from = match line.contains(':') {
                true => indent + name.len() + 1,
                false => indent,
            };
            hidden.push(at + from.min(line.len())..at + line.len());
        }
        at += line.len();
    }
}

/// A setting that is commented out is as secret as any, and so is what YAML takes for a comment behind a secret.
/// Returns how many spans there are without the former.
fn comments(text: &str, hidden: &mut Vec<Span>) -> usize {
    let behind: Vec<Span> = hidden
        .iter()
        .filter_map(|span| {
            let rest = text.get(span.end..)?.lines().next()?;
            let comment = rest.find(" #")?;
            Some(span.end + comment + 2..span.end + rest.len())
        })
        .collect();
    hidden.extend(behind);
    let said = hidden.len();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(comment) = line.find('#')
            && line[..comment].chars().all(char::is_whitespace)
            && line[comment..].contains(':')
        {
            hidden.push(at + comment + 1..at + line.len());
        }
        at += line.len();
    }
    said
}

/// Letters and digits become stars, so that quotes, brackets and line ends still show what is wrong.
fn starred(text: &str, hidden: &[Span]) -> String {
    let within = |at: usize| hidden.iter().any(|span| span.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match within(at) && !(c.is_whitespace() || "\"'{}[],:|>".contains(c)) {
            // As long as before in bytes, for places are counted in them.
            true => (0..c.len_utf8()).for_each(|_| shown.push('*')),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests;
