//! Tests that do not hold in the workspace at hand: those that name a cap which its policies do not
//! have, or expect a text in a language that was not asked for. They are left out, and said.

use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    testing,
    workspace::{self as compiler, Options, Workspace},
};

use super::{Plan, place::Place};

/// Leaves out tests of new journeys that are wrong here, or would fail here.
pub(super) fn prune(plan: &mut Plan, place: &Place) {
    let (_, found) = compile(plan, place);
    let wrong: Vec<(String, usize)> = found
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| (d.file.to_string(), d.span.start))
        .collect();
    leave_out(plan, &wrong);
    let (compiled, _) = compile(plan, place);
    if let Some(compiled) = compiled {
        let failing = failing(&compiled, plan);
        leave_out(plan, &failing);
    }
    plan.created
        .retain(|f| !is_tests(&f.path) || begin(&f.text).next().is_some());
}

fn compile(plan: &Plan, place: &Place) -> (Option<Workspace>, Vec<Diagnostic>) {
    compiler::compile(&place.with(plan), &Options::default())
}

/// Where tests stand that fail: their file, and the byte of their beginning.
fn failing(compiled: &Workspace, plan: &Plan) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for file in &compiled.tests {
        let Some(new) = plan.created.iter().find(|f| *f.path == *file.path) else {
            continue;
        };
        let Some(report) = testing::run(compiled, file, &new.text, &|_| true) else {
            continue;
        };
        let failed = report.verdicts.iter().filter(|v| !v.passed());
        found.extend(failed.map(|v| (new.path.clone(), byte(&new.text, v.line))));
    }
    found
}

/// The byte at which a line, counted from 1, begins.
fn byte(text: &str, line: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    before.map(str::len).sum()
}

/// Takes the tests at these places out of the plan's files.
fn leave_out(plan: &mut Plan, places: &[(String, usize)]) {
    for file in plan.created.iter_mut().filter(|f| is_tests(&f.path)) {
        let bad = |from: usize, to: usize| {
            places
                .iter()
                .any(|(path, at)| *path == file.path && (from..to).contains(at))
        };
        let starts: Vec<usize> = begin(&file.text).collect();
        let ends = starts.iter().skip(1).copied().chain([file.text.len()]);
        let mut kept = file.text[..starts.first().copied().unwrap_or(file.text.len())].to_owned();
        for (from, to) in starts.iter().copied().zip(ends) {
            let test = &file.text[from..to];
            if bad(from, to) {
                let name = test.lines().next().unwrap_or_default();
                plan.left_out
                    .push(name.trim_start_matches("- name: ").to_owned());
            } else {
                kept += test;
            }
        }
        file.text = kept.trim_end().to_owned() + "\n";
    }
}

fn is_tests(path: &str) -> bool {
    path.starts_with("journeys/") && path.ends_with("/tests.yaml")
}

/// Where the tests of a file begin.
fn begin(text: &str) -> impl Iterator<Item = usize> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    lines
        .filter(|(_, line)| line.starts_with("- name: "))
        .map(|(start, _)| start)
}

/// All files with those that are planned, as the compiler sees them, and what is wrong with new ones.
pub fn check(plan: &Plan, place: &Place) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let files = place.with(plan);
    let (_, mut found) = compiler::compile(&files, &Options::default());
    found.retain(|d| {
        d.severity == Severity::Error && plan.created.iter().any(|f| *f.path == *d.file)
    });
    (files, found)
}
