//! Rules 44 and 45: what a cap counts, and in what time.

use journey::message::Reason;

use crate::play::{Play, json};

/// A journey that sends by `channel` for `purpose` at each `go`.
fn sender(name: &str, more: &str, send: &str) -> String {
    format!(
        "journey: {name}\n{more}\npurpose: marketing\nenter: {{ event: {name} }}\nsteps: [ {{ id: s, {send}, template: t }} ]"
    )
}

fn senders(cap: &str) -> Play {
    let policies = format!(
        "purposes: {{ marketing: {{ consent: opt_in }}, partner: {{ consent: opt_out }}, service: {{ consent: none }} }}\ncaps: [ {{ name: cap, max: 1, {cap} }} ]"
    );
    Play::of(
        &[
            &sender("mail", "", "send: email"),
            &sender("text", "tags: [loud]", "send: sms"),
            &sender("partner", "", "send: email, purpose: partner"),
            &sender("bill", "", "send: email, purpose: service"),
        ],
        &policies,
    )
}

const WEEK: &str = "per: 7d, window: rolling";

/// Which of a second round of sends the cap lets through after one of each in `used`.
fn passes(cap: &str, used: &str) -> Vec<&'static str> {
    let names = ["mail", "text", "partner", "bill"];
    names
        .into_iter()
        .filter(|name| {
            let mut play = senders(&format!("{cap}{WEEK}"));
            play.does(used, json!({})).does(name, json!({}));
            assert!(play.messages[0].refused.is_none());
            play.messages[1].refused.is_none()
        })
        .collect()
}

#[test]
fn rule_44_without_a_filter_a_cap_counts_all_purposes_that_need_consent() {
    assert_eq!(passes("", "mail"), ["bill"]);
    assert_eq!(passes("", "partner"), ["bill"]);
    assert_eq!(passes("", "bill"), ["mail", "text", "partner", "bill"]);
}

#[test]
fn rule_44_filters_name_what_is_counted_and_a_purpose_without_consent_only_by_its_name() {
    assert_eq!(passes("purpose: marketing, ", "mail"), ["partner", "bill"]);
    assert_eq!(
        passes("purpose: service, ", "bill"),
        ["mail", "text", "partner"]
    );
    assert_eq!(passes("channel: email, ", "mail"), ["text", "bill"]);
    assert_eq!(
        passes("channel: email, ", "bill"),
        ["mail", "text", "partner", "bill"]
    );
    assert_eq!(
        passes("journey: mail, ", "mail"),
        ["text", "partner", "bill"]
    );
    assert_eq!(passes("tag: loud, ", "text"), ["mail", "partner", "bill"]);
    assert_eq!(
        passes("tag: loud, ", "mail"),
        ["mail", "text", "partner", "bill"]
    );
    assert_eq!(
        passes("purpose: marketing, channel: email, ", "mail"),
        ["text", "partner", "bill"]
    );
}

#[test]
fn rule_44_what_was_given_back_or_refused_is_not_counted() {
    let mut play = senders(WEEK).on_the_wall_clock();
    play.does("mail", json!({}))
        .does("mail", json!({}))
        .does("text", json!({}));
    let refused: Vec<_> = play.messages.iter().map(|m| m.refused).collect();
    assert_eq!(refused, [None, Some(Reason::Capped), Some(Reason::Capped)]);
    let refusal = &play.messages[1].decision.refusals[0];
    assert_eq!(refusal.used_by, [play.messages[0].id], "the evidence");
    play.fails(0, Reason::Failed).does("text", json!({}));
    assert_eq!(play.messages.last().unwrap().refused, None);
}

#[test]
fn rule_44_sends_of_one_walk_count_at_once() {
    let journey = "enter: { event: go }\nsteps: [ { id: a, send: email, template: t }, { id: b, send: sms, template: t }, { id: c, send: push, template: t } ]";
    let mut play = Play::new(
        journey,
        "caps: [ { name: two, max: 2, per: 1d, window: rolling } ]",
    );
    play.does("go", json!({}));
    assert_eq!(play.sent(), ["a email", "b sms"]);
}

#[test]
fn rule_45_a_send_leaves_a_rolling_window_exactly_after_its_length() {
    let mut play = senders(WEEK);
    play.does("mail", json!({})).sleeps("7d");
    play.now -= jiff::SignedDuration::from_micros(1);
    play.does("mail", json!({}));
    assert_eq!(play.messages[1].refused, Some(Reason::Capped));
    let until = play.messages[1].decision.refusals[0].until;
    play.now += jiff::SignedDuration::from_micros(1);
    assert_eq!(until, Some(play.now));
    play.does("mail", json!({}));
    assert_eq!(play.messages[2].refused, None);
}

