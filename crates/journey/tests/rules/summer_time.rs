//! Rule 24 where clocks change, by real journeys: Paris, New York, Lord Howe (half an hour) and
//! Tokyo (never).

use crate::play::{FREE, Play, at, json};

/// When a run of a customer in `zone`, who enters at `from`, passes the step.
fn passes(step: &str, zone: &str, from: &str) -> String {
    let journey = format!(
        "enter: {{ event: go }}\nsteps: [ {{ wait: {step} }}, {{ id: s, send: email, template: t }} ]"
    );
    let mut play = Play::new(&journey, FREE).starting(from);
    play.is(json!({ "timezone": zone }))
        .does("go", json!({}))
        .waits("30d");
    play.times_of("sends")[0].to_string()
}

fn check(step: &str, zone: &str, from: &str, to: &str) {
    assert_eq!(
        passes(step, zone, from),
        at(to).to_string(),
        "{step} in {zone} from {from}"
    );
}

#[test]
fn rule_24_a_time_that_does_not_exist_takes_the_next_instant() {
    let step = "{ until: \"02:30\" }";
    check(
        step,
        "Europe/Paris",
        "2026-03-28T12:00+01:00",
        "2026-03-29T03:00+02:00",
    );
    check(
        step,
        "America/New_York",
        "2026-03-07T12:00-05:00",
        "2026-03-08T03:00-04:00",
    );
    check(
        "{ until: \"02:15\" }",
        "Australia/Lord_Howe",
        "2026-10-03T12:00+10:30",
        "2026-10-04T02:30+11:00",
    );
    check(
        step,
        "Asia/Tokyo",
        "2026-03-28T12:00+09:00",
        "2026-03-29T02:30+09:00",
    );
}

#[test]
fn rule_24_a_time_that_exists_twice_takes_its_first_instance_only() {
    let step = "{ until: \"02:30\" }";
    check(
        step,
        "Europe/Paris",
        "2026-10-24T12:00+02:00",
        "2026-10-25T02:30+02:00",
    );
    check(
        step,
        "Europe/Paris",
        "2026-10-25T02:45+02:00",
        "2026-10-26T02:30+01:00",
    );
    let one = "{ until: \"01:30\" }";
    check(
        one,
        "America/New_York",
        "2026-10-31T12:00-04:00",
        "2026-11-01T01:30-04:00",
    );
    check(
        "{ until: \"01:45\" }",
        "Australia/Lord_Howe",
        "2026-04-04T12:00+11:00",
        "2026-04-05T01:45+11:00",
    );
}

#[test]
fn rule_24_a_window_keeps_its_local_hours_over_the_change() {
    let step = "{ until: \"09:00-20:00\", days: [sun] }";
    check(
        step,
        "Europe/Paris",
        "2026-03-28T12:00+01:00",
        "2026-03-29T09:00+02:00",
    );
    check(
        step,
        "Europe/Paris",
        "2026-10-24T12:00+02:00",
        "2026-10-25T09:00+01:00",
    );
    check(
        step,
        "America/New_York",
        "2026-03-07T12:00-05:00",
        "2026-03-08T09:00-04:00",
    );
    check(
        step,
        "Australia/Lord_Howe",
        "2026-10-03T12:00+10:30",
        "2026-10-04T09:00+11:00",
    );
    check(
        step,
        "Asia/Tokyo",
        "2026-10-24T12:00+09:00",
        "2026-10-25T09:00+09:00",
    );
}

#[test]
fn rule_24_a_calendar_day_begins_at_its_local_midnight() {
    let step = "{ for: 1h, days: [mon] }";
    check(
        step,
        "Europe/Paris",
        "2026-03-29T01:30+01:00",
        "2026-03-30T00:00+02:00",
    );
    check(
        step,
        "Europe/Paris",
        "2026-10-25T01:30+02:00",
        "2026-10-26T00:00+01:00",
    );
    check(
        step,
        "America/New_York",
        "2026-11-01T00:30-04:00",
        "2026-11-02T00:00-05:00",
    );
}

#[test]
fn rule_06_a_day_is_24_hours_whatever_the_clocks_do() {
    check(
        "1d",
        "Europe/Paris",
        "2026-03-28T12:00+01:00",
        "2026-03-29T13:00+02:00",
    );
    check(
        "1d",
        "America/New_York",
        "2026-10-31T12:00-04:00",
        "2026-11-01T11:00-05:00",
    );
    check(
        "{ for: 1d, at: \"12:00\" }",
        "America/New_York",
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
    );
}
