//! Rules 20 and 21: entries by date and by segment; schedules.

use crate::play::{FREE, Play, at, json};
use journey::input::SweepKind;

const GOLD: &str =
    "# config/segments/gold.yaml\nif: customer.orders >= 5 and not customer.closed\n";

fn by_segment(entry: &str) -> Play {
    Play::of(
        &[
            &format!(
                "enter: {{ segment: gold, {entry} }}\nsteps: [ {{ set: {{ run.how: event.change }} }}, {{ wait: 1d }} ]"
            ),
            GOLD,
        ],
        FREE,
    )
}

#[test]
fn rule_21_a_segment_is_entered_by_a_change_of_traits() {
    let mut play = by_segment("again: always");
    play.is(json!({ "orders": 4 }));
    assert_eq!(play.log(), ["traits orders"]);
    play.is(json!({ "orders": 5 }));
    let log = play.log();
    assert!(
        log[1].ends_with("entered") && log[2].ends_with("run.how=\"entered\""),
        "{log:?}"
    );
    // Belonging is no change, and neither is an event that touches no trait.
    play.waits("2d").log();
    play.is(json!({ "orders": 6 }))
        .does("order.placed", json!({}));
    assert!(play.log().iter().all(|l| !l.contains("entered")));
    // Out and in again is one.
    play.is(json!({ "closed": true }))
        .is(json!({ "closed": false }));
    assert_eq!(play.log_of(" entered").len(), 1);
}

#[test]
fn rule_21_a_segment_can_be_left() {
    let mut play = by_segment("change: left");
    play.is(json!({ "orders": 5 })).log();
    play.is(json!({ "orders": null }));
    assert_eq!(play.log_of("run.how").len(), 1);
}

#[test]
fn rule_21_a_trait_that_a_step_sets_is_a_change_too() {
    let mut play = Play::of(
        &[
            "enter: { segment: gold }\nsteps: [ { wait: 1d } ]",
            "journey: setter\npurpose: marketing\nenter: { event: go }\nsteps: [ { set: { customer.orders: 9 } } ]",
            GOLD,
        ],
        FREE,
    );
    play.does("go", json!({}));
    assert_eq!(play.log_of("demo: entered").len(), 1);
}

#[test]
fn rule_21_backfill_takes_those_who_belong_already() {
    let mut play = by_segment("backfill: true");
    play.is(json!({ "orders": 1 }))
        .is_swept(SweepKind::Backfill);
    assert_eq!(play.log_of("not entered").len(), 1);
    let mut play = by_segment("backfill: true");
    play.ana()
        .traits
        .insert("orders".into(), journey::value::Value::Int(7));
    play.is_swept(SweepKind::Backfill);
    assert_eq!(play.log_of("run.how=\"entered\"").len(), 1);
}

fn birthday(entry: &str) -> Play {
    Play::new(
        &format!(
            "enter: {{ date: customer.birthday, {entry} }}\nsteps: [ {{ set: {{ run.at: event.date }} }}, {{ wait: 1m }} ]"
        ),
        FREE,
    )
}

