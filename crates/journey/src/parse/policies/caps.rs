//! Frequency caps.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostics::policy,
    machine::Zone,
    parse::{Fields, Reader, ast::Word},
    policies::{Cap, Period, Purpose, Window},
    source::Node,
};

impl Reader<'_> {
    pub(super) fn cap(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, Cap)> {
        let mut f = Fields::of(node, "a cap", self)?;
        let name = f
            .need(
                "name",
                "support sees it when the cap holds a message back",
                self,
            )
            .and_then(|n| self.name(n, "the name of a cap"));
        let purpose = f.get("purpose").and_then(|n| self.text(n, "a purpose"));
        if let Some(purpose) = &purpose {
            self.known_purpose(purpose, purposes);
        }
        let channel = f.get("channel").and_then(|n| self.channel(n));
        let journey = f
            .get("journey")
            .and_then(|n| self.text(n, "the name of a journey"));
        let tag = f.get("tag").and_then(|n| self.text(n, "a tag"));
        let max = f
            .need("max", "it is the number of messages that fit", self)
            .and_then(|n| self.largest(n));
        let window = self.window(&mut f);
        let capped = f.get("capped").and_then(|n| self.capped(n));
        f.finish(self);
        let text = |w: Option<Word>| w.map(|w| w.text);
        let name = name?;
        let cap = Cap {
            name: name.text.clone(),
            purpose: text(purpose),
            channel,
            journey: text(journey),
            tag: text(tag),
            max: max?,
            window: window?,
            capped,
        };
        Some((name, cap))
    }

    fn largest(&mut self, node: &Node) -> Option<u32> {
        let max = self.whole(node, "the largest number of messages", 0, 1_000_000)?;
        if max == 0 {
            self.sink
                .error(
                    policy::NOTHING_FITS,
                    node.span.clone(),
                    "this cap lets nothing through",
                )
                .labelled("each message is one too many")
                .noted("to send nothing at all, take the sends out of the journeys; to count, write how many fit")
                .warns();
        }
        Some(max)
    }

    fn window(&mut self, f: &mut Fields<'_>) -> Option<Window> {
        let why = "both kinds are in use elsewhere and differ: `rolling` counts back from each message, `calendar` from midnight, Monday or the first";
        let calendar = f.need("window", why, self).and_then(|n| {
            self.one_of(
                n,
                "kind of window",
                &[("rolling", false), ("calendar", true)],
            )
        });
        let per = f.need("per", "it is the time in which the cap counts", self);
        let zone = f.get("zone").map_or(Some(Zone::Customer), |n| self.zone(n));
        let (calendar, per) = (calendar?, per?);
        let periods = [
            ("day", Period::Day),
            ("week", Period::Week),
            ("month", Period::Month),
        ];
        let text = per.scalar().map(|s| s.text.clone()).unwrap_or_default();
        let named = periods.iter().any(|p| *p.0 == *text);
        if calendar {
            if text.starts_with(|c: char| c.is_ascii_digit()) {
                self.sink
                    .error(
                        policy::PERIOD,
                        per.span.clone(),
                        format!("a calendar window has no length like `{text}`"),
                    )
                    .labelled("day, week or month")
                    .noted("for a length of time use `window: rolling`");
                return None;
            }
            return Some(Window::Calendar {
                per: self.one_of(per, "period", &periods)?,
                zone: zone?,
            });
        }
        if named {
            self.sink
                .error(
                    policy::PERIOD,
                    per.span.clone(),
                    format!("a rolling window has no calendar, so `{text}` has no length"),
                )
                .labelled("a duration, such as `24h` or `7d`")
                .noted("for days, weeks and months use `window: calendar`");
            return None;
        }
        f.exclude(
            "per",
            "zone",
            "a rolling window is the same in every zone",
            self,
        );
        Some(Window::Rolling {
            per: self.some_time(per)?,
        })
    }
}
