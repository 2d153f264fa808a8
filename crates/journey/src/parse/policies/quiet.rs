//! Quiet hours, send windows and holidays.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil;

use crate::{
    diagnostics::policy,
    machine::{Hours, Zone},
    parse::{Fields, Reader, ast::Word},
    policies::{Holidays, Purpose, QuietHours},
    source::{Kind, Node},
};

impl Reader<'_> {
    pub(super) fn quiet_hours(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let f = Fields::of(node, "quiet hours", self)?;
        self.quiet_or_window(f, "quiet hours", false, purposes)
    }

    pub(super) fn send_window(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let f = Fields::of(node, "a send window", self)?;
        self.quiet_or_window(f, "a send window", true, purposes)
    }

    /// The words that quiet hours and send windows have in common: all.
    fn quiet_or_window(
        &mut self,
        mut f: Fields<'_>,
        what: &str,
        window: bool,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let name = f
            .need(
                "name",
                "support sees it when they hold a message back",
                self,
            )
            .and_then(|n| self.name(n, &format!("the name of {what}")));
        let channels = f
            .get("channels")
            .map_or_else(Vec::new, |n| self.channels(n));
        let from = f
            .need("from", "a local time, such as `\"21:00\"`", self)
            .and_then(|n| self.time(n));
        let end = f.need("to", "a local time, such as `\"08:00\"`", self);
        let to = end.and_then(|n| self.time(n));
        let days = f.get("days").map_or_else(Vec::new, |n| self.days(n));
        let holidays = f.get("holidays").and_then(|n| self.truth(n));
        let holidays = match (window, holidays) {
            (false, Some(true)) => Holidays::OneOfThem,
            (true, Some(false)) => Holidays::None,
            _ => Holidays::AnyDay,
        };
        // Whole days can be meant where not all days are.
        let all_days = days.is_empty() && holidays == Holidays::AnyDay;
        if let (Some(from), Some(to), Some(end), true) = (from, to, end, all_days) {
            self.whole_day(Hours::Between { from, to }, &end.span);
        }
        let zone = f.get("zone").map_or(Some(Zone::Customer), |n| self.zone(n));
        let quiet = f.get("quiet").and_then(|n| self.quiet(n));
        let except = f
            .get("except")
            .map_or_else(Vec::new, |n| self.purpose_names(n, purposes));
        f.finish(self);
        let name = name?;
        let hours = QuietHours {
            name: name.text.clone(),
            channels: channels.into_iter().map(|c| c.0).collect(),
            from: from?,
            to: to?,
            zone: zone?,
            quiet,
            except,
            days,
            holidays,
            window,
        };
        Some((name, hours))
    }

    /// Dates by country.
    pub(super) fn holidays(&mut self, node: &Node) -> BTreeMap<Arc<str>, BTreeSet<civil::Date>> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(
                node,
                "the holidays of each country, such as `{ FR: [2026-07-14] }`,",
            );
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for pair in pairs {
            let word = Word {
                text: pair.name.clone(),
                span: pair.name_span.clone(),
            };
            let dates = match &pair.value.kind {
                Kind::Map(years) => years
                    .iter()
                    .flat_map(|y| self.dates(&y.value, &y.name))
                    .collect(),
                _ => self.dates(&pair.value, "").into_iter().collect(),
            };
            if let Some(country) = self.country(&word) {
                all.insert(country, dates);
            }
        }
        all
    }

    /// Dates, or days of that year.
    fn dates(&mut self, node: &Node, year: &str) -> Vec<civil::Date> {
        let words: Vec<Word> = match &node.kind {
            Kind::List(_) => self.each(node, "", |r, n| r.text(n, "a date")),
            _ => self.text(node, "a date").into_iter().collect(),
        };
        let dates = words.iter().filter_map(|word| self.holiday(word, year));
        dates.collect()
    }

    fn holiday(&mut self, word: &Word, year: &str) -> Option<civil::Date> {
        let text = match year {
            "" => word.text.to_string(),
            year => format!("{year}-{}", word.text),
        };
        let date = text.parse().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            self.sink
                .error(
                    policy::HOLIDAY,
                    word.span.clone(),
                    format!("`{}` is no date", word.text),
                )
                .noted(
                    "a holiday is written as year, month and day, `2026-07-14`, or by year: `{ 2026: [07-14] }`",
                );
        }
        date
    }
}
