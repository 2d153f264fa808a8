//! `parcours test`: the journeys' own tests, in simulated time.

mod junit;
mod report;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use journey::{
    diagnostic::SourceFile,
    testing::{self, Report, coverage::Coverage, show},
    workspace::{self as compiler, Options, Workspace},
};

use crate::{
    commands::check::{is_below, known_as},
    output::{self, Refused},
    workspace,
};

/// Which tests to run, and how to report.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// Only the tests at or below these paths; the name of a journey does as well
    paths: Vec<PathBuf>,
    /// Only the tests whose name holds this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run again whenever a file of the workspace changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Show every step, branch and exit that no test walks
    #[arg(long)]
    coverage: bool,
    /// Fail where a journey's tests walk less than this, in per cent
    #[arg(long, value_name = "N", conflicts_with = "filter", value_parser = clap::value_parser!(u32).range(0..=100))]
    min_coverage: Option<u32>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: TestFormat,
    /// Write the report to this file; what people read is printed all the same
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TestFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// JUnit's XML, for GitHub, GitLab, Jenkins
    Junit,
}

/// What came of all tests.
struct Run {
    files: Vec<SourceFile>,
    reports: Vec<Report>,
    /// Journeys without tests.
    uncovered: Vec<Coverage>,
    seconds: f64,
    /// Whether all tests of these journeys were run.
    whole: bool,
}

impl Run {
    /// What the figures of coverage are about.
    fn title(&self) -> &'static str {
        if self.whole {
            "Walked by the tests"
        } else {
            "Walked by these tests"
        }
    }

    fn tests(&self) -> usize {
        self.reports.iter().map(|r| r.verdicts.len()).sum()
    }

    fn failed(&self) -> usize {
        let verdicts = self.reports.iter().flat_map(|r| &r.verdicts);
        verdicts.filter(|v| !v.passed()).count()
    }

    fn text_of(&self, path: &str) -> &str {
        let file = self.files.iter().find(|f| &*f.path == path);
        file.map_or("", |f| &f.text)
    }

    fn coverage(&self) -> impl Iterator<Item = &Coverage> {
        self.reports
            .iter()
            .map(|r| &r.coverage)
            .chain(&self.uncovered)
    }
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if a test failed, a file has an error or too little is covered; any other if the
/// workspace cannot be read, or there is nothing to run.
pub fn run(args: &TestArgs, root: &Path) -> Result<()> {
    if args.watch {
        return watch::run(args, root);
    }
    once(args, root)
}

/// Runs the tests once and reports.
fn once(args: &TestArgs, root: &Path) -> Result<()> {
    let begun = Instant::now();
    let files = workspace::read_with_tests(root)?;
    let (compiled, found) = compiler::compile(&files, &Options::default());
    let Some(compiled) = compiled else {
        output::diagnostics(&files, &found, output::Format::Text);
        return Err(Refused.into());
    };
    let mut run = play(args, root, &compiled, files)?;
    run.seconds = begun.elapsed().as_secs_f64();
    write(args, &run)?;
    let too_little = |c: &Coverage| args.min_coverage.is_some_and(|min| c.percent() < min);
    if run.failed() > 0 || run.coverage().any(too_little) {
        return Err(Refused.into());
    }
    Ok(())
}

fn play(args: &TestArgs, root: &Path, compiled: &Workspace, files: Vec<SourceFile>) -> Result<Run> {
    let wanted = wanted(args, root)?;
    let of_paths = |path: &str| wanted.is_empty() || wanted.iter().any(|w| is_below(path, w));
    let by_name = |name: &str| {
        args.filter
            .as_ref()
            .is_none_or(|text| name.contains(&**text))
    };
    let text = |path: &str| {
        files
            .iter()
            .find(|f| &*f.path == path)
            .map_or("", |f| &*f.text)
    };
    let mut reports = Vec::new();
    for file in compiled.tests.iter().filter(|f| of_paths(&f.path)) {
        let report = testing::run(compiled, file, text(&file.path), &|t| by_name(t.name()));
        reports.extend(report.filter(|r| !r.verdicts.is_empty()));
    }
    let untested = compiled.machines.iter().filter(|c| {
        let tested = compiled
            .tests
            .iter()
            .any(|t| t.journey == c.machine.journey);
        !tested && of_paths(&c.path) && args.filter.is_none()
    });
    let uncovered: Vec<Coverage> = untested
        .filter_map(|c| testing::uncovered(compiled, &c.machine.journey))
        .collect();
    if reports.is_empty() && uncovered.is_empty() {
        bail!("no test is called so: {}", what(args));
    }
    if reports.is_empty() && args.min_coverage.is_none() {
        bail!(
            "no tests were found: write them beside a journey, in journeys/NAME/tests.yaml (docs/testing.md shows how)"
        );
    }
    Ok(Run {
        files,
        reports,
        uncovered,
        seconds: 0.0,
        whole: args.filter.is_none(),
    })
}

fn what(args: &TestArgs) -> String {
    let paths: Vec<String> = args.paths.iter().map(|p| p.display().to_string()).collect();
    match (&args.filter, paths.as_slice()) {
        (Some(text), []) => format!("--filter {text}"),
        (Some(text), _) => format!("{} --filter {text}", paths.join(" ")),
        (None, _) => paths.join(" "),
    }
}

/// The paths as the compiler knows them: that of a journey means its folder, and so does its name.
fn wanted(args: &TestArgs, root: &Path) -> Result<Vec<String>> {
    let one = |path: &PathBuf| {
        let named = root.join("journeys").join(path);
        let name = match (path.exists(), named.exists()) {
            (true, _) => known_as(root, path),
            (false, true) => known_as(root, &named),
            (false, false) => bail!(
                "there is no {}, and no journey of that name",
                path.display()
            ),
        };
        let folder = name.strip_suffix("/journey.yaml").map(ToOwned::to_owned);
        Ok(folder.unwrap_or(name))
    };
    args.paths.iter().map(one).collect()
}

/// Prints the report, or writes it to a file and prints what people read.
fn write(args: &TestArgs, run: &Run) -> Result<()> {
    let people =
        |colour| report::text(run, args.coverage, args.min_coverage, show::Look { colour });
    let made = match args.format {
        TestFormat::Text => people(args.output.is_none() && output::coloured()),
        TestFormat::Json => {
            let data = show::data::report(&run.reports, &run.uncovered, &|path| run.text_of(path));
            serde_json::to_string(&data)?
        }
        TestFormat::Junit => junit::xml(run)?,
    };
    match &args.output {
        Some(path) => {
            let written = fs::write(path, format!("{}\n", made.trim_end()));
            written.with_context(|| format!("cannot write {}", path.display()))?;
            output::text(people(output::coloured()).trim_end());
        }
        None => output::text(made.trim_end()),
    }
    Ok(())
}
