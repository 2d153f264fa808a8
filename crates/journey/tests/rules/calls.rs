//! Rule 30: calls, and hand-overs to people.

use crate::play::{FREE, Play, json};

const CALL: &str = "enter: { event: go }\nexit: { event: stop }\nsteps:\n  - id: gift\n    call: vouchers\n    with: { kind: birthday, percent: 15 }\n    save: run.gift\n    within: 1h\n    else: [ { set: { run.gift: BDAY15 } } ]\n  - set: { run.after: run.gift }\n";

fn called() -> Play {
    let mut play = Play::new(CALL, FREE);
    play.does("go", json!({})).log();
    play
}

#[test]
fn rule_30_a_call_holds_the_run_until_its_answer() {
    let mut play = called();
    assert_eq!(play.calls.len(), 1);
    let call = &play.calls[0];
    assert_eq!(
        (&*call.endpoint, &*call.step, call.hand_over),
        ("vouchers", "gift", false)
    );
    assert_eq!(call.with.field("percent").to_string(), "15");
    play.waits("59m");
    assert!(play.log().is_empty());
    play.answers(0, json!({ "code": "XY-1" }));
    let log = play.log();
    assert_eq!(log[0], "call answered");
    assert!(log[1].starts_with("run.gift="), "{log:?}");
    assert!(play.log().is_empty());
}

#[test]
fn rule_30_a_final_failure_and_a_time_out_take_else() {
    let mut play = called();
    play.call_fails(0);
    assert_eq!(
        play.log(),
        [
            "call failed: “it answers 500”",
            "run.gift=\"BDAY15\"",
            "run.after=\"BDAY15\"",
            "left completed"
        ]
    );
    let mut play = called();
    play.waits("1h");
    assert_eq!(play.log_of("run.after"), ["run.after=\"BDAY15\""]);
    assert_eq!(play.cancelled, 1, "nobody waits for it any more");
}

#[test]
fn rule_30_an_answer_that_comes_too_late_has_no_effect() {
    let mut play = called();
    play.waits("1h").log();
    play.answers(0, json!("XY-1"));
    assert_eq!(
        play.log(),
        ["ignored: nobody waits for this answer any more"]
    );
}

#[test]
fn rule_30_what_the_answer_says_can_be_named() {
    let mut play = Play::new(
        "enter: { event: go }\nsteps:\n  - id: gift\n    call: vouchers\n  - choose:\n      - when: steps.gift.failed\n        then: [ { exit: no_gift } ]\n      - when: steps.gift.answer.code == \"XY\"\n        then: [ { exit: xy } ]\n",
        FREE,
    );
    play.does("go", json!({}))
        .answers(0, json!({ "code": "XY" }));
    assert_eq!(play.log_of("left"), ["left xy"]);
    play.does("go", json!({})).call_fails(1);
    assert_eq!(play.log_of("left"), ["left no_gift"]);
}

#[test]
fn rule_35_leaving_cancels_a_call() {
    let mut play = called();
    play.does("stop", json!({}));
    assert_eq!(play.cancelled, 1);
    play.answers(0, json!("XY")).waits("2h");
    assert_eq!(play.log_of("run.gift"), Vec::<String>::new());
}

#[test]
fn a_call_that_is_left_in_the_turn_that_decided_it_is_never_made() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: { if: customer.gone, as: gone }\nsteps: [ { set: { customer.gone: true } }, { call: vouchers } ]",
        FREE,
    );
    play.does("go", json!({}));
    assert_eq!(play.log_of("left"), ["left gone"]);
    assert_eq!((play.calls.len(), play.cancelled), (0, 0));
}

const HAND: &str = "enter: { event: go }\nsteps:\n  - id: desk\n    hand_over: support\n    with: { score: 3 }\n    within: 2d\n    else: [ { exit: nobody } ]\n  - if: steps.desk.matched\n    then: [ { set: { run.answer: steps.desk.answer } } ]\n";

#[test]
fn a_hand_over_goes_to_a_person_and_comes_back() {
    let mut play = Play::new(HAND, FREE);
    play.does("go", json!({})).log();
    assert!(play.calls[0].hand_over);
    play.answers(0, json!({ "ticket": 7 }));
    assert_eq!(play.log(), ["handed over"], "taken over, and not back yet");
    play.waits("1d")
        .does("hand_over.ended", json!({ "answer": "solved" }));
    assert_eq!(
        play.log(),
        [
            "handed back",
            "condition 0",
            "run.answer=\"solved\"",
            "left completed"
        ]
    );
}

#[test]
fn a_hand_over_that_nobody_takes_goes_on() {
    let mut play = Play::new(HAND, FREE);
    play.does("go", json!({})).call_fails(0);
    assert_eq!(play.log_of("left"), ["left nobody"]);
    play.does("go", json!({})).waits("2d");
    assert_eq!(play.log_of("left"), ["left nobody"]);
}

#[test]
fn a_hand_over_is_ended_by_the_call_that_it_names() {
    let mut play = Play::new(HAND, FREE);
    play.does("go", json!({})).log();
    let other = uuid::Uuid::nil().to_string();
    play.does("hand_over.ended", json!({ "call": other }));
    assert_eq!(play.log(), ["ignored: nothing listened"]);
    let id = play.calls[0].id.to_string();
    play.does("hand_over.ended", json!({ "call": id }));
    assert_eq!(play.log_of("left"), ["left completed"]);
}
