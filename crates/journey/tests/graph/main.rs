//! A journey as a picture: nothing is missing, nothing overlaps, nothing escapes.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

mod laws;
mod written;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    graph::{self, Graph, Placed, Rect},
    machine::{Machine, NodeId},
    workspace::{self, Options, TemplateCheck},
};

const ENDPOINTS: &str =
    "vouchers: { url: \"https://a.example/v\" }\nsupport: { url: \"https://a.example/s\" }\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn machine(text: &str) -> Arc<Machine> {
    let file = |path: &str, text: &str| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    let files = [
        file("config/endpoints.yaml", ENDPOINTS),
        file("somewhere/draft.yaml", text),
    ];
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
        unused: false,
        short: None,
    };
    let (workspace, found) = workspace::compile(&files, &options);
    let Some(workspace) = workspace else {
        panic!("{}\n{text}", render::text(&found, &files, false));
    };
    workspace.machines[0].machine.clone()
}

fn steps(text: &str) -> Arc<Machine> {
    machine(&format!(
        "journey: demo\npurpose: service\nenter: {{ event: a }}\nsteps:\n{text}"
    ))
}

fn forty() -> Arc<Machine> {
    machine(&read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph/forty.yaml"),
    ))
}

fn samples() -> Vec<Arc<Machine>> {
    ["cart-rescue", "welcome", "win-back"]
        .map(|name| machine(&read(&root().join(format!("journeys/{name}/journey.yaml")))))
        .to_vec()
}

/// Every step has its box, everything that leads somewhere has its arrow, and everything is
/// reached from an entry.
fn whole(machine: &Machine, graph: &Graph) {
    let at = |id: &str| graph.boxes.iter().position(|b| *b.id == *id);
    let arrow = |from, to| graph.arrows.iter().any(|a| (a.from, a.to) == (from, to));
    for node in &machine.nodes {
        let from = at(&node.id).unwrap_or_else(|| panic!("{} is missing", node.id));
        assert_eq!(graph.boxes[from].line, Some(node.line));
        for next in node.leads_to() {
            let id = machine.node(next).map_or("end#1", |n| &n.id);
            assert!(arrow(from, at(id).unwrap()), "{} to {id}", node.id);
        }
    }
    let first = machine.node(NodeId(0)).map_or("end#1", |n| &n.id);
    for entry in 0..machine.entries.len() {
        assert!(arrow(entry, at(first).unwrap()));
    }
    let mut seen: Vec<bool> = (0..graph.boxes.len())
        .map(|i| i < machine.entries.len())
        .collect();
    for _ in 0..graph.boxes.len() {
        for arrow in &graph.arrows {
            seen[arrow.to] |= seen[arrow.from];
        }
    }
    for (one, seen) in graph.boxes.iter().zip(seen) {
        assert!(seen, "nothing leads to {}", one.id);
    }
}

