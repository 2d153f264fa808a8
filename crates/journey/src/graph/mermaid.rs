//! Mermaid: for GitHub, wikis and notes.

use std::fmt::Write as _;

use super::{Box, Graph, Kind};

/// How each kind is coloured: fill, border and text, readable on white and on dark.
fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Enter => "fill:#0b7a52,stroke:#0b7a52,color:#fff",
        Kind::Wait | Kind::WaitFor => "fill:#fff4dc,stroke:#9a6200,color:#1b2230",
        Kind::Choose | Kind::Split | Kind::Repeat => "fill:#efebff,stroke:#6544d6,color:#1b2230",
        Kind::Send | Kind::Ask => "fill:#e4efff,stroke:#1a63d8,color:#1b2230",
        Kind::Call | Kind::HandOver => "fill:#dff4f4,stroke:#0b7285,color:#1b2230",
        Kind::Set | Kind::Emit | Kind::Start | Kind::Stop | Kind::Use => {
            "fill:#eef1f5,stroke:#4d5868,color:#1b2230"
        }
        Kind::Exit => "fill:#ffe9ec,stroke:#bd2f45,color:#1b2230",
        Kind::End => "fill:#4d5868,stroke:#4d5868,color:#fff",
    }
}

/// The graph as a Mermaid flowchart.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = format!(
        "---\ntitle: \"{}\"\n---\nflowchart TD\n",
        quoted(&graph.title)
    );
    // Writing into a string cannot fail.
    for (at, one) in graph.boxes.iter().enumerate() {
        let (open, close) = shape(one.kind);
        let _ = writeln!(
            out,
            "  n{at}{open}\"{}\"{close}:::{}",
            words(one),
            class(one.kind)
        );
    }
    for arrow in &graph.arrows {
        let line = if arrow.back { "-.->" } else { "-->" };
        let label = match arrow.labels.as_slice() {
            [] => String::new(),
            labels => format!("|\"{}\"|", lines(labels)),
        };
        let _ = writeln!(out, "  n{} {line}{label} n{}", arrow.from, arrow.to);
    }
    rules(graph, &mut out);
    for kind in Kind::ALL {
        if graph.boxes.iter().any(|b| b.kind == kind) {
            let _ = writeln!(out, "  classDef {} {}", class(kind), look(kind));
        }
    }
    out
}

/// The head, in a frame of its own.
fn rules(graph: &Graph, out: &mut String) {
    if graph.head.is_empty() {
        return;
    }
    let _ = writeln!(out, "  subgraph head[\"While inside\"]");
    for (at, rule) in graph.head.iter().enumerate() {
        let about = super::words::about(rule.about);
        let reason = rule.reason.iter().map(|r| format!(" → {r}"));
        let words = format!("{about}: {}{}", rule.words, reason.collect::<String>());
        let _ = writeln!(out, "    r{at}[\"{}\"]", text(&words));
    }
    let _ = writeln!(out, "  end");
}

fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Enter | Kind::Exit | Kind::End => ("([", "])"),
        Kind::Choose | Kind::Split | Kind::Repeat => ("{{", "}}"),
        _ => ("[", "]"),
    }
}

fn words(one: &Box) -> String {
    let mut all = vec![one.title.clone()];
    all.extend(one.given_id().map(|id| format!("({id})")));
    all.extend(one.details.iter().cloned());
    lines(&all)
}

fn lines(lines: &[String]) -> String {
    lines
        .iter()
        .map(|l| text(l))
        .collect::<Vec<_>>()
        .join("<br/>")
}

/// Text inside quotes: what Mermaid, Markdown or HTML would read is written as a numbered entity.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' | '*' | ';' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// The title, in the quotes of YAML.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The kind as a class: some kinds are words of Mermaid itself.
fn class(kind: Kind) -> String {
    format!("k_{}", kind.as_str())
}
