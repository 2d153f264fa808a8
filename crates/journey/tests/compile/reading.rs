//! Rules 1 to 4: how a file is read.

use journey::{
    machine::{Op, Wait},
    workspace,
};

use super::{ALONE, files, hours, operands, steps};

/// The codes of what is wrong with those steps.
fn found(text: &str) -> Vec<&'static str> {
    let text = format!("journey: demo\npurpose: service\nenter: {{ event: a }}\nsteps:\n{text}");
    let (_, found) = workspace::compile(&files("somewhere/draft.yaml", &text), &ALONE);
    found.iter().map(|d| d.code).collect()
}

#[test]
fn rule_01_a_scalar_is_read_by_what_its_field_expects_and_yamls_guesses_never_apply() {
    let with = "{ no: no, octal: 0612, clock: 1:30, day: 2026-01-05, tilde: ~, null: null, big: 1_000, e: 1e3 }";
    let m = steps(&format!(
        "  - {{ id: s, send: email, template: t, with: {with} }}\n  - wait: 2h\n  - wait: {{ until: 9:30 }}\n"
    ));
    let shown = operands(&m, 0);
    let texts = [
        ("big", "Text(\"1_000\")"),
        ("clock", "Text(\"1:30\")"),
        ("day", "Text(\"2026-01-05\")"),
        ("e", "Text(\"1e3\")"),
        ("no", "Text(\"no\")"),
        ("null", "Text(\"null\")"),
        ("octal", "Text(\"0612\")"),
        ("tilde", "Text(\"~\")"),
    ];
    let shown: Vec<(&str, &str)> = shown.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(shown, texts);
    // The same characters are a duration or a time of day where one is expected.
    let waits: Vec<&Wait> = m
        .nodes
        .iter()
        .filter_map(|n| match &n.op {
            Op::Wait(wait) => Some(wait),
            _ => None,
        })
        .collect();
    assert_eq!(waits[0].span, hours(2));
    assert!(waits[1].at.is_some());
}

#[test]
fn rule_01_tags_anchors_aliases_and_comments_that_swallow_a_value_are_errors() {
    for (text, code) in [
        ("  - if: !customer.vip\n    then: [ { exit: x } ]\n", "J003"),
        ("  - if: &customer.vip\n    then: [ { exit: x } ]\n", "J003"),
        ("  - if: *vip\n    then: [ { exit: x } ]\n", "J003"),
        ("  - set:\n      run.code: Order #12\n", "J004"),
    ] {
        assert_eq!(found(text), [code], "{text}");
    }
    // A real comment is none.
    assert_eq!(found("  - set: { run.code: Order } # twelve\n"), [""; 0]);
}

#[test]
fn rule_02_ids_arms_variables_and_reasons_are_small_words_and_ids_are_unique() {
    let good = "  - { id: a_1, wait: 1h }\n  - split: offer\n    arms: { left: { weight: 50 }, right: { weight: 50 } }\n  - set: { run.code: x }\n  - exit: done\n";
    assert_eq!(found(good), [""; 0]);
    for (bad, code) in [
        ("  - { id: A, wait: 1h }\n", "J120"),
        ("  - { id: 1a, wait: 1h }\n", "J120"),
        ("  - { id: a-b, wait: 1h }\n", "J120"),
        ("  - exit: No Way\n", "J120"),
        ("  - set: { run.Code: x }\n", "J120"),
        (
            "  - split: Offer\n    arms: { left: { weight: 50 }, right: { weight: 50 } }\n",
            "J120",
        ),
        (
            "  - split: offer\n    arms: { Left: { weight: 50 }, right: { weight: 50 } }\n",
            "J120",
        ),
        ("  - { id: x, wait: 1h }\n  - { id: x, wait: 2h }\n", "J121"),
        // The names of splits and repeats are ids.
        (
            "  - { id: x, wait: 1h }\n  - split: x\n    arms: { left: { weight: 50 }, right: { weight: 50 } }\n",
            "J121",
        ),
        (
            "  - { id: x, wait: 1h }\n  - { id: x, repeat: { every: 1d, times: 2, steps: [ { wait: 1h } ] } }\n",
            "J121",
        ),
    ] {
        assert_eq!(found(bad), [code], "{bad}");
    }
}

#[test]
fn rule_03_a_path_is_its_value_a_leading_sign_computes_and_all_else_is_text() {
    let with = "{ path: customer.first_name, \"quoted\": \"customer.first_name\", computed: '= 2 * 3', text: customer service, dotted: shop.example, number: 7 }";
    let m = steps(&format!(
        "  - {{ id: s, send: email, template: t, with: {with} }}\n"
    ));
    let shown = operands(&m, 0);
    let wanted = [
        ("computed", "=2 * 3"),
        ("dotted", "Text(\"shop.example\")"),
        ("number", "Int(7)"),
        ("path", "=customer.first_name"),
        ("quoted", "=customer.first_name"),
        ("text", "Text(\"customer service\")"),
    ];
    let shown: Vec<(&str, &str)> = shown.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(shown, wanted);
    // Where an expression is expected, it needs no sign: a condition, a key, the end of a repeat.
    let conditions = "  - if: customer.orders > 2 * 3\n    then: [ { exit: x } ]\n  - choose: [ { when: customer.orders == 1, then: [ { exit: y } ] } ]\n  - id: r\n    repeat: { every: 1d, times: 2, until: customer.orders > 9, steps: [ { wait: 1h } ] }\n";
    let m = steps(conditions);
    let sources: Vec<String> = m
        .nodes
        .iter()
        .filter_map(|n| match &n.op {
            Op::Choose { arms, .. } => Some(arms[0].0.source().to_owned()),
            Op::Repeat(repeat) => Some(repeat.until.as_ref().unwrap().source().to_owned()),
            _ => None,
        })
        .collect();
    let wanted = [
        "customer.orders > 2 * 3",
        "customer.orders == 1",
        "customer.orders > 9",
    ];
    assert_eq!(sources, wanted);
}

#[test]
fn rule_04_one_step_has_one_verb() {
    assert_eq!(found("  - { wait: 1h, exit: x }\n"), ["J012"]);
    assert_eq!(
        found("  - { wait: 1h, send: email, template: t }\n"),
        ["J012"]
    );
    assert_eq!(found("  - { id: nothing }\n"), ["J012"]);
}
