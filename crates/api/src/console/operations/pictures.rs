//! The charts: backlog, lateness, and how much is done.

use std::time::Duration;

use jiff::Timestamp;
use store::read::{Series, Span};
use tokio::time::timeout;

use crate::{
    State,
    console::chart::{Chart, Line, Plot, Range, Shape, Unit, seconds},
    i18n::{fill, say},
    operations::{View, troubles::Limits},
};

/// How long the database may take for them; without, there are none.
const PATIENCE: Duration = Duration::from_secs(4);

const NAMES: [&str; 15] = [
    "dispatch_seconds/p50",
    "dispatch_seconds/p95",
    "due/calls",
    "due/messages",
    "due/timers",
    "events",
    "failed",
    "late/calls",
    "late/messages",
    "late/timers",
    "queue/dead",
    "queue/ready",
    "sent",
    "turn_seconds/p50",
    "turn_seconds/p95",
];

/// How much time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Long {
    Hour,
    Day,
    Week,
}

/// A time that can be chosen.
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    pub(super) chosen: bool,
}

impl Long {
    /// The one of that word; an hour where it is none.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "24h" => Self::Day,
            "7d" => Self::Week,
            _ => Self::Hour,
        }
    }

    /// Its whole time and one step of it, in seconds.
    fn seconds(self) -> (i64, i64) {
        match self {
            Self::Hour => (3_600, 60),
            Self::Day => (86_400, 600),
            Self::Week => (7 * 86_400, 3_600),
        }
    }

    /// It ends with the step that is under way.
    fn range(self, now: i64) -> Range {
        let (whole, step) = self.seconds();
        let to = now - now.rem_euclid(step) + step;
        let from = to - whole;
        Range { from, to, step }
    }
}

pub(super) fn choices(long: Long) -> Vec<Choice> {
    let choice = |word, name, of| Choice {
        word,
        name,
        chosen: of == long,
    };
    vec![
        choice("1h", say("1 hour"), Long::Hour),
        choice("24h", say("24 hours"), Long::Day),
        choice("7d", say("7 days"), Long::Week),
    ]
}

/// The charts of that time; none where the database does not answer.
pub(super) async fn of(state: &State, view: &View, long: Long) -> Vec<Chart> {
    let now = view.at.as_second();
    let range = long.range(now);
    let moment = |second| Timestamp::from_second(second).unwrap_or(view.at);
    let span = Span {
        from: moment(range.from),
        to: moment(range.to),
        step: u32::try_from(range.step).unwrap_or(60),
    };
    let read = timeout(PATIENCE, state.reader.samples(&NAMES, span)).await;
    let Ok(Ok(series)) = read else {
        tracing::warn!("the database was too slow for the charts of operations");
        return Vec::new();
    };
    let kept = Pictures { series, range, now };
    let mut plots = vec![kept.late(), kept.due()];
    if view.has_broker() {
        plots.push(kept.queues());
    }
    plots.extend([
        kept.events(),
        kept.messages(),
        kept.turns(),
        kept.dispatch(),
    ]);
    plots.into_iter().map(|plot| plot.drawn(range)).collect()
}

struct Pictures {
    series: Vec<Series>,
    range: Range,
    now: i64,
}

impl Pictures {
    fn late(&self) -> Plot {
        let alert =
            |limit, name: &str| (limit, fill("Alert for {0}: {1}", &[&name, &seconds(limit)]));
        Plot {
            note: say("For how long the oldest has been due and not taken up.").to_owned(),
            limits: vec![
                alert(Limits::TIMERS, say("timers")),
                alert(Limits::MESSAGES, say("messages and calls")),
            ],
            ..self.plot("late", say("Lateness"), Unit::Seconds, self.work("late"))
        }
    }

    fn due(&self) -> Plot {
        Plot {
            note: say("What is due and not taken up, counted up to a bound.").to_owned(),
            ..self.plot("due", say("Backlog"), Unit::Number, self.work("due"))
        }
    }

    fn work(&self, what: &str) -> Vec<Line> {
        vec![
            self.line(say("Messages"), &format!("{what}/messages")),
            self.line(say("Timers"), &format!("{what}/timers")),
            self.line(say("Calls"), &format!("{what}/calls")),
        ]
    }

