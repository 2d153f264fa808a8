//! Rules 34 to 37: exits and goals.

use journey::message::Reason;

use crate::play::{FREE, Play, json};

const MIXED: &str = "
enter: { event: go }
exit: [ { event: stop } ]
steps:
  - { id: news, send: email, template: t }
  - { id: bill, send: sms, template: t, purpose: service }
  - wait: 30d
";

#[test]
fn rule_34_an_exit_interrupts_any_wait_at_once() {
    for wait in [
        "{ wait: 300d }",
        "{ wait_for: { event: x } }",
        "{ wait: { until: \"09:00\" } }",
        "{ send: email, template: t, quiet: hold }",
    ] {
        let policies = "quiet_hours: [ { name: night, from: \"06:00\", to: \"05:00\" } ]";
        let journey = format!(
            "enter: {{ event: go }}\nexit: [ {{ event: stop }} ]\nsteps: [ {wait}, {{ wait: 1d }} ]"
        );
        let mut play = Play::new(&journey, policies).starting("2026-01-05T10:00+01:00");
        play.does("go", json!({}))
            .waits("1h")
            .does("stop", json!({}));
        assert_eq!(play.log_of("left"), ["left stop"], "{wait}");
        assert!(play.ana().runs.is_empty());
        play.waits("400d");
        assert!(play.sent().is_empty(), "{wait}");
    }
}

#[test]
fn rule_34_exits_are_tested_before_waits() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: [ { event: x } ]\nsteps: [ { wait_for: { event: x } }, { id: s, send: email, template: t } ]",
        FREE,
    );
    play.does("go", json!({})).does("x", json!({}));
    assert_eq!(play.log(), ["entered", "waits", "left x"]);
}

#[test]
fn rule_34_exits_are_tested_on_every_input_timers_among_them() {
    let mut play = Play::new(
        "enter: { event: go }
exit: [ { if: 'now >= \"2026-01-06T08:00:00Z\"', as: over }, { after: 1d } ]
steps: [ { wait: 1d }, { id: s, send: email, template: t } ]",
        FREE,
    );
    play.does("go", json!({})).waits("2d");
    assert_eq!(
        play.log()[2..],
        ["left over"],
        "before the wait is over, and before the longest stay"
    );
}

#[test]
fn rule_34_the_first_exit_as_written_says_why() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: [ { event: x, if: event.n > 5, as: big }, { event: x }, { if: customer.t, as: t } ]\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({})).does("x", json!({ "n": 6 }));
    play.does("go", json!({})).does("x", json!({ "n": 5 }));
    assert_eq!(play.log_of("left"), ["left big", "left x"]);
}

#[test]
fn rule_34_exits_of_several_runs_go_by_run_id() {
    let journey = "enter: { event: go, key: event.k }\nexit: [ { event: x } ]\nsteps: [ { id: s, send: email, template: t }, { wait: 1d } ]";
    let mut play = Play::new(journey, FREE).on_the_wall_clock();
    for k in 0..30 {
        play.does("go", json!({ "k": k }));
    }
    let ids: Vec<_> = play.ana().runs.iter().map(|r| r.id).collect();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(
        ids, sorted,
        "runs are kept in order of id, as they are loaded"
    );
    let customer = play.ana().clone();
    let input = play.input("ana", "x", json!({}));
    let turn = journey::advance::advance(&play.world, customer, input);
    let left: Vec<_> = turn.effects.ended.iter().map(|r| r.id).collect();
    assert_eq!(left, sorted);
}

#[test]
fn rule_35_leaving_recalls_marketing_that_nobody_has_and_gives_its_cap_back() {
    let mut play = Play::new(MIXED, FREE).on_the_wall_clock();
    play.does("go", json!({})).log();
    play.does("stop", json!({}));
    assert_eq!(play.log(), ["left stop", "recalled"]);
    assert_eq!(play.recalled, 1);
    let left: Vec<_> = play
        .ana()
        .sends
        .iter()
        .map(|s| s.purpose.to_string())
        .collect();
    assert_eq!(left, ["service"], "service messages go all the same");
}

#[test]
fn rule_35_what_the_provider_has_is_not_recalled() {
    let mut play = Play::new(MIXED, FREE).on_the_wall_clock();
    play.does("go", json!({}))
        .is_handed_over()
        .does("stop", json!({}));
    assert_eq!(play.recalled, 0);
    assert_eq!(play.ana().sends.len(), 2);
}

#[test]
fn rule_35_whoever_walks_out_by_the_steps_keeps_what_was_sent() {
    for last in ["{ exit: done }", "{ set: { run.x: 1 } }"] {
        let journey = format!(
            "enter: {{ event: go }}\nsteps: [ {{ id: s, send: email, template: t }}, {last} ]"
        );
        let mut play = Play::new(&journey, FREE).on_the_wall_clock();
        play.does("go", json!({}));
        assert!(play.ana().runs.is_empty());
        assert_eq!((play.recalled, play.ana().sends.len()), (0, 1));
    }
}

#[test]
fn rule_35_a_restart_and_the_longest_stay_recall_too() {
    let steps = "steps: [ { id: s, send: email, template: t }, { wait: 10d } ]";
    let head =
        format!("enter: {{ event: go, inside: restart }}\nexit: [ {{ after: 1d }} ]\n{steps}");
    let mut play = Play::new(&head, FREE).on_the_wall_clock();
    play.does("go", json!({})).waits("1h").does("go", json!({}));
    assert_eq!((play.recalled, play.ana().sends.len()), (1, 1));
    play.waits("1d");
    assert_eq!(play.log_of("left"), ["left restarted", "left too_long"]);
    assert_eq!((play.recalled, play.ana().sends.len()), (2, 0));
}

