//! Rules 12 and 15: events of our own, and other journeys.

use crate::play::{FREE, Play, json};

#[test]
fn rule_12_an_emitted_event_is_a_further_input_of_the_turn() {
    let mut play = Play::of(
        &[
            "journey: a\npurpose: marketing\nenter: { event: go }\nsteps: [ { emit: rescued, with: { total: event.total } }, { set: { run.x: 1 } } ]",
            "journey: b\npurpose: marketing\nenter: { event: rescued, if: event.total > 10 }\nsteps: [ { set: { run.total: event.total } } ]",
            "journey: c\npurpose: marketing\nenter: { event: first }\nsteps: [ { wait_for: { event: rescued } } ]",
        ],
        FREE,
    );
    play.does("first", json!({})).log();
    play.does("go", json!({ "total": 42 }));
    assert_eq!(
        play.log(),
        [
            "a: entered",
            "a: emits rescued",
            "a: run.x=1",
            "a: left completed",
            "c: matched",
            "b: entered",
            "c: left completed",
            "b: run.total=42",
            "b: left completed"
        ]
    );
}

#[test]
fn rule_12_a_chain_is_cut_after_64() {
    let ping =
        "journey: ping\npurpose: marketing\nenter: { event: ping }\nsteps: [ { emit: pong } ]";
    let pong =
        "journey: pong\npurpose: marketing\nenter: { event: pong }\nsteps: [ { emit: ping } ]";
    let mut play = Play::of(&[ping, pong], FREE);
    play.does("ping", json!({}));
    let log = play.log();
    assert_eq!(log.iter().filter(|l| l.contains("emits")).count(), 65);
    assert_eq!(log.last().unwrap(), "ignored: chain_too_long");
}

const OTHER: &str = "journey: other\npurpose: marketing\nenter: { api: true, key: event.n, if: event.n != 9 }\nsteps: [ { set: { run.n: event.n } }, { wait: 1d } ]";

#[test]
fn a_started_journey_enters_by_its_api_entry() {
    let mut play = Play::of(
        &[
            "enter: { event: go }\nsteps: [ { start: other, with: { n: event.n } } ]",
            OTHER,
        ],
        FREE,
    );
    play.does("go", json!({ "n": 1 }));
    assert_eq!(
        play.log()[1..],
        [
            "demo: starts other",
            "demo: left completed",
            "other: entered 1",
            "other: run.n=1",
            "other: waits until 2026-01-06T08:00:00Z"
        ]
    );
    play.does("go", json!({ "n": 1 }))
        .does("go", json!({ "n": 9 }));
    assert_eq!(
        play.log_of("not entered"),
        [
            "other: not entered: Inside",
            "other: not entered: Condition"
        ]
    );
}

#[test]
fn the_api_starts_a_journey_by_an_event() {
    let mut play = Play::of(&[OTHER, "enter: { event: go }\nsteps: []"], FREE);
    play.does(
        "journey.start",
        json!({ "journey": "other", "with": { "n": 5 } }),
    );
    assert_eq!(play.log()[..2], ["other: entered 5", "other: run.n=5"]);
    play.does("journey.start", json!({ "journey": "demo" }));
    assert_eq!(play.log(), ["demo: not entered: NotStartable"]);
    play.does("journey.start", json!({ "journey": "nowhere" }))
        .does("journey.start", json!({}));
    assert_eq!(
        play.log(),
        [
            "nowhere: not entered: NotStartable",
            "ignored: the event names no `journey` to start"
        ]
    );
}

#[test]
fn stop_ends_every_run_of_the_other_journey() {
    let mut play = Play::of(
        &["enter: { event: go }\nsteps: [ { stop: other } ]", OTHER],
        FREE,
    );
    for n in [1, 2] {
        play.does(
            "journey.start",
            json!({ "journey": "other", "with": { "n": n } }),
        );
    }
    play.log();
    play.does("go", json!({}));
    assert_eq!(
        play.log_of("left"),
        [
            "demo: left completed",
            "other: left stopped",
            "other: left stopped"
        ]
    );
}

#[test]
fn rule_28_of_several_things_the_first_as_written_wins() {
    let any = "enter: { event: go }\nsteps: [ { id: w, wait_for: { any: [ { event: a, if: event.n > 5, then: [ { exit: big } ] }, { event: a, then: [ { exit: small } ] }, { if: customer.vip, then: [ { exit: vip } ] } ], within: 2d }, else: [ { exit: late } ] } ]";
    let end = |act: fn(&mut Play) -> &mut Play| {
        let mut play = Play::new(any, FREE);
        act(play.does("go", json!({})));
        play.log_of("left")
    };
    assert_eq!(end(|p| p.does("a", json!({ "n": 6 }))), ["left big"]);
    assert_eq!(end(|p| p.does("a", json!({ "n": 5 }))), ["left small"]);
    assert_eq!(end(|p| p.is(json!({ "vip": true }))), ["left vip"]);
    assert_eq!(end(|p| p.waits("2d")), ["left late"]);
}

#[test]
fn rule_49_a_key_is_sent_once_per_customer_ever() {
    let mut play = Play::new(
        "enter: { event: go, key: event.run }\nsteps: [ { id: s, send: email, template: t, key: run.event.order } ]",
        FREE,
    );
    play.does("go", json!({ "run": 1, "order": "o1" }))
        .waits("900d")
        .does("go", json!({ "run": 2, "order": "o1" }))
        .does("go", json!({ "run": 3, "order": "o2" }))
        .does("go", json!({ "run": 4 }))
        .does("go", json!({ "run": 5 }));
    assert_eq!(play.log_of("suppressed"), ["suppressed s already_sent"]);
    assert_eq!(play.sent().len(), 4, "no key is no limit");
}

#[test]
fn rule_49_a_key_that_did_not_go_is_free_again() {
    use journey::message::Reason;
    let mut play = Play::new(
        "enter: { event: go, key: event.run }\nsteps: [ { id: s, send: email, template: t, key: once } ]",
        FREE,
    );
    play.does("go", json!({ "run": 1 }))
        .fails(0, Reason::Failed);
    play.does("go", json!({ "run": 2 }))
        .does("go", json!({ "run": 3 }));
    assert_eq!(play.log_of("suppressed"), ["suppressed s already_sent"]);
    assert_eq!(play.messages.len(), 3);
}
