//! What may be shown of settings: everything but secrets, and what might be one.

use std::sync::Arc;

use super::{ENVIRONMENT, takes};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::Sink,
    grammar::{File, Key, Known, Takes, VARIABLES, below},
    source::{self, Kind, Node, Span},
};

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
const SHORTEST: usize = 6;

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
            for pair in pairs {
                let below = takes.and_then(|t| below(&t, &Key::Name(&pair.name)));
                hide(&pair.value, below, hidden);
            }
        }
        (Kind::List(items), Some(Takes::OneOrMore(one))) => {
            items.iter().for_each(|item| hide(item, Some(*one), hidden));
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
