//! Whatever compiles can be drawn.

use journey::graph::{self, Graph};
use proptest::prelude::*;

use super::{clear, machine, whole};

/// A list of steps as YAML without indentation, each step a few lines.
fn list(depth: u32) -> BoxedStrategy<Vec<Vec<String>>> {
    let most = if depth == 0 { 3 } else { 4 };
    proptest::collection::vec(step(depth), 1..most).boxed()
}

fn step(depth: u32) -> BoxedStrategy<Vec<String>> {
    let plain = prop_oneof![
        Just("wait: 1h"),
        Just("wait: { until: customer.day, missed: exit }"),
        Just("set: { run.a: 1 }"),
        Just("emit: thing.done"),
        Just("wait_for: { event: b, within: 2h }"),
        Just("wait_for: { any: [ { event: b }, { event: c, if: customer.x } ], within: 2h }"),
    ]
    .prop_map(|line| vec![line.to_owned()]);
    if depth == 0 {
        return plain.boxed();
    }
    let inner = || items(depth - 1);
    let two = (inner(), inner(), any::<bool>()).prop_map(|(a, b, leave)| {
        let mut lines = vec!["if: customer.x == 1".to_owned(), "then:".to_owned()];
        lines.extend(under(&a));
        lines.push("else:".into());
        lines.extend(under(&b));
        if leave {
            lines.push("  - exit: gone".into());
        }
        lines
    });
    let many = (inner(), inner()).prop_map(|(a, b)| {
        let mut lines = vec!["choose:".to_owned()];
        for (n, branch) in [a, b].iter().enumerate() {
            lines.push(format!("  - when: customer.y == {n}"));
            lines.push("    then:".into());
            lines.extend(under(branch).into_iter().map(|l| format!("    {l}")));
        }
        lines
    });
    let round = inner().prop_map(|steps| {
        let head = ["repeat:", "  every: 2d", "  times: 3", "  steps:"];
        let mut lines: Vec<String> = head.map(str::to_owned).to_vec();
        lines.extend(under(&steps).into_iter().map(|l| format!("  {l}")));
        lines
    });
    prop_oneof![3 => plain, 2 => two, 1 => many, 1 => round].boxed()
}

/// The steps as a list below a word.
fn under(steps: &[String]) -> Vec<String> {
    steps.iter().map(|l| format!("  {l}")).collect()
}

/// A step's lines as an item of a list.
fn item(step: &[String]) -> Vec<String> {
    let mark = |(at, line): (usize, &String)| {
        let sign = if at == 0 { "- " } else { "  " };
        format!("{sign}{line}")
    };
    step.iter().enumerate().map(mark).collect()
}

prop_compose! {
    fn journey()(steps in items(3)) -> String {
        let steps: String = steps.iter().map(|l| format!("  {l}\n")).collect();
        format!("journey: demo\npurpose: service\nenter: {{ event: a }}\nsteps:\n{steps}")
    }
}

/// A list in which every step is an item already.
fn items(depth: u32) -> BoxedStrategy<Vec<String>> {
    list(depth)
        .prop_map(|steps| steps.iter().flat_map(|s| item(s)).collect())
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_compiles_is_drawn_whole_and_clear(text in journey()) {
        let machine = machine(&text);
        let graph = Graph::of(&machine);
        whole(&machine, &graph);
        clear(&graph);
        graph::svg(&graph).unwrap();
    }
}
