//! Time in words.

use jiff::{SignedDuration, Timestamp, civil};

use crate::{
    expr::Expr,
    machine::{Hours, Wait, Weekday, Zone},
};

/// `2 h`, `1 d 12 h`, `30 min`; a day has 24 hours.
pub(in crate::graph) fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().unsigned_abs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if said.is_empty() {
        "0 s".into()
    } else {
        said.join(" ")
    }
}

/// `09:00`, with seconds only where there are any.
pub(super) fn time(time: civil::Time) -> String {
    let (h, m, s) = (time.hour(), time.minute(), time.second());
    if s == 0 {
        format!("{h:02}:{m:02}")
    } else {
        format!("{h:02}:{m:02}:{s:02}")
    }
}

fn hours(hours: Hours) -> String {
    match hours {
        Hours::At(at) => time(at),
        Hours::Between { from, to } => format!("{}–{}", time(from), time(to)),
    }
}

fn day(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Mon",
        Weekday::Tue => "Tue",
        Weekday::Wed => "Wed",
        Weekday::Thu => "Thu",
        Weekday::Fri => "Fri",
        Weekday::Sat => "Sat",
        Weekday::Sun => "Sun",
    }
}

/// `Mon–Sat`, `Mon, Fri–Sun`; the days are in their order.
fn days(days: &[Weekday]) -> String {
    let mut runs: Vec<(Weekday, Weekday, usize)> = Vec::new();
    for &today in days {
        match runs.last_mut() {
            Some((_, last, length)) if *last as u8 + 1 == today as u8 => {
                *last = today;
                *length += 1;
            }
            _ => runs.push((today, today, 1)),
        }
    }
    let said: Vec<String> = runs
        .into_iter()
        .map(|(first, last, length)| match length {
            1 => day(first).to_owned(),
            2 => format!("{}, {}", day(first), day(last)),
            _ => format!("{}–{}", day(first), day(last)),
        })
        .collect();
    said.join(", ")
}

/// A path or computation; a date that was written out is a date again.
fn moment(expr: &Expr) -> String {
    let source = expr.source();
    let inner = source.strip_prefix('"').and_then(|s| s.strip_suffix('"'));
    match inner.and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(at) => format!("{} UTC", at.strftime("%Y-%m-%d %H:%M")),
        None => source.to_owned(),
    }
}

/// `Wait 1 d, then until 09:00, Mon–Fri`.
pub(in crate::graph) fn wait(wait: &Wait) -> String {
    let mut until: Vec<String> = Vec::new();
    if let Some(expr) = &wait.moment {
        let moment = moment(expr);
        until.push(match wait.offset {
            offset if offset.is_negative() => format!("{} before {moment}", span(offset)),
            offset if offset.is_positive() => format!("{} after {moment}", span(offset)),
            _ => moment,
        });
    }
    until.extend(wait.at.map(hours));
    if !wait.days.is_empty() {
        until.push(days(&wait.days));
    }
    match (wait.span.is_zero(), until.is_empty()) {
        (_, true) => format!("Wait {}", span(wait.span)),
        (true, false) => format!("Wait until {}", until.join(", ")),
        (false, false) => format!("Wait {}, then until {}", span(wait.span), until.join(", ")),
    }
}

/// Whose clock counts, where one does.
pub(in crate::graph) fn zone(wait: &Wait) -> Option<String> {
    let counts = wait.at.is_some() || !wait.days.is_empty();
    counts.then(|| whose(&wait.zone))
}

pub(super) fn whose(zone: &Zone) -> String {
    match zone {
        Zone::Customer => "the customer’s time".to_owned(),
        Zone::Named(name) => format!("{name} time"),
    }
}
