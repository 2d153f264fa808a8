//! Rules 15 to 19: who begins a run.

use journey::advance::MAX_RUNS;

use crate::play::{FREE, Play, json};

const STAY: &str = "steps: [ { wait: 100d } ]";

fn entered(head: &str) -> Play {
    Play::new(&format!("{head}\n{STAY}"), FREE)
}

#[test]
fn rule_15_a_null_key_does_not_enter() {
    let mut play = entered("enter: { event: go, key: event.k }");
    play.does("go", json!({})).does("go", json!({ "k": null }));
    assert_eq!(play.log(), ["not entered: NullKey"; 2]);
    play.does("go", json!({ "k": "" }))
        .does("go", json!({ "k": 0 }));
    assert_eq!(play.log_of("entered"), ["entered", "entered 0"]);
}

#[test]
fn rule_15_one_run_per_key() {
    let mut play = entered("enter: { event: go, key: event.k }");
    for k in ["a", "b", "a"] {
        play.does("go", json!({ "k": k }));
    }
    assert_eq!(
        play.log_of("entered"),
        ["entered a", "entered b", "not entered: Inside"]
    );
}

#[test]
fn rule_15_a_key_of_more_than_256_bytes_does_not_enter() {
    let mut play = entered("enter: { event: go, key: event.k }");
    play.does("go", json!({ "k": "k".repeat(256) }))
        .does("go", json!({ "k": "k".repeat(257) }));
    assert_eq!(play.log_of("not entered"), ["not entered: KeyTooLong"]);
}

#[test]
fn rule_16_restart_needs_no_again() {
    let mut play = entered("enter: { event: go, inside: restart, again: never }");
    play.does("go", json!({ "n": 1 })).waits("1h").log();
    play.does("go", json!({ "n": 2 }));
    assert_eq!(play.log()[..2], ["left restarted", "entered"]);
    assert_eq!(play.run().state.event.field("n"), 2.into());
    assert_eq!(play.ana().runs.len(), 1);
}

#[test]
fn rule_16_without_restart_the_same_key_is_ignored_or_refreshes() {
    let mut play = entered("enter: { event: go }");
    play.does("go", json!({ "n": 1 }))
        .does("go", json!({ "n": 2 }));
    assert_eq!(play.log_of("not entered"), ["not entered: Inside"]);
    assert_eq!(play.run().state.event.field("n"), 1.into());
    let mut play = entered("enter: { event: go, inside: refresh }");
    play.does("go", json!({ "n": 1 }))
        .does("go", json!({ "n": 2 }));
    assert_eq!(play.log_of("refreshed"), ["refreshed"]);
    assert_eq!(play.run().state.event.field("n"), 2.into());
}

#[test]
fn rule_16_restarts_are_bounded_though_their_goals_are_open() {
    let mut play =
        entered("enter: { event: go, inside: restart }\ngoal: { event: buy, within: 300d }");
    for n in 0..MAX_RUNS + 20 {
        play.does("go", json!({ "n": n }));
    }
    assert_eq!(play.ana().runs.len(), MAX_RUNS);
    let inside: Vec<_> = play
        .ana()
        .runs
        .iter()
        .filter(|r| r.left.is_none())
        .cloned()
        .collect();
    assert_eq!(inside.len(), 1);
    let last = i64::try_from(MAX_RUNS + 19).unwrap();
    assert_eq!(
        inside[0].state.event.field("n"),
        last.into(),
        "the latest goes on"
    );
}

#[test]
fn a_customer_has_a_bounded_number_of_runs() {
    let mut play = entered("enter: { event: go, key: event.k }");
    for k in 0..=MAX_RUNS {
        play.does("go", json!({ "k": k }));
    }
    assert_eq!(play.log_of("not entered"), ["not entered: TooManyRuns"]);
}

#[test]
fn rule_17_each_entry_has_its_own_if_and_key_and_the_list_one_again_and_inside() {
    let mut play = entered(
        "enter:
  - { event: go, if: event.n > 5, key: event.a }
  - { event: go, key: event.b }
  - { event: other, key: event.a }
again: never
inside: ignore",
    );
    play.does("go", json!({ "n": 9, "a": "x", "b": "y" }))
        .does("go", json!({ "n": 1, "a": "x", "b": "y" }))
        .does("other", json!({ "a": "z" }))
        .does("other", json!({ "a": "y" }))
        .does("go", json!({ "n": 1, "a": "x" }));
    assert_eq!(
        play.log_of("entered"),
        [
            "entered x",
            "entered y",
            "entered z",
            "not entered: Inside",
            "not entered: NullKey"
        ]
    );
}

