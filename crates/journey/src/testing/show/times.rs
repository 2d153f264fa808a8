//! Times and lengths of time, short.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// A moment on a clock of that zone: `Mon 5 Jan 09:00`; with the year where it is not that of
/// `start`, and with seconds where there are any.
pub fn local(at: Timestamp, zone: &TimeZone, start: Timestamp) -> String {
    let at = at.to_zoned(zone.clone());
    let year = start.to_zoned(zone.clone()).year();
    let date = if at.year() == year {
        "%a %-d %b"
    } else {
        "%a %-d %b %Y"
    };
    let time = if at.second() == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    at.strftime(&format!("{date} {time}")).to_string()
}

/// A length of time as journeys write it: `1d 12h`.
pub fn elapsed(span: SignedDuration) -> String {
    let mut left = span.as_secs().unsigned_abs();
    let mut parts = Vec::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let count = left / seconds;
        left %= seconds;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
    }
    if parts.is_empty() {
        return "0m".to_owned();
    }
    let sign = if span.is_negative() { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

/// The text with its instants (`2026-01-05T08:00:00Z`) on a clock of that zone.
pub(in crate::testing) fn in_local_time(text: &str, zone: &TimeZone, start: Timestamp) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find('Z') {
        let (before, after) = rest.split_at(end + 1);
        let begins = before.rfind(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c)));
        let begins = begins.map_or(0, |at| {
            at + before[at..].chars().next().map_or(1, char::len_utf8)
        });
        match before[begins..].parse::<Timestamp>() {
            Ok(at) => {
                out.push_str(&before[..begins]);
                out.push_str(&local(at, zone, start));
            }
            Err(_) => out.push_str(before),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp, tz::TimeZone};

    use super::{elapsed, in_local_time};

    #[test]
    fn instants_in_a_sentence_are_told_on_the_customers_clock() {
        let zone = crate::time::named("Europe/Paris").unwrap_or(TimeZone::UTC);
        let start: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let told = |text: &str| in_local_time(text, &zone, start);
        assert_eq!(
            told("waits until 2026-01-06T08:00:00Z (hours of Zürich)"),
            "waits until Tue 6 Jan 09:00 (hours of Zürich)"
        );
        assert_eq!(
            told("é2027-07-06T08:00:05Z; Zoë, 2026-01-05T08:00:00Z"),
            "éTue 6 Jul 2027 10:00:05; Zoë, Mon 5 Jan 09:00"
        );
        assert_eq!(told("nothing here, Zed"), "nothing here, Zed");
    }

    #[test]
    fn lengths_of_time_read_as_journeys_write_them() {
        let of = |seconds| elapsed(SignedDuration::from_secs(seconds));
        assert_eq!(of(0), "0m");
        assert_eq!(of(5_400), "1h 30m");
        assert_eq!(of(90_061), "1d 1h 1m 1s");
        assert_eq!(of(-3_600), "-1h");
    }
}
