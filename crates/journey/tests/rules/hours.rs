//! Quiet hours on some days, send windows, and holidays by country (rules 38 and 40).

use journey::message::Reason;

use crate::play::{Play, at, json};

const PURPOSES: &str = "purposes: { marketing: { consent: opt_in }, service: { consent: none } }
holidays: { FR: { 2026: [01-06, 01-09] }, BE: [2026-01-07] }
";

/// Sends one marketing message by SMS on each `go`.
fn shop(rules: &str) -> Play {
    let journey =
        "enter: { event: go, again: always }\nsteps: [ { id: s, send: sms, template: t } ]";
    Play::of(&[journey], &format!("{PURPOSES}{rules}"))
}

/// Until when a message of that moment is held: the local time of Paris, `-` where it goes at once.
fn until(rules: &str, now: &str) -> String {
    let mut play = shop(rules).starting(now);
    play.does("go", json!({}));
    match play.run().due_at {
        _ if !play.messages.is_empty() => "-".to_owned(),
        Some(due) => due
            .to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap())
            .strftime("%a %d %H:%M")
            .to_string(),
        None => "for ever".to_owned(),
    }
}

/// As [`until`], where the run may be over because the message went.
fn held(rules: &str, now: &str) -> String {
    let mut play = shop(rules).starting(now);
    play.does("go", json!({}));
    if play.messages.is_empty() {
        return until(rules, now);
    }
    "-".to_owned()
}

const SUNDAYS: &str = "quiet_hours: [ { name: sundays, from: \"00:00\", to: \"00:00\", days: sun, holidays: true, quiet: hold } ]\n";
const OFFICE: &str = "send_windows: [ { name: office, from: \"09:00\", to: \"18:00\", days: mon-fri, holidays: false, quiet: hold } ]\n";
const NIGHTS: &str = "send_windows: [ { name: late, from: \"20:00\", to: \"02:00\", days: [fri, sat], quiet: hold } ]\n";

#[test]
fn quiet_days_last_from_midnight_to_midnight_and_follow_one_another() {
    // 2026-01-04 is a Sunday, the 6th a Tuesday and a holiday, the 9th a Friday and one, the 11th a Sunday.
    for (now, expected) in [
        ("2026-01-03T23:59+01:00", "-"),
        ("2026-01-04T00:00+01:00", "Mon 05 00:00"),
        ("2026-01-05T12:00+01:00", "-"),
        ("2026-01-06T12:00+01:00", "Wed 07 00:00"),
        ("2026-01-07T12:00+01:00", "-"),
        ("2026-01-09T23:59+01:00", "Sat 10 00:00"),
    ] {
        assert_eq!(held(SUNDAYS, now), expected, "{now}");
    }
}

#[test]
fn a_send_window_is_quiet_outside_and_on_holidays() {
    for (now, expected) in [
        ("2026-01-05T08:59+01:00", "Mon 05 09:00"),
        ("2026-01-05T09:00+01:00", "-"),
        ("2026-01-05T17:59+01:00", "-"),
        // Monday evening; Tuesday is a holiday.
        ("2026-01-05T18:00+01:00", "Wed 07 09:00"),
        // Thursday evening; Friday is a holiday, and then the weekend comes.
        ("2026-01-08T20:00+01:00", "Mon 12 09:00"),
    ] {
        assert_eq!(held(OFFICE, now), expected, "{now}");
    }
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
    for (now, expected) in [
        ("2026-01-02T19:00+01:00", "Fri 02 20:00"),
        ("2026-01-03T01:59+01:00", "-"),
        ("2026-01-03T02:00+01:00", "Sat 03 20:00"),
        ("2026-01-04T01:00+01:00", "-"),
        ("2026-01-04T02:00+01:00", "Fri 09 20:00"),
    ] {
        assert_eq!(held(NIGHTS, now), expected, "{now}");
    }
}

/// The last Sunday of March has 23 hours in Paris, the last of October 25.
#[test]
fn rule_23_a_quiet_day_is_as_long_as_its_day() {
    assert_eq!(held(SUNDAYS, "2026-03-29T00:30+01:00"), "Mon 30 00:00");
    assert_eq!(held(SUNDAYS, "2026-03-29T23:59+02:00"), "Mon 30 00:00");
    assert_eq!(held(SUNDAYS, "2026-10-25T02:30+02:00"), "Mon 26 00:00");
    assert_eq!(held(SUNDAYS, "2026-10-25T23:59+01:00"), "Mon 26 00:00");
    // A window that opens at a time that does not exist opens at the next that does.
    let early = "send_windows: [ { name: early, from: \"02:30\", to: \"04:00\", quiet: hold } ]\n";
    assert_eq!(held(early, "2026-03-29T01:00+01:00"), "Sun 29 03:00");
}

/// Whose holidays they are: the trait, else the phone, else the default; and which zone was looked at is
/// kept with the refusal.
#[test]
fn holidays_are_those_of_the_customers_country_and_the_zone_is_recorded() {
    let skip = SUNDAYS.replace("hold", "skip");
    let went = |traits: serde_json::Value, rules: &str, now: &str| {
        let mut play = shop(rules).starting(now);
        play.is(traits);
        play.does("go", json!({}));
        let message = &play.messages[0];
        let zone = message
            .decision
            .refusals
            .first()
            .and_then(|r| r.zone.clone());
        (message.refused, zone)
    };
    let (french, belgian) = ("2026-01-06T12:00+01:00", "2026-01-07T12:00+01:00");
    // +33 is France; the trait says more.
    let (refused, zone) = went(json!({}), &skip, french);
    assert_eq!(refused, Some(Reason::Quiet));
    assert_eq!(
        zone.as_deref(),
        Some("Europe/Paris, from the phone's country")
    );
    assert_eq!(went(json!({ "country": "be" }), &skip, french).0, None);
    let (refused, _) = went(json!({ "country": "be" }), &skip, belgian);
    assert_eq!(refused, Some(Reason::Quiet));
    let moved = json!({ "country": "BE", "timezone": "America/New_York" });
    let (_, zone) = went(moved, &skip, belgian);
    assert_eq!(
        zone.as_deref(),
        Some("America/New_York, from the trait timezone")
    );
    // Nobody knows: the default, or no holidays at all.
    let nobody = json!({ "phone": "12345" });
    assert_eq!(went(nobody.clone(), &skip, french).0, None);
    let default = format!("{skip}defaults: {{ country: FR }}\n");
    let (refused, zone) = went(nobody, &default, french);
    assert_eq!(refused, Some(Reason::Quiet));
    assert_eq!(zone.as_deref(), Some("Europe/Paris, the default"));
}

/// A window that never opens holds nothing for ever: the message is refused.
#[test]
fn a_window_that_does_not_open_for_a_year_refuses() {
    let days: Vec<String> = (0..420)
        .map(|n| {
            (at("2026-01-01T12:00Z") + jiff::SignedDuration::from_hours(24 * n)).to_string()[..10]
                .to_owned()
        })
        .collect();
    let rules = format!(
        "purposes: {{ marketing: {{ consent: opt_in }} }}\nholidays: {{ FR: [{}] }}\n{OFFICE}",
        days.join(", ")
    );
    let journey =
        "enter: { event: go, again: always }\nsteps: [ { id: s, send: sms, template: t } ]";
    let mut play = Play::of(&[journey], &rules);
    play.does("go", json!({}));
    assert_eq!(play.messages[0].refused, Some(Reason::Quiet));
}
