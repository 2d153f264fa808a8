//! The report in the XML that JUnit made common: GitHub, GitLab and Jenkins read it.

use std::time::Duration;

use anyhow::Result;
use journey::testing::{
    Report as Tested, Verdict,
    show::{self, Look},
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Run;

/// One suite for each journey, one case for each test.
pub(super) fn xml(run: &Run) -> Result<String> {
    let mut report = Report::new("parcours test");
    report.set_time(Duration::from_secs_f64(run.seconds));
    for tested in &run.reports {
        let mut suite = TestSuite::new(tested.journey.to_string());
        for verdict in &tested.verdicts {
            suite.add_test_case(case(run, tested, verdict));
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn case(run: &Run, tested: &Tested, verdict: &Verdict) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !verdict.passed() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("expectation").set_message(message(verdict));
        status.set_description(show::failed(verdict, &run.files, Look { colour: false }));
    }
    let mut case = TestCase::new(verdict.name.to_string(), status);
    case.set_classname(tested.journey.to_string());
    case.extra
        .insert("file".into(), tested.path.to_string().into());
    case.extra
        .insert("line".into(), verdict.line.to_string().into());
    case
}

/// Every failure in one line.
fn message(verdict: &Verdict) -> String {
    let one = |failure: &journey::testing::Failure| {
        let diagnostic = &failure.diagnostic;
        if diagnostic.label.is_empty() {
            diagnostic.message.clone()
        } else {
            format!("{}: {}", diagnostic.message, diagnostic.label)
        }
    };
    verdict
        .failures
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join("; ")
}
