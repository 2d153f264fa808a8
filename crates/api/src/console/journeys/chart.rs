//! What happened day by day, or week by week over a long time, as lines and as a table.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::civil::{Date, Weekday};
use store::read::DayFlow;

use crate::{console::words, i18n::say};

/// More days than this are told week by week.
const MOST_DAYS: i32 = 92;
/// The most weeks that are told, the newest.
const MOST_WEEKS: usize = 156;
/// How far apart two points stand.
const APART: usize = 10;

/// A chart, drawn from 0 to 100.
pub(super) struct Chart {
    pub(super) width: usize,
    /// What one point is.
    pub(super) unit: &'static str,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) most: String,
    /// Below the first line.
    pub(super) area: String,
    /// None: there is nothing to tell.
    pub(super) lines: Vec<Line>,
    pub(super) rows: Vec<(String, [String; 3])>,
}

/// One line of it.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) total: String,
    pub(super) path: String,
}

impl Chart {
    /// From `since`, else from the first day on which something happened, to today.
    pub(super) fn of(days: &BTreeMap<Date, DayFlow>, since: Option<Date>, today: Date) -> Self {
        let first = since
            .or_else(|| days.keys().next().copied())
            .unwrap_or(today);
        let last = days.keys().next_back().copied().unwrap_or(today).max(today);
        let length = first.until(last).map_or(0, |span| span.get_days());
        let weekly = length > MOST_DAYS;
        let points = points(days, first, last, weekly);
        let columns: [Vec<u64>; 3] = [
            points.iter().map(|(_, d)| d.entered).collect(),
            points.iter().map(|(_, d)| d.goals).collect(),
            points.iter().map(|(_, d)| d.left).collect(),
        ];
        let most = columns.iter().flatten().copied().max().unwrap_or_default();
        let names = [
            (say("Entered"), "entered"),
            (say("Goals"), "goals"),
            (say("Left"), "left"),
        ];
        let lines = names
            .into_iter()
            .zip(&columns)
            .map(|((name, class), column)| Line {
                name,
                class,
                total: words::number(column.iter().sum()),
                path: path(column, most),
            });
        let line = path(&columns[0], most);
        let width = points.len().saturating_sub(1).max(1) * APART;
        let day =
            |at: Option<&(Date, DayFlow)>| at.map_or_else(String::new, |(day, _)| short(*day));
        Self {
            width,
            unit: if weekly { say("Week from") } else { say("Day") },
            first: day(points.first()),
            last: day(points.last()),
            most: words::number(most),
            area: format!("{line}V99H0Z"),
            lines: if most == 0 {
                Vec::new()
            } else {
                lines.collect()
            },
            rows: points
                .iter()
                .rev()
                .map(|(day, d)| (short(*day), [d.entered, d.goals, d.left].map(words::number)))
                .collect(),
        }
    }
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

/// Of one point a line across.
fn path(column: &[u64], most: u64) -> String {
    let mut path = String::new();
    let single = [column.first().copied().unwrap_or_default(); 2];
    let column = if column.len() < 2 {
        &single[..]
    } else {
        column
    };
    for (n, value) in column.iter().enumerate() {
        let y = 99 - value * 96 / most.max(1);
        // Writing into a string cannot fail.
        let _ = write!(path, "{}{} {y}", if n == 0 { "M" } else { "L" }, n * APART);
    }
    path
}

fn short(day: Date) -> String {
    day.strftime("%Y-%m-%d").to_string()
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
        let chart = Chart::of(
            &days(&[(date(2026, 3, 8), 4)]),
            Some(date(2026, 3, 4)),
            today,
        );
        assert_eq!(chart.rows.len(), 7);
        assert_eq!((&*chart.first, &*chart.last), ("2026-03-04", "2026-03-10"));
        assert_eq!(
            chart.lines[0].path,
            "M0 99L10 99L20 99L30 99L40 3L50 99L60 99"
        );
        assert_eq!(chart.width, 60);
        let nothing = Chart::of(&BTreeMap::new(), Some(today), today);
        assert!(nothing.lines.is_empty());
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
        let chart = Chart::of(&all, None, today);
        // The week of the first day, 2025-01-01, began on a Monday of the year before.
        assert_eq!(chart.first, "2024-12-30");
        assert_eq!(chart.rows.last().map(|r| &*r.1[0]), Some("5"));
        assert_eq!(chart.lines[0].total, "13");
    }
}
