//! Reports, plays and failures as data, for programs.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    content::Content,
    diagnostic::{Diagnostic, SourceFile},
    testing::{
        Report, Verdict,
        coverage::{Coverage, ItemKind},
        judge::Failure,
        play::{Delivery, Moment, Played, Refusal, Standing},
    },
    trace::Fact,
};

/// What came of the tests of several journeys.
#[derive(Serialize)]
pub struct ReportData<'r> {
    /// How many passed.
    passed: usize,
    /// How many failed.
    failed: usize,
    tests: Vec<TestData<'r>>,
    coverage: Vec<CoverageData<'r>>,
}

#[derive(Serialize)]
struct TestData<'r> {
    file: &'r Arc<str>,
    line: usize,
    journey: &'r Arc<str>,
    name: &'r Arc<str>,
    passed: bool,
    failures: Vec<FailureData<'r>>,
    /// Of a test that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    played: Option<PlayedData<'r>>,
}

#[derive(Serialize)]
struct FailureData<'r> {
    about: &'static str,
    message: &'r str,
    line: usize,
    column: usize,
    label: &'r str,
    expected: &'r [String],
    found: &'r [String],
}

#[derive(Serialize)]
struct CoverageData<'r> {
    journey: &'r Arc<str>,
    file: &'r Arc<str>,
    percent: u32,
    steps: Count,
    branches: Count,
    exits: Count,
    items: Vec<ItemData<'r>>,
}

#[derive(Serialize)]
struct Count {
    walked: usize,
    all: usize,
}

#[derive(Serialize)]
struct ItemData<'r> {
    line: u32,
    kind: &'static str,
    name: &'r Arc<str>,
    branch: Option<&'r Arc<str>>,
    /// How many tests walk it.
    tests: usize,
}

/// Everything that happened to one customer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlayedData<'p> {
    customer: &'p Arc<str>,
    zone: &'p Arc<str>,
    start: Timestamp,
    until: Timestamp,
    timeline: Vec<MomentData<'p>>,
    sends: Vec<SendData<'p>>,
    suppressed: Vec<RefusalData<'p>>,
    ends: Vec<EndData<'p>>,
    standing: Vec<StandingData<'p>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MomentData<'p> {
    at: Timestamp,
    /// The same on the customer's clock.
    local: String,
    what: &'p str,
    facts: Vec<FactData<'p>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FactData<'p> {
    journey: Option<&'p Arc<str>>,
    step: Option<&'p Arc<str>>,
    line: Option<u32>,
    text: String,
    /// What happened, as data: `fact` is its name.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    fact: &'p Fact,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SendData<'p> {
    at: Timestamp,
    local: String,
    journey: &'p Arc<str>,
    step: &'p Arc<str>,
    template: &'p Arc<str>,
    /// What would leave, by `channel`.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    content: &'p Content,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RefusalData<'p> {
    at: Timestamp,
    journey: &'p Arc<str>,
    step: &'p Arc<str>,
    reason: &'static str,
    why: &'p str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct EndData<'p> {
    journey: &'p Arc<str>,
    reason: &'p Arc<str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StandingData<'p> {
    journey: &'p Arc<str>,
    key: &'p Arc<str>,
    step: &'p Arc<str>,
    line: u32,
    due: Option<Timestamp>,
    held: Option<&'p String>,
}

/// The reports as one object. `text` gives the text of a file of tests, for lines and columns.
pub fn report<'r>(
    reports: &'r [Report],
    uncovered: &'r [Coverage],
    text: &dyn Fn(&str) -> &'r str,
) -> ReportData<'r> {
    let verdicts = || {
        reports
            .iter()
            .flat_map(|r| r.verdicts.iter().map(move |v| (r, v)))
    };
    let passed = verdicts().filter(|(_, v)| v.passed()).count();
    ReportData {
        passed,
        failed: verdicts().count() - passed,
        tests: verdicts().map(|(r, v)| test(r, v, text(&r.path))).collect(),
        coverage: reports
            .iter()
            .map(|r| &r.coverage)
            .chain(uncovered)
            .map(coverage)
            .collect(),
    }
}

fn test<'r>(report: &'r Report, verdict: &'r Verdict, text: &str) -> TestData<'r> {
    TestData {
        file: &report.path,
        line: verdict.line,
        journey: &report.journey,
        name: &verdict.name,
        passed: verdict.passed(),
        failures: verdict.failures.iter().map(|f| failure(f, text)).collect(),
        played: (!verdict.passed()).then(|| played(&verdict.played)),
    }
}

fn failure<'r>(failure: &'r Failure, text: &str) -> FailureData<'r> {
    let (line, column) = place(text, failure.diagnostic.span.start);
    FailureData {
        about: failure.about,
        message: &failure.diagnostic.message,
        line,
        column,
        label: &failure.diagnostic.label,
        expected: &failure.expected,
        found: &failure.found,
    }
}

