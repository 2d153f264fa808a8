//! `path` and `events`.

use std::sync::Arc;

use super::{
    Judge,
    lay::{Speech, Wrong, lay},
};
use crate::{
    testing::{
        label::plain,
        outline::is_named,
        play::Visit,
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
        let all = expected.items.iter().any(|s| !is_named(&s.step.text));
        let walked = |v: &&Visit| &*v.journey == self.journey && (all || is_named(&v.step));
        let found: Vec<&Visit> = self.played.visits.iter().filter(walked).collect();
        let speech = Speech {
            same: &|stop: &Stop, found: &&Visit| stop.step.text == found.step,
            differs: &|stop, found| other_branch(stop, found),
            missing: &|stop| (stop.step.span.clone(), "was not walked here".to_owned()),
            extra: &|found| format!("`{}` was walked as well", found.step),
            wanted: &|stop| named(&stop.step.text, stop.branch.as_ref().map(|b| &b.text)),
            shown: &|found| named(&found.step, found.branch.as_ref()),
        };
        let laid = lay(expected, &found, &speech);
        self.fail_list("path", "the customer went another way than expected", laid);
    }

    /// The events that the journey emitted, in their order: the list is exact.
    pub(super) fn emitted(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.events else {
            return;
        };
        let own = self.played.emitted.iter().filter(|e| &*e.0 == self.journey);
        let found: Vec<(Arc<str>, Value)> = own.map(|e| (e.1.clone(), e.2.clone())).collect();
        let speech = Speech {
            same: &|emitted: &Emitted, found: &(Arc<str>, Value)| emitted.name.text == found.0,
            differs: &|emitted, found| self.other_fields(emitted, &found.1),
            missing: &|emitted| (emitted.name.span.clone(), "was not emitted".to_owned()),
            extra: &|found| format!("`{}` was emitted as well", found.0),
            wanted: &|emitted| emitted.name.text.to_string(),
            shown: &event,
        };
        let laid = lay(expected, &found, &speech);
        self.fail_list("events", "other events were emitted than expected", laid);
    }

    fn other_fields(&self, expected: &Emitted, found: &Value) -> Vec<Wrong> {
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

fn other_branch(stop: &Stop, found: &Visit) -> Vec<Wrong> {
    let other = stop
        .branch
        .iter()
        .filter(|b| Some(&b.text) != found.branch.as_ref());
    let took = found.branch.as_deref().unwrap_or("none yet");
    other
        .map(|b| (b.span.clone(), format!("the branch was: {took}")))
        .collect()
}

fn named(step: &str, branch: Option<&Arc<str>>) -> String {
    branch.map_or_else(|| step.to_owned(), |branch| format!("{step}: {branch}"))
}

fn event((name, fields): &(Arc<str>, Value)) -> String {
    match fields.as_map() {
        Some(map) if !map.is_empty() => format!("{name} {}", plain(fields)),
        _ => name.to_string(),
    }
}
