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
            Fault::Calendar => {
                diagnostic.labelled("months and years differ in length: say it in days");
            }
            _ => {}
        }
    }
}

/// The seconds of a duration from zero up, if the text is one.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    parse(text.trim()).ok().filter(|s| *s >= 0)
}

fn parse(text: &str) -> Result<i64, Fault> {
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
        "s" | "sec" | "secs" | "second" | "seconds" => ("s", 1),
        "m" | "min" | "mins" | "minute" | "minutes" if unit != "M" => ("m", 60),
        "h" | "hr" | "hrs" | "hour" | "hours" => ("h", 3_600),
        "d" | "day" | "days" => ("d", 86_400),
        "w" | "week" | "weeks" => ("w", 604_800),
        "mo" | "m" | "month" | "months" | "y" | "yr" | "year" | "years" => {
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
        for wrong in ["", "d", "5", "1.5h", "2 days", "1M", "1y", "- ", "١d"] {
            assert_eq!(ok(wrong), None, "{wrong}");
        }
    }
}
