//! Inside a template.

use std::collections::BTreeSet;

use super::{Completion, CompletionKind as Kind};
use crate::{
    ide::{
        expression::{self, Token, path_before, tokens},
        facts::Shape,
        functions, hover,
        project::Project,
        template::{Meaning, Tag, locals, names_file, tags},
    },
    links,
    render::{ELEMENTS, PUSH_FIELDS},
    source::Span,
};

/// What could stand at the byte `at` of a template.
pub(super) fn complete(project: &Project, path: &str, text: &str, at: usize) -> Vec<Completion> {
    if !path.starts_with("templates/") {
        return Vec::new();
    }
    let tag = tags(text)
        .into_iter()
        .find(|t| t.inside.start <= at && at <= t.inside.end);
    let here = Here { text, at };
    match tag {
        Some(tag) => inside(project, path, &here, &tag),
        None => outside(path, &here),
    }
}

struct Here<'t> {
    text: &'t str,
    at: usize,
}

impl Here<'_> {
    fn offer(&self, start: usize, kind: Kind, label: &str) -> Completion {
        let rest = &self.text[self.at..];
        let word = |c: char| c == '_' || c.is_alphanumeric();
        let behind = rest.find(|c| !word(c)).unwrap_or(rest.len());
        Completion {
            label: label.to_owned(),
            kind,
            detail: String::new(),
            docs: String::new(),
            insert: label.to_owned(),
            replace: start.min(self.at)..self.at + behind,
        }
    }
}

fn inside(project: &Project, path: &str, here: &Here<'_>, tag: &Tag) -> Vec<Completion> {
    let (text, at) = (here.text, here.at);
    let before = tokens(text, &(tag.inside.start..at));
    if let Some(Token::Text(span)) = before.last()
        && span.end == at
        && !expression::closed(text, span)
    {
        let file = tag.statement && names_file(text, &before);
        return if file {
            shared(project, here, span)
        } else {
            Vec::new()
        };
    }
    let Some(typed) = path_before(text, &tag.inside, at) else {
        return Vec::new();
    };
    let start = typed.parts.last().map_or(at, |p| p.start);
    let signs = before.iter().rev().skip(usize::from(start < at));
    if let Some(Token::Sign('|', _)) = signs.clone().next() {
        return filters(here, start);
    }
    let first = signs
        .clone()
        .all(|t| matches!(t, Token::Sign('-' | '+', _)));
    if tag.statement && first {
        let all = functions::STATEMENTS.iter();
        return all
            .map(|(word, how)| here.offer(start, Kind::Keyword, word).with(*how, ""))
            .collect();
    }
    let names = typed.names(text);
    let meaning = Meaning::new(project, path, text);
    match names.len() {
        0 | 1 => roots(&meaning, here, start),
        more => fields(&meaning, here, &names[..more - 1], start),
    }
}

fn shared(project: &Project, here: &Here<'_>, typed: &Span) -> Vec<Completion> {
    let start = typed.start + 1;
    let rest = &here.text[here.at..];
    let end = here.at + rest.find(['"', '\'', '%', '\n']).unwrap_or(0);
    let offer = |(name, _): (&str, _)| {
        let mut found = here.offer(start, Kind::File, name);
        found.replace.end = end.max(here.at);
        found
    };
    project.shared().into_iter().map(offer).collect()
}

fn filters(here: &Here<'_>, start: usize) -> Vec<Completion> {
    let offer = |(name, example, about): &(&str, &str, &str)| {
        here.offer(start, Kind::Function, name)
            .with(*example, *about)
    };
    functions::FILTERS.iter().map(offer).collect()
}

/// The names that a template can start from.
fn roots(meaning: &Meaning<'_>, here: &Here<'_>, start: usize) -> Vec<Completion> {
    let mut found = Vec::new();
    for local in meaning.locals.iter().rev().filter(|l| l.from < here.at) {
        found.push(
            here.offer(start, Kind::Variable, &local.name)
                .with("named in this template", ""),
        );
    }
    let sends = meaning
        .template
        .map_or_else(Vec::new, |t| meaning.project.sends(t));
    if sends.iter().any(|(_, _, send)| send.offers) {
        found.push(
            here.offer(start, Kind::Variable, "options")
                .with("the answers on offer: a list of { name, label }", ""),
        );
    }
    for (path, _, send) in sends {
        let fields = send.fields.iter();
        found.extend(fields.map(|(name, value)| {
            here.offer(start, Kind::Variable, &name.text)
                .with(&**value, format!("Passed on by {path}"))
        }));
    }
    found.push(
        here.offer(start, Kind::Variable, "customer")
            .with("the customer's traits", ""),
    );
    found.push(
        here.offer(start, Kind::Variable, "links")
            .with("unsubscribe and preferences", ""),
    );
    let words = [
        "and", "or", "not", "in", "is", "if", "else", "true", "false",
    ];
    found.extend(words.iter().map(|w| here.offer(start, Kind::Keyword, w)));
    found
}

