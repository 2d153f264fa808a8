//! What no test walks is told, with its line.

use journey::testing::coverage::ItemKind;

use crate::shop::{CART, files, report};

const JOURNEY: &str = "exit:\n  - { event: order.placed, as: bought }\n  - { if: customer.peace, as: peace }\n  - { after: 30d }\nsteps:\n  - id: back\n    wait_for: { event: order.seen, within: 1d }\n    then: [ { exit: back } ]\n  - split: offer\n    arms: { a: { weight: 1 }, b: { weight: 1 } }\n  - if: run.event.total > 20\n    then: []\n";

fn missing(tests: &str) -> (u32, Vec<String>) {
    let report = report(&files(JOURNEY, tests));
    let missing = report
        .coverage
        .missing()
        .map(|i| format!("{} {} {}", i.line, i.kind.as_str(), i.title()));
    (report.coverage.percent(), missing.collect())
}

#[test]
fn steps_branches_and_exits_that_no_test_walks_are_listed_with_their_lines() {
    let arm = |arm: &str, more: &str| {
        format!(
            "- name: {arm}{}\n  arms: {{ offer: {arm} }}\n{CART}{more}",
            more.len()
        )
    };
    let (percent, left) = missing(&arm("a", "  expect: { end: completed }\n"));
    assert_eq!(
        left,
        [
            "5 exit exit as bought",
            "6 exit exit as peace",
            "7 stay exit as too_long",
            "10 branch back: then",
            "11 step exit#1",
            "12 branch offer: b",
            "14 branch if#1: else",
        ]
    );
    // Of two exits, four steps and six branches, those are missing; the longest stay is not counted.
    assert_eq!(percent, 50);
}

#[test]
fn arms_without_steps_are_told_apart() {
    let test = |arm: &str| {
        format!(
            "- name: {arm}\n  arms: {{ offer: {arm} }}\n{CART}  expect: {{ path: [ back: else, offer: {arm} ] }}\n"
        )
    };
    let report = report(&files(JOURNEY, &format!("{}{}", test("a"), test("b"))));
    assert!(
        report
            .verdicts
            .iter()
            .all(journey::testing::Verdict::passed)
    );
    let arms = report
        .coverage
        .items
        .iter()
        .filter(|i| &*i.name == "offer" && i.branch.is_some());
    assert_eq!(arms.map(|i| i.tests).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn all_of_a_journey_can_be_walked() {
    let tests = "\
- { name: a, arms: { offer: a }, events: [ { event: cart.updated, with: { cart_id: c, total: 50 } } ], expect: { end: completed } }
- { name: b, arms: { offer: b }, events: [ { event: cart.updated, with: { cart_id: c, total: 5 } } ], expect: { end: completed } }
- { name: c, events: [ { event: cart.updated, with: { cart_id: c } }, { after: 1h, event: order.seen } ], expect: { end: back } }
- { name: d, events: [ { event: cart.updated, with: { cart_id: c } }, { after: 1h, event: order.placed } ], expect: { end: bought } }
- { name: e, events: [ { event: cart.updated, with: { cart_id: c } }, { after: 1h, traits: { peace: true } } ], expect: { end: peace } }
";
    assert_eq!(
        missing(tests),
        (100, vec!["7 stay exit as too_long".to_owned()])
    );
    let counted = report(&files(JOURNEY, tests)).coverage;
    assert_eq!(counted.count(ItemKind::Step), (4, 4));
    assert_eq!(counted.count(ItemKind::Exit), (2, 2));
}