/// A layout with boxes and words of about the size that they have in a drawing.
fn placed(graph: &Graph) -> Placed {
    let sizes: Vec<(f64, f64)> = (0..graph.boxes.len())
        .map(|i| {
            if i % 3 == 0 {
                (240.0, 96.0)
            } else {
                (150.0, 36.0)
            }
        })
        .collect();
    let labels: Vec<Option<(f64, f64)>> = graph
        .arrows
        .iter()
        .map(|a| (!a.labels.is_empty()).then_some((90.0, 16.0)))
        .collect();
    graph::place(&sizes, &graph.arrows, &labels).unwrap()
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn inside(rect: &Rect, (x, y): (f64, f64)) -> bool {
    x > rect.x + 0.5 && x < rect.right() - 0.5 && y > rect.y + 0.5 && y < rect.bottom() - 0.5
}

/// No box or word stands on another, and no arrow runs through a box.
fn clear(graph: &Graph) {
    let placed = placed(graph);
    let rects: Vec<&Rect> = placed
        .boxes
        .iter()
        .chain(placed.labels.iter().flatten())
        .collect();
    for (at, one) in rects.iter().enumerate() {
        for other in &rects[..at] {
            assert!(!overlap(one, other), "{one:?} and {other:?}");
        }
        assert!(one.x >= 0.0 && one.right() <= placed.width + 0.5, "{one:?}");
        assert!(
            one.y >= 0.0 && one.bottom() <= placed.height + 0.5,
            "{one:?}"
        );
    }
    for route in placed.routes.iter().chain(&placed.loops) {
        for point in route.samples(40) {
            for (rect, one) in placed.boxes.iter().zip(&graph.boxes) {
                assert!(!inside(rect, point), "an arrow runs through {}", one.id);
            }
        }
    }
}

#[test]
fn every_step_and_every_way_is_there() {
    for machine in samples().into_iter().chain([forty()]) {
        whole(&machine, &Graph::of(&machine));
    }
}

#[test]
fn nothing_overlaps_and_no_arrow_runs_through_a_box() {
    for machine in samples().into_iter().chain([forty()]) {
        clear(&Graph::of(&machine));
    }
}

#[test]
fn the_same_journey_gives_the_same_picture() {
    let graph = Graph::of(&forty());
    assert!(graph.steps() >= 40, "{}", graph.steps());
    let first = graph::svg(&graph).unwrap();
    assert!((0..3).all(|_| graph::svg(&graph).unwrap() == first));
}

#[test]
fn every_step_can_be_selected_in_the_drawing() {
    for machine in samples().into_iter().chain([forty()]) {
        let svg = graph::svg(&Graph::of(&machine)).unwrap();
        for node in &machine.nodes {
            let id = node.id.replace('#', "-");
            let (id, step) = (
                format!(" id=\"step-{id}\""),
                format!(" data-step=\"{}\"", node.id),
            );
            let groups = svg
                .lines()
                .filter(|l| l.starts_with("<g ") && l.contains(&id));
            let groups: Vec<&str> = groups.collect();
            assert!(
                groups.len() == 1 && groups[0].contains(&step),
                "{id}: {groups:?}"
            );
        }
    }
}

/// What must not be taken for a sign of the format itself.
const HOSTILE: &str = "<b>&\"' ]|{}`#;\\\n--> x";

#[test]
fn whatever_an_author_writes_stays_text() {
    let mut machine = (*steps("  - send: email\n    template: a\n")).clone();
    machine.title = HOSTILE.into();
    machine.exits.push(journey::machine::Exit {
        event: Some(HOSTILE.into()),
        condition: None,
        reason: HOSTILE.into(),
    });
    machine.nodes[0].op = journey::machine::Op::Exit {
        reason: HOSTILE.into(),
    };
    let graph = Graph::of(&machine);
    let svg = graph::svg(&graph).unwrap();
    assert!(
        !svg.contains("<b>") && svg.contains("&lt;b&gt;&amp;&quot;&#39;"),
        "{svg}"
    );
    // Every text has one line, every quote is closed, and only entities hold `&`.
    let mermaid = graph::mermaid(&graph);
    for line in mermaid.lines().skip(3) {
        assert!(line.matches('"').count().is_multiple_of(2), "{line}");
        let quoted: String = line.split('"').skip(1).step_by(2).collect();
        let bare = quoted.replace("<br/>", "");
        assert!(!bare.contains(['<', '>', '&', '`', '\\']), "{line}");
    }
    let dot = graph::dot(&graph);
    let bare = dot.replace("\\\\", "").replace("\\\"", "");
    assert!(
        bare.lines()
            .all(|l| l.matches('"').count().is_multiple_of(2)),
        "{dot}"
    );
}

#[test]
fn long_words_are_cut_and_many_are_counted() {
    let long = "x".repeat(5_000);
    let set: String = (0..40).map(|i| format!(" run.v{i}: {long},")).collect();
    let graph = Graph::of(&steps(&format!(
        "  - set: {{ {} }}\n",
        set.trim_end_matches(',')
    )));
    let one = graph.boxes.iter().find(|b| b.is_step()).unwrap();
    assert_eq!(one.details.len(), graph::MOST_DETAILS);
    assert_eq!(one.details.last().unwrap(), "and 35 more");
    let longest = one.details.iter().map(|d| d.chars().count()).max();
    assert_eq!(longest, Some(graph::LONGEST_DETAIL));
}

#[test]
fn what_nobody_could_read_is_refused_at_once() {
    let text: String = (0..1_600).map(|_| "  - wait: 1h\n".to_owned()).collect();
    let graph = Graph::of(&steps(&text));
    let error = graph::svg(&graph).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("write it as mermaid, dot or json"),
        "{error}"
    );
    assert!(graph::mermaid(&graph).lines().count() > 3_200);
}
