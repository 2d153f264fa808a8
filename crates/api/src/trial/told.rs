//! What tests say, as pages and programs read it.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    diagnostic::SourceFile,
    testing::{
        Verdict,
        coverage::{Coverage, ItemKind},
        show::{self, Look},
    },
};
use schemars::JsonSchema;
use serde::Serialize;

/// What came of the tests of one journey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TestsTold {
    /// The revision of the workspace that they stand in.
    pub(crate) revision: i64,
    /// When they were run.
    pub(crate) ran_at: Timestamp,
    /// How many passed.
    pub(crate) passed: usize,
    /// How many failed.
    pub(crate) failed: usize,
    /// How many were not run, for the others took too long.
    pub(crate) left_out: usize,
    /// What is wrong with the file of the tests, so that none was run; in sentences.
    pub(crate) wrong: Vec<String>,
    /// Each, in the order of the file.
    pub(crate) tests: Vec<TestTold>,
    /// What they walk.
    pub(crate) coverage: Option<CoverageTold>,
}

/// What came of one test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TestTold {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its line in `tests.yaml`, from 1.
    pub(crate) line: usize,
    /// Whether every expectation was met.
    pub(crate) passed: bool,
    /// The expectations that were not met.
    pub(crate) failures: Vec<FailureTold>,
    /// What happened, of a test that failed.
    pub(crate) timeline: Option<String>,
}

/// An expectation that was not met.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FailureTold {
    /// The word of `expect`.
    pub(crate) about: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The same at its place.
    pub(crate) label: String,
    /// The line in `tests.yaml`, from 1.
    pub(crate) line: usize,
    /// What was expected, one line each.
    pub(crate) expected: Vec<String>,
    /// What was found, one line each.
    pub(crate) found: Vec<String>,
}

/// What tests walk of a journey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CoverageTold {
    /// How much of it, in per cent.
    pub(crate) percent: u32,
    /// Steps, branches and exits that are walked, of how many.
    pub(crate) counts: [(&'static str, usize, usize); 3],
    /// Everything that can be walked, in the order of the file.
    pub(crate) items: Vec<ItemTold>,
}

/// Something that tests can walk.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ItemTold {
    /// The line in `journey.yaml`, from 1.
    pub(crate) line: u32,
    /// `step`, `branch`, `exit`, `stay`.
    pub(crate) kind: &'static str,
    /// As people name it: `offer: reminder`.
    pub(crate) title: String,
    /// How many tests walk it.
    pub(crate) tests: usize,
}

pub(super) fn test(verdict: &Verdict, files: &[SourceFile]) -> TestTold {
    let failures = verdict.failures.iter().map(|failure| FailureTold {
        about: failure.about,
        message: failure.diagnostic.message.clone(),
        label: failure.diagnostic.label.clone(),
        line: show::line_of(files, &failure.diagnostic),
        expected: failure.expected.clone(),
        found: failure.found.clone(),
    });
    TestTold {
        name: verdict.name.clone(),
        line: verdict.line,
        passed: verdict.passed(),
        failures: failures.collect(),
        timeline: (!verdict.passed()).then(|| show::whole(&verdict.played, Look::default())),
    }
}

pub(super) fn coverage(coverage: &Coverage) -> CoverageTold {
    let count = |name, kind| {
        let (walked, all) = coverage.count(kind);
        (name, walked, all)
    };
    let items = coverage.items.iter().map(|item| ItemTold {
        line: item.line,
        kind: item.kind.as_str(),
        title: item.title(),
        tests: item.tests,
    });
    CoverageTold {
        percent: coverage.percent(),
        counts: [
            count("steps", ItemKind::Step),
            count("branches", ItemKind::Branch),
            count("exits", ItemKind::Exit),
        ],
        items: items.collect(),
    }
}
