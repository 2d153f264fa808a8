//! Rules 22 to 31: waits, windows, moments and splits.

use std::collections::BTreeMap;

use crate::play::{FREE, Play, at, json};

fn waits(step: &str) -> Play {
    Play::new(
        &format!("enter: {{ event: go }}\nsteps: [ {step}, {{ set: {{ run.gone_on: true }} }} ]"),
        FREE,
    )
}

/// When a run that enters at `from` goes on.
fn goes_on(step: &str, from: &str) -> String {
    let mut play = waits(step).starting(from);
    play.does("go", json!({})).waits("400d");
    play.times_of("gone_on")[0].to_string()
}

#[test]
fn rule_22_a_run_is_at_one_step() {
    let mut play = waits("{ wait_for: { event: a } }, { wait_for: { event: b } }");
    play.does("go", json!({})).does("b", json!({})).log();
    play.does("a", json!({}));
    assert_eq!(play.log(), ["matched", "waits"], "the earlier `b` is gone");
    play.does("b", json!({}));
    assert_eq!(play.log_of("left"), ["left completed"]);
}

#[test]
fn rule_23_inside_a_window_at_once_outside_at_its_next_opening() {
    let step = "{ wait: { until: \"09:00-20:00\", days: [mon-sat], zone: Europe/Paris } }";
    for (from, to) in [
        ("2026-01-05T09:00+01:00", "2026-01-05T08:00:00Z"),
        ("2026-01-05T19:59:59+01:00", "2026-01-05T18:59:59Z"),
        ("2026-01-05T20:00+01:00", "2026-01-06T08:00:00Z"),
        ("2026-01-05T03:00+01:00", "2026-01-05T08:00:00Z"),
        ("2026-01-10T20:00+01:00", "2026-01-12T08:00:00Z"),
    ] {
        assert_eq!(goes_on(step, from), to, "from {from}");
    }
}

#[test]
fn rule_23_a_time_is_the_next_at_or_after_arrival() {
    let step = "{ wait: { until: \"09:00\", zone: Europe/Paris } }";
    assert_eq!(
        goes_on(step, "2026-01-05T09:00+01:00"),
        "2026-01-05T08:00:00Z"
    );
    assert_eq!(
        goes_on(step, "2026-01-05T09:00:00.000001+01:00"),
        "2026-01-06T08:00:00Z"
    );
    let after = "{ wait: { for: 1d, at: \"09:00\", days: [mon-fri], zone: Europe/Paris } }";
    // Friday and a day is Saturday: Monday.
    assert_eq!(
        goes_on(after, "2026-01-09T08:00+01:00"),
        "2026-01-12T08:00:00Z"
    );
    assert_eq!(
        goes_on(after, "2026-01-05T09:00+01:00"),
        "2026-01-06T08:00:00Z"
    );
}

#[test]
fn rule_24_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
    let step = "{ wait: { until: \"22:00-02:00\", days: [fri], zone: Europe/Paris } }";
    // Saturday at one is Friday's night; Friday at one is not.
    assert_eq!(
        goes_on(step, "2026-01-10T01:00+01:00"),
        "2026-01-10T00:00:00Z"
    );
    assert_eq!(
        goes_on(step, "2026-01-09T01:00+01:00"),
        "2026-01-09T21:00:00Z"
    );
}

#[test]
fn rule_25_a_null_or_past_moment_takes_missed() {
    for (missed, expected) in [
        ("", vec!["run.gone_on=true", "left completed"]),
        (", missed: exit", vec!["left missed"]),
        (
            ", missed: [ { set: { run.late: 1 } } ]",
            vec!["run.late=1", "run.gone_on=true", "left completed"],
        ),
    ] {
        for day in [
            json!(null),
            json!("2026-01-04"),
            json!("2026-01-05T08:59:59+01:00"),
            json!("nonsense"),
        ] {
            let mut play = waits(&format!("{{ wait: {{ until: customer.day{missed} }} }}"));
            play.is(json!({ "day": day.clone() })).log();
            play.does("go", json!({}));
            assert_eq!(play.log()[1..], expected, "{day} {missed}");
        }
    }
}

