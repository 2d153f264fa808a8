//! Times as tests write them: with an offset, local, or a time of the day.

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::{
    machine::{Hours, Weekday},
    parse::time_of_day,
    time,
};

/// A time as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stamp {
    /// With its offset: `2026-01-05T10:00+01:00`.
    Instant(Timestamp),
    /// A date, with or without a time: `2026-01-05 10:00`, on the customer's clock.
    Local(civil::DateTime),
    /// A time of the day, perhaps of a day of the week: `10:00`, `tue 10:00`, on the customer's
    /// clock.
    Daily(Option<Weekday>, civil::Time),
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

impl Stamp {
    /// The time that a text spells, if it spells one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(time) = time_of_day(text) {
            return Some(Self::Daily(None, time));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self::Instant(at));
        }
        if let Some((day, time)) = text.split_once(' ')
            && let Some((_, day)) = DAYS.iter().find(|d| d.0 == day.to_lowercase())
        {
            return Some(Self::Daily(Some(*day), time_of_day(time)?));
        }
        // A `Z` or an offset that cannot be read must not be lost silently.
        let digits = |c: char| c.is_ascii_digit() || "-:T ".contains(c);
        let local = text.chars().all(digits).then(|| text.parse().ok());
        local.flatten().map(Self::Local)
    }

    /// The moment that is meant: of a time of the day, the next one at or after `from`.
    pub(crate) fn resolve(&self, from: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Instant(at) => *at,
            Self::Local(at) => time::instant(at.date(), at.time(), zone),
            Self::Daily(day, at) => {
                let days: Vec<Weekday> = day.iter().copied().collect();
                time::opening(from, Some(Hours::At(*at)), &days, zone)
            }
        }
    }

    /// Whether `at` is that time: to the minute, unless seconds are written.
    pub(crate) fn is(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let local = at.to_zoned(zone.clone()).datetime();
        match self {
            Self::Instant(wanted) => same(wanted.to_zoned(zone.clone()).datetime(), local),
            Self::Local(wanted) => same(*wanted, local),
            Self::Daily(day, wanted) => {
                same(wanted.on(local.year(), local.month(), local.day()), local)
                    && day.is_none_or(|d| d == time::weekday(local.date()))
            }
        }
    }
}

fn same(wanted: civil::DateTime, found: civil::DateTime) -> bool {
    wanted.date() == found.date()
        && (wanted.hour(), wanted.minute()) == (found.hour(), found.minute())
        && (wanted.second() == 0 || wanted.second() == found.second())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::Stamp;

    #[test]
    fn times_are_read_as_people_write_them() {
        let paris = crate::time::named("Europe/Paris").unwrap_or(TimeZone::UTC);
        let from = "2026-01-05T10:00+01:00".parse().unwrap();
        let at = |text: &str| {
            let stamp = Stamp::parse(text).unwrap_or_else(|| panic!("{text}"));
            stamp.resolve(from, &paris).to_string()
        };
        assert_eq!(at("2026-01-07T09:00-05:00"), "2026-01-07T14:00:00Z");
        assert_eq!(at("2026-07-07T09:00"), "2026-07-07T07:00:00Z");
        assert_eq!(at("2026-07-07 09:00"), "2026-07-07T07:00:00Z");
        assert_eq!(at("2026-07-07"), "2026-07-06T22:00:00Z");
        assert_eq!(at("10:00"), "2026-01-05T09:00:00Z");
        assert_eq!(at("9:00"), "2026-01-06T08:00:00Z");
        assert_eq!(at("Sun 09:30"), "2026-01-11T08:30:00Z");
        for wrong in [
            "",
            "soon",
            "25:00",
            "2026-13-01",
            "fun 09:00",
            "2026-01-05T10:00+1",
            "5",
        ] {
            assert_eq!(Stamp::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_is_held_against_another_to_the_minute() {
        let paris = crate::time::named("Europe/Paris").unwrap_or(TimeZone::UTC);
        let found = "2026-01-06T09:00:20+01:00".parse().unwrap();
        for (text, same) in [
            ("09:00", true),
            ("tue 09:00", true),
            ("mon 09:00", false),
            ("09:01", false),
            ("09:00:20", true),
            ("09:00:21", false),
            ("2026-01-06T08:00Z", true),
            ("2026-01-06 09:00", true),
            ("2026-01-07 09:00", false),
        ] {
            let stamp = Stamp::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(stamp.is(found, &paris), same, "{text}");
        }
    }
}