const ONCE: &str = "steps: [ { wait: 1h } ]";

#[test]
fn rule_18_again_never_is_once_per_key() {
    let head = format!("enter: {{ event: go, key: event.k, again: never }}\n{ONCE}");
    let mut play = Play::new(&head, FREE);
    play.does("go", json!({ "k": "a" }))
        .waits("3000d")
        .does("go", json!({ "k": "a" }));
    play.does("go", json!({ "k": "b" }));
    assert_eq!(
        play.log_of("entered"),
        ["entered a", "not entered: Again", "entered b"]
    );
}

#[test]
fn rule_18_again_counts_from_the_last_entry_per_key_or_per_customer() {
    for (per, other) in [("key", "entered b"), ("customer", "not entered: Again")] {
        let head = format!(
            "enter: {{ event: go, key: event.k, again: {{ after: 7d, per: {per} }} }}\n{ONCE}"
        );
        let mut play = Play::new(&head, FREE);
        play.does("go", json!({ "k": "a" })).waits("6d");
        play.does("go", json!({ "k": "b" }));
        play.waits("1d");
        play.now -= jiff::SignedDuration::from_micros(1);
        play.does("go", json!({ "k": "a" }));
        play.now += jiff::SignedDuration::from_micros(1);
        play.does("go", json!({ "k": "a" }));
        assert_eq!(
            play.log_of("entered"),
            ["entered a", other, "not entered: Again", "entered a"],
            "per {per}"
        );
    }
}

#[test]
fn rule_18_a_restart_counts_as_an_entry() {
    let head = format!("enter: {{ event: go, inside: restart, again: {{ after: 1d }} }}\n{ONCE}");
    let mut play = Play::new(&head, FREE);
    play.does("go", json!({}))
        .sleeps("30m")
        .does("go", json!({}))
        .waits("23h");
    play.waits("30m").does("go", json!({}));
    assert_eq!(
        play.log_of("entered"),
        ["entered", "entered", "not entered: Again"]
    );
    play.waits("30m").does("go", json!({}));
    assert_eq!(play.log_of("entered"), ["entered"]);
}

#[test]
fn rule_18_a_ledger_of_entries_that_are_over_keeps_nobody_out() {
    let head = format!("enter: {{ event: go, key: event.k, again: {{ after: 1d }} }}\n{ONCE}");
    let mut play = Play::new(&head, FREE);
    let now = play.now;
    let full = (0..10_000).map(|n| (format!("k{n}").into(), now)).collect();
    play.ana().ledger.entries.insert("demo".into(), full);
    play.does("go", json!({ "k": "new" }));
    assert_eq!(play.log(), ["not entered: TooManyKeys"]);
    play.waits("2d").does("go", json!({ "k": "new" }));
    assert_eq!(play.log_of("entered"), ["entered new"]);
    assert_eq!(
        play.ana().ledger.entries["demo"].len(),
        1,
        "what is over is forgotten"
    );
}

#[test]
fn rule_19_event_is_the_current_event_until_the_run_next_waits() {
    let mut play = Play::new(
        "enter: { event: go }
steps:
  - set: { run.a: event.n }
  - wait_for: { event: more }
    then: [ { set: { run.b: event.n, run.c: run.event.n } } ]
  - wait: 1d",
        FREE,
    );
    play.does("go", json!({ "n": 1 }))
        .does("more", json!({ "n": 2 }));
    assert_eq!(play.log_of("run."), ["run.a=1", "run.b=2", "run.c=1"]);
}

#[test]
fn rule_19_a_run_that_another_event_moves_does_not_see_that_event() {
    let mut play = Play::new(
        "enter: { event: go }
steps:
  - wait:
      until: customer.day
      missed: [ { set: { run.n: = event.n } } ]
  - wait: 1d",
        FREE,
    );
    play.is(json!({ "day": "2026-02-01T00:00:00Z" }));
    play.does("go", json!({ "n": 1 })).log();
    let mut stranger = play.input("ana", "identify", json!({ "n": 7 }));
    if let journey::input::InputKind::Event(event) = &mut stranger.kind {
        event
            .traits
            .insert("day".into(), journey::value::Value::Null);
    }
    play.take("ana", vec![stranger]);
    assert_eq!(play.log_of("run.n"), ["run.n=null"]);
}