/// The line of a diagnostic in its file, from 1.
pub fn line_of(files: &[SourceFile], diagnostic: &Diagnostic) -> usize {
    let file = files.iter().find(|f| f.path == diagnostic.file);
    place(file.map_or("", |f| &*f.text), diagnostic.span.start).0
}

/// Line and column from 1, columns in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |n| n + 1);
    (
        before.matches('\n').count() + 1,
        before[line..].chars().count() + 1,
    )
}

fn coverage(coverage: &Coverage) -> CoverageData<'_> {
    let count = |kind| {
        let (walked, all) = coverage.count(kind);
        Count { walked, all }
    };
    CoverageData {
        journey: &coverage.journey,
        file: &coverage.path,
        percent: coverage.percent(),
        steps: count(ItemKind::Step),
        branches: count(ItemKind::Branch),
        exits: count(ItemKind::Exit),
        items: coverage
            .items
            .iter()
            .map(|item| ItemData {
                line: item.line,
                kind: item.kind.as_str(),
                name: &item.name,
                branch: item.branch.as_ref(),
                tests: item.tests,
            })
            .collect(),
    }
}

/// A play as one object.
pub fn played(played: &Played) -> PlayedData<'_> {
    PlayedData {
        customer: &played.key,
        zone: &played.zone.name,
        start: played.start,
        until: played.until,
        timeline: played.moments.iter().map(moment).collect(),
        sends: played.sends.iter().map(delivery).collect(),
        suppressed: played.refused.iter().map(refusal).collect(),
        ends: played
            .ends
            .iter()
            .map(|(journey, reason)| EndData { journey, reason })
            .collect(),
        standing: played.standing.iter().map(standing).collect(),
    }
}

fn moment(moment: &Moment) -> MomentData<'_> {
    MomentData {
        at: moment.at,
        local: on_the_clock(moment.at, &moment.zone),
        what: &moment.what,
        facts: moment
            .said
            .iter()
            .map(|said| FactData {
                journey: said.journey.as_ref(),
                step: said.step.as_ref(),
                line: said.line,
                text: said.fact.sentence(),
                fact: &said.fact,
            })
            .collect(),
    }
}

/// With its offset: `2026-01-05T09:00:00+01:00`.
fn on_the_clock(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn delivery(delivery: &Delivery) -> SendData<'_> {
    let message = &delivery.message;
    SendData {
        at: message.at,
        local: on_the_clock(message.at, &delivery.zone),
        journey: &message.journey,
        step: &message.step,
        template: &message.decision.template,
        content: &delivery.content,
    }
}

fn refusal(refusal: &Refusal) -> RefusalData<'_> {
    let message = &refusal.message;
    RefusalData {
        at: message.at,
        journey: &message.journey,
        step: &message.step,
        reason: refusal.reason.as_str(),
        why: &refusal.why,
    }
}

fn standing(standing: &Standing) -> StandingData<'_> {
    StandingData {
        journey: &standing.journey,
        key: &standing.key,
        step: &standing.step,
        line: standing.line,
        due: standing.due,
        held: standing.held.as_ref(),
    }
}
