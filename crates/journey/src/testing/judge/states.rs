//! `entered`, `end`, `goal`, `at_step`, traits and variables.

use std::sync::Arc;

use super::{Judge, joined, same};
use crate::{
    explain::{Language, Tongue},
    parse::ast::Word,
    testing::{
        label::plain,
        written::{End, List},
    },
    trace::Fact,
    value::Value,
};

impl Judge<'_> {
    /// Whether a run began.
    pub(super) fn entered(&mut self) {
        let test = self.test;
        let entered = self.played.runs_of(self.journey).next().is_some();
        let Some(expected) = test.expect.entered.as_ref().filter(|e| e.value != entered) else {
            return;
        };
        let label = if entered {
            "a run began".to_owned()
        } else {
            format!("no run began{}", self.why_not_entered())
        };
        let says = if entered {
            "the customer entered"
        } else {
            "the customer did not enter"
        };
        let failure = self.fail("entered", &expected.span, says.to_owned(), label);
        failure.marks.entries = true;
        (failure.expected, failure.found) =
            (vec![expected.value.to_string()], vec![entered.to_string()]);
    }

    fn why_not_entered(&self) -> String {
        let said = self.played.moments.iter().flat_map(|m| &m.said);
        let mut facts = said
            .filter(|s| s.journey.as_deref() == Some(self.journey))
            .map(|s| &s.fact);
        let why = facts.find_map(|fact| match fact {
            Fact::NotEntered { why, what, until } => {
                let tongue = Tongue::plain(Language::English);
                Some(why.of(what.as_deref(), *until, &tongue))
            }
            _ => None,
        });
        why.map_or_else(String::new, |why| format!(": {why}"))
    }

    /// How runs ended.
    pub(super) fn ends(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.end else {
            return;
        };
        let own = self.played.ends.iter().filter(|e| &*e.0 == self.journey);
        let found: Vec<Arc<str>> = own.map(|e| e.1.clone()).collect();
        match expected {
            End::Last(word) if found.last() == Some(&word.text) => {}
            End::Last(word) => self.other_end(word, &found),
            End::All(list) => self.other_ends(list, &found),
        }
    }

    fn other_end(&mut self, word: &Word, found: &[Arc<str>]) {
        let label = match found.last() {
            Some(reason) => format!("left as `{reason}`"),
            None => self.whereabouts(),
        };
        let failure = self.fail(
            "end",
            &word.span,
            "the run ended otherwise".to_owned(),
            label,
        );
        failure.marks.ends = true;
        failure.expected = vec![word.text.to_string()];
        failure.found = found.last().map(ToString::to_string).into_iter().collect();
    }

    fn other_ends(&mut self, list: &List<Word>, found: &[Arc<str>]) {
        let expected: Vec<String> = list.items.iter().map(|w| w.text.to_string()).collect();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        if expected == found {
            return;
        }
        let label = format!("left as: {}", joined(&found));
        let failure = self.fail(
            "end",
            &list.span,
            "the runs ended otherwise".to_owned(),
            label,
        );
        failure.marks.ends = true;
        (failure.expected, failure.found) = (expected, found);
    }

    /// Where the customer is, for who expected them somewhere else.
    fn whereabouts(&self) -> String {
        let mut standing = self
            .played
            .standing
            .iter()
            .filter(|s| &*s.journey == self.journey);
        match standing.next() {
            Some(standing) => format!("is still inside, at `{}`", standing.step),
            None if self.played.runs_of(self.journey).next().is_none() => {
                format!("never entered{}", self.why_not_entered())
            }
            None => "has left".to_owned(),
        }
    }

    /// Whether a goal was counted.
    pub(super) fn goal(&mut self) {
        let test = self.test;
        let reached = self
            .played
            .runs_of(self.journey)
            .any(|r| r.goal_at.is_some());
        let Some(expected) = test.expect.goal.as_ref().filter(|g| g.value != reached) else {
            return;
        };
        let (says, label) = if reached {
            ("the goal was reached", "a goal was counted")
        } else {
            ("the goal was not reached", "no goal was counted")
        };
        let failure = self.fail("goal", &expected.span, says.to_owned(), label.to_owned());
        failure.marks.goals = true;
        (failure.expected, failure.found) =
            (vec![expected.value.to_string()], vec![reached.to_string()]);
    }

    /// Where the customer stands.
    pub(super) fn at_step(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.at_step else {
            return;
        };
        let standing = self
            .played
            .standing
            .iter()
            .filter(|s| &*s.journey == self.journey);
        let found: Vec<String> = standing.map(|s| s.step.to_string()).collect();
        if found.iter().any(|s| **s == *expected.text) {
            return;
        }
        let ended = self
            .played
            .ends
            .iter()
            .rev()
            .find(|e| &*e.0 == self.journey);
        let label = match ended {
            Some((_, reason)) if found.is_empty() => format!("left as `{reason}`"),
            _ => self.whereabouts(),
        };
        let failure = self.fail(
            "at_step",
            &expected.span,
            "the customer stands elsewhere".to_owned(),
            label,
        );
        failure.marks.ends = true;
        (failure.expected, failure.found) = (vec![expected.text.to_string()], found);
    }

    /// Traits of the customer, and variables of the latest run.
    pub(super) fn traits_and_variables(&mut self) {
        let test = self.test;
        let played = self.played;
        for (word, value) in &test.expect.traits {
            let found = played
                .customer
                .traits
                .get(&word.text)
                .cloned()
                .unwrap_or_default();
            self.other_value("traits", "the trait", word, &self.wanted(value), &found);
        }
        let run = played.runs_of(self.journey).last();
        for (word, value) in &test.expect.vars {
            let found = run
                .and_then(|r| r.state.vars.get(&word.text))
                .cloned()
                .unwrap_or_default();
            self.other_value("vars", "the variable", word, &self.wanted(value), &found);
        }
    }

    fn other_value(
        &mut self,
        about: &'static str,
        what: &str,
        word: &Word,
        wanted: &Value,
        found: &Value,
    ) {
        if same(wanted, found) {
            return;
        }
        let says = format!("{what} `{}` has another value", word.text);
        let label = format!("is {}", plain(found));
        let failure = self.fail(about, &word.span, says, label);
        (failure.expected, failure.found) = (vec![plain(wanted)], vec![plain(found)]);
    }
}
