//! `path` and `events`.

use std::sync::Arc;

use super::{
    Judge, Row, Stands,
    align::{Pair, align},
};
use crate::{
    testing::{
        outline::is_named,
        play::Visit,
        stage::plain,
        written::{Emitted, Stop},
    },
    value::Value,
};

impl Judge<'_> {
    /// The steps that were walked, in their order; steps without an id are passed over, unless the
    /// list names one of them.
    pub(super) fn path(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.path else {
            return;
        };
        let items = &expected.items;
        let all = items.iter().any(|s| !is_named(&s.step.text));
        let found: Vec<&Visit> = self
            .played
            .visits
            .iter()
            .filter(|v| &*v.journey == self.journey && (all || is_named(&v.step)))
            .collect();
        let pairs = align(items.len(), found.len(), |i, j| {
            items[i].step.text == found[j].step
        });
        let (mut wrong, mut rows) = (Vec::new(), Vec::new());
        for pair in pairs {
            match pair {
                Pair::Both(i, j) => {
                    let other = items[i]
                        .branch
                        .as_ref()
                        .filter(|b| Some(&b.text) != found[j].branch.as_ref());
                    if let Some(branch) = other {
                        let took = found[j].branch.as_deref().unwrap_or("none yet");
                        wrong.push((branch.span.clone(), format!("the branch was: {took}")));
                    }
                    let stands = if other.is_some() {
                        Stands::Differs
                    } else {
                        Stands::Both
                    };
                    rows.push(row(stands, visit(found[j])));
                }
                Pair::First(i) => {
                    wrong.push((items[i].step.span.clone(), "was not walked here".to_owned()));
                    rows.push(row(Stands::Missing, stop(&items[i])));
                }
                Pair::Second(j) => {
                    wrong.push((
                        expected.span.clone(),
                        format!("`{}` was walked as well", found[j].step),
                    ));
                    rows.push(row(Stands::Extra, visit(found[j])));
                }
            }
        }
        if wrong.is_empty() {
            return;
        }
        let says = "the customer went another way than expected";
        let found = found.iter().map(|v| visit(v)).collect();
        let failure = self.fail_list("path", says, &expected.span, wrong, rows);
        failure.expected = items.iter().map(stop).collect();
        failure.found = found;
    }

    /// The events that the journey emitted, in their order: the list is exact.
    pub(super) fn emitted(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.events else {
            return;
        };
        let own = self.played.emitted.iter().filter(|e| &*e.0 == self.journey);
        let found: Vec<(Arc<str>, Value)> = own.map(|e| (e.1.clone(), e.2.clone())).collect();
        let items = &expected.items;
        let pairs = align(items.len(), found.len(), |i, j| {
            items[i].name.text == found[j].0
        });
        let (mut wrong, mut rows) = (Vec::new(), Vec::new());
        for pair in pairs {
            match pair {
                Pair::Both(i, j) => {
                    let differs = self.other_fields(&items[i], &found[j].1);
                    let stands = if differs.is_empty() {
                        Stands::Both
                    } else {
                        Stands::Differs
                    };
                    wrong.extend(differs);
                    rows.push(row(stands, event(&found[j])));
                }
                Pair::First(i) => {
                    wrong.push((items[i].name.span.clone(), "was not emitted".to_owned()));
                    rows.push(row(Stands::Missing, items[i].name.text.to_string()));
                }
                Pair::Second(j) => {
                    wrong.push((
                        expected.span.clone(),
                        format!("`{}` was emitted as well", found[j].0),
                    ));
                    rows.push(row(Stands::Extra, event(&found[j])));
                }
            }
        }
        if wrong.is_empty() {
            return;
        }
        let found = found.iter().map(event).collect();
        let says = "other events were emitted than expected";
        let failure = self.fail_list("events", says, &expected.span, wrong, rows);
        failure.expected = items.iter().map(|e| e.name.text.to_string()).collect();
        failure.found = found;
    }

    fn other_fields(
        &self,
        expected: &Emitted,
        found: &Value,
    ) -> Vec<(crate::source::Span, String)> {
        let mut wrong = Vec::new();
        for (word, value) in &expected.with {
            let is = found.field(&word.text);
            if !super::same(&self.wanted(value), &is) {
                wrong.push((
                    word.span.clone(),
                    format!("`{}` was {}", word.text, plain(&is)),
                ));
            }
        }
        wrong
    }
}

fn row(stands: Stands, text: String) -> Row {
    Row { stands, text }
}

fn visit(visit: &Visit) -> String {
    match &visit.branch {
        Some(branch) => format!("{}: {branch}", visit.step),
        None => visit.step.to_string(),
    }
}

fn stop(stop: &Stop) -> String {
    match &stop.branch {
        Some(branch) => format!("{}: {}", stop.step.text, branch.text),
        None => stop.step.text.to_string(),
    }
}

fn event((name, fields): &(Arc<str>, Value)) -> String {
    match fields.as_map() {
        Some(map) if !map.is_empty() => format!("{name} {}", plain(fields)),
        _ => name.to_string(),
    }
}
