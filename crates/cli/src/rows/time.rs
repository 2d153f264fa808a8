//! Times as files write them.

use jiff::{Timestamp, civil, tz::TimeZone};

/// A moment: RFC 3339; a local date and time, or a date, in `zone`; or seconds or milliseconds
/// since 1970. In microseconds.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| {
            let local: civil::DateTime = text.parse().ok()?;
            Some(journey::time::instant(local.date(), local.time(), zone))
        })
        .or_else(|| epoch(text))?;
    Timestamp::from_microsecond(parsed.as_microsecond()).ok()
}

/// Seconds, or milliseconds from 11 digits on (1973 in milliseconds, 5138 in seconds).
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok().filter(|n| *n > 99_999_999)?;
    if number > 99_999_999_999 {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_files_use() {
        let paris = journey::time::named("Europe/Paris").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (text, expected) in [
            ("2024-03-13T10:21:14Z", at("2024-03-13T10:21:14Z")),
            ("2024-03-13 10:21:14", at("2024-03-13T09:21:14Z")),
            ("2024-07-13", at("2024-07-12T22:00:00Z")),
            ("1710325274", at("2024-03-13T10:21:14Z")),
            ("1710325274000", at("2024-03-13T10:21:14Z")),
        ] {
            assert_eq!(moment(text, &paris), Some(expected), "{text}");
        }
        assert_eq!(moment("yesterday", &paris), None);
        assert_eq!(moment("12", &paris), None);
    }
}