#[test]
fn rule_25_a_moment_of_right_now_is_not_missed() {
    let mut play = waits("{ wait: { until: customer.day, missed: exit } }");
    play.is(json!({ "day": "2026-01-05T08:00:00Z" }))
        .does("go", json!({}));
    assert_eq!(play.log_of("left"), ["left completed"]);
}

#[test]
fn rule_25_a_moment_with_an_offset_and_a_time_is_that_time_of_its_day() {
    let step =
        "{ wait: { until: = \"2026-03-10\", offset: -7d, at: \"10:00\", zone: Europe/Paris } }";
    assert_eq!(
        goes_on(step, "2026-01-05T09:00+01:00"),
        "2026-03-03T09:00:00Z"
    );
    let own = "{ wait: { until: = \"2026-03-10T15:00:00Z\", at: \"10:00\", zone: Europe/Paris } }";
    assert_eq!(
        goes_on(own, "2026-01-05T09:00+01:00"),
        "2026-03-10T09:00:00Z"
    );
}

#[test]
fn rule_25_a_moment_within_a_window_or_day_stays_where_it_is() {
    let now = "2026-01-05T12:00+01:00"; // a Monday
    for (rest, expected) in [
        ("at: \"09:00-20:00\"", "2026-01-05T14:00:00Z"),
        ("at: \"16:00-20:00\"", "2026-01-05T15:00:00Z"),
        ("at: \"09:00-14:00\"", "2026-01-06T08:00:00Z"),
        ("days: [mon]", "2026-01-05T14:00:00Z"),
        ("days: [tue]", "2026-01-05T23:00:00Z"),
    ] {
        let step = format!(
            "{{ wait: {{ until: = \"2026-01-05T14:00:00Z\", {rest}, zone: Europe/Paris, missed: exit }} }}"
        );
        assert_eq!(goes_on(&step, now), expected, "{rest}");
    }
}

#[test]
fn rule_26_a_moment_is_computed_anew_when_its_trait_changes() {
    let mut play = waits("{ wait: { until: customer.day, missed: exit } }");
    play.is(json!({ "day": "2026-02-01T00:00:00Z" }))
        .does("go", json!({}))
        .log();
    play.waits("1d")
        .is(json!({ "day": "2026-01-20T00:00:00Z" }));
    assert_eq!(
        play.log(),
        ["traits day", "waits until 2026-01-20T00:00:00Z"]
    );
    play.is(json!({ "other": 1 }));
    assert_eq!(
        play.log(),
        ["traits other"],
        "another trait changes nothing"
    );
    play.is(json!({ "day": "2026-01-06T00:00:00Z" }));
    assert_eq!(play.log_of("left"), ["left missed"], "moved into the past");
}

