//! Ways in, checked.

use std::sync::Arc;

use super::{check::Checker, env::entered_with};
use crate::{
    diagnostics::{names, time},
    expr::{
        Root,
        types::{Env, Type},
    },
    machine,
    parse::ast::{By, Entry, Word},
};

impl Checker<'_> {
    pub(super) fn entries(&mut self) {
        let mut outside = self.env.clone();
        for root in [Root::Run, Root::Steps] {
            outside.roots.remove(&root);
            let why = "the customer is not in the journey yet: here are `event`, `customer`, `consent` and `now`";
            outside.absent.insert(root, why.to_owned());
        }
        let journey = self.journey;
        for entry in &journey.entries {
            self.entry(entry, &outside);
        }
    }

    fn entry(&mut self, entry: &Entry, outside: &Env) {
        let env = super::check::with_event(outside, entered_with(entry, self.world));
        self.condition(entry.condition.as_ref(), &env);
        if let Some(key) = &entry.key {
            self.formula(key, &env);
        }
        match &entry.by {
            Some(By::Segment { name, .. }) => self.segment(name),
            Some(By::Schedule {
                segment: Some(name),
                ..
            }) => self.segment(name),
            Some(By::Date { of, .. }) => self.date_trait(of),
            _ => {}
        }
    }

    fn segment(&mut self, name: &Word) {
        if self.world.segments.get(&name.text).is_some() {
            return;
        }
        let known: Vec<&str> = self.world.segments.names().collect();
        let list = known.join(", ");
        let diagnostic = self
            .reader
            .sink
            .error(
                names::NO_SEGMENT,
                name.span.clone(),
                format!("no segment is called `{}`", name.text),
            )
            .guessed(&name.text, known.iter().copied());
        diagnostic.noted(if known.is_empty() {
            format!(
                "a segment is a file config/segments/{}.yaml, such as `if: customer.orders_count >= 5`",
                name.text
            )
        } else {
            format!("there are: {list}")
        });
    }

    /// The trait of a date entry exists, and may hold a date.
    fn date_trait(&mut self, of: &Word) {
        let Some(Type::Map { fields, open }) = self.env.roots.get(&Root::Customer).cloned() else {
            return;
        };
        let no_date = |values: &[Arc<str>]| {
            let mut values = values.iter();
            values.all(|v| v.parse::<jiff::civil::Date>().is_err())
        };
        match fields.get(&of.text) {
            Some(Type::Text(Some(values))) if !no_date(values) => {}
            Some(
                Type::Text(Some(_))
                | Type::Bool
                | Type::Number
                | Type::Span
                | Type::List(_)
                | Type::Map { .. },
            ) => {
                self.reader
                    .sink
                    .error(
                        time::MOMENT,
                        of.span.clone(),
                        format!("`customer.{}` holds no date", of.text),
                    )
                    .labelled("config/traits.yaml says what it holds")
                    .noted("declare it as `{ type: string, format: date }` or `format: date-time`");
            }
            None if !open => {
                let known: Vec<&str> = fields.keys().map(|k| &**k).collect();
                self.reader
                    .sink
                    .error(
                        "J103",
                        of.span.clone(),
                        format!("no trait is called `{}`", of.text),
                    )
                    .guessed(&of.text, known.iter().copied())
                    .noted(format!(
                        "known here: {}; config/traits.yaml declares them",
                        known.join(", ")
                    ));
            }
            _ => {}
        }
    }
}

/// An entry of the machine; `None` for one that was reported.
pub(super) fn lower(entry: &Entry, world: super::World<'_>) -> Option<machine::Entry> {
    let expr = |formula: Option<&crate::parse::ast::Formula>| formula.map(|f| f.expr.clone());
    let of_segment = |name: &Word| world.segments.get(&name.text).flatten().cloned();
    let by = match entry.by.as_ref()? {
        By::Event(name, fresh) => machine::By::Event {
            name: name.text.clone(),
            fresh: *fresh,
        },
        By::Segment {
            name,
            change,
            backfill,
        } => machine::By::Segment {
            name: name.text.clone(),
            condition: of_segment(name)?,
            change: *change,
            backfill: *backfill,
        },
        By::Schedule {
            cron,
            zone,
            segment,
        } => machine::By::Schedule {
            cron: Arc::from(cron.text.split_whitespace().collect::<Vec<_>>().join(" ")),
            zone: zone
                .clone()
                .unwrap_or_else(|| world.policies.defaults.zone.clone()),
            segment: match segment {
                Some(name) => Some((name.text.clone(), of_segment(name)?)),
                None => None,
            },
        },
        By::Date {
            of,
            yearly,
            offset,
            at,
            zone,
        } => machine::By::Date {
            of: of.text.clone(),
            yearly: *yearly,
            offset: *offset,
            at: *at,
            zone: zone.clone(),
        },
        By::Api => machine::By::Api,
    };
    Some(machine::Entry {
        by,
        condition: expr(entry.condition.as_ref()),
        key: expr(entry.key.as_ref()),
    })
}
