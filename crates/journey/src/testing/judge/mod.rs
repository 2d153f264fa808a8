//! What was expected, held against what was found.

mod align;
mod lay;
mod lists;
mod messages;
mod states;

use std::{collections::BTreeSet, sync::Arc};

use super::{
    play::Played,
    stage::Here,
    written::{Test, TestFile},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    ids::MessageId,
    source::Span,
    trace::Fact,
    value::Value,
};

/// An expectation that was not met.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The word of `expect`, or `events` where something could not happen as the test says.
    pub about: &'static str,
    /// What is wrong, at its place in `tests.yaml`. Without a code: a test that fails is no mistake
    /// of the file.
    pub diagnostic: Diagnostic,
    /// What was expected, one line each.
    pub expected: Vec<String>,
    /// What was found, one line each.
    pub found: Vec<String>,
    /// Expected and found as one list: what stands in both, what is missing, what is too much.
    pub rows: Vec<Row>,
    /// The facts of the timeline that it is about.
    marks: Marks,
}

/// One line of expected and found as one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub stands: Stands,
    /// The line.
    pub text: String,
}

/// Where a line of a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In both.
    Both,
    /// In both, with a difference.
    Differs,
    /// Expected, and not found.
    Missing,
    /// Found, and not expected.
    Extra,
}

/// Which facts of a timeline a failure is about.
#[derive(Clone, Debug, Default)]
struct Marks {
    messages: BTreeSet<MessageId>,
    ends: bool,
    goals: bool,
    entries: bool,
}

impl Failure {
    /// Whether the failure is about that fact.
    pub fn marks(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Sends { message, .. } | Fact::Suppressed { message, .. } => {
                self.marks.messages.contains(message)
            }
            Fact::Left { .. } => self.marks.ends,
            Fact::Goal => self.marks.goals,
            Fact::Entered { .. } | Fact::NotEntered { .. } => self.marks.entries,
            _ => false,
        }
    }
}

/// A test while it is judged.
struct Judge<'j> {
    test: &'j Test,
    journey: &'j str,
    file: Arc<str>,
    played: &'j Played,
    failures: Vec<Failure>,
}

/// The expectations that were not met, in the order in which people read them.
pub(super) fn judge(file: &TestFile, test: &Test, played: &Played) -> Vec<Failure> {
    let mut judge = Judge {
        test,
        journey: &file.journey,
        file: file.path.clone(),
        played,
        failures: Vec::new(),
    };
    judge.trouble();
    if !judge.failures.is_empty() {
        // What comes after it follows from it.
        return judge.failures;
    }
    judge.entered();
    judge.sends();
    judge.suppressed();
    judge.path();
    judge.ends();
    judge.goal();
    judge.at_step();
    judge.traits_and_variables();
    judge.emitted();
    judge.failures
}

impl Judge<'_> {
    /// A failure without a list: one thing expected, one found.
    fn fail(
        &mut self,
        about: &'static str,
        span: &Span,
        says: String,
        label: String,
    ) -> &mut Failure {
        let index = self.failures.len();
        self.failures.push(Failure {
            about,
            diagnostic: Diagnostic {
                code: "",
                severity: Severity::Error,
                message: says,
                file: self.file.clone(),
                span: span.clone(),
                label,
                also: Vec::new(),
                elsewhere: Vec::new(),
                notes: Vec::new(),
                replacement: None,
            },
            expected: Vec::new(),
            found: Vec::new(),
            rows: Vec::new(),
            marks: Marks::default(),
        });
        &mut self.failures[index]
    }

    /// What could not happen as the test says.
    fn trouble(&mut self) {
        if let Some(trouble) = self.played.trouble.first() {
            let failure = self.fail(
                "events",
                &trouble.span,
                "this cannot happen as the test says".to_owned(),
                trouble.says.clone(),
            );
            let notes = &mut failure.diagnostic.notes;
            notes.push(trouble.note.clone());
            notes.push("what the test expects is judged once all of it can happen".to_owned());
        }
        if self.played.endless {
            let span = self.test.name.span.clone();
            let says = "the journey goes on and on".to_owned();
            let label = "the test was cut off after 10,000 timers".to_owned();
            let failure = self.fail("run_for", &span, says, label);
            failure
                .diagnostic
                .notes
                .push("say how long the test runs: `run_for: 30d`".to_owned());
        }
    }

    /// The value that is expected.
    fn wanted(&self, value: &crate::expr::Operand) -> Value {
        value.eval(&Here {
            now: self.played.until,
            traits: &self.played.customer.traits,
        })
    }
}

/// Equal, whole and broken numbers alike.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        _ => match (a.as_number(), b.as_number()) {
            (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
            _ => a == b,
        },
    }
}

/// Lines in one; `nothing` of none.
fn joined(lines: &[String]) -> String {
    if lines.is_empty() {
        "nothing".to_owned()
    } else {
        lines.join(", ")
    }
}
