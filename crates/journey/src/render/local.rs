//! What differs from place to place: locales, amounts of money, dates.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

use super::said::Said;

/// A locale as it is looked up: `fr_be` and `FR-BE` are `fr-be`.
pub(super) fn normal(locale: &str) -> String {
    locale.trim().replace('_', "-").to_lowercase()
}

/// Where content is looked for: the locale and its language, then the default one's.
pub(super) fn chain<'a>(wanted: &'a str, default: &'a str) -> impl Iterator<Item = &'a str> {
    [wanted, language(wanted), default, language(default)].into_iter()
}

/// The language of a locale.
pub(super) fn language(locale: &str) -> &str {
    locale.split('-').next().unwrap_or(locale)
}

/// How many digits a currency has after the point.
fn digits(currency: &str) -> usize {
    match currency {
        "JPY" | "KRW" | "CLP" | "ISK" | "XOF" | "XAF" | "XPF" | "VND" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn symbol(currency: &str) -> &str {
    match currency {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        other => other,
    }
}

/// An amount with its currency: `1 234,50 €` in French, `€1,234.50` elsewhere.
pub(super) fn money(amount: f64, currency: &str, locale: &str) -> String {
    let currency = currency.to_uppercase();
    let plain = format!("{:.*}", digits(&currency), amount.abs());
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, ""));
    let french = language(locale) == "fr";
    let (group, point) = if french {
        ('\u{202f}', ',')
    } else {
        (',', '.')
    };
    let mut number = grouped(whole, group);
    if !cents.is_empty() {
        number.push(point);
        number.push_str(cents);
    }
    let zero = plain.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if amount < 0.0 && !zero { "-" } else { "" };
    let symbol = symbol(&currency);
    if french {
        format!("{sign}{number}\u{a0}{symbol}")
    } else if symbol.chars().all(char::is_alphabetic) {
        format!("{sign}{symbol}\u{a0}{number}")
    } else {
        format!("{sign}{symbol}{number}")
    }
}

fn grouped(digits: &str, group: char) -> String {
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    out
}

/// The local date and time that a text spells: a date, or an instant, which keeps the offset it
/// is written with unless a zone is named. `Err` says what is wrong, without the text itself.
pub(super) fn local_time(text: &str, zone: Option<&str>) -> Result<DateTime, Said> {
    if text.len() == 10 {
        let date: Date = text.parse().map_err(|_| Said::NoDate)?;
        return Ok(date.at(0, 0, 0, 0));
    }
    let instant: Timestamp = text.parse().map_err(|_| Said::NoMoment)?;
    let zone = match zone {
        Some(name) => TimeZone::get(name).map_err(|_| Said::NoZone)?,
        None => TimeZone::fixed(written_offset(text)),
    };
    Ok(zone.to_datetime(instant))
}

/// The offset at the end of an RFC 3339 instant; UTC for `Z`.
fn written_offset(text: &str) -> Offset {
    let offset = || {
        let at = text.len().checked_sub(6)?;
        let (hours, minutes) = text.get(at..)?.split_once(':')?;
        let hours: i32 = hours.parse().ok()?;
        let minutes: i32 = minutes.parse().ok()?;
        let sign = if text.get(at..)?.starts_with('-') {
            -1
        } else {
            1
        };
        Offset::from_seconds(hours * 3_600 + sign * minutes * 60).ok()
    };
    offset().unwrap_or(Offset::UTC)
}

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const FRENCH_DAYS: [&str; 7] = [
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
];
const ENGLISH_DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `05/01/2026`.
    Short,
    /// `5 janvier 2026`.
    Long,
    /// `lundi 5 janvier 2026`.
    Full,
    /// `09:00`.
    Time,
}

impl Style {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "short" => Some(Self::Short),
            "long" => Some(Self::Long),
            "full" => Some(Self::Full),
            "time" => Some(Self::Time),
            _ => None,
        }
    }
}

fn nth<'a>(names: &[&'a str], one_based: i8) -> &'a str {
    let at = usize::try_from(one_based - 1).unwrap_or(0);
    names.get(at).copied().unwrap_or("")
}

/// A date in French, in American English (`en`, `en-us`), or in English with the day first.
pub(crate) fn date(at: DateTime, style: Style, locale: &str) -> String {
    let (d, m, y) = (at.day(), at.month(), at.year());
    let weekday = at.weekday().to_monday_one_offset();
    let french = language(locale) == "fr";
    let american = matches!(locale, "en" | "en-us") || !matches!(language(locale), "fr" | "en");
    match style {
        Style::Time => format!("{:02}:{:02}", at.hour(), at.minute()),
        Style::Short if american => format!("{m}/{d}/{y}"),
        Style::Short => format!("{d:02}/{m:02}/{y}"),
        Style::Long if french => {
            let day = if d == 1 {
                "1er".to_owned()
            } else {
                d.to_string()
            };
            format!("{day} {} {y}", nth(&FRENCH_MONTHS, m))
        }
        Style::Long if american => format!("{} {d}, {y}", nth(&ENGLISH_MONTHS, m)),
        Style::Long => format!("{d} {} {y}", nth(&ENGLISH_MONTHS, m)),
        Style::Full => {
            let long = date(at, Style::Long, locale);
            match (french, american) {
                (true, _) => format!("{} {long}", nth(&FRENCH_DAYS, weekday)),
                (_, true) => format!("{}, {long}", nth(&ENGLISH_DAYS, weekday)),
                _ => format!("{} {long}", nth(&ENGLISH_DAYS, weekday)),
            }
        }
    }
}
