//! Rule 32: rounds.

use crate::play::{FREE, Play, json};

fn rounds(repeat: &str) -> Play {
    Play::new(
        &format!(
            "enter: {{ event: go }}\nsteps:\n  - id: nag\n    repeat: {repeat}\n  - set: {{ run.after: steps.nag.round }}\n"
        ),
        FREE,
    )
}

const SEND: &str = "{ every: 7d, times: 3, steps: [ { id: s, send: email, template: t, with: { round: steps.nag.round } } ] }";

#[test]
fn rule_32_a_repeat_starts_at_once_and_counts_from_start_to_start() {
    let mut play = rounds(SEND);
    play.does("go", json!({})).waits("40d");
    let times: Vec<String> = play
        .times_of("sends")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        times,
        [
            "2026-01-05T08:00:00Z",
            "2026-01-12T08:00:00Z",
            "2026-01-19T08:00:00Z"
        ]
    );
    let rounds: Vec<String> = play
        .messages
        .iter()
        .map(|m| m.decision.with.field("round").to_string())
        .collect();
    assert_eq!(rounds, ["1", "2", "3"]);
}

#[test]
fn rule_32_the_step_behind_follows_the_last_round_at_once() {
    let mut play = rounds(SEND);
    play.does("go", json!({})).waits("14d");
    let log = play.log();
    assert_eq!(
        log[log.len() - 3..],
        ["rounds over, until: false", "run.after=3", "left completed"]
    );
}

#[test]
fn rule_32_until_is_tested_before_each_later_round() {
    let mut play = rounds(
        "{ every: 7d, times: 3, until: steps.s.clicked, steps: [ { id: s, send: email, template: t } ] }",
    );
    play.does("go", json!({})).waits("1d").log();
    play.does("message.clicked", json!({ "journey": "demo", "step": "s" }));
    assert_eq!(
        play.log_of("rounds over"),
        Vec::<String>::new(),
        "not before the next round"
    );
    play.waits("6d");
    assert_eq!(play.log_of("rounds over"), ["rounds over, until: true"]);
    assert_eq!(play.sent().len(), 1);
    // One that holds from the beginning lets the first round happen.
    let mut play = rounds("{ every: 1d, times: 2, until: true, steps: [ { set: { run.x: 1 } } ] }");
    play.does("go", json!({})).waits("3d");
    assert_eq!(
        play.log_of("round").len(),
        2,
        "one round, and that they are over"
    );
}

#[test]
fn rule_32_a_round_that_takes_longer_is_followed_by_the_next_at_once() {
    let mut play = rounds("{ every: 1d, times: 3, steps: [ { wait: 36h } ] }");
    play.does("go", json!({})).waits("10d");
    let hours: Vec<i64> = {
        let times = play.times_of("round ");
        times
            .iter()
            .map(|t| t.duration_since(times[0]).as_hours())
            .collect()
    };
    assert_eq!(hours, [0, 36, 72]);
}

#[test]
fn rule_32_an_engine_that_was_away_does_not_do_all_rounds_at_once() {
    let mut play = rounds(SEND).on_the_wall_clock();
    play.does("go", json!({})).sleeps("20d").waits("1m");
    assert_eq!(play.sent().len(), 2, "one late, and not two");
    play.waits("6d");
    assert_eq!(play.sent().len(), 2);
    play.waits("1d");
    assert_eq!(play.sent().len(), 3);
}

#[test]
fn rule_32_rounds_within_rounds_begin_anew() {
    let mut play = rounds(
        "{ every: 7d, times: 2, steps: [ { id: inner, repeat: { every: 1d, times: 2, steps: [ { id: s, send: email, template: t } ] } } ] }",
    );
    play.does("go", json!({})).waits("30d");
    let days: Vec<i64> = {
        let times = play.times_of("sends");
        times
            .iter()
            .map(|t| t.duration_since(times[0]).as_hours() / 24)
            .collect()
    };
    assert_eq!(days, [0, 1, 7, 8]);
}

#[test]
fn rule_32_an_exit_ends_the_rounds() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: { event: stop }\nsteps: [ { repeat: { every: 1d, times: 9, steps: [ { id: s, send: email, template: t } ] } } ]",
        FREE,
    );
    play.does("go", json!({}))
        .waits("2d")
        .does("stop", json!({}))
        .waits("9d");
    assert_eq!(play.sent().len(), 3);
}
