//! Durations: `s m h d w`, a day being 24 hours, at most ten years (rule 6).

use jiff::SignedDuration;

use super::Reader;
use crate::{diagnostics::time, source::Node};

/// Ten years, in seconds: 3,653 days.
const LONGEST: i64 = 3_653 * 86_400;

/// Why a text is no duration.
enum Fault {
    /// Not of the form at all.
    Form,
    /// A unit of another name: what to write instead.
    Unit(String),
    /// A number without a unit.
    Bare,
    /// Months and years.
    Calendar,
    /// Too long.
    Long,
}

impl Reader<'_> {
    /// A duration from zero up.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<SignedDuration> {
        let span = self.offset(node)?;
        if span.is_negative() {
            self.sink
                .error(
                    time::TOO_LONG,
                    node.span.clone(),
                    "this duration is negative",
                )
                .labelled("time goes forward here");
            return None;
        }
        Some(span)
    }

    /// A duration of which nothing remains where it is zero.
    pub(crate) fn some_time(&mut self, node: &Node) -> Option<SignedDuration> {
        let span = self.duration(node)?;
        if span.is_zero() {
            self.sink
                .error(time::NO_TIME, node.span.clone(), "this is no time at all")
                .labelled("over as soon as it begins")
                .noted("write how long, such as `2h` or `7d`")
                .warns();
        }
        Some(span)
    }

    /// A duration that may be negative.
    pub(crate) fn offset(&mut self, node: &Node) -> Option<SignedDuration> {
        let word = self.text(node, "a duration, such as `2h` or `1d 12h`,")?;
        match parse(&word.text) {
            Ok(seconds) => Some(SignedDuration::from_secs(seconds)),
            Err(fault) => {
                self.report_duration(&word.text, node, fault);
                None
            }
        }
    }

    fn report_duration(&mut self, text: &str, node: &Node, fault: Fault) {
        let span = node.span.clone();
        if matches!(fault, Fault::Long) {
            self.sink
                .error(
                    time::TOO_LONG,
                    span,
                    format!("`{text}` is longer than ten years"),
                )
                .labelled("the longest duration is `3653d`");
            return;
        }
        let diagnostic = self
            .sink
            .error(time::DURATION, span.clone(), format!("`{text}` is not a duration"))
            .noted("a duration is a whole number and a unit: s, m (minutes), h, d (24 hours), w; or several, as in `1d 12h`");
        match fault {
            Fault::Unit(mended) => {
                diagnostic
                    .labelled(format!("write `{mended}`"))
                    .replaced(span, mended);
            }
            Fault::Bare => {
                diagnostic.labelled(format!(
                    "{text} of what? `{text}s`, `{text}m`, `{text}h` or `{text}d`"
                ));
            }
            Fault::Calendar => {
                diagnostic
                    .labelled("months and years differ in length: say it in days, such as `30d`");
            }
            _ if text.starts_with("params.") => {
                let path = text.replacen("params.", "param.", 1);
                diagnostic.offered(Some(&path));
            }
            _ => {}
        }
    }
}

/// The seconds of a duration from zero up, if the text is one.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    parse(text.trim()).ok().filter(|s| *s >= 0)
}

/// A duration as it is written here, for a text that says one otherwise: `1,5h`, `3 jours`.
pub(crate) fn mended(text: &str) -> Option<String> {
    match parse(text.trim()) {
        Err(Fault::Unit(mended)) => Some(mended),
        _ => None,
    }
}

/// The same for a part of a unit: `1.5h`, `0,5 day`.
fn part(text: &str) -> Option<String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (whole, rest) = text.split_at(digits);
    let rest = rest.strip_prefix(['.', ','])?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (tenths, unit) = rest.split_at(digits);
    let (_, seconds) = known(unit.trim()).ok()?;
    if whole.is_empty() || whole.len() > 6 || !(1..=3).contains(&tenths.len()) {
        return None;
    }
    let (whole, parts): (i64, i64) = (whole.parse().ok()?, tenths.parse().ok()?);
    let scale = 10_i64.pow(u32::try_from(tenths.len()).ok()?);
    let total = whole * seconds + parts * seconds / scale;
    (parts * seconds % scale == 0 && total > 0).then(|| spelled(total))
}

/// Seconds in units, from large to small.
fn spelled(mut seconds: i64) -> String {
    let mut parts = Vec::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= length {
            parts.push(format!("{}{unit}", seconds / length));
            seconds %= length;
        }
    }
    parts.join(" ")
}

/// A text without a word before or behind it that says no more than the field does, and whether
/// that makes it negative.
fn bare(text: &str) -> (&str, bool) {
    let lower = text.to_lowercase();
    for (word, negative) in [
        (" before", true),
        (" avant", true),
        (" after", false),
        (" après", false),
    ] {
        if lower.ends_with(word) {
            return (text[..text.len() - word.len()].trim_end(), negative);
        }
    }
    let lead = ["for ", "after ", "in "]
        .into_iter()
        .find(|l| lower.starts_with(l));
    (text[lead.map_or(0, str::len)..].trim_start(), false)
}

