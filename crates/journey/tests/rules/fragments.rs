//! Rule 33: fragments.

use journey::value::Value;

use crate::play::{FREE, Play, json};

const REMIND: &str = "# journeys/_fragments/remind.yaml\nfragment: remind\nparams: { product:, delay: 2d, template: t, limit: 3 }\nsteps:\n  - wait: param.delay\n  - id: hint\n    send: email\n    template: param.template\n    with: { name: param.product.name, whole: param.product, limit: param.limit }\n  - if: param.product.price > param.limit and steps.hint.sent\n    then: [ { set: { run.dear: true } } ]\n";

fn play(steps: &str) -> Play {
    Play::of(
        &[&format!("enter: {{ event: go }}\nsteps:\n{steps}"), REMIND],
        FREE,
    )
}

#[test]
fn rule_33_a_fragment_is_put_in_with_its_parameters() {
    let mut play = play(
        "  - use: remind\n    with: { product: run.event.product, delay: 1d }\n  - if: steps.remind.hint.sent\n    then: [ { exit: reminded } ]\n",
    );
    play.does("go", json!({ "product": { "name": "Mug", "price": 12 } }))
        .waits("1d");
    assert_eq!(play.sent(), ["remind.hint email"]);
    let with = &play.messages[0].decision.with;
    assert_eq!(with.field("name"), Value::text("Mug"));
    assert_eq!(with.field("whole").field("price").to_string(), "12");
    assert_eq!(with.field("limit").to_string(), "3");
    let log = play.log();
    assert!(log.iter().any(|l| l.ends_with("run.dear=true")), "{log:?}");
    assert!(log.iter().any(|l| l.ends_with("left reminded")), "{log:?}");
}

#[test]
fn rule_33_two_uses_are_told_apart_by_their_ids() {
    let mut play = play(
        "  - id: one\n    use: remind\n    with: { product: { name: A, price: 1 } }\n  - id: two\n    use: remind\n    with: { product: { name: B, price: 9 }, delay: 3d, limit: 5 }\n  - set: { run.a: steps.one.hint.sent, run.b: steps.two.hint.opened }\n",
    );
    play.does("go", json!({})).waits("10d");
    assert_eq!(play.sent(), ["one.hint email", "two.hint email"]);
    let log = play.log();
    for wanted in ["run.a=true", "run.b=false"] {
        assert!(log.iter().any(|l| l.ends_with(wanted)), "{log:?}");
    }
    assert_eq!(
        log.iter().filter(|l| l.contains("run.dear")).count(),
        1,
        "9 is above 5, 1 is not above 3"
    );
}

#[test]
fn rule_33_a_receipt_finds_a_step_of_a_fragment() {
    let mut play = play(
        "  - use: remind\n    with: { product: run.event }\n  - wait: 1d\n  - if: steps.remind.hint.opened\n    then: [ { exit: read } ]\n",
    );
    play.does("go", json!({})).waits("2d");
    let id = play.messages[0].id.to_string();
    play.does("message.opened", json!({ "message_id": id }))
        .waits("1d");
    assert!(play.log().iter().any(|l| l.ends_with("left read")));
}

#[test]
fn rule_33_a_fragment_may_use_another() {
    let outer = "# journeys/_fragments/outer.yaml\nfragment: outer\nparams: [what]\nsteps:\n  - use: remind\n    with: { product: param.what, delay: 1h }\n  - if: steps.remind.hint.sent\n    then: [ { set: { run.done: param.what.name } } ]\n";
    let mut play = Play::of(
        &[
            "enter: { event: go }\nsteps:\n  - use: outer\n    with: { what: run.event }\n  - set: { run.x: steps.outer.remind.hint.sent }\n",
            REMIND,
            outer,
        ],
        FREE,
    );
    play.does("go", json!({ "name": "Mug" })).waits("1h");
    assert_eq!(play.sent(), ["outer.remind.hint email"]);
    let log = play.log();
    for wanted in ["run.done=\"Mug\"", "run.x=true"] {
        assert!(log.iter().any(|l| l.ends_with(wanted)), "{log:?}");
    }
}