#[test]
fn rule_26_a_refresh_computes_the_moment_of_its_event_anew() {
    let mut play = Play::new(
        "enter: { event: go, inside: refresh }\nsteps: [ { wait: { until: run.event.t } }, { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({ "t": "2026-02-01T00:00:00Z" }))
        .log();
    play.does("go", json!({ "t": "2026-01-07T00:00:00Z" }));
    assert_eq!(
        play.log(),
        ["refreshed", "waits until 2026-01-07T00:00:00Z"]
    );
    play.does("go", json!({ "t": null }));
    assert_eq!(
        play.log(),
        ["refreshed", "waits until 2026-01-06T08:00:00Z"]
    );
}

#[test]
fn rule_26_the_passage_of_now_does_not_move_a_moment() {
    let mut play = waits("{ wait: { until: = now + 3d } }");
    play.does("go", json!({}))
        .waits("1d")
        .is(json!({ "any": 1 }));
    play.waits("10d");
    assert_eq!(play.times_of("gone_on"), [at("2026-01-08T09:00+01:00")]);
}

#[test]
fn rule_26_a_wait_of_a_length_is_not_begun_anew() {
    let mut play = waits("{ wait: 3d }");
    play.does("go", json!({}))
        .waits("1d")
        .is(json!({ "any": 1 }));
    play.waits("10d");
    assert_eq!(play.times_of("gone_on"), [at("2026-01-08T09:00+01:00")]);
}

#[test]
fn rule_26_the_zone_is_the_trait_else_the_phone_else_the_default() {
    for (traits, zone, when) in [
        (
            json!({ "timezone": "Asia/Tokyo", "phone": "+33639980101" }),
            "Asia/Tokyo, from the trait timezone",
            "2026-01-06T00:00:00Z",
        ),
        (
            json!({ "timezone": "Mars/Olympus", "phone": "+447700900123" }),
            "Europe/London, from the phone's country",
            "2026-01-05T09:00:00Z",
        ),
        (
            json!({ "phone": "+15550100" }),
            "Europe/Paris, the default",
            "2026-01-05T08:00:00Z",
        ),
        (
            json!({ "phone": null }),
            "Europe/Paris, the default",
            "2026-01-05T08:00:00Z",
        ),
    ] {
        let mut play =
            waits("{ wait: { until: \"09:00\", zone: customer } }").starting("2026-01-05T04:00Z");
        play.is(traits).does("go", json!({}));
        let run = play.run();
        assert_eq!(run.due_at, Some(at(when)), "{zone}");
    }
}

#[test]
fn rule_26_a_changed_zone_moves_the_wait() {
    let mut play = waits("{ wait: { until: \"12:00\", zone: customer } }");
    play.does("go", json!({})).log();
    play.is(json!({ "timezone": "America/New_York" }));
    assert_eq!(
        play.log(),
        ["traits timezone", "waits until 2026-01-05T17:00:00Z"]
    );
}

#[test]
fn rule_27_an_event_must_come_later_a_condition_is_tested_on_arrival() {
    let mut play = waits("{ wait_for: { event: go } }");
    play.does("go", json!({}));
    assert_eq!(play.log(), ["entered", "waits"]);
    let mut play = waits("{ wait_for: { if: customer.vip } }");
    play.is(json!({ "vip": true })).does("go", json!({}));
    assert_eq!(play.log_of("left"), ["left completed"]);
}

#[test]
fn rule_27_an_event_with_a_condition_needs_both() {
    let mut play = waits("{ wait_for: { event: pay, if: event.sum > 10 } }");
    play.does("go", json!({}))
        .does("pay", json!({ "sum": 10 }))
        .does("other", json!({ "sum": 11 }));
    assert_eq!(play.log_of("matched").len(), 0);
    play.does("pay", json!({ "sum": 11 }));
    assert_eq!(play.log_of("matched"), ["matched"]);
}

#[test]
fn rule_27_the_condition_is_tested_on_every_input() {
    let mut play = waits("{ wait_for: { if: 'now > \"2026-01-06T00:00:00Z\"' } }");
    play.does("go", json!({})).waits("5d");
    assert_eq!(
        play.log_of("matched").len(),
        0,
        "the passage of time is no input"
    );
    play.does("unheard_of", json!({}));
    assert_eq!(play.log_of("matched"), ["matched"]);
}

#[test]
fn rule_27_a_refreshed_event_is_an_input_too() {
    let mut play = Play::new(
        "enter: { event: go, inside: refresh }
exit: [ { if: run.event.n > 99, as: too_much } ]
steps: [ { wait_for: { if: run.event.n > 5 } }, { wait: 1d } ]",
        FREE,
    );
    play.does("go", json!({ "n": 1 }))
        .does("go", json!({ "n": 2 }));
    assert_eq!(play.log_of("matched").len(), 0);
    play.does("go", json!({ "n": 6 }));
    assert_eq!(play.log_of("matched"), ["matched"]);
    play.does("go", json!({ "n": 100 }));
    assert_eq!(play.log_of("left"), ["left too_much"]);
}

#[test]
fn rule_28_without_else_a_time_out_goes_on() {
    let mut play = waits("{ wait_for: { event: a, within: 1h }, then: [ { exit: matched } ] }");
    play.does("go", json!({})).waits("1h");
    assert_eq!(play.log_of("left"), ["left completed"]);
    let both = "{ wait_for: { event: a, within: 1h }, then: [ { exit: came } ], else: [ { exit: late } ] }";
    let mut play = Play::new(&format!("enter: {{ event: go }}\nsteps: [ {both} ]"), FREE);
    play.does("go", json!({})).waits("1h");
    assert_eq!(play.log_of("left"), ["left late"]);
    play.does("go", json!({})).sleeps("1h").does("a", json!({}));
    assert_eq!(
        play.log_of("left"),
        ["left came"],
        "at one instant the event is first"
    );
}

#[test]
fn rule_28_choose_takes_the_first_match_as_written() {
    let step = "{ choose: [ { when: run.event.n > 1, then: [ { exit: one } ] }, { when: run.event.n > 0, then: [ { exit: two } ] } ], else: [ { exit: none } ] }";
    for (n, reason) in [(2, "left one"), (1, "left two"), (0, "left none")] {
        let mut play = Play::new(&format!("enter: {{ event: go }}\nsteps: [ {step} ]"), FREE);
        play.does("go", json!({ "n": n }));
        assert_eq!(play.log_of("left"), [reason]);
    }
}

fn arms(weights: [u32; 3], salt: &str) -> Vec<String> {
    let [a, b, c] = weights;
    let mut play = Play::new(
        &format!(
            "enter: {{ event: go, key: event.k }}\nsteps: [ {{ split: draw{salt}, arms: {{ a: {{ weight: {a} }}, b: {{ weight: {b} }}, c: {{ weight: {c} }} }} }} ]"
        ),
        FREE,
    );
    (0..10_000)
        .map(|n| {
            play.someone_does(&format!("c{n}"), "go", json!({ "k": 1 }));
            play.log_of("arm").remove(0)
        })
        .collect()
}

#[test]
fn rule_31_arms_follow_their_weights_within_three_sigma() {
    let drawn = arms([10, 30, 60], "");
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for arm in &drawn {
        *counts.entry(arm).or_default() += 1.0;
    }
    for (arm, share) in [("arm a", 0.1), ("arm b", 0.3), ("arm c", 0.6)] {
        let (expected, sigma) = (
            10_000.0 * share,
            f64::sqrt(10_000.0 * share * (1.0 - share)),
        );
        let found = counts[arm];
        assert!(
            (found - expected).abs() < 3.0 * sigma,
            "{arm}: {found} instead of {expected}"
        );
    }
}

#[test]
fn rule_31_another_salt_draws_anew_and_other_weights_move_some() {
    let moved = |a: &[String], b: &[String]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    let drawn = arms([1, 1, 1], "");
    let salted = arms([1, 1, 1], ", salt: spring");
    // Two independent draws of three agree in a third: 6,667 differ, give or take 47 at one sigma.
    assert!(moved(&drawn, &salted).abs_diff(6_667) < 150);
    let shifted = arms([2, 1, 1], "");
    let some = moved(&drawn, &shifted);
    assert!(some > 1_000 && some < 4_000, "{some}");
}

#[test]
fn rule_31_one_arm_in_every_run_and_key() {
    let steps = "steps: [ { split: draw, arms: { a: { weight: 1 }, b: { weight: 1 }, none: { weight: 0 } } } ]";
    let mut play = Play::new(
        &format!("enter: {{ event: go, key: event.k }}\n{steps}"),
        FREE,
    );
    for k in 0..20 {
        play.does("go", json!({ "k": k }));
    }
    let mut arms = play.log_of("arm");
    arms.dedup();
    assert_eq!(arms.len(), 1, "{arms:?}");
}
