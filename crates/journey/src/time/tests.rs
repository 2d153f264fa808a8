use super::*;

fn zone(name: &str) -> TimeZone {
    named(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn time(text: &str) -> civil::Time {
    text.parse().unwrap()
}

fn between(from: &str, to: &str) -> Option<Hours> {
    Some(Hours::Between {
        from: time(from),
        to: time(to),
    })
}

#[test]
fn rule_23_inside_a_window_goes_on_at_once_and_a_time_is_the_next_at_or_after() {
    let paris = zone("Europe/Paris");
    let noon = at("2026-01-05T12:00+01:00");
    assert_eq!(opening(noon, between("09:00", "20:00"), &[], &paris), noon);
    assert_eq!(
        opening(
            at("2026-01-05T20:00+01:00"),
            between("09:00", "20:00"),
            &[],
            &paris
        ),
        at("2026-01-06T09:00+01:00"),
        "the closing time is outside"
    );
    assert_eq!(
        opening(noon, Some(Hours::At(time("12:00"))), &[], &paris),
        noon
    );
    assert_eq!(
        opening(
            at("2026-01-05T12:00:01+01:00"),
            Some(Hours::At(time("12:00"))),
            &[],
            &paris
        ),
        at("2026-01-06T12:00+01:00")
    );
}

#[test]
fn rule_24_a_window_over_midnight_belongs_to_its_opening_day() {
    let paris = zone("Europe/Paris");
    let friday = [Weekday::Fri];
    let early_saturday = at("2026-01-10T01:00+01:00");
    assert_eq!(
        opening(early_saturday, between("22:00", "02:00"), &friday, &paris),
        early_saturday
    );
    assert_eq!(
        opening(
            at("2026-01-09T01:00+01:00"),
            between("22:00", "02:00"),
            &friday,
            &paris
        ),
        at("2026-01-09T22:00+01:00"),
        "Friday at one belongs to Thursday's window"
    );
}

#[test]
fn rule_24_times_that_do_not_exist_or_exist_twice() {
    // 2026-03-29 02:00 to 03:00 does not exist in Paris; 2026-10-25 02:30 exists twice.
    let paris = zone("Europe/Paris");
    assert_eq!(
        opening(
            at("2026-03-29T00:00+01:00"),
            Some(Hours::At(time("02:30"))),
            &[],
            &paris
        ),
        at("2026-03-29T03:00+02:00")
    );
    assert_eq!(
        opening(
            at("2026-10-25T00:00+02:00"),
            Some(Hours::At(time("02:30"))),
            &[],
            &paris
        ),
        at("2026-10-25T02:30+02:00")
    );
    let new_york = zone("America/New_York");
    assert_eq!(
        opening(
            at("2026-03-08T00:00-05:00"),
            Some(Hours::At(time("02:30"))),
            &[],
            &new_york
        ),
        at("2026-03-08T03:00-04:00")
    );
    // Lord Howe moves by half an hour: 2026-10-04 02:00 to 02:30 does not exist.
    let lord_howe = zone("Australia/Lord_Howe");
    assert_eq!(
        opening(
            at("2026-10-03T14:00Z"),
            Some(Hours::At(time("02:15"))),
            &[],
            &lord_howe
        ),
        at("2026-10-04T02:30+11:00")
    );
    let tokyo = zone("Asia/Tokyo");
    assert_eq!(
        opening(
            at("2026-03-29T00:00+09:00"),
            Some(Hours::At(time("02:30"))),
            &[],
            &tokyo
        ),
        at("2026-03-29T02:30+09:00")
    );
}

#[test]
fn days_without_hours_begin_at_midnight() {
    let paris = zone("Europe/Paris");
    let saturday = at("2026-01-10T15:00+01:00");
    assert_eq!(
        opening(saturday, None, &[Weekday::Mon], &paris),
        at("2026-01-12T00:00+01:00")
    );
    assert_eq!(opening(saturday, None, &[Weekday::Sat], &paris), saturday);
    // Later the same weekday, the next chance is a week away.
    assert_eq!(
        opening(
            saturday,
            Some(Hours::At(time("10:00"))),
            &[Weekday::Sat],
            &paris
        ),
        at("2026-01-17T10:00+01:00")
    );
}

#[test]
fn quiet_hours_close_when_the_window_does() {
    let paris = zone("Europe/Paris");
    let (from, to) = (time("21:00"), time("08:00"));
    let close = |t: &str| closing(at(t), from, to, &paris, |_| true);
    assert_eq!(
        close("2026-01-05T21:00+01:00"),
        Some(at("2026-01-06T08:00+01:00"))
    );
    assert_eq!(
        close("2026-01-06T07:59:59+01:00"),
        Some(at("2026-01-06T08:00+01:00"))
    );
    assert_eq!(close("2026-01-06T08:00+01:00"), None);
    assert_eq!(close("2026-01-06T20:59:59+01:00"), None);
}

#[test]
fn rule_45_calendar_periods_run_between_local_midnights() {
    let paris = zone("Europe/Paris");
    let now = at("2026-03-29T12:00+02:00"); // a Sunday of 23 hours
    assert_eq!(
        period(now, Period::Day, &paris),
        (at("2026-03-29T00:00+01:00"), at("2026-03-30T00:00+02:00"))
    );
    assert_eq!(
        period(now, Period::Week, &paris),
        (at("2026-03-23T00:00+01:00"), at("2026-03-30T00:00+02:00"))
    );
    assert_eq!(
        period(now, Period::Month, &paris),
        (at("2026-03-01T00:00+01:00"), at("2026-04-01T00:00+02:00"))
    );
}