    fn queues(&self) -> Plot {
        let lines = vec![
            self.line(say("Ready for intake"), "queue/ready"),
            self.line(say("Dead letters"), "queue/dead"),
        ];
        let alert = crate::console::chart::number(Limits::QUEUE);
        Plot {
            note: say("Events that wait in RabbitMQ.").to_owned(),
            limits: vec![(Limits::QUEUE, fill("Alert: {0}", &[&alert]))],
            ..self.plot("queues", say("Queues"), Unit::Number, lines)
        }
    }

    fn events(&self) -> Plot {
        let lines = vec![self.line(say("Events a minute"), "events")];
        Plot {
            shape: Shape::Bars,
            ..self.plot("events", say("Events taken in"), Unit::PerMinute, lines)
        }
    }

    fn messages(&self) -> Plot {
        let lines = vec![
            self.line(say("Sent a minute"), "sent"),
            self.line(say("Unsent a minute"), "failed"),
        ];
        self.plot(
            "messages",
            say("Messages that left"),
            Unit::PerMinute,
            lines,
        )
    }

    fn turns(&self) -> Plot {
        let (title, lines) = (say("How long turns take"), self.shares("turn_seconds"));
        self.plot("turns", title, Unit::Seconds, lines)
    }

    fn dispatch(&self) -> Plot {
        let (title, lines) = (
            say("From decision to provider"),
            self.shares("dispatch_seconds"),
        );
        self.plot("dispatch", title, Unit::Seconds, lines)
    }

    fn shares(&self, what: &str) -> Vec<Line> {
        vec![
            self.line(say("Half are quicker (p50)"), &format!("{what}/p50")),
            self.line(say("19 of 20 are quicker (p95)"), &format!("{what}/p95")),
        ]
    }

    fn plot(&self, id: &'static str, title: &'static str, unit: Unit, lines: Vec<Line>) -> Plot {
        Plot {
            id,
            title,
            note: String::new(),
            unit,
            shape: Shape::Lines,
            lines,
            limits: Vec::new(),
        }
    }

    /// A value over time; what counts, a minute.
    fn line(&self, name: &str, of: &str) -> Line {
        let found = self.series.iter().find(|s| s.name == of);
        let points = found.map_or_else(Vec::new, |series| {
            let all = series.points.iter().map(|p| (p.at.as_second(), p.value));
            match series.counts {
                true => all
                    .filter_map(|(at, count)| self.a_minute(at, count))
                    .collect(),
                false => all.collect(),
            }
        });
        Line {
            name: name.to_owned(),
            points,
        }
    }

    /// A step that is under way counts for as long as it is; for less than a minute, not yet.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a step")]
    fn a_minute(&self, at: i64, count: f64) -> Option<(i64, f64)> {
        let long = self.range.step.min(self.now - at);
        (long >= 60).then(|| (at, count * 60.0 / long as f64))
    }
}

#[cfg(test)]
mod tests {
    use store::read::{Point, Series};

    use super::{Long, Pictures};

    #[test]
    fn counts_are_told_a_minute_and_a_step_that_has_just_begun_is_not() {
        let now = 1_000_000_090;
        let range = Long::Hour.range(now);
        assert_eq!(
            (range.to - range.from, range.to > now, range.to - now <= 60),
            (3_600, true, true)
        );
        let range = Long::Day.range(now);
        let begun = range.to - range.step;
        let point = |at, value| Point {
            at: jiff::Timestamp::from_second(at).unwrap(),
            value,
        };
        let series = |counts| Series {
            name: "events".to_owned(),
            counts,
            points: vec![point(begun - 600, 50.0), point(begun, 6.0)],
        };
        let line = |counts, now| {
            let pictures = Pictures {
                series: vec![series(counts)],
                range,
                now,
            };
            let line = pictures.line("Events", "events");
            line.points.into_iter().map(|(_, v)| v).collect::<Vec<_>>()
        };
        assert_eq!(line(true, begun + 120), [5.0, 3.0]);
        assert_eq!(line(true, begun + 59), [5.0]);
        assert_eq!(line(false, begun + 59), [50.0, 6.0]);
    }

    #[test]
    fn a_time_that_is_none_is_an_hour() {
        assert_eq!(Long::of("1y"), Long::Hour);
        assert_eq!(Long::of("7d"), Long::Week);
    }
}
