//! Diagnostics as text for people, as JSON, as annotations for GitHub, and as SARIF.

mod github;
mod sarif;

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

pub use self::{github::github, sarif::sarif};

use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    source::Span,
};

/// In the manner of rustc, one after the other, with a blank line between them.
pub fn text(found: &[Diagnostic], files: &[SourceFile], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for diagnostic in found {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&one(diagnostic, files, &renderer));
        out.push('\n');
    }
    out
}

fn one(d: &Diagnostic, files: &[SourceFile], renderer: &Renderer) -> String {
    let text = source(files, &d.file);
    let level = match d.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let primary = AnnotationKind::Primary.span(clamp(text, &d.span));
    let snippet = Snippet::source(text)
        .path(&*d.file)
        .annotation(if d.label.is_empty() {
            primary
        } else {
            primary.label(&*d.label)
        })
        .annotations(d.also.iter().map(|(span, label)| {
            AnnotationKind::Context
                .span(clamp(text, span))
                .label(&**label)
        }));
    let title = level.primary_title(&*d.message);
    // A test that failed is no mistake of its file: it has no code.
    let title = if d.code.is_empty() {
        title
    } else {
        title.id(d.code)
    };
    let elsewhere = d.elsewhere.iter().map(|other| {
        let text = source(files, &other.file);
        let there = AnnotationKind::Context.span(clamp(text, &other.span));
        Snippet::source(text)
            .path(&*other.file)
            .annotation(there.label(&*other.label))
    });
    let group = title.element(snippet).elements(elsewhere);
    let notes = d
        .notes
        .iter()
        .map(|note| Level::NOTE.no_name().message(&**note));
    renderer.render(&[group.elements(notes)])
}

/// A JSON array, one object per diagnostic. Lines and columns count from 1, columns in characters.
pub fn json(found: &[Diagnostic], files: &[SourceFile]) -> String {
    let all: Vec<Shown<'_>> = found.iter().map(|d| shown(d, files)).collect();
    // Plain data with text keys always serialises.
    serde_json::to_string_pretty(&all).unwrap_or_default()
}

#[derive(Serialize)]
struct Shown<'d> {
    code: &'d str,
    severity: &'d str,
    message: &'d str,
    file: &'d Arc<str>,
    start: Place,
    end: Place,
    label: &'d str,
    also: Vec<Also<'d>>,
    elsewhere: Vec<Other<'d>>,
    notes: &'d [String],
    replacement: Option<Also<'d>>,
}

#[derive(Serialize)]
struct Also<'d> {
    start: Place,
    end: Place,
    text: &'d str,
}

/// A place in another file.
#[derive(Serialize)]
struct Other<'d> {
    file: &'d Arc<str>,
    #[serde(flatten)]
    place: Also<'d>,
}

/// A place for people and one for programs.
#[derive(Serialize)]
struct Place {
    byte: usize,
    line: usize,
    column: usize,
}

fn shown<'d>(d: &'d Diagnostic, files: &[SourceFile]) -> Shown<'d> {
    let text = source(files, &d.file);
    let elsewhere = d.elsewhere.iter().map(|other| Other {
        file: &other.file,
        place: also(source(files, &other.file), &other.span, &other.label),
    });
    Shown {
        code: d.code,
        severity: severity(d.severity),
        message: &d.message,
        file: &d.file,
        start: place(text, d.span.start),
        end: place(text, d.span.end),
        label: &d.label,
        also: d
            .also
            .iter()
            .map(|(span, words)| also(text, span, words))
            .collect(),
        elsewhere: elsewhere.collect(),
        notes: &d.notes,
        replacement: d
            .replacement
            .as_ref()
            .map(|(span, words)| also(text, span, words)),
    }
}

fn also<'d>(text: &str, span: &Span, words: &'d str) -> Also<'d> {
    Also {
        start: place(text, span.start),
        end: place(text, span.end),
        text: words,
    }
}

/// All that is said, a line each: for formats that cannot point with a caret.
fn words(d: &Diagnostic) -> String {
    let all = [&d.message, &d.label].into_iter().chain(&d.notes);
    let said: Vec<&str> = all.map(String::as_str).filter(|w| !w.is_empty()).collect();
    said.join("\n")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn source<'f>(files: &'f [SourceFile], path: &str) -> &'f str {
    files
        .iter()
        .find(|f| &*f.path == path)
        .map_or("", SourceFile::shown)
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0)
}

fn clamp(text: &str, span: &Span) -> Span {
    let start = boundary(text, span.start);
    start..boundary(text, span.end).max(start)
}

fn place(text: &str, at: usize) -> Place {
    let byte = boundary(text, at);
    let before = &text[..byte];
    let line = before.rfind('\n').map_or(0, |n| n + 1);
    Place {
        byte,
        line: before.matches('\n').count() + 1,
        column: before[line..].chars().count() + 1,
    }
}
