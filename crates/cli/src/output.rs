//! Everything that is printed for people or for programs.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
};

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use jiff::Timestamp;
use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::render,
};
use serde::Serialize;

/// How a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The answer is no, and it has been printed: exit status 1.
#[derive(Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no")
    }
}

impl std::error::Error for Refused {}

/// Prints a text. A reader that has gone away (`| head`) has seen what it wanted.
pub fn text(text: &str) {
    let printed = writeln!(io::stdout(), "{text}");
    if let Err(error) = printed.or_else(forgive) {
        eprintln!("error: cannot print: {error}");
    }
}

fn forgive(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}

/// Prints a text as it is, without a line end of its own.
pub fn raw(text: &str) {
    print!("{text}");
}

/// Says something beside the result.
pub fn aside(text: &str) {
    eprintln!("{text}");
}

/// Asks on the error stream, without a new line.
///
/// # Errors
/// If it cannot be written.
pub fn ask(question: &str) -> Result<()> {
    eprint!("{question}");
    Ok(io::stderr().flush()?)
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// If it cannot be serialised.
pub fn json(value: &impl Serialize) -> Result<()> {
    text(&serde_json::to_string(value)?);
    Ok(())
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {}", causes(error));
}

/// An error and its causes in one line. Many libraries repeat the cause in their own words already.
fn causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// A plain table with a line of heads.
pub fn table<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heads);
    table
}

/// The same for a terminal of whatever width: what does not fit stands on further lines of its cell.
pub fn wrapped<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = table(heads);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// A moment to the second, in UTC.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A plain table: names on the left, numbers on the right.
pub fn counts<'a>(rows: impl IntoIterator<Item = (String, u64)> + 'a) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, count) in rows {
        table.add_row([
            Cell::new(name),
            Cell::new(count).set_alignment(CellAlignment::Right),
        ]);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_padding((0, 2));
    }
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_padding((0, 0));
    }
    table
}

/// Whether people read the output in colours.
pub fn colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The same of what is printed on the output.
pub fn coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints diagnostics: for people on the error stream, for programs on the output.
pub fn diagnostics(files: &[SourceFile], found: &[Diagnostic], format: Format) {
    match format {
        Format::Json => println!("{}", render::json(found, files).trim_end()),
        Format::Text => {
            eprint!("{}", render::text(found, files, colour()));
            if let Some(summary) = summary(found) {
                eprintln!("{summary}");
            }
        }
    }
}

/// `2 errors and 1 warning`, if there are any.
fn summary(found: &[Diagnostic]) -> Option<String> {
    let count = |severity| found.iter().filter(|d| d.severity == severity).count();
    let some = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    match (
        some(count(Severity::Error), "error"),
        some(count(Severity::Warning), "warning"),
    ) {
        (Some(errors), Some(warnings)) => Some(format!("{errors} and {warnings}")),
        (errors, warnings) => errors.or(warnings),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let error = anyhow!("refused")
            .context("no answer: refused")
            .context("RabbitMQ is away");
        assert_eq!(
            super::causes(&error),
            "RabbitMQ is away: no answer: refused"
        );
    }
}