fn enters_at(play: &mut Play, horizon: &str) -> Vec<String> {
    play.log();
    play.waits(horizon);
    play.times_of("entered")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn rule_20_a_date_fires_once_per_value_at_its_local_time() {
    let mut play = birthday("at: \"09:00\", offset: -3d, zone: Europe/Paris");
    play.is(json!({ "birthday": "2026-03-31" }));
    // Three days of the calendar before, though the clocks change between.
    assert_eq!(enters_at(&mut play, "900d"), ["2026-03-28T08:00:00Z"]);
}

#[test]
fn rule_20_a_yearly_date_comes_every_year_and_29_february_on_28() {
    let mut play = birthday("every: year, at: \"09:00\", zone: Europe/Paris");
    play.is(json!({ "birthday": "1992-02-29" }));
    assert_eq!(
        enters_at(&mut play, "1200d"),
        [
            "2026-02-28T08:00:00Z",
            "2027-02-28T08:00:00Z",
            "2028-02-29T08:00:00Z",
            "2029-02-28T08:00:00Z"
        ]
    );
}

#[test]
fn rule_20_a_changed_date_moves_it_and_a_past_one_does_not_fire() {
    let mut play = birthday("at: \"09:00\", zone: Europe/Paris");
    play.is(json!({ "birthday": "2026-02-01" }))
        .is(json!({ "birthday": "2026-03-01" }));
    assert_eq!(enters_at(&mut play, "90d"), ["2026-03-01T08:00:00Z"]);
    play.is(json!({ "birthday": "2026-01-01" }));
    assert_eq!(enters_at(&mut play, "900d"), Vec::<String>::new());
    play.is(json!({ "birthday": null }))
        .is(json!({ "birthday": "no date" }));
    assert_eq!(enters_at(&mut play, "900d"), Vec::<String>::new());
}

#[test]
fn rule_20_moments_before_publication_do_not_fire() {
    let mut play = birthday("at: \"09:00\", zone: Europe/Paris");
    let traits = &mut play.ana().traits;
    traits.insert("birthday".into(), "2026-01-04".into());
    let published = play.now;
    play.is_swept(SweepKind::Dates(published));
    assert_eq!(enters_at(&mut play, "900d"), Vec::<String>::new());
    // Of a yearly one the next does; and one that is late by a slow sweep is not lost.
    let mut play = birthday("at: \"09:00\", zone: Europe/Paris").starting("2026-01-04T12:00Z");
    play.ana()
        .traits
        .insert("birthday".into(), "2026-01-04".into());
    play.is_swept(SweepKind::Dates(at("2026-01-04T07:00Z")));
    assert_eq!(enters_at(&mut play, "1m").len(), 1);
}

#[test]
fn rule_20_the_zone_is_the_customers_and_moves_with_them() {
    let mut play = birthday("at: \"09:00\"");
    play.is(json!({ "birthday": "2026-02-01", "timezone": "America/New_York" }))
        .is(json!({ "timezone": "Australia/Lord_Howe" }));
    assert_eq!(enters_at(&mut play, "90d"), ["2026-01-31T22:00:00Z"]);
}

#[test]
fn rule_20_a_local_time_that_does_not_exist_takes_the_next_instant() {
    for (zone, date, expected) in [
        ("Europe/Paris", "2026-03-29", "2026-03-29T01:00:00Z"),
        ("America/New_York", "2026-03-08", "2026-03-08T07:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:30:00Z"),
        ("Asia/Tokyo", "2026-03-29", "2026-03-28T17:15:00Z"),
    ] {
        let mut play = birthday(&format!("at: \"02:15\", zone: {zone}"));
        play.is(json!({ "birthday": date }));
        assert_eq!(enters_at(&mut play, "400d"), [expected], "{zone}");
    }
}

#[test]
fn rule_20_a_moment_with_its_own_clock_is_exact() {
    let mut play = birthday("offset: -1h");
    play.is(json!({ "birthday": "2026-01-20T18:30:00+01:00" }));
    assert_eq!(enters_at(&mut play, "90d"), ["2026-01-20T16:30:00Z"]);
}

#[test]
fn rule_20_again_guards_against_a_date_that_is_edited() {
    let mut play = birthday("every: year, at: \"09:00\", again: { after: 300d }");
    play.is(json!({ "birthday": "1990-02-01" }))
        .waits("40d")
        .log();
    play.is(json!({ "birthday": "1990-03-01" })).waits("60d");
    assert_eq!(play.log_of("not entered"), ["not entered: Again"]);
}

#[test]
fn a_schedule_takes_those_of_its_segment() {
    let journey = "enter: { schedule: \"0 9 * * mon\", zone: Europe/Paris, segment: gold }\nsteps: [ { set: { run.at: event.at } } ]";
    let mut play = Play::of(&[journey, GOLD], FREE);
    let tick = at("2026-01-05T08:00Z");
    play.is_swept(SweepKind::Tick(tick));
    assert_eq!(play.log(), ["demo: not entered: NotInSegment"]);
    play.sleeps("1m").is(json!({ "orders": 5 })).log();
    play.is_swept(SweepKind::Tick(tick));
    assert_eq!(
        play.log_of("run.at"),
        ["demo: run.at=\"2026-01-05T08:00:00Z\""]
    );
}

#[test]
fn a_schedule_ticks_by_its_zone_also_where_clocks_change() {
    use journey::time::cron::next;
    let ticks = |cron: &str, zone: &str, from: &str, n: usize| {
        let mut now = at(from);
        let mut found = Vec::new();
        for _ in 0..n {
            now = next(cron, zone, now).unwrap();
            found.push(now.to_string());
        }
        found
    };
    // A time that is skipped fires at the end of the gap; one that comes twice fires once.
    assert_eq!(
        ticks("30 2 * * *", "Europe/Paris", "2026-03-28T12:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    assert_eq!(
        ticks("30 2 * * *", "Europe/Paris", "2026-10-24T12:00Z", 2),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    assert_eq!(
        ticks("30 1 * * *", "America/New_York", "2026-10-31T12:00Z", 2),
        ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]
    );
    assert_eq!(
        ticks("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", 2),
        ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]
    );
    // Weekday 1 is Monday.
    assert_eq!(
        ticks("0 9 * * 1", "Asia/Tokyo", "2026-01-04T00:00Z", 1),
        ["2026-01-05T00:00:00Z"]
    );
    assert_eq!(
        next("0 0 30 2 *", "Europe/Paris", at("2026-01-01T00:00Z")),
        None
    );
}
