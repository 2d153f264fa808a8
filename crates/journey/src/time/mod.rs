//! Local time: zones of customers, hours and days, and what summer time does to them.
//!
//! Rules 23 and 24: a window over midnight belongs to the day on which it opens; a calendar day
//! runs between local midnights; a local time that does not exist takes the next instant, one
//! that exists twice its first instance.

pub mod cron;
mod zone;

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::AmbiguousOffset, tz::TimeZone};

pub use self::zone::{ZoneSource, Zoned, country_of, named, of_customer, resolve};
use crate::{
    machine::{Hours, Weekday},
    policies::Period,
};

/// The instant of a local date and time.
pub fn instant(date: civil::Date, time: civil::Time, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    // Out of range only at the ends of time, which inputs cannot reach.
    let earlier = ambiguous.earlier().unwrap_or(Timestamp::MAX);
    if is_gap {
        zone.following(earlier)
            .next()
            .map_or(earlier, |transition| transition.timestamp())
    } else {
        earlier
    }
}

/// The local day that lies `offset` after the local time of `from`: by the calendar, so that three
/// days before a date are three days before it, also where a day between had 23 or 25 hours.
pub fn day_after(from: Timestamp, offset: SignedDuration, zone: &TimeZone) -> civil::Date {
    let local = from.to_zoned(zone.clone()).datetime();
    local
        .checked_add(offset)
        .map_or_else(|_| local.date(), civil::DateTime::date)
}

/// The first moment at or after `from` that lies within `hours` on one of `days`; with neither,
/// `from` itself. Without hours, a day counts whole, from its local midnight.
pub fn opening(
    from: Timestamp,
    hours: Option<Hours>,
    days: &[Weekday],
    zone: &TimeZone,
) -> Timestamp {
    if hours.is_none() && days.is_empty() {
        return from;
    }
    let today = from.to_zoned(zone.clone()).date();
    // From yesterday, whose window may run over midnight, to the same day of next week.
    (-1..=8)
        .filter_map(|offset| today.checked_add(offset.days()).ok())
        .filter(|date| days.is_empty() || days.contains(&weekday(*date)))
        .find_map(|date| opening_on(date, from, hours, zone))
        .unwrap_or(from)
}

/// The first moment at or after `from` in the hours that open on `date`, if there is one.
fn opening_on(
    date: civil::Date,
    from: Timestamp,
    hours: Option<Hours>,
    zone: &TimeZone,
) -> Option<Timestamp> {
    match hours {
        Some(Hours::At(time)) => Some(instant(date, time, zone)).filter(|at| *at >= from),
        Some(Hours::Between {
            from: opens,
            to: closes,
        }) => within(date, opens, closes, zone, from).map(|(opens, _)| opens.max(from)),
        None => within(date, civil::Time::MIN, civil::Time::MIN, zone, from)
            .map(|(midnight, _)| midnight.max(from)),
    }
}

/// The window that opens on `date`, unless it has closed by `now`.
fn within(
    date: civil::Date,
    opens: civil::Time,
    closes: civil::Time,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let last = if closes <= opens {
        date.checked_add(1.day()).ok()?
    } else {
        date
    };
    let window = (instant(date, opens, zone), instant(last, closes, zone));
    (now < window.1).then_some(window)
}

/// How far ahead an opening is looked for: every day of a year may be a holiday, and then there is none.
const FARTHEST: i64 = 400;

/// When the window between two local times, on the days on which it opens, closes that `now` lies in; of
/// windows that follow one another without a break, the last. `None` outside.
pub fn closing(
    now: Timestamp,
    opens: civil::Time,
    closes: civil::Time,
    zone: &TimeZone,
    opens_on: impl Fn(civil::Date) -> bool,
) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let mut end = None;
    for date in (-1..=FARTHEST).filter_map(|n| today.checked_add(n.days()).ok()) {
        let until = end.unwrap_or(now);
        let window = opens_on(date)
            .then(|| within(date, opens, closes, zone, until))
            .flatten();
        match window.filter(|(start, _)| *start <= until) {
            Some((_, closes)) => end = Some(closes),
            // Yesterday's may be over, or may not have been.
            None if date < today => {}
            None => break,
        }
    }
    end
}

/// When such a window opens next; `now` where it is open, `None` where it does not open for more than a year.
pub fn next_window(
    now: Timestamp,
    opens: civil::Time,
    closes: civil::Time,
    zone: &TimeZone,
    opens_on: impl Fn(civil::Date) -> bool,
) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    (-1..=FARTHEST)
        .filter_map(|n| today.checked_add(n.days()).ok())
        .filter(|date| opens_on(*date))
        .find_map(|date| within(date, opens, closes, zone, now))
        .map(|(start, _)| start.max(now))
}

/// The calendar period around `now`: its start, included, and its end, excluded.
pub fn period(now: Timestamp, period: Period, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let today = now.to_zoned(zone.clone()).date();
    let (first, length) = match period {
        Period::Day => (today, 1.day()),
        Period::Week => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            (
                today.checked_sub(since_monday.days()).unwrap_or(today),
                1.week(),
            )
        }
        Period::Month => (today.first_of_month(), 1.month()),
    };
    let last = first.checked_add(length).unwrap_or(civil::Date::MAX);
    (
        instant(first, civil::Time::MIN, zone),
        instant(last, civil::Time::MIN, zone),
    )
}

/// `at + span`, held to the range of time.
pub fn plus(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(if span.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The day of the week of a date.
pub fn weekday(date: civil::Date) -> Weekday {
    match date.weekday() {
        civil::Weekday::Monday => Weekday::Mon,
        civil::Weekday::Tuesday => Weekday::Tue,
        civil::Weekday::Wednesday => Weekday::Wed,
        civil::Weekday::Thursday => Weekday::Thu,
        civil::Weekday::Friday => Weekday::Fri,
        civil::Weekday::Saturday => Weekday::Sat,
        civil::Weekday::Sunday => Weekday::Sun,
    }
}

#[cfg(test)]
mod tests;
