//! No input makes the compiler panic.

use std::collections::BTreeSet;

use journey::{
    diagnostic::Severity,
    diagnostics::render,
    expr::{Expr, Root},
    machine::{Machine, Node, NodeId, Op},
    workspace::{self, Options},
};
use proptest::prelude::*;

use super::{ALONE, CART, files, machine};

/// Promise 6: what is accepted leads forward only, so it cannot loop without waiting; every step leads
/// to one that exists or to the end, so it cannot dead-end; and every step that is named exists.
fn promise_6(machine: &Machine) {
    let ids: BTreeSet<&str> = machine.nodes.iter().map(|n| &*n.id).collect();
    for (index, node) in machine.nodes.iter().enumerate() {
        for next in Node::leads_to(node) {
            let exists = next == NodeId::END || (next.0 as usize) < machine.nodes.len();
            assert!(exists, "{} leads nowhere", node.id);
            assert!(next.0 as usize > index, "{} leads back", node.id);
        }
    }
    let exits = machine.exits.iter().filter_map(|e| e.condition.as_ref());
    let goal = machine.goal.iter().filter_map(|g| g.condition.as_ref());
    for expr in machine
        .nodes
        .iter()
        .flat_map(conditions)
        .chain(exits)
        .chain(goal)
    {
        for (root, path, _) in expr.paths() {
            if let (Root::Steps, Some(step)) = (root, path.first()) {
                assert!(ids.contains(&**step), "no step {step}");
            }
        }
    }
}

/// What a step decides by.
fn conditions(node: &Node) -> Vec<&Expr> {
    match &node.op {
        Op::Choose { arms, .. } => arms.iter().map(|a| &a.0).collect(),
        Op::WaitFor(wait) => wait
            .arms
            .iter()
            .filter_map(|a| a.condition.as_ref())
            .collect(),
        Op::Wait(wait) => wait.moment.iter().collect(),
        _ => Vec::new(),
    }
}

/// Compiles whatever it is, and shows it in every format.
fn survives(path: &str, text: &str) {
    let files = files(path, text);
    let (made, found) = workspace::compile(&files, &Options::default());
    assert_eq!(
        made.is_none(),
        found.iter().any(|d| d.severity == Severity::Error)
    );
    for d in &found {
        assert!(
            text.get(d.span.clone()).is_some(),
            "{:?} of {}",
            d.span,
            d.code
        );
        for (span, _) in &d.also {
            assert!(text.get(span.clone()).is_some(), "{span:?} of {}", d.code);
        }
    }
    render::text(&found, &files, false);
    render::github(&found, &files);
    render::json(&found, &files);
}

#[test]
fn promise_6_what_is_accepted_leads_forward_to_an_end() {
    promise_6(&machine(CART));
}

const PATHS: [&str; 4] = [
    "journeys/x/journey.yaml",
    "config/policies.yaml",
    "config/events/a.yaml",
    "config/traits.yaml",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in 0..4_usize) {
        survives(PATHS[path], &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(text in "([a-c]: |- |\\{|\\}|\\[|\\]|, |'|\"|&a |\\*a|!t |#|é|\n|\n  |\t|<<: |steps|wait|if|1d|event\\.|:){0,40}", path in 0..4_usize) {
        survives(PATHS[path], &text);
    }

    #[test]
    fn no_mutation_of_a_journey_makes_it_panic(at in 0..CART.len(), length in 0..40_usize, insert in "[ -~éüß\n\t]{0,6}") {
        let start = (0..=at).rev().find(|i| CART.is_char_boundary(*i)).unwrap();
        let end = (start + length).min(CART.len());
        let end = (end..=CART.len()).find(|i| CART.is_char_boundary(*i)).unwrap();
        let text = format!("{}{insert}{}", &CART[..start], &CART[end..]);
        survives(PATHS[0], &text);
        // As a draft, many are accepted.
        let (made, _) = workspace::compile(&files("somewhere/draft.yaml", &text), &ALONE);
        for compiled in made.iter().flat_map(|made| &made.machines) {
            promise_6(&compiled.machine);
        }
    }
}
