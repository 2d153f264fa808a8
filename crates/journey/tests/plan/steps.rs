//! Which step is which, and what of it changed.

use journey::{
    expr::parse_duration,
    ids::{CustomerId, sticky},
    machine::{Arm, NodeId, Op},
    plan::{self, Diff, Matching, StepDiff},
};

use super::machine;

fn journey(steps: &str) -> String {
    format!("journey: demo\npurpose: service\nenter: {{ event: start }}\nsteps:\n{steps}")
}

fn diff(old: &str, new: &str) -> Vec<String> {
    let diff = Diff::between(&machine(&journey(old)), &machine(&journey(new)));
    assert_eq!(diff.head, []);
    let said = |step: &StepDiff| match step {
        StepDiff::Added { step, says } => format!("+ {} {says}", step.verb),
        StepDiff::Removed { step, says } => format!("- {} {says}", step.verb),
        StepDiff::Changed { step, changes, .. } => {
            let changes: Vec<_> = changes.iter().map(plan::Change::sentence).collect();
            format!("~ {} {}", step.verb, changes.join("; "))
        }
    };
    diff.steps.iter().map(said).collect()
}

/// An inserted step does not make every later one another.
#[test]
fn an_unnamed_step_put_in_is_the_only_one_that_is_new() {
    let old = "  - wait: 2h\n  - { send: sms, template: hello }\n  - wait: 1d\n  - exit: done\n";
    let new = "  - wait: 5m\n  - wait: 2h\n  - { send: sms, template: hello }\n  - wait: 1d\n  - exit: done\n";
    assert_eq!(diff(old, new), ["+ wait 5m"]);
    assert_eq!(diff(new, old), ["- wait 5m"]);
    assert_eq!(diff(old, old), [""; 0]);
}

#[test]
fn an_unnamed_step_that_says_something_else_in_its_old_place_is_changed() {
    let old = "  - wait: 2h\n  - { send: sms, template: hello }\n  - wait: 1d\n";
    let new = "  - wait: 3h\n  - { send: sms, template: hello }\n  - wait: 1d\n";
    assert_eq!(diff(old, new), ["~ wait wait: 2h became 3h"]);
    // Two for one: nobody can say which of them it is.
    let new = "  - wait: 3h\n  - wait: 4h\n  - { send: sms, template: hello }\n  - wait: 1d\n";
    assert_eq!(diff(old, new), ["+ wait 3h", "+ wait 4h", "- wait 2h"]);
}

#[test]
fn a_step_with_an_id_is_found_wherever_it_went_and_with_another_verb_it_is_another() {
    let old = "  - { id: a, wait: 1h }\n  - { id: b, wait: 2h }\n";
    let new = "  - { id: b, wait: 2h }\n  - { id: a, wait: 1h }\n";
    assert_eq!(
        diff(old, new),
        [
            "~ wait then goes on with: the end became wait `a`",
            "~ wait then goes on with: wait `b` became the end"
        ]
    );
    let new = "  - { id: a, send: sms, template: hello }\n  - { id: b, wait: 2h }\n";
    assert_eq!(
        diff(old, new),
        ["+ send sms, template: hello, purpose: service", "- wait 1h"]
    );
    let (old, new) = (machine(&journey(old)), machine(&journey(new)));
    let matching = Matching::of(&old, &new);
    assert_eq!(matching.new_of(NodeId(0)), None, "rule 52: the same verb");
    assert_eq!(matching.new_of(NodeId(1)), Some(NodeId(1)));
}

#[test]
fn a_step_that_moved_into_a_branch_leads_elsewhere() {
    let old = "  - if: customer.vip\n    then: [ { id: a, wait: 1h } ]\n  - { id: b, wait: 2h }\n";
    let new = "  - if: customer.vip\n    then: []\n    else: [ { id: a, wait: 1h } ]\n  - { id: b, wait: 2h }\n";
    assert_eq!(
        diff(old, new),
        [
            "~ if then goes on with: wait `a` became wait `b`; else goes on with: wait `b` became wait `a`"
        ]
    );
}

#[test]
fn a_long_journey_is_compared_in_no_time() {
    let steps = |from: u32| -> String {
        (from..from + 400)
            .map(|n| format!("  - wait: {}m\n", n + 1))
            .collect()
    };
    let changed = diff(&steps(0), &steps(3));
    assert_eq!(changed.len(), 6, "{changed:?}");
}

fn split(weights: &[(&str, u32)], salt: &str) -> Op {
    let arms = weights.iter().map(|(name, weight)| Arm {
        name: (*name).into(),
        weight: *weight,
        first: NodeId::END,
    });
    Op::Split {
        salt: salt.into(),
        arms: arms.collect(),
    }
}

/// Rule 31: changed weights move some, which `plan` counts. Held against 20,000 draws.
#[test]
fn rule_31_the_share_of_customers_who_change_arm_is_exact() {
    let cases = [
        (
            split(&[("a", 50), ("b", 50)], ""),
            split(&[("a", 60), ("b", 40)], ""),
        ),
        (
            split(&[("a", 1), ("b", 1)], ""),
            split(&[("b", 1), ("a", 1)], ""),
        ),
        (
            split(&[("a", 10), ("b", 45), ("c", 45)], ""),
            split(&[("a", 10), ("c", 90)], ""),
        ),
        (
            split(&[("a", 1), ("b", 2)], ""),
            split(&[("a", 1), ("b", 2)], "again"),
        ),
        (
            split(&[("a", 3), ("b", 7)], ""),
            split(&[("a", 30), ("b", 70)], ""),
        ),
    ];
    for (old, new) in cases {
        let arm = |op: &Op, n: u32| {
            let Op::Split { salt, arms } = op else {
                panic!()
            };
            let customer = CustomerId::of(&n.to_string());
            plan::drawn(customer, "demo", "s", salt, arms)
                .unwrap()
                .name
                .clone()
        };
        let draws = 20_000;
        let moved = (0..draws)
            .filter(|n| arm(&old, *n) != arm(&new, *n))
            .count();
        let share = plan::redrawn(&old, &new).unwrap();
        let wanted = share.of as f64 / share.all as f64;
        let found = moved as f64 / f64::from(draws);
        assert!((wanted - found).abs() < 0.015, "{wanted} {found}");
    }
    let same = plan::redrawn(&split(&[("a", 3)], ""), &split(&[("a", 30)], "")).unwrap();
    assert_eq!(same.of, 0);
    assert!(sticky(CustomerId::of("x"), "demo", "s", "", 1) == 0);
}

#[test]
fn durations_are_written_as_authors_write_them() {
    for text in ["2h", "1d12h", "90s", "10m", "0m"] {
        let span = parse_duration(text).unwrap();
        let again = plan::duration(span);
        assert_eq!(parse_duration(&again).unwrap(), span, "{text} {again}");
    }
    assert_eq!(plan::duration(parse_duration("7d").unwrap()), "7d");
}
