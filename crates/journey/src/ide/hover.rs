//! What is said about the thing at a place: Markdown.

use std::{fmt::Write as _, sync::Arc};

use super::{
    facts::{Declared, Facts, Shape, excerpt},
    functions,
    project::Project,
    symbol::{self, Named, Symbol},
    tells, template,
};
use crate::{
    expr::Root,
    grammar::{Without, Word},
    source::Span,
};

/// What is said about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The bytes that it is about.
    pub span: Span,
    /// What is said: Markdown.
    pub text: String,
}

/// What is said about the byte `at` of a file.
pub fn hover(project: &Project, path: &str, at: usize) -> Option<Hover> {
    let named = symbol::at(project, path, at)?;
    let text = say(project, &named)?;
    Some(Hover {
        span: named.span,
        text,
    })
}

fn say(project: &Project, named: &Named) -> Option<String> {
    Some(match &named.symbol {
        Symbol::Word(what, found) => format!(
            "**{}**, a word of {what}\n\n{}",
            found.0.name,
            word(found.0)
        ),
        Symbol::Choice(found) => format!("**{}**: {}", found.0.name, found.0.about),
        Symbol::Step { journey, id } => step(project, journey, id)?,
        Symbol::Tells { verb, name } => {
            let (_, about) = tells::of(verb).iter().find(|t| *t.0 == **name)?;
            format!("**{name}**, told by a `{verb}`\n\n{about}")
        }
        Symbol::Root(found) => format!("**{}**: {}", found.as_str(), root(*found)),
        Symbol::Variable { journey, name } => variable(project, journey, name),
        Symbol::Event(name) => event(project, name)?,
        Symbol::Field { event, path } => {
            let shape = template::shape(project, &named.symbol)?;
            titled(&format!("{}: a field of {event}", path.join(".")), shape)
        }
        Symbol::Trait(path) => {
            let shape = template::shape(project, &named.symbol)?;
            titled(&format!("{}: a trait", path.join(".")), shape)
        }
        Symbol::Purpose(name) => declared(&project.purposes(), name, "a purpose")?,
        Symbol::Label(name) => declared(&project.labels(), name, "a label of data")?,
        Symbol::Endpoint(name) => declared(&project.endpoints(), name, "an endpoint")?,
        Symbol::Cap(name) => declared(&project.caps(), name, "a cap")?,
        Symbol::Template(name) => template_files(project, name)?,
        Symbol::Filled { template, name } => filled(project, template, name),
        Symbol::Journey(name) => journey(project, name)?,
        Symbol::Function(name) => {
            let found = functions::ALL.iter().find(|f| *f.name == **name)?;
            format!("**{name}**: {}\n\n`{}`", found.about, found.example)
        }
        Symbol::Filter(name) => {
            let (_, example, about) = functions::FILTERS.iter().find(|f| *f.0 == **name)?;
            format!("**{name}**: {about}\n\n`{{{{ {example} }}}}`")
        }
        Symbol::Tag(_) | Symbol::Segment(_) | Symbol::Fragment(_) | Symbol::Shared(_) => {
            return None;
        }
    })
}

/// What is said about a word: its sentence, what it takes, what holds without it, an example.
pub(super) fn word(word: &Word) -> String {
    let mut text = format!("{}.\n\nTakes {}.", word.about, word.takes.say());
    // Writing into a string cannot fail.
    let _ = match word.without {
        Without::Error => write!(text, " It must be written."),
        Without::Value(value) => write!(text, " Without it: `{value}`."),
        Without::Said(said) => write!(text, " Without it: {said}."),
        Without::Nothing => Ok(()),
    };
    let _ = write!(text, "\n\n{}", code("yaml", word.example));
    text
}

/// Code in Markdown.
pub(super) fn code(language: &str, source: &str) -> String {
    format!(
        "```{language}\n{}\n```",
        source.trim_end().replace("```", "'''")
    )
}

/// What a known name holds, in a few words.
pub(super) fn root(root: Root) -> &'static str {
    match root {
        Root::Event => "the current event's fields, until the run next waits",
        Root::Run => "the run: its `key`, its entering `event`, and its variables",
        Root::Customer => "the customer's traits",
        Root::Consent => "what the customer has agreed to: `consent.PURPOSE.CHANNEL`",
        Root::Steps => "what steps tell: `steps.ID.opened`",
        Root::Now => "the moment of this input",
        Root::Param => "a parameter of this fragment",
    }
}

/// What is said about a field: its sentence and an example.
pub(super) fn about(shape: &Shape) -> String {
    let mut text = shape.about.clone();
    if !shape.example.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n\n" };
        let _ = write!(text, "{gap}Such as `{}`.", shape.example);
    }
    text
}