#[test]
fn rule_45_a_rolling_window_has_room_when_all_but_max_less_one_have_left() {
    let journey = sender("go", "", "send: email, capped: hold");
    let mut play = Play::of(
        &[&journey],
        "caps: [ { name: three, max: 3, per: 10h, window: rolling } ]",
    );
    for _ in 0..3 {
        play.does("go", json!({})).waits("1h");
    }
    let third = play.now;
    play.does("go", json!({}));
    assert_eq!(
        play.run().due_at,
        Some(third + jiff::SignedDuration::from_hours(7))
    );
    play.waits("7h");
    assert_eq!(play.sent().len(), 4);
}

/// Two mails at local times of a customer in `zone`: whether the second may go.
fn second(per: &str, zone: &str, first: &str, then: &str) -> bool {
    let mut play =
        senders(&format!("per: {per}, window: calendar, zone: customer")).starting(first);
    play.is(json!({ "timezone": zone })).does("mail", json!({}));
    play.now = crate::play::at(then);
    play.does("mail", json!({}));
    play.messages[1].refused.is_none()
}

#[test]
fn rule_45_a_calendar_day_week_and_month_are_the_customers() {
    let paris = |per: &str, a: &str, b: &str| second(per, "Europe/Paris", a, b);
    assert!(!paris(
        "day",
        "2026-01-05T00:00+01:00",
        "2026-01-05T23:59:59.999999+01:00"
    ));
    assert!(paris(
        "day",
        "2026-01-05T23:59:59.999999+01:00",
        "2026-01-06T00:00+01:00"
    ));
    // A week begins on Monday.
    assert!(!paris(
        "week",
        "2026-01-05T00:00+01:00",
        "2026-01-11T23:59:59+01:00"
    ));
    assert!(paris(
        "week",
        "2026-01-11T23:59:59+01:00",
        "2026-01-12T00:00+01:00"
    ));
    assert!(!paris(
        "month",
        "2026-02-01T00:00+01:00",
        "2026-02-28T23:59:59+01:00"
    ));
    assert!(paris(
        "month",
        "2026-02-28T23:59:59+01:00",
        "2026-03-01T00:00+01:00"
    ));
    // The same two instants, elsewhere.
    let (a, b) = ("2026-01-05T14:00Z", "2026-01-05T16:00Z");
    assert!(!second("day", "Europe/Paris", a, b));
    assert!(
        second("day", "Asia/Tokyo", a, b),
        "midnight in Tokyo lies between"
    );
}

#[test]
fn rule_45_a_calendar_day_of_23_or_25_hours_is_one_day() {
    assert!(!second(
        "day",
        "Europe/Paris",
        "2026-10-25T00:00+02:00",
        "2026-10-25T23:59:59+01:00"
    ));
    assert!(second(
        "day",
        "Europe/Paris",
        "2026-10-24T23:59:59+02:00",
        "2026-10-25T00:00+02:00"
    ));
    assert!(second(
        "day",
        "Europe/Paris",
        "2026-03-29T23:59+02:00",
        "2026-03-30T00:00+02:00"
    ));
    assert!(!second(
        "day",
        "America/New_York",
        "2026-11-01T00:00-04:00",
        "2026-11-01T23:59:59-05:00"
    ));
    assert!(second(
        "day",
        "Australia/Lord_Howe",
        "2026-10-04T23:59+11:00",
        "2026-10-05T00:00+11:00"
    ));
}

#[test]
fn rule_45_the_zone_is_the_one_valid_now() {
    let mut play =
        senders("per: day, window: calendar, zone: customer").starting("2026-01-05T14:00Z");
    play.is(json!({ "timezone": "Europe/Paris" }))
        .does("mail", json!({}));
    play.sleeps("2h")
        .is(json!({ "timezone": "Asia/Tokyo" }))
        .does("mail", json!({}));
    assert!(
        play.messages[1].refused.is_none(),
        "in Tokyo it was sent yesterday"
    );
}

#[test]
fn rule_45_a_full_calendar_window_holds_until_its_end() {
    let journey = sender("go", "", "send: sms, capped: hold");
    let policies =
        "caps: [ { name: day, channel: sms, max: 1, per: day, window: calendar, zone: customer } ]";
    let mut play = Play::of(&[&journey], policies).starting("2026-03-28T12:00+01:00");
    play.does("go", json!({})).does("go", json!({})).waits("2d");
    assert_eq!(
        play.times_of("sends")[1],
        crate::play::at("2026-03-29T00:00+01:00")
    );
}