#[test]
fn rule_35_the_room_that_a_recall_gives_back_goes_to_those_held_for_it() {
    let first = "journey: first\npurpose: marketing\nenter: { event: go }\nexit: [ { event: stop } ]\nsteps: [ { id: s, send: email, template: t }, { wait: 9d } ]";
    let second = "journey: second\npurpose: marketing\nenter: { event: later }\nsteps: [ { id: s, send: email, template: t, capped: hold } ]";
    let cap = "caps: [ { name: week, purpose: marketing, max: 1, per: 7d, window: rolling } ]";
    let mut play = Play::of(&[first, second], cap).on_the_wall_clock();
    play.does("go", json!({}))
        .does("later", json!({}))
        .waits("1h")
        .log();
    play.does("stop", json!({}));
    assert_eq!(
        play.log(),
        [
            "first: left stop",
            "first: recalled",
            "second: sends s email",
            "second: left completed"
        ]
    );
}

#[test]
fn rule_35_a_recalled_message_is_no_longer_sent_for_the_goal() {
    let mut play = Play::new(
        "enter: { event: go }
goal: { event: buy, if: steps.s.sent, within: 30d }
exit: [ { event: stop } ]
steps: [ { id: s, send: email, template: t }, { wait: 9d } ]",
        FREE,
    )
    .on_the_wall_clock();
    play.does("go", json!({}))
        .does("stop", json!({}))
        .does("buy", json!({}));
    assert!(play.log_of("goal").is_empty());
}

#[test]
fn rule_36_an_exits_reason_is_its_event_and_the_last_steps_end_is_completed() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: [ { event: order.placed }, { event: cart.emptied, as: emptied } ]\nsteps: [ { wait: 1h } ]",
        FREE,
    );
    for (event, reason) in [
        ("order.placed", "left order.placed"),
        ("cart.emptied", "left emptied"),
    ] {
        play.does("go", json!({})).does(event, json!({}));
        assert_eq!(play.log_of("left"), [reason]);
    }
    play.does("go", json!({})).waits("1h");
    assert_eq!(play.log_of("left"), ["left completed"]);
}

const GOAL: &str = "
enter: { event: go }
goal: { event: buy, within: 14d }
exit: [ { event: stop } ]
steps: [ { wait: 30d } ]
";

#[test]
fn rule_37_a_goal_counts_once_inside_or_not_until_its_window_is_over() {
    let mut play = Play::new(GOAL, FREE);
    play.does("go", json!({}))
        .waits("1d")
        .does("buy", json!({}))
        .does("buy", json!({}));
    assert_eq!(play.log_of("goal"), ["goal"]);
    assert!(play.run().left.is_none(), "a goal is no exit");
    play.does("stop", json!({}));
    assert!(
        play.ana().runs.is_empty(),
        "its goal is counted: nothing to wait for"
    );

    let mut play = Play::new(GOAL, FREE);
    play.does("go", json!({}))
        .does("stop", json!({}))
        .waits("13d")
        .does("buy", json!({}));
    assert_eq!(play.log_of("goal"), ["goal"], "also after leaving");

    let mut play = Play::new(GOAL, FREE);
    play.does("go", json!({}))
        .does("stop", json!({}))
        .waits("14d")
        .waits("1s");
    assert!(play.ana().runs.is_empty(), "the window is over");
    play.does("buy", json!({}));
    assert!(play.log_of("goal").is_empty());
}

#[test]
fn rule_37_the_window_counts_from_entry_not_from_leaving() {
    let mut play = Play::new(GOAL, FREE);
    play.does("go", json!({}))
        .waits("10d")
        .does("stop", json!({}));
    play.waits("4d").does("buy", json!({}));
    assert!(play.log_of("goal").is_empty());
}

#[test]
fn rule_37_without_within_a_goal_counts_while_inside() {
    let mut play = Play::new(
        "enter: { event: go }\ngoal: { event: buy }\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({}))
        .waits("1d")
        .does("buy", json!({}));
    assert!(play.log_of("goal").is_empty());
}

#[test]
fn rule_37_a_goal_that_also_exits_counts_before_the_run_leaves() {
    let mut play = Play::new(
        "enter: { event: go }\ngoal: { event: buy, within: 9d }\nexit: [ { event: buy, as: bought } ]\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({})).log();
    play.does("buy", json!({})).does("buy", json!({}));
    assert_eq!(
        play.log(),
        ["goal", "left bought", "ignored: nothing listened"]
    );
}

#[test]
fn rule_37_exit_as_goal_counts_one_and_leaves() {
    let mut play = Play::new(
        "enter: { event: go }\nexit: [ { event: buy, as: goal } ]\nsteps: [ { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({})).log();
    play.does("buy", json!({}));
    assert_eq!(play.log(), ["left goal", "goal"]);
    assert!(play.ana().runs.is_empty());
}

#[test]
fn rule_37_receipts_reach_a_run_that_has_left_and_watches_for_its_goal() {
    let mut play = Play::new(
        "enter: { event: go }
goal: { event: buy, if: steps.s.opened and not steps.s.failed, within: 14d }
steps: [ { id: s, send: email, template: t } ]",
        FREE,
    )
    .on_the_wall_clock();
    play.does("go", json!({})).log();
    play.does("message.opened", json!({ "journey": "demo", "step": "s" }));
    assert_eq!(play.log(), ["noted s opened"]);
    play.does("buy", json!({})).log();
    play.does("message.opened", json!({ "journey": "demo", "step": "s" }));
    assert_eq!(play.log(), ["ignored: no open run decided that message"]);
    play.fails(0, Reason::Failed);
    assert_eq!(play.log(), ["failed s failed"]);
}
