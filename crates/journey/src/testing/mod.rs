//! Unit tests of journeys in simulated time.
//!
//! `tests.yaml` beside a journey says what happens to a customer and what should come of it.
//! [`run`] plays each test through the very code of production ([`crate::advance`] on a recorded
//! clock) under the policies of the whole workspace, and holds what was found against what was
//! expected. The authors' page is `docs/testing.md`.
//!
//! | room | what |
//! | --- | --- |
//! | `read` | `tests.yaml` to [`TestFile`], all mistakes at once (J7xx) |
//! | `label` | what happens in a test, in words |
//! | `stage` | the customer, the world and the times of a test |
//! | [`play`] | one customer on a recorded clock; tests and simulations share it |
//! | `judge` | expected against found |
//! | [`coverage`] | which steps and branches no test walks |
//! | [`show`] | timelines and failures for people, and as data |
//! | [`simulate`] | what simulations need beside a player |

pub mod coverage;
mod judge;
mod label;
mod outline;
pub mod play;
mod read;
pub mod show;
pub mod simulate;
mod stage;
mod stamp;
mod written;

use std::{collections::BTreeMap, sync::Arc};

pub use self::outline::branches;
pub(crate) use self::read::{Known, tests};
use self::{
    coverage::Coverage,
    play::{Played, Player, Stage},
};
pub use self::{
    judge::{Failure, Row, Stands},
    stage::{SOMEBODY, default_start},
    written::{Test, TestFile},
};
use crate::{
    diagnostic::SourceFile,
    diagnostics::Sink,
    machine::Machine,
    source::{self, Kind},
    workspace::Workspace,
};

/// What came of the tests of one journey.
#[derive(Debug)]
pub struct Report {
    /// The file of the tests.
    pub path: Arc<str>,
    /// The journey.
    pub journey: Arc<str>,
    /// One verdict for each test that was run, in the order of the file.
    pub verdicts: Vec<Verdict>,
    /// What all of them walked.
    pub coverage: Coverage,
}

/// What came of one test.
#[derive(Debug)]
pub struct Verdict {
    /// The test's name.
    pub name: Arc<str>,
    /// Its line in `tests.yaml`, from 1.
    pub line: usize,
    /// The expectations that were not met; none of a test that passed.
    pub failures: Vec<Failure>,
    /// What happened.
    pub played: Played,
}

impl Verdict {
    /// Whether every expectation was met.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs the tests of a file for which `wanted` holds, in order.
pub fn run(
    workspace: &Workspace,
    file: &TestFile,
    text: &str,
    wanted: &dyn Fn(&Test) -> bool,
) -> Option<Report> {
    let compiled = workspace
        .machines
        .iter()
        .find(|c| c.machine.journey == file.journey)?;
    let machines = machines(workspace);
    let mut coverage = Coverage::new(&compiled.machine, &compiled.path, &compiled.source);
    let mut verdicts = Vec::new();
    for test in file.tests.iter().filter(|t| wanted(t)) {
        let played = play(workspace, &machines, file, test);
        coverage.add(&compiled.machine, &played);
        verdicts.push(Verdict {
            name: test.name().clone(),
            line: line(text, test.name.span.start),
            failures: judge::judge(file, test, &played),
            played,
        });
    }
    Some(Report {
        path: file.path.clone(),
        journey: file.journey.clone(),
        verdicts,
        coverage,
    })
}

/// The customer and the events of the test in which most happens, as they are written: what a simulation can begin with.
pub fn sample(file: &TestFile, text: &str) -> Option<(String, String)> {
    let source = SourceFile {
        path: file.path.clone(),
        text: Arc::from(text),
    };
    let root = source::load(&source, &mut Sink::new(&source))?;
    let Kind::List(tests) = &root.kind else {
        return None;
    };
    let most = file.tests.iter().rev().max_by_key(|t| t.events.len())?;
    let name = |test: &&source::Node| {
        let name = test.get("name");
        name.is_some_and(|n| n.span.start == most.name.span.start)
    };
    let test = tests.iter().find(name)?;
    let part = |word| test.get(word).map(|node| outdented(text, &node.span));
    let events = outdented(text, &with_dash(text, &test.get("events")?.span));
    Some((part("customer").unwrap_or_default(), events))
}

/// The span of a list, with the dash of its first item if it has one.
fn with_dash(text: &str, span: &source::Span) -> source::Span {
    let before = text.get(..span.start).unwrap_or_default();
    let dash = before.trim_end_matches(' ').strip_suffix('-');
    dash.map_or(span.start, str::len)..span.end
}

/// A part of a text, its lines as far to the left as its first one.
fn outdented(text: &str, span: &source::Span) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let column = before.len() - before.rfind('\n').map_or(0, |n| n + 1);
    let part = text.get(span.clone()).unwrap_or_default();
    let lines = part.trim_end().lines().enumerate().map(|(n, line)| {
        let spaces = line.len() - line.trim_start().len();
        line.get(if n == 0 { 0 } else { column.min(spaces) }..)
            .unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The coverage of a journey that has no tests.
pub fn uncovered(workspace: &Workspace, journey: &str) -> Option<Coverage> {
    let compiled = workspace
        .machines
        .iter()
        .find(|c| &*c.machine.journey == journey)?;
    Some(Coverage::new(
        &compiled.machine,
        &compiled.path,
        &compiled.source,
    ))
}

fn machines(workspace: &Workspace) -> BTreeMap<Arc<str>, Arc<Machine>> {
    let all = workspace.machines.iter().map(|c| &c.machine);
    all.map(|m| (m.journey.clone(), m.clone())).collect()
}

/// Plays one test.
fn play(
    workspace: &Workspace,
    machines: &BTreeMap<Arc<str>, Arc<Machine>>,
    file: &TestFile,
    test: &Test,
) -> Played {
    let policies = &workspace.policies;
    let (start, moments) = stage::schedule(test, policies);
    let world = stage::world(test, &file.journey, machines, policies);
    let stage = Stage {
        world: &world,
        templates: &workspace.templates,
        schemas: &workspace.schemas,
        sources: &workspace.sources,
    };
    let customer = stage::customer(test, start, machines, policies);
    let mut player = Player::new(stage, customer, start)
        .testing(&file.journey, test)
        .begin();
    let mut order: Vec<_> = moments.into_iter().zip(&test.events).collect();
    order.sort_by_key(|(at, _)| *at);
    for (at, happening) in order {
        player.act(happening, at);
    }
    player.run(test.run_for.map(|span| crate::time::plus(start, span)));
    player.finish()
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}