fn fields(meaning: &Meaning<'_>, here: &Here<'_>, names: &[&str], start: usize) -> Vec<Completion> {
    if names == ["links"] {
        return links::NAMES
            .iter()
            .map(|(name, about)| here.offer(start, Kind::Field, name).with(*about, ""))
            .collect();
    }
    if names == ["loop"] {
        let all = ["index", "index0", "first", "last", "length"].iter();
        return all
            .map(|name| here.offer(start, Kind::Field, name))
            .collect();
    }
    let whole = meaning.whole(names, here.at);
    let fields = meaning.shape(&whole).map_or(&[][..], |s| &s.fields);
    let offer = |(name, shape): &(std::sync::Arc<str>, Shape)| {
        here.offer(start, Kind::Field, name)
            .with(&*shape.kind, hover::about(shape))
    };
    fields.iter().map(offer).collect()
}

/// Outside tags: elements of MJML, and the fields at the head of a file.
fn outside(path: &str, here: &Here<'_>) -> Vec<Completion> {
    let line = super::line_before(&here.text[..here.at]);
    let part = |c: char| c == '-' || c == '_' || c.is_alphanumeric();
    let start = here.at - (line.len() - line.trim_end_matches(part).len());
    let alone = line.chars().all(part);
    if path.ends_with(".mjml") && here.text[..start].ends_with('<') {
        let all = ELEMENTS.iter();
        return all
            .map(|name| here.offer(start, Kind::Word, name))
            .collect();
    }
    if !alone || !in_head(path, here) {
        return Vec::new();
    }
    let offer = |name: &&str| {
        here.offer(start, Kind::Word, name)
            .inserting(format!("{name}: "))
    };
    head_fields(path).iter().map(offer).collect()
}

/// Whether the cursor stands where a file has fields: between the lines of `---`, or anywhere in
/// a file that is all fields.
fn in_head(path: &str, here: &Here<'_>) -> bool {
    let before = &here.text[..here.at];
    let fences = before.lines().filter(|l| l.trim_end() == "---").count();
    path.ends_with(".yaml") || (before.starts_with("---") && fences == 1)
}

fn head_fields(path: &str) -> &'static [&'static str] {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.split('.').next() {
        Some("email") => &["subject", "preheader", "attachments"],
        Some("push") => &PUSH_FIELDS,
        Some("chat") if name.ends_with(".yaml") => &["text", "whatsapp"],
        Some("chat") => &["whatsapp"],
        _ => &[],
    }
}

/// The names that a template reads and does not give itself: those that `with` has to fill.
pub(super) fn wanted(project: &Project, template: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let files = project.templates().remove(template).unwrap_or_default();
    for text in files.into_iter().filter_map(|path| project.text(path)) {
        let own: BTreeSet<String> = locals(text).into_iter().map(|l| l.name).collect();
        for tag in tags(text) {
            found.extend(read(text, &tag).filter(|name| !own.contains(name)));
        }
    }
    found
}

/// Words that stand in tags and are no names.
const NO_NAMES: [&str; 20] = [
    "customer",
    "links",
    "options",
    "loop",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "true",
    "false",
    "none",
    "defined",
    "undefined",
    "super",
    "range",
    "recursive",
    "block",
];

/// The first names of the paths in a tag, without its statement, filters and functions.
fn read<'t>(text: &'t str, tag: &Tag) -> impl Iterator<Item = String> + use<'t> {
    let tokens = tokens(text, &tag.inside);
    let statement = tag.statement;
    let named = names_file(text, &tokens);
    let block = text[tag.inside.clone()]
        .trim_start_matches(['-', ' '])
        .starts_with("block");
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let Token::Path(path) = token else { continue };
        let filter = i > 0 && matches!(tokens[i - 1], Token::Sign('|', _));
        let argument = matches!(tokens.get(i + 1), Some(Token::Sign('=', _)))
            && !matches!(tokens.get(i + 2), Some(Token::Sign('=', _)));
        let verb = statement
            && found.is_empty()
            && i <= 1
            && functions::STATEMENTS
                .iter()
                .any(|s| s.0 == path.names(text).join("."));
        let name = path.names(text)[0];
        if !(filter
            || argument
            || verb
            || path.called
            || named
            || block
            || NO_NAMES.contains(&name))
        {
            found.push(name.to_owned());
        }
    }
    found.into_iter()
}
