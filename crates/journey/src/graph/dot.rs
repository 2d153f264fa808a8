//! DOT: for Graphviz.

use std::fmt::Write as _;

use super::{Box, Graph, Kind};

/// The graph as a digraph of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let mut out = format!("digraph \"{}\" {{\n", text(&graph.journey));
    out.push_str("  graph [rankdir=TB, labelloc=t, fontname=\"Helvetica\", label=\"");
    out.push_str(&text(&graph.title));
    out.push_str("\"];\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, fillcolor=white];\n");
    out.push_str("  edge [fontname=\"Helvetica\", fontsize=10];\n");
    // Writing into a string cannot fail.
    for one in &graph.boxes {
        let _ = writeln!(
            out,
            "  \"{}\" [label=\"{}\", {}];",
            text(&one.id),
            words(one),
            look(one.kind)
        );
    }
    for arrow in &graph.arrows {
        let id = |at: usize| text(&graph.boxes[at].id);
        let label = lines(&arrow.labels);
        let back = if arrow.back { ", style=dashed" } else { "" };
        let _ = writeln!(
            out,
            "  \"{}\" -> \"{}\" [label=\"{label}\"{back}];",
            id(arrow.from),
            id(arrow.to)
        );
    }
    head(graph, &mut out);
    out.push_str("}\n");
    out
}

/// The head, in a note of its own.
fn head(graph: &Graph, out: &mut String) {
    if graph.head.is_empty() {
        return;
    }
    out.push_str("  \"head#\" [shape=note, style=filled, fillcolor=\"#f6f7f9\", label=\"");
    for rule in &graph.head {
        let about = super::words::about(rule.about);
        let reason = rule.reason.iter().map(|r| format!(" → {r}"));
        let words = format!("{about}: {}{}", rule.words, reason.collect::<String>());
        let _ = write!(out, "{}\\l", text(&words));
    }
    out.push_str("\"];\n");
}

fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Enter => "shape=oval, fillcolor=\"#d5f2e5\"",
        Kind::Wait | Kind::WaitFor => "fillcolor=\"#fff4dc\"",
        Kind::Choose | Kind::Split | Kind::Repeat => {
            "shape=hexagon, style=filled, fillcolor=\"#efebff\""
        }
        Kind::Call | Kind::HandOver => "fillcolor=\"#dff4f4\"",
        Kind::Send | Kind::Ask => "fillcolor=\"#e4efff\"",
        Kind::Set | Kind::Emit | Kind::Start | Kind::Stop | Kind::Use => "fillcolor=\"#eef1f5\"",
        Kind::Exit => "shape=oval, fillcolor=\"#ffe9ec\"",
        Kind::End => "shape=oval, fillcolor=\"#dfe3e8\"",
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
        .join("\\n")
}

/// Text inside quotes.
fn text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
