//! What came of the tests, for people.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};
use journey::testing::{
    Report, Verdict,
    coverage::{Coverage, ItemKind},
    show::{self, Look},
};

use super::Run;

/// The whole report.
pub(super) fn text(run: &Run, details: bool, min: Option<u32>, look: Look) -> String {
    let mut out = String::new();
    for report in &run.reports {
        of_journey(&mut out, report, look);
    }
    for report in &run.reports {
        for verdict in report.verdicts.iter().filter(|v| !v.passed()) {
            failed(&mut out, run, report, verdict, look);
        }
    }
    coverage(&mut out, run, details, min, look);
    let _ = writeln!(out, "\n{}", summary(run, look));
    out
}

fn of_journey(out: &mut String, report: &Report, look: Look) {
    let _ = writeln!(out, "{}", look.bold(&report.path));
    for verdict in &report.verdicts {
        let mark = if verdict.passed() {
            look.green("ok  ")
        } else {
            look.red("FAIL")
        };
        let _ = writeln!(out, "  {mark}  {}", verdict.name);
    }
    out.push('\n');
}

fn failed(out: &mut String, run: &Run, report: &Report, verdict: &Verdict, look: Look) {
    let title = format!("{}:{}", report.path, verdict.line);
    let _ = writeln!(
        out,
        "{}  {}  {}\n",
        look.red("FAIL"),
        look.bold(&verdict.name),
        look.dim(&title)
    );
    let _ = writeln!(out, "{}", show::failed(verdict, &run.files, look));
}

/// A line for each journey, and in detail what no test walks.
fn coverage(out: &mut String, run: &Run, details: bool, min: Option<u32>, look: Look) {
    let width = run
        .coverage()
        .map(|c| c.journey.chars().count())
        .max()
        .unwrap_or_default();
    let _ = writeln!(out, "{}", look.bold(run.title()));
    for covered in run.coverage() {
        let few = min.filter(|min| covered.percent() < *min);
        let verdict = few.map_or_else(String::new, |min| look.red(&format!("  less than {min}%")));
        let untested = run.uncovered.iter().any(|c| c.journey == covered.journey);
        let untested = if untested {
            "  (it has no tests.yaml)"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "  {:<width$}  {}{untested}{verdict}",
            covered.journey,
            counts(covered)
        );
    }
    for covered in run
        .coverage()
        .filter(|c| details && c.missing().next().is_some())
    {
        let _ = writeln!(
            out,
            "\n{}: no test walks\n{}",
            look.bold(&covered.path),
            missing(covered)
        );
    }
    let hidden = run.coverage().filter(|c| c.percent() < 100).count();
    if hidden > 0 && !details {
        let _ = writeln!(out, "  {}", look.dim("--coverage shows what is missing"));
    }
}

fn counts(covered: &Coverage) -> String {
    let part = |kind, name: &str| {
        let (walked, all) = covered.count(kind);
        format!("{walked} of {all} {name}")
    };
    format!(
        "{:>3}%  {}, {}, {}",
        covered.percent(),
        part(ItemKind::Step, "steps"),
        part(ItemKind::Branch, "branches"),
        part(ItemKind::Exit, "exits"),
    )
}

fn missing(covered: &Coverage) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["line", "what", "name"]);
    for item in covered.missing() {
        let line = Cell::new(item.line).set_alignment(CellAlignment::Right);
        table.add_row([line, Cell::new(item.kind.as_str()), Cell::new(item.title())]);
    }
    table.trim_fmt()
}

fn summary(run: &Run, look: Look) -> String {
    let (tests, failed) = (run.tests(), run.failed());
    let count = |n: usize, what: &str| {
        if n == 1 {
            format!("1 {what}")
        } else {
            format!("{n} {what}s")
        }
    };
    let verdict = match failed {
        0 if tests == 0 => look.red("no tests"),
        0 => look.green(if tests == 1 { "passed" } else { "all passed" }),
        n => look.red(&format!("{n} failed, {} passed", tests - n)),
    };
    let journeys = count(run.reports.len(), "journey");
    format!(
        "{} of {journeys}: {verdict} ({:.2} s)",
        count(tests, "test"),
        run.seconds
    )
}
