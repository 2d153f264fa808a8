//! Charts: from points in time to the paths of an SVG, and to the words around it. What is drawn has no size of its
//! own, so that its labels stay text of the page; nothing is told by colour alone: every line has its own dash, its
//! name, its value and its maximum in words, and a table.
//!
//! A page includes `chart.html` for each `chart` that it has.

mod scale;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, tz::TimeZone};

use self::scale::{Scale, written};
use super::words::{self, When};
use crate::i18n;

/// How wide the drawing is, in its own units.
const WIDE: f64 = 600.0;
/// How high.
const HIGH: f64 = 100.0;
/// The most rows of a table.
const MOST_ROWS: usize = 12;
/// The most of one whose rows are read one by one.
const MOST_COUNTS: usize = 160;
/// How much larger than everything else a limit may be, and still be drawn.
const FAR: f64 = 10.0;

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How many there are.
    Number,
    /// How many there were in each step: of a longer time the sum is told.
    Count,
    /// How many there were a minute.
    PerMinute,
    /// A span of time, in seconds.
    Seconds,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As lines: what is at a moment.
    Lines,
    /// As bars beside each other: what happened in a step. Of the first line alone.
    Bars,
}

/// The time that is drawn, cut into equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// From when, in seconds of the epoch: the beginning of the first step.
    pub(crate) from: i64,
    /// Until when: the end of the last step.
    pub(crate) to: i64,
    /// How long one step is, in seconds; at least 1.
    pub(crate) step: i64,
}

/// One value over time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Its name, in words.
    pub(crate) name: String,
    /// When its steps began, in seconds of the epoch and in order, and the value. A step that has no point, or one whose
    /// value is no number, is a gap.
    pub(crate) points: Vec<(i64, f64)>,
}

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plot {
    /// For the addresses of the page: one word.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// A sentence on what is shown; may be empty.
    pub(crate) note: String,
    pub(crate) unit: Unit,
    pub(crate) shape: Shape,
    /// At the most three.
    pub(crate) lines: Vec<Line>,
    /// A value that should not be passed, and what it is called.
    pub(crate) limits: Vec<(f64, String)>,
}

/// A chart, as `chart.html` shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chart {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) note: String,
    pub(crate) lines: Vec<Drawn>,
    pub(crate) limits: Vec<Limit>,
    /// From the top to the bottom.
    pub(crate) values: [String; 3],
    /// From left to right.
    pub(crate) times: Vec<String>,
    /// What it shows, in a sentence.
    pub(crate) told: String,
    pub(crate) rows: Vec<Row>,
}

impl Chart {
    /// Whether there is anything to see.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.iter().all(|l| l.path.is_empty())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) name: String,
    /// Which look it has, from 1; `bars` where it is drawn so.
    pub(crate) look: String,
    pub(crate) path: String,
    /// The newest value, of counts the sum, in words.
    pub(crate) now: String,
    /// The largest.
    pub(crate) most: String,
    /// Whether it is of counts.
    counts: bool,
}

impl Drawn {
    /// The largest value, as part of a sentence.
    pub(crate) fn at_most(&self) -> String {
        match self.counts {
            true => i18n::fill("{0} at the peak", &[&self.most]),
            false => i18n::fill("{0} at the most", &[&self.most]),
        }
    }

    fn told(&self) -> String {
        let parts: [&dyn std::fmt::Display; 3] = [&self.name, &self.now, &self.most];
        match self.counts {
            true => i18n::fill("{0}: {1} in all, {2} at the peak", &parts),
            false => i18n::fill("{0}: {1} now, {2} at the most", &parts),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) name: String,
    /// Where it is drawn; `None`: far beyond what is.
    pub(crate) y: Option<String>,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) at: When,
    pub(crate) values: Vec<String>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.at.0 == other.at.0 && self.values == other.values
    }
}

impl Plot {
    /// Draws it.
    pub(crate) fn drawn(self, range: Range) -> Chart {
        let most = self
            .lines
            .iter()
            .map(|l| largest(&l.points))
            .fold(0.0, f64::max);
        let near = |limit: f64| limit <= most * FAR;
        let drawn = self.limits.iter().map(|(at, _)| *at).filter(|at| near(*at));
        let scale = Scale::of(drawn.fold(most, f64::max), self.unit);
        let limits = self.limits.iter().map(|(at, name)| Limit {
            name: name.clone(),
            y: near(*at).then(|| short(scale.y(*at))),
        });
        let each = self.lines.iter().enumerate();
        let lines: Vec<Drawn> = each
            .map(|(at, line)| self.line(at, line, range, &scale))
            .collect();
        Chart {
            id: self.id,
            title: self.title,
            limits: limits.collect(),
            values: scale.labels(self.unit),
            times: times(range, self.unit),
            told: told(&lines),
            rows: rows(&self.lines, range, self.unit),
            note: self.note,
            lines,
        }
    }

    fn line(&self, at: usize, line: &Line, range: Range, scale: &Scale) -> Drawn {
        let (look, path) = match self.shape {
            Shape::Lines => ((at + 1).to_string(), path(&line.points, range, scale)),
            Shape::Bars => ("bars".to_owned(), bars(&line.points, range, scale)),
        };
        let newest = line
            .points
            .last()
            .filter(|(at, _)| *at >= range.to - 2 * range.step);
        let newest = newest.map(|(_, value)| *value);
        let now = match self.unit {
            Unit::Count => joined(within(&line.points, range), self.unit),
            _ => newest,
        };
        let known = line.points.iter().any(|(_, v)| v.is_finite());
        let most = known.then(|| largest(&line.points));
        Drawn {
            name: line.name.clone(),
            look,
            path,
            now: said(now, self.unit),
            most: said(most, self.unit),
            counts: self.unit == Unit::Count,
        }
    }
}

