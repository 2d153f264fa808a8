//! Times of day, days of the week and zones.

use std::sync::Arc;

use jiff::{civil, tz::TimeZoneDatabase};

use super::{Reader, ast::Word};
use crate::{
    diagnostics::time,
    machine::{Hours, Weekday, Zone},
    source::{Kind, Node, Span},
};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// A time of day as `HH:MM`, also as `9:00` and with seconds.
pub(crate) fn time_of_day(text: &str) -> Option<civil::Time> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let number = |i: usize| -> Option<i8> {
        let part = parts.get(i).copied().unwrap_or("00");
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        let length = if i == 0 { 1..=2 } else { 2..=2 };
        (digits && length.contains(&part.len()))
            .then(|| part.parse().ok())
            .flatten()
    };
    civil::Time::new(number(0)?, number(1)?, number(2)?, 0).ok()
}

/// A time or a window.
pub(super) fn hours(text: &str) -> Option<Hours> {
    match text.split_once(['-', '–']) {
        None => time_of_day(text).map(Hours::At),
        Some((from, to)) => Some(Hours::Between {
            from: time_of_day(from)?,
            to: time_of_day(to)?,
        }),
    }
}

/// Days as people write them elsewhere, by their first letters.
const OTHERS: [(&str, &str); 9] = [
    ("lun", "mon"),
    ("mar", "tue"),
    ("mer", "wed"),
    ("jeu", "thu"),
    ("ven", "fri"),
    ("sam", "sat"),
    ("dim", "sun"),
    ("weekend", "sat-sun"),
    ("weekday", "mon-fri"),
];

/// A day or a range in our words.
fn mended_days(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace(['–', '—'], "-");
    let (from, to) = match text
        .split_once(['-', '/'])
        .or_else(|| text.split_once(" to "))
    {
        Some((from, to)) => (from, Some(to)),
        None => (&*text, None),
    };
    let from = mended_day(from.trim())?;
    match to {
        None => Some(from.to_owned()),
        Some(to) => Some(format!("{from}-{}", mended_day(to.trim())?)),
    }
}

fn mended_day(name: &str) -> Option<&'static str> {
    let long = OTHERS[7..]
        .iter()
        .find(|(other, _)| name.starts_with(other));
    let short: String = name.chars().take(3).collect();
    let day = DAYS.iter().map(|d| d.0).find(|d| *d == short);
    let other = OTHERS.iter().find(|(other, _)| *other == short);
    long.or(other).map(|(_, day)| *day).or(day)
}

/// A time or window that is written otherwise, as it is written here: `9h30`, `9am`, `9h-20h`.
pub(super) fn mended_hours(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace(['–', '—'], "-");
    let bare = text
        .trim()
        .trim_start_matches("from ")
        .trim_start_matches("at ");
    for between in ["-", " to ", " till ", " until ", " à ", " a "] {
        if let Some((from, to)) = bare.split_once(between) {
            return Some(format!("{}-{}", mended_time(from)?, mended_time(to)?));
        }
    }
    mended_time(bare)
}

fn mended_time(text: &str) -> Option<String> {
    let text = text.trim();
    let (text, shift) = match (text.strip_suffix("pm"), text.strip_suffix("am")) {
        (Some(rest), _) => (rest.trim(), Some(12)),
        (_, Some(rest)) => (rest.trim(), Some(0)),
        _ => (text, None),
    };
    let (hour, minute) = text.split_once([':', '.', 'h']).unwrap_or((text, ""));
    let minute = minute.trim_end_matches(['h', 'm']).trim();
    let number = |part: &str| part.trim().parse::<i8>().ok();
    let (hour, minute) = (
        number(hour)?,
        if minute.is_empty() {
            0
        } else {
            number(minute)?
        },
    );
    let hour = match shift {
        Some(shift) if (1..=12).contains(&hour) => hour % 12 + shift,
        Some(_) => return None,
        None => hour,
    };
    civil::Time::new(hour, minute, 0, 0).ok()?;
    Some(format!("{hour:02}:{minute:02}"))
}

