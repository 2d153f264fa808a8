//! What happened day by day, or week by week over a long time.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use store::read::DayFlow;

use crate::{
    console::chart::{Chart, Line, Plot, Range, Shape, Unit},
    i18n::say,
};

/// More days than this are told week by week.
const MOST_DAYS: i32 = 92;
/// The most weeks that are told, the newest.
const MOST_WEEKS: usize = 156;
/// The seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// From `since`, else from the first day on which something happened, to today.
pub(super) fn of(days: &BTreeMap<Date, DayFlow>, since: Option<Date>, today: Date) -> Chart {
    let first = since
        .or_else(|| days.keys().next().copied())
        .unwrap_or(today);
    let last = days.keys().next_back().copied().unwrap_or(today).max(today);
    let length = first.until(last).map_or(0, |span| span.get_days());
    let weekly = length > MOST_DAYS;
    let points = points(days, first, last, weekly);
    let step = if weekly { 7 * DAY } else { DAY };
    let begins = |point: Option<&(Date, DayFlow)>| second(point.map_or(today, |(day, _)| *day));
    let range = Range {
        from: begins(points.first()),
        to: begins(points.last()) + step,
        step,
    };
    let line = |name: &str, of: fn(&DayFlow) -> u64| Line {
        name: name.to_owned(),
        points: points
            .iter()
            .map(|(day, flow)| (second(*day), number(of(flow))))
            .collect(),
    };
    let plot = Plot {
        id: "throughput",
        title: if weekly {
            say("Week by week")
        } else {
            say("Day by day")
        },
        note: String::new(),
        unit: Unit::Count,
        shape: Shape::Lines,
        lines: vec![
            line(say("Entered"), |day| day.entered),
            line(say("Goals"), |day| day.goals),
            line(say("Left"), |day| day.left),
        ],
        limits: Vec::new(),
    };
    plot.drawn(range)
}

/// When a day begins (UTC), in seconds of the epoch.
fn second(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC)
        .map_or(0, |at| at.timestamp().as_second())
}

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn number(n: u64) -> f64 {
    n as f64
}

/// Every day, or every week by its Monday, those on which nothing happened among them.
fn points(
    days: &BTreeMap<Date, DayFlow>,
    first: Date,
    last: Date,
    weekly: bool,
) -> Vec<(Date, DayFlow)> {
    let step = if weekly { 7 } else { 1 };
    let begin = |day: Date| match weekly {
        true => {
            let back = i32::from(day.weekday().since(Weekday::Monday));
            day.checked_sub(jiff::Span::new().days(back)).unwrap_or(day)
        }
        false => day,
    };
    let mut points = BTreeMap::new();
    let series = begin(first).series(jiff::Span::new().days(step));
    for day in series.take_while(|day| *day <= last) {
        points.insert(day, DayFlow::default());
    }
    for (day, flow) in days.range(first..) {
        let point: &mut DayFlow = points.entry(begin(*day)).or_default();
        point.entered += flow.entered;
        point.left += flow.left;
        point.goals += flow.goals;
    }
    let skip = points.len().saturating_sub(MOST_WEEKS);
    points.into_iter().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(all: &[(Date, u64)]) -> BTreeMap<Date, DayFlow> {
        let flow = |n| DayFlow {
            entered: n,
            ..DayFlow::default()
        };
        all.iter().map(|(day, n)| (*day, flow(*n))).collect()
    }

    #[test]
    fn days_without_anything_are_told_as_well() {
        let today = date(2026, 3, 10);
        let four = days(&[(date(2026, 3, 8), 4)]);
        let chart = of(&four, Some(date(2026, 3, 4)), today);
        let rows: Vec<_> = chart.rows.iter().map(|row| &*row.values[0]).collect();
        assert_eq!(rows, ["0", "0", "4", "0", "0", "0", "0"]);
        assert_eq!(chart.lines[0].now, "4");
        assert!(
            chart.told.starts_with("Entered: 4 in all"),
            "{}",
            chart.told
        );
        let nothing = of(&BTreeMap::new(), Some(today), today);
        assert_eq!(nothing.lines[0].most, "0");
    }

    #[test]
    fn a_long_time_is_told_by_weeks_that_lose_nothing() {
        let (first, today) = (date(2025, 1, 1), date(2026, 1, 6));
        let all = days(&[
            (first, 3),
            (date(2025, 1, 5), 2),
            (date(2025, 1, 6), 1),
            (today, 7),
        ]);
        let chart = of(&all, None, today);
        let oldest = chart.rows.last().unwrap();
        // The week of the first day, 2025-01-01, began on a Monday of the year before.
        assert_eq!(oldest.at.0, "2024-12-30T00:00:00Z".parse().unwrap());
        assert_eq!(&*oldest.values[0], "5");
        assert_eq!(chart.lines[0].now, "13");
    }
}
