//! Mermaid and DOT as they are printed. `BLESS=1 cargo test` writes them anew; look at what it
//! has changed.

use std::{fs, path::Path};

use journey::graph::{self, Graph};

use super::{forty, machine, read, root};

fn block<'t>(text: &'t str, language: &str) -> &'t str {
    let start = format!("```{language}\n");
    let from = text.find(&start).unwrap() + start.len();
    &text[from..from + text[from..].find("```").unwrap()]
}

#[test]
fn mermaid_and_dot_are_as_the_page_shows_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph/written.md");
    let text = read(&path);
    let graph = Graph::of(&machine(block(&text, "yaml")));
    let (mermaid, dot) = (graph::mermaid(&graph), graph::dot(&graph));
    if std::env::var("BLESS").is_ok() {
        let head = &text[..text.find("```mermaid").unwrap()];
        let written = format!("{head}```mermaid\n{mermaid}```\n\n```dot\n{dot}```\n");
        fs::write(&path, written).unwrap();
        return;
    }
    assert_eq!(block(&text, "mermaid"), mermaid);
    assert_eq!(block(&text, "dot"), dot);
}

/// The drawing that the documentation shows.
#[test]
fn the_drawing_in_the_documentation_is_current() {
    let journey = read(&root().join("journeys/cart-rescue/journey.yaml"));
    let svg = graph::svg(&Graph::of(&machine(&journey))).unwrap();
    let path = root().join("docs/cart-rescue.svg");
    if std::env::var("BLESS").is_ok() {
        fs::write(&path, &svg).unwrap();
    }
    assert!(
        read(&path) == svg,
        "docs/cart-rescue.svg is old: parcours graph cart-rescue --output docs/cart-rescue.svg"
    );
}

#[test]
fn the_words_are_those_of_the_author() {
    let graph = Graph::of(&forty());
    let titles: Vec<&str> = graph.boxes.iter().map(|b| &*b.title).collect();
    for expected in [
        "customer.joined_on, every year",
        "Started from elsewhere",
        "Wait 2 d, then until 09:00, Mon–Fri",
        "Wait until 1 d before customer.next_delivery, 10:00",
        "Wait until 09:00–20:00, Mon–Sat",
        "Wait for the first of these",
        "Ask by chat or SMS: club/score",
        "Push, SMS or chat club/renew-with-a-present",
        "Repeat 11 times, every 30 d",
        "Hand over to support",
        "Set run.code = TEA5",
        "If event.stars >= 4",
        "Leave: missed",
        "End: completed",
    ] {
        assert!(
            titles.contains(&expected),
            "{expected} is not among {titles:#?}"
        );
    }
    let labels: Vec<&str> = graph
        .arrows
        .iter()
        .flat_map(|a| &a.labels)
        .map(|l| &**l)
        .collect();
    for expected in [
        "parcel 45 %",
        "yes",
        "no",
        "else",
        "after 14 d",
        "no answer in 2 d",
        "not understood",
        "gladly",
        "each round",
        "if that is past",
        "order.placed if event.total >= 20",
    ] {
        assert!(
            labels.contains(&expected),
            "{expected} is not among {labels:#?}"
        );
    }
}