impl Reader<'_> {
    /// A time of day.
    pub(crate) fn time(&mut self, node: &Node) -> Option<civil::Time> {
        let word = self.text(node, "a time of day, such as `09:00`,")?;
        let time = time_of_day(&word.text);
        if time.is_none() {
            self.not_hours(&word, "time of day");
        }
        time
    }

    /// A time or a window.
    pub(crate) fn hours(&mut self, node: &Node) -> Option<Hours> {
        let word = self.text(node, "a time or a window, such as `09:00-20:00`,")?;
        let hours = hours(&word.text);
        match hours {
            None => self.not_hours(&word, "time or window"),
            Some(hours) => self.whole_day(hours, &word.span),
        }
        hours
    }

    /// Warns of a window that ends where it begins: it is always open.
    pub(super) fn whole_day(&mut self, hours: Hours, place: &Span) {
        if matches!(hours, Hours::Between { from, to } if from == to) {
            self.sink
                .error(
                    time::NO_WINDOW,
                    place.clone(),
                    "this window ends where it begins",
                )
                .labelled("that is the whole day and night")
                .noted("a window runs from one time to another, over midnight if need be: `22:00-06:00`")
                .warns();
        }
    }

    pub(super) fn not_hours(&mut self, word: &Word, what: &str) {
        let mended = mended_hours(&word.text).filter(|m| what != "time of day" || !m.contains('-'));
        let diagnostic = self.sink.error(
            time::HOURS,
            word.span.clone(),
            format!("`{}` is no {what}", word.text),
        );
        if let Some(mended) = mended {
            diagnostic.rewritten(mended);
        }
        diagnostic.noted("a time is `HH:MM` from `00:00` to `23:59`; a window is two of them, `09:00-20:00`, and may run over midnight");
    }

    /// Days of the week: names and ranges, one or a list.
    pub(crate) fn days(&mut self, node: &Node) -> Vec<Weekday> {
        let mut days = match &node.kind {
            Kind::List(items) => items.iter().flat_map(|item| self.some_days(item)).collect(),
            _ => self.some_days(node),
        };
        days.sort();
        days.dedup();
        days
    }

    fn some_days(&mut self, node: &Node) -> Vec<Weekday> {
        let Some(word) = self.text(node, "a day of the week, such as `mon` or `mon-fri`,") else {
            return Vec::new();
        };
        let (from, to) = word
            .text
            .split_once('-')
            .unwrap_or((&word.text, &word.text));
        let (Some(from), Some(to)) = (self.day(&word, from.trim()), self.day(&word, to.trim()))
        else {
            return Vec::new();
        };
        // From Friday to Monday runs over the week's end.
        let length = (to + 7 - from) % 7;
        (0..=length).map(|i| DAYS[(from + i) % 7].1).collect()
    }

    fn day(&mut self, word: &Word, name: &str) -> Option<usize> {
        let found = DAYS.iter().position(|d| d.0 == name);
        // A range of one wrong name would be reported twice.
        if found.is_none() && !self.sink.has(time::DAYS, &word.span) {
            let diagnostic = self
                .sink
                .error(time::DAYS, word.span.clone(), format!("`{name}` is no day of the week"))
                .noted("days are mon, tue, wed, thu, fri, sat, sun; `mon-fri` is a range, `fri-mon` one over the weekend");
            if let Some(mended) = mended_days(&word.text) {
                diagnostic.rewritten(mended);
            }
        }
        found
    }

    /// `customer` or an IANA name, in its canonical spelling.
    pub(crate) fn zone(&mut self, node: &Node) -> Option<Zone> {
        let word = self.text(node, "`customer` or the name of a time zone")?;
        if &*word.text == "customer" {
            return Some(Zone::Customer);
        }
        self.zone_name(&word).map(Zone::Named)
    }

    /// An IANA name, in its canonical spelling.
    pub(crate) fn zone_name(&mut self, word: &Word) -> Option<Arc<str>> {
        let db = TimeZoneDatabase::bundled();
        if let Ok(zone) = db.get(&word.text) {
            return Some(Arc::from(zone.iana_name().unwrap_or(&word.text)));
        }
        let names: Vec<String> = db.available().map(|n| n.as_str().to_owned()).collect();
        let known = names.iter().map(String::as_str);
        let city = names.iter().map(String::as_str).find(|n| {
            n.rsplit('/')
                .next()
                .is_some_and(|c| c.eq_ignore_ascii_case(&word.text))
        });
        let diagnostic = self
            .sink
            .error(time::ZONE, word.span.clone(), format!("`{}` is no time zone", word.text))
            .noted("a zone is `customer` or a name of the IANA list, such as `Europe/Paris`; abbreviations and offsets do not know summer time");
        match city {
            Some(name) => diagnostic
                .labelled(format!("did you mean `{name}`?"))
                .replaced(word.span.clone(), name),
            None => diagnostic.guessed(&word.text, known.chain(["customer"])),
        };
        None
    }
}
