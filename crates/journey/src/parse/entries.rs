//! Ways in: by event, segment, schedule, date, or `start` and the API.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{
    Fields, Reader,
    ast::{By, Entry, Word},
    gate::Gate,
};
use crate::{
    diagnostics::{time, yaml},
    machine::{Change, Zone},
    source::{Kind, Node, Pair},
    time::cron,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What lets a customer in: one of these words stands in every entry.
const WAYS: [&str; 5] = ["event", "segment", "schedule", "date", "api"];

impl Reader<'_> {
    /// One entry or a list of them. `gate`: where `inside` and `again` of a single one go.
    pub(super) fn entries(&mut self, node: &Node, gate: &mut Gate) -> Vec<Entry> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.sink
                    .error(
                        yaml::MISSING,
                        node.span.clone(),
                        "nobody can enter this journey",
                    )
                    .labelled("at least one entry is needed, such as `{ event: cart.updated }`");
                Vec::new()
            }
            Kind::List(items) => items.iter().filter_map(|n| self.entry(n, None)).collect(),
            _ => self.entry(node, Some(gate)).into_iter().collect(),
        }
    }

    /// `gate`: where `inside` and `again` go; `None` in a list, where they may not stand.
    fn entry(&mut self, node: &Node, gate: Option<&mut Gate>) -> Option<Entry> {
        let mut f = Fields::of(node, "an entry", self)?;
        let way = self.way(node);
        let by = match way {
            // A schedule is *over* a segment: it comes first.
            Some("schedule") => self.by_schedule(&mut f),
            Some("event") => self.by_event(&mut f),
            Some("segment") => self.by_segment(&mut f),
            Some("date") => self.by_date(&mut f),
            Some(_) => self.by_api(&mut f),
            None => {
                f.need(
                    "event",
                    "a customer enters by an `event`, a `segment`, a `schedule`, a `date`, or `api: true`",
                    self,
                );
                None
            }
        };
        self.one_way(&mut f, way);
        let entry = Entry {
            by,
            condition: f.get("if").and_then(|n| self.formula(n)),
            key: f.get("key").and_then(|n| self.formula(n)),
        };
        match gate {
            Some(gate) => gate.read(&mut f, self),
            None => self.not_in_list(&mut f),
        }
        f.finish(self);
        Some(entry)
    }

    /// The word that says what lets a customer in.
    fn way(&self, node: &Node) -> Option<&'static str> {
        ["schedule", "event", "segment", "date", "api"]
            .into_iter()
            .find(|w| node.get(w).is_some())
    }

    fn one_way(&mut self, f: &mut Fields<'_>, way: Option<&'static str>) {
        let Some(way) = way else { return };
        for other in WAYS {
            let audience = way == "schedule" && other == "segment";
            if other != way && !audience {
                f.exclude_unasked(
                    way,
                    other,
                    "these are two ways in: make `enter` a list with one entry for each",
                    self,
                );
            }
        }
    }

    fn by_event(&mut self, f: &mut Fields<'_>) -> Option<By> {
        let fresh = f
            .get("fresh")
            .map_or(Some(DAY), |n| self.some_time(n))
            .unwrap_or(DAY);
        let name = f.get("event")?;
        Some(By::Event(self.text(name, "the name of an event")?, fresh))
    }

    fn by_segment(&mut self, f: &mut Fields<'_>) -> Option<By> {
        let change = f.get("change").and_then(|n| {
            self.one_of(
                n,
                "change of a segment",
                &[("entered", Change::Entered), ("left", Change::Left)],
            )
        });
        let backfill = f.get("backfill").and_then(|n| self.truth(n));
        let (change, backfill) = (change.unwrap_or_default(), backfill.unwrap_or(false));
        if change == Change::Left && backfill {
            f.exclude(
                "change",
                "backfill",
                "`backfill` lets in who belongs already; nobody knows who left before",
                self,
            );
        }
        let name = f.get("segment")?;
        Some(By::Segment {
            name: self.text(name, "the name of a segment")?,
            change,
            backfill,
        })
    }

    fn by_schedule(&mut self, f: &mut Fields<'_>) -> Option<By> {
        let zone = f.get("zone").and_then(|n| self.schedule_zone(n));
        let segment = f
            .get("segment")
            .and_then(|n| self.text(n, "the name of a segment"));
        let node = f.get("schedule")?;
        let cron = self.text(node, "a cron expression, such as `0 9 * * mon`,")?;
        self.cron(&cron);
        Some(By::Schedule {
            cron,
            zone,
            segment,
        })
    }

    /// A schedule comes for everybody at once: the zone of each customer is no zone for it.
    fn schedule_zone(&mut self, node: &Node) -> Option<Arc<str>> {
        match self.zone(node)? {
            Zone::Named(name) => Some(name),
            Zone::Customer => {
                self.sink
                    .error(time::ZONE, node.span.clone(), "a schedule has one clock for everybody")
                    .labelled("name a zone, such as `Europe/Paris`")
                    .noted("without `zone` it is the default zone of config/policies.yaml; for each customer's own morning, wait for it in the first step: `wait: { until: \"09:00\" }`");
                None
            }
        }
    }

    fn cron(&mut self, word: &Word) {
        let Err(why) = cron::parse(&word.text) else {
            return;
        };
        self.sink
            .error(
                time::CRON,
                word.span.clone(),
                format!("`{}` is no schedule", word.text),
            )
            .labelled(why)
            .noted("five fields: minute, hour, day of the month, month, day of the week; `0 9 * * mon` is every Monday at nine, `30 8 1 * *` the first of every month at half past eight");
    }

    fn by_date(&mut self, f: &mut Fields<'_>) -> Option<By> {
        let yearly = f
            .get("every")
            .and_then(|n| self.one_of(n, "way for a date to come again", &[("year", true)]));
        let offset = f.get("offset").and_then(|n| self.offset(n));
        let at = f.get("at").and_then(|n| self.time(n));
        let zone = f.get("zone").and_then(|n| self.zone(n));
        let of = self.date_trait(f.get("date")?)?;
        Some(By::Date {
            of,
            yearly: yearly.unwrap_or(false),
            offset: offset.unwrap_or_default(),
            at,
            zone: zone.unwrap_or_default(),
        })
    }

    /// The trait behind `date: customer.NAME`.
    fn date_trait(&mut self, node: &Node) -> Option<Word> {
        let word = self.text(node, "a trait, such as `customer.birthday`,")?;
        match word.text.strip_prefix("customer.") {
            Some(name) if !name.is_empty() && !name.contains(['.', ' ']) => {
                let start = word.span.end.saturating_sub(name.len());
                Some(Word {
                    text: Arc::from(name),
                    span: start..word.span.end,
                })
            }
            _ => {
                let name = word.text.rsplit('.').next().unwrap_or_default();
                let mended = format!("customer.{name}");
                self.sink
                    .error(
                        time::MOMENT,
                        word.span.clone(),
                        format!("`{}` is no trait of the customer", word.text),
                    )
                    .labelled(format!("perhaps `{mended}`"))
                    .noted("a date entry follows a trait that holds a date, so that it moves with it: `date: customer.birthday`")
                    .replaced(word.span, mended);
                None
            }
        }
    }

    fn by_api(&mut self, f: &mut Fields<'_>) -> Option<By> {
        let node = f.get("api")?;
        if self.truth(node)? {
            return Some(By::Api);
        }
        self.sink
            .error(
                yaml::UNKNOWN_VALUE,
                node.span.clone(),
                "`api: false` lets nobody in",
            )
            .labelled("leave the entry out instead");
        None
    }

    fn not_in_list(&mut self, f: &mut Fields<'_>) {
        for word in ["inside", "again"] {
            let Some(Pair { name_span, .. }) = f.pair(word) else {
                continue;
            };
            self.sink
                .error(
                    yaml::EXCLUDES,
                    name_span.clone(),
                    format!("`{word}` cannot stand in one of several entries"),
                )
                .labelled("write it beside `enter`")
                .noted("it holds for the whole journey, whichever entry lets a customer in");
        }
    }
}