/// A value in words; of what is not known a dash.
fn said(value: Option<f64>, unit: Unit) -> String {
    let value = value.filter(|v| v.is_finite());
    value.map_or_else(|| "–".to_owned(), |value| written(value, unit))
}

/// What several steps come to; `None`: nothing is known of them.
fn joined(points: impl Iterator<Item = (i64, f64)>, unit: Unit) -> Option<f64> {
    points.map(|(_, value)| value).reduce(match unit {
        Unit::Count => |a, b| a + b,
        _ => f64::max,
    })
}

fn largest(points: &[(i64, f64)]) -> f64 {
    let known = points.iter().map(|(_, v)| *v).filter(|v| v.is_finite());
    known.fold(0.0, f64::max)
}

/// The lines of an SVG path through the points, interrupted where a step has none. A point alone is a dot.
fn path(points: &[(i64, f64)], range: Range, scale: &Scale) -> String {
    let mut out = String::new();
    let mut last: Option<i64> = None;
    for (at, value) in within(points, range) {
        let joined = last.is_some_and(|before| at - before <= range.step);
        let (x, y) = (range.x(at + range.step), scale.y(value));
        let (x, y) = (short(x), short(y));
        // A dot is a line of no length with round ends.
        out.push_str(&if joined {
            format!("L{x} {y}")
        } else {
            format!("M{x} {y}h0")
        });
        last = Some(at);
    }
    out
}

/// A bar for each point, with a gap beside it.
fn bars(points: &[(i64, f64)], range: Range, scale: &Scale) -> String {
    let mut out = String::new();
    for (at, value) in within(points, range) {
        let (left, right) = (range.x(at), range.x(at + range.step));
        let (wide, y) = ((right - left) * 0.8, scale.y(value));
        if y < HIGH {
            let (x, wide, high) = (short(left), short(wide), short(HIGH - y));
            out.push_str(&format!("M{x} {HIGH}v-{high}h{wide}v{high}z"));
        }
    }
    out
}

fn within(points: &[(i64, f64)], range: Range) -> impl Iterator<Item = (i64, f64)> {
    let inside =
        move |(at, value): &(i64, f64)| value.is_finite() && (range.from..range.to).contains(at);
    points.iter().copied().filter(inside)
}

impl Range {
    #[expect(clippy::cast_precision_loss, reason = "seconds of some days")]
    fn x(self, at: i64) -> f64 {
        let whole = (self.to - self.from).max(1) as f64;
        (at - self.from) as f64 / whole * WIDE
    }

    fn is_of_days(self) -> bool {
        self.to - self.from > 36 * 60 * 60
    }
}

/// A coordinate with one digit behind the point, and none where it is 0.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Five moments between both ends; of counts, the last is when the last step began.
fn times(range: Range, unit: Unit) -> Vec<String> {
    let to = match unit {
        Unit::Count => range.to - range.step,
        _ => range.to,
    };
    let part = (to - range.from) / 4;
    (0..=4)
        .map(|n| label(range.from + n * part, range))
        .collect()
}

fn label(second: i64, range: Range) -> String {
    let Ok(at) = Timestamp::from_second(second) else {
        return String::new();
    };
    match range.is_of_days() {
        // Of `5 Jan 2026, 10:00 UTC` day and month.
        true => words::moment(at)
            .split(' ')
            .take(2)
            .collect::<Vec<_>>()
            .join(" "),
        false => at.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string(),
    }
}

fn told(lines: &[Drawn]) -> String {
    let each: Vec<String> = lines.iter().map(Drawn::told).collect();
    each.join("; ")
}

/// The values by equal stretches, the newest first; of each stretch the largest, of counts the sum.
fn rows(lines: &[Line], range: Range, unit: Unit) -> Vec<Row> {
    let steps = usize::try_from((range.to - range.from) / range.step.max(1)).unwrap_or(0);
    let most = match unit {
        Unit::Count => MOST_COUNTS,
        _ => MOST_ROWS,
    };
    let together = i64::try_from(steps.div_ceil(most).max(1)).unwrap_or(1) * range.step.max(1);
    let mut rows = Vec::new();
    let mut to = range.to;
    while to > range.from && rows.len() < most {
        let stretch = Range {
            from: (to - together).max(range.from),
            to,
            ..range
        };
        let value = |line: &Line| said(joined(within(&line.points, stretch), unit), unit);
        if let Ok(at) = Timestamp::from_second(stretch.from) {
            let values = lines.iter().map(value).collect();
            rows.push(Row {
                at: When(at),
                values,
            });
        }
        to = stretch.from;
    }
    rows
}

/// A span of time as charts write it: `2.5 min`.
pub(crate) fn seconds(seconds: f64) -> String {
    written(seconds, Unit::Seconds)
}

/// A number as charts write it: `1,234`, `2.5`.
pub(crate) fn number(value: f64) -> String {
    written(value, Unit::Number)
}
