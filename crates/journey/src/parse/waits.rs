//! The forms of `wait`.

use std::sync::Arc;

use jiff::{SignedDuration, civil, tz::TimeZoneDatabase};

use super::{
    Fields, Reader,
    ast::{Formula, Missed, Wait, Word},
    foreign::meant_value,
    scalars::is_path,
    times::{hours, mended_hours},
};
use crate::{
    diagnostics::{time, yaml},
    expr::Expr,
    machine::{Hours, Zone},
    source::{Kind, Node},
};

/// What `until` holds.
enum Until {
    Moment(Formula),
    Hours(Hours),
}

impl Reader<'_> {
    /// A duration, `{ for: … }` or `{ until: … }`.
    pub(crate) fn wait(&mut self, node: &Node) -> Option<Wait> {
        if matches!(node.kind, Kind::Map(_)) {
            return self.wait_fields(node);
        }
        let text = node
            .scalar()
            .map(|s| s.text.trim().to_owned())
            .unwrap_or_default();
        let lower = text.to_lowercase();
        let prefix = ["until ", "till ", "for "]
            .into_iter()
            .find(|p| lower.starts_with(p));
        let moment = text[prefix.filter(|p| *p != "for ").map_or(0, str::len)..].trim();
        if hours(moment).is_some() || is_path(moment) || text.starts_with('=') {
            let text = moment;
            let mended = format!(
                "{{ until: {} }}",
                if is_path(text) {
                    text.to_owned()
                } else {
                    format!("\"{text}\"")
                }
            );
            self.sink
                .error(time::DURATION, node.span.clone(), format!("`{lower}` is not a duration"))
                .labelled(format!("write `{mended}`"))
                .noted("`wait: 1d` waits for a length of time; `wait: { until: … }` for a moment, a time of day or a window")
                .replaced(node.span.clone(), mended);
            return None;
        }
        Some(wait(self.some_time(node)?))
    }

    fn wait_fields(&mut self, node: &Node) -> Option<Wait> {
        let mut f = Fields::of(node, "a `wait`", self)?;
        let zone = f.get("zone").map_or(Some(Zone::Customer), |n| self.zone(n));
        let mut made = wait(SignedDuration::ZERO);
        made.days = f.get("days").map_or_else(Vec::new, |n| self.days(n));
        made.at = f.get("at").and_then(|n| self.hours(n));
        let length = f.get("for").map(|n| self.duration(n));
        let until = f.get("until").map(|n| self.until(n, zone.as_ref()));
        let offset = f.get("offset").map(|n| self.offset(n));
        let missed = f.get("missed").map(|n| self.missed(n));
        f.exclude(
            "for",
            "until",
            "a wait is a length of time or has an end: make it two steps",
            self,
        );
        if matches!(until, Some(Some(Until::Hours(_)))) && length.is_some() {
            self.for_then_at();
        }
        if length.is_none() && until.is_none() {
            f.need(
                "for",
                "it waits `for` a duration, or `until` a moment, a time of day or a window",
                self,
            );
        }
        match until {
            Some(Some(Until::Hours(hours))) => {
                f.exclude(
                    "until",
                    "at",
                    "the time stands behind `until` already",
                    self,
                );
                for word in ["offset", "missed"] {
                    f.exclude("until", word, "this goes with a moment, such as `until: customer.renews_at`; a time of day comes every day", self);
                }
                made.at = Some(hours);
            }
            Some(Some(Until::Moment(moment))) => made.moment = Some(moment),
            Some(None) => {}
            None => {
                for word in ["offset", "missed"] {
                    f.exclude("for", word, "this goes with `until` and a moment", self);
                }
            }
        }
        f.finish(self);
        made.span = length.flatten().unwrap_or_default();
        made.offset = offset.flatten().unwrap_or_default();
        made.missed = missed.flatten().unwrap_or(Missed::GoOn);
        made.zone = zone.unwrap_or_default();
        Some(made)
    }

    /// `{ for: 1d, until: "09:00" }`: what is meant is there.
    fn for_then_at(&mut self) {
        if let Some(diagnostic) = self.sink.last(yaml::EXCLUDES) {
            diagnostic.notes.clear();
            diagnostic
                .rewritten("at")
                .noted("`for` a day, and then `at` that time or in that window: `{ for: 1d, at: \"09:00\" }`");
        }
    }

    fn until(&mut self, node: &Node, zone: Option<&Zone>) -> Option<Until> {
        let word = self.text(
            node,
            "a moment, a time such as `09:00`, or a window such as `09:00-20:00`,",
        )?;
        let text = &*word.text;
        if text.starts_with('=') || is_path(text) {
            let skipped = text.len() - text.trim_start_matches('=').trim_start().len();
            let formula = &text[if text.starts_with('=') { skipped } else { 0 }..];
            let offset = text.len() - formula.len();
            return self.parse(node, formula, offset).map(Until::Moment);
        }
        if let Some(hours) = hours(text) {
            self.whole_day(hours, &word.span);
            return Some(Until::Hours(hours));
        }
        let like_hours = text.starts_with(|c: char| c.is_ascii_digit())
            && text.contains(':')
            && !text.contains('T')
            && text.len() < 14;
        if like_hours || mended_hours(text).is_some() {
            self.not_hours(&word, "time or window");
            return None;
        }
        let instant = self.instant(&word, zone)?;
        let expr = Expr::parse(&format!("\"{instant}\"")).ok()?;
        Some(Until::Moment(Formula {
            expr,
            node: node.clone(),
            offset: 0,
        }))
    }

    /// A moment that is written out: with its offset, or in a named zone.
    fn instant(&mut self, word: &Word, zone: Option<&Zone>) -> Option<Arc<str>> {
        let text = &*word.text;
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Arc::from(instant.to_string()));
        }
        let local: Option<civil::DateTime> = text.parse().ok();
        let diagnostic = match (local, zone) {
            (Some(local), Some(Zone::Named(name))) => {
                let zone = TimeZoneDatabase::bundled().get(name).ok()?;
                if let Ok(instant) = zone.to_ambiguous_timestamp(local).compatible() {
                    return Some(Arc::from(instant.to_string()));
                }
                self.not_moment(word)
            }
            (Some(_), Some(Zone::Customer)) => self
                .not_moment(word)
                .labelled("where? add `zone: Europe/Paris`, or an offset such as `+01:00`"),
            (Some(_), None) => return None,
            _ => {
                let date = iso(text);
                let diagnostic = self.not_moment(word);
                match date {
                    Some(date) => diagnostic.labelled(format!(
                        "a date begins with the year: `{date}T00:00`, with `zone: Europe/Paris`"
                    )),
                    None => diagnostic,
                }
            }
        };
        diagnostic.noted("`until` takes a moment (`customer.renews_at`, `= now + 3d`, `2026-12-24T09:00+01:00`), a time (`09:00`) or a window (`09:00-20:00`)");
        None
    }

    fn not_moment(&mut self, word: &Word) -> &mut crate::diagnostic::Diagnostic {
        self.sink.error(
            time::MOMENT,
            word.span.clone(),
            format!("`{}` is no moment to wait for", word.text),
        )
    }

    fn missed(&mut self, node: &Node) -> Option<Missed> {
        if matches!(node.kind, Kind::List(_)) {
            return Some(Missed::Steps(self.steps(node)));
        }
        let word = self.text(node, "`go_on`, `exit` or a list of steps")?;
        match &*word.text {
            "go_on" => Some(Missed::GoOn),
            "exit" => Some(Missed::Exit),
            _ => {
                self.sink
                    .error(
                        yaml::UNKNOWN_VALUE,
                        word.span,
                        format!("`{}` is no word for `missed`", word.text),
                    )
                    .offered(meant_value(&word.text, ["go_on", "exit"]))
                    .noted("it can be `go_on`, `exit`, or a list of steps");
                None
            }
        }
    }
}

/// `12/24/2026` and `24.12.2026` as `2026-12-24`; `None` where nobody can tell day and month apart.
fn iso(text: &str) -> Option<civil::Date> {
    let mut parts = text.split(['/', '.', '-', ' ']);
    let mut number = || parts.next()?.parse::<i16>().ok();
    let (first, second, year) = (number()?, number()?, number()?);
    let (month, day) = match (first, second) {
        (13.., _) => (second, first),
        (_, 13..) => (first, second),
        (a, b) if a == b => (a, b),
        _ => return None,
    };
    let part = |n: i16| i8::try_from(n).ok();
    civil::Date::new(year, part(month)?, part(day)?).ok()
}

fn wait(span: SignedDuration) -> Wait {
    Wait {
        span,
        moment: None,
        offset: SignedDuration::ZERO,
        at: None,
        days: Vec::new(),
        zone: Zone::Customer,
        missed: Missed::GoOn,
    }
}
