//! `parcours fmt`.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use journey::fmt::{self, Outcome, Reason};
use serde::Serialize;
use similar::TextDiff;

use crate::{
    output::{self, Format, Refused},
    workspace::{self, MAX_FILE},
};

/// What to format, and what to do with it.
#[derive(Args, Clone, Debug)]
pub struct FmtArgs {
    /// Files and folders; by default all YAML files of the workspace's journeys/ and config/
    paths: Vec<PathBuf>,
    /// Change nothing; list the files that are not formatted, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would change
    #[arg(long)]
    diff: bool,
    /// Format what comes in, and print it
    #[arg(long, conflicts_with_all = ["paths", "check", "diff", "format"])]
    stdin: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t, conflicts_with = "diff")]
    format: Format,
}

/// One file, as it is told.
#[derive(Serialize)]
struct Told {
    file: String,
    /// `formatted`, `unformatted` (with `--check`), `unchanged` or `left`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How many files met which end.
#[derive(Default)]
struct Count {
    changed: usize,
    kept: usize,
    unreadable: usize,
}

/// Runs `parcours fmt`.
///
/// # Errors
/// [`Refused`] if a file cannot be read as YAML, or, with `--check`, is not formatted; any other if
/// a file cannot be read or written.
pub fn run(args: &FmtArgs, root: &Path) -> Result<()> {
    if args.stdin {
        return stdin();
    }
    let paths = match args.paths.as_slice() {
        [] => workspace::yaml(root)?,
        paths => chosen(paths, root)?,
    };
    let mut count = Count::default();
    for path in paths {
        file(args, root, &path, &mut count)?;
    }
    if args.format == Format::Text {
        summary(args, &count);
    }
    match count.unreadable > 0 || (args.check && count.changed > 0) {
        true => Err(Refused.into()),
        false => Ok(()),
    }
}

/// The files at and below these paths.
fn chosen(paths: &[PathBuf], root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.exists() {
            bail!("there is no {}", path.display());
        }
        if path.is_dir() {
            found.extend(workspace::yaml_below(path)?);
        } else {
            found.push(path.clone());
        }
    }
    found.retain(|path| !is_template(path, root));
    found.sort();
    found.dedup();
    Ok(found)
}

/// Templates are messages: their blanks are their authors'.
fn is_template(path: &Path, root: &Path) -> bool {
    let absolute = |p: &Path| std::path::absolute(p).unwrap_or_else(|_| p.to_owned());
    absolute(path).starts_with(absolute(&root.join("templates")))
}

fn file(args: &FmtArgs, root: &Path, path: &Path, count: &mut Count) -> Result<()> {
    let name = shown(root, path);
    let source = workspace::source(path, &name)?;
    let outcome = fmt::format(&source.text);
    let (result, reason) = match &outcome {
        Outcome::Left(reason) => {
            count.unreadable += usize::from(matches!(reason, Reason::Unreadable(_)));
            ("left", Some(why(reason, &source.text)))
        }
        Outcome::Formatted(text) if **text == *source.text => {
            count.kept += 1;
            ("unchanged", None)
        }
        Outcome::Formatted(text) => {
            count.changed += 1;
            if args.diff {
                output::text(diff(&name, &source.text, text).trim_end());
            } else if !args.check {
                replace(path, text)?;
            }
            match args.check || args.diff {
                true => ("unformatted", None),
                false => ("formatted", None),
            }
        }
    };
    tell(
        args,
        Told {
            file: name,
            result,
            reason,
        },
    )
}

fn tell(args: &FmtArgs, told: Told) -> Result<()> {
    if args.format == Format::Json {
        return output::json(&told);
    }
    match (told.result, told.reason) {
        ("left", Some(reason)) => output::aside(&format!("{}: left alone: {reason}", told.file)),
        ("unformatted", _) if args.diff => {}
        ("formatted" | "unformatted", _) => output::text(&told.file),
        _ => {}
    }
    Ok(())
}

fn summary(args: &FmtArgs, count: &Count) {
    let files = |n: usize| match n {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    let said = match (count.changed, args.check || args.diff) {
        (0, _) => format!("{} formatted already", files(count.kept)),
        (n, true) => format!(
            "{} to be formatted, {} formatted already",
            files(n),
            count.kept
        ),
        (n, false) => format!("{} formatted, {} as they were", files(n), count.kept),
    };
    output::aside(&said);
}

/// The path as people call it: from the workspace's root where it is below.
fn shown(root: &Path, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    match absolute.starts_with(&root) {
        true => workspace::relative(&root, &absolute),
        false => path.display().to_string(),
    }
}

fn why(reason: &Reason, text: &str) -> String {
    match reason {
        Reason::Unreadable(found) => {
            let line = text
                .get(..found.span.start)
                .unwrap_or(text)
                .matches('\n')
                .count()
                + 1;
            format!(
                "line {line}: {} ({}); `parcours check` says more",
                found.message, found.code
            )
        }
        Reason::Unusual { what, line } => {
            format!("line {line}: {what}, which this does not lay out")
        }
        Reason::Unsure => "it could not be laid out without a change of what it says".to_owned(),
    }
}

fn diff(name: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(name, name)
        .to_string()
}

/// Puts a file in the place of the old one, so that at no moment half of it stands there.
fn replace(path: &Path, text: &str) -> Result<()> {
    let path = fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}~", std::process::id()));
    let written = fs::metadata(&path)
        .and_then(|old| {
            fs::write(&beside, text)?;
            fs::set_permissions(&beside, old.permissions())
        })
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What is left of the attempt; that it cannot be removed either changes nothing.
        let _gone = fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn stdin() -> Result<()> {
    let mut text = String::new();
    let read = std::io::stdin()
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)
        .context("cannot read what comes in")?;
    if read as u64 > MAX_FILE {
        bail!("a file has {MAX_FILE} bytes at the most");
    }
    match fmt::format(&text) {
        Outcome::Formatted(text) => {
            output::raw(&text);
            Ok(())
        }
        Outcome::Left(reason) => {
            output::raw(&text);
            output::aside(&format!("left alone: {}", why(&reason, &text)));
            match reason {
                Reason::Unreadable(_) => Err(Refused.into()),
                _ => Ok(()),
            }
        }
    }
}