/// The fields of an event, one a line.
pub(super) fn fields(shape: &Shape) -> String {
    let mut text = String::new();
    for (name, field) in &shape.fields {
        let kind = if field.kind.is_empty() {
            "anything"
        } else {
            &field.kind
        };
        let always = if field.required { ", always there" } else { "" };
        let _ = write!(text, "- `{name}`: {kind}{always}");
        if !field.about.is_empty() {
            let _ = write!(text, ". {}", field.about);
        }
        text.push('\n');
    }
    text
}

fn titled(title: &str, shape: &Shape) -> String {
    let mut text = format!("**{title}**");
    if !shape.kind.is_empty() {
        let _ = write!(text, ", {}", shape.kind);
    }
    for part in [about(shape), fields(shape)] {
        if !part.is_empty() {
            let _ = write!(text, "\n\n{part}");
        }
    }
    text
}

fn step(project: &Project, journey: &str, id: &str) -> Option<String> {
    let step = project.step(journey, id)?;
    let (path, _) = project.journey_of(journey)?;
    let source = code("yaml", &excerpt(project.text(path)?, &step.span));
    let mut text = format!("**{id}**, a step\n\n{source}");
    let tells: Vec<String> = tells::of(step.verb)
        .iter()
        .map(|t| format!("`{}`", t.0))
        .collect();
    if !tells.is_empty() {
        let _ = write!(text, "\n\nTells {}.", tells.join(", "));
    }
    Some(text)
}

fn variable(project: &Project, journey: &str, name: &str) -> String {
    let set = project.journey_of(journey).map_or(0, |(_, facts)| {
        facts.variables.iter().filter(|v| *v.text == *name).count()
    });
    let places = if set == 1 { "place" } else { "places" };
    format!("**run.{name}**, a variable of the run, set in {set} {places}")
}

fn event(project: &Project, name: &str) -> Option<String> {
    let (shape, path) = project.event(name)?;
    let mut text = format!("**{name}**, an event ({path})");
    let comment = project.text(path).map_or(String::new(), |t| head(t));
    for part in [comment, shape.about.clone(), fields(shape)] {
        if !part.is_empty() {
            let _ = write!(text, "\n\n{part}");
        }
    }
    Some(text)
}

/// The comment at the head of a file.
fn head(text: &str) -> String {
    let lines = text.lines().take_while(|l| l.starts_with('#')).take(8);
    let words = lines.map(|l| l.trim_start_matches('#').trim());
    let words = words.filter(|l| !l.starts_with("yaml-language-server"));
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn declared(all: &[(&Declared, &Arc<str>)], name: &str, what: &str) -> Option<String> {
    let (found, path) = all.iter().find(|d| *d.0.name.text == *name)?;
    Some(format!(
        "**{name}**, {what} ({path})\n\n{}",
        code("yaml", &found.source)
    ))
}

fn template_files(project: &Project, name: &str) -> Option<String> {
    let files = project.templates().remove(name)?;
    let mut text = format!("**{name}**, a template\n\n");
    for path in files {
        let file = path.rsplit('/').next().unwrap_or_default();
        let subject = project.text(path).and_then(|t| subject(t));
        let subject = subject.map_or(String::new(), |s| format!(": {s}"));
        let _ = writeln!(text, "- `{file}`{subject}");
    }
    let sends = project.sends(name);
    let journeys: std::collections::BTreeSet<&str> = sends.iter().map(|s| &**s.0).collect();
    if !journeys.is_empty() {
        let list: Vec<&str> = journeys.into_iter().collect();
        let _ = write!(text, "\nSent by {}.", list.join(", "));
    }
    Some(text)
}

/// The subject or title of a message.
fn subject(text: &str) -> Option<&str> {
    let mut lines = text.lines().take(10);
    let line = lines.find_map(|l| {
        l.strip_prefix("subject:")
            .or_else(|| l.strip_prefix("title:"))
    })?;
    Some(line.trim())
}

fn filled(project: &Project, template: &str, name: &str) -> String {
    let mut text = format!("**{name}**, passed on to {template}\n\n");
    for (path, _, send) in project.sends(template) {
        if let Some((_, value)) = send.fields.iter().find(|f| *f.0.text == *name) {
            let _ = writeln!(text, "- `{value}` in {path}");
        }
    }
    text
}

fn journey(project: &Project, name: &str) -> Option<String> {
    let mut all = project.journeys();
    let (path, facts) = all.find(|(_, f)| f.name.as_ref().is_some_and(|n| *n.text == *name))?;
    let mut text = format!("**{name}**, a journey ({path})");
    if let Some(title) = &facts.title {
        let _ = write!(text, "\n\n{}", title.text);
    }
    if let Some(Facts::Journey(_)) = project.get(path).map(|r| &r.facts) {
        let comment = project.text(path).map_or(String::new(), |t| head(t));
        let _ = write!(text, "\n\n{comment}");
    }
    Some(text.trim_end().to_owned())
}