/// The same for what other systems and people write: `P1DT12H` (ISO 8601), `1h30`, `deux jours`.
fn elsewhere(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let iso = || {
        let (days, time) = lower.strip_prefix('p')?.split_once('t').unzip();
        let days = days.or(lower.strip_prefix('p'))?;
        // Before the `T`, an `m` is months.
        let spaced = format!("{} {}", days.replace('m', "mo"), time.unwrap_or_default());
        Some(spaced.trim().to_owned())
    };
    let clock = || {
        let (hours, minutes) = lower.split_once('h')?;
        let digits = |t: &str| (1..=4).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        (digits(hours) && digits(minutes)).then(|| format!("{hours}h {minutes}m"))
    };
    let words = || {
        let (count, unit) = lower.split_once(' ')?;
        let count = COUNTS
            .iter()
            .position(|(en, fr)| [*en, *fr].contains(&count))?
            + 1;
        Some(format!("{count} {unit}"))
    };
    let said = iso().or_else(clock).or_else(words)?;
    match plain(&said) {
        Ok(seconds) => Some(spelled(seconds)),
        Err(Fault::Unit(mended)) => Some(mended),
        Err(_) => None,
    }
}

/// Small numbers as people write them out, from one up.
const COUNTS: [(&str, &str); 12] = [
    ("one", "un"),
    ("two", "deux"),
    ("three", "trois"),
    ("four", "quatre"),
    ("five", "cinq"),
    ("six", "six"),
    ("seven", "sept"),
    ("eight", "huit"),
    ("nine", "neuf"),
    ("ten", "dix"),
    ("eleven", "onze"),
    ("twelve", "douze"),
];

fn parse(text: &str) -> Result<i64, Fault> {
    let (rest, negative) = bare(text);
    let minus = if negative { "-" } else { "" };
    if let Some(mended) = elsewhere(rest) {
        return Err(Fault::Unit(format!("{minus}{mended}")));
    }
    if rest.len() < text.len() {
        return Err(match plain(rest) {
            Ok(seconds) => Fault::Unit(format!("{minus}{}", spelled(seconds.abs()))),
            Err(Fault::Unit(mended)) => Fault::Unit(format!("{minus}{mended}")),
            Err(other) => other,
        });
    }
    plain(text)
}

fn plain(text: &str) -> Result<i64, Fault> {
    if let Some(mended) = part(text) {
        return Err(Fault::Unit(mended));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 9 {
        return Err(Fault::Bare);
    }
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |rest| (-1, rest.trim_start()));
    let mut rest = digits;
    let mut total = 0_i64;
    let mut mended = Vec::new();
    let mut foreign = false;
    if rest.is_empty() {
        return Err(Fault::Form);
    }
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, after) = rest.split_at(number);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        if count.is_empty() || unit.is_empty() {
            return Err(Fault::Form);
        }
        let (letter, seconds) = known(unit)?;
        foreign |= unit != letter;
        mended.push(format!("{count}{letter}"));
        let count: i64 = count.parse().map_err(|_| Fault::Long)?;
        total = count
            .checked_mul(seconds)
            .and_then(|s| s.checked_add(total))
            .filter(|s| *s <= LONGEST)
            .ok_or(Fault::Long)?;
        rest = after.trim_start();
    }
    if foreign {
        let minus = if sign < 0 { "-" } else { "" };
        return Err(Fault::Unit(format!("{minus}{}", mended.join(" "))));
    }
    Ok(sign * total)
}

/// The letter and the seconds of a unit, also of one that is written out.
fn known(unit: &str) -> Result<(&'static str, i64), Fault> {
    Ok(match unit.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" | "seconde" | "secondes" => ("s", 1),
        "m" | "min" | "mins" | "minute" | "minutes" | "mn" if unit != "M" => ("m", 60),
        "h" | "hr" | "hrs" | "hour" | "hours" | "heure" | "heures" => ("h", 3_600),
        "d" | "day" | "days" | "j" | "jour" | "jours" | "tag" | "tage" => ("d", 86_400),
        "w" | "week" | "weeks" | "semaine" | "semaines" | "sem" => ("w", 604_800),
        "mo" | "m" | "month" | "months" | "mois" | "y" | "yr" | "year" | "years" | "an" | "ans" => {
            return Err(Fault::Calendar);
        }
        _ => return Err(Fault::Form),
    })
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, parse};

    #[test]
    fn durations_are_read_and_bounded() {
        let ok = |t: &str| parse(t).ok();
        assert_eq!(ok("1d 12h"), Some(129_600));
        assert_eq!(ok("1d12h"), Some(129_600));
        assert_eq!(ok("-90m"), Some(-5_400));
        assert_eq!(ok("3653d"), Some(LONGEST));
        assert_eq!(ok("3654d"), None);
        assert_eq!(ok("99999999999999999999w"), None);
        for (text, mended) in [
            ("1,5h", "1h 30m"),
            ("0.5 days", "12h"),
            ("3 jours", "3d"),
            ("3 days before", "-3d"),
            ("3d before", "-3d"),
            ("for 2 hours", "2h"),
            ("P2D", "2d"),
            ("PT1H30M", "1h 30m"),
            ("P1W", "7d"),
            ("P1DT12H", "1d 12h"),
            ("1h30", "1h 30m"),
            ("48h00", "2d"),
            ("deux jours", "2d"),
            ("two weeks after", "2w"),
            ("trois jours avant", "-3d"),
        ] {
            assert_eq!(super::mended(text).as_deref(), Some(mended), "{text}");
        }
        for wrong in [
            "", "d", "5", "1.5h", "2 days", "1M", "1y", "- ", "١d", "P1M", "P", "PT", "h", "un",
        ] {
            assert_eq!(ok(wrong), None, "{wrong}");
        }
    }
}
