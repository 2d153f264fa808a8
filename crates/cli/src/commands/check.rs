//! `parcours check` and `parcours explain`.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics,
    workspace::{self as compiler, Options},
};

use crate::{
    config::{Config, Sources},
    output::{self, Format, Refused},
    workspace,
};

/// What to check, and how to print.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Report only on files at or below these paths; the whole workspace is read all the same
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// For programs: a list in JSON
    Json,
    /// For GitHub's annotations
    Github,
    /// For code scanning and editors: SARIF 2.1.0
    Sarif,
}

/// How long short forms of addresses are, where the settings want them. What is wrong with the settings is said elsewhere.
fn short_links(root: &Path) -> Option<usize> {
    let config = Config::load(root).ok()?;
    let links = config.links.links(config.http()).ok()?;
    links.short.then(|| links.short_form())
}

/// Runs `parcours check`.
///
/// # Errors
/// [`Refused`] if an error was found; any other if the workspace cannot be read.
pub fn check(args: &CheckArgs, root: &Path) -> Result<()> {
    let mut files = workspace::read_with_tests(root)?;
    let wanted: Vec<String> = args.paths.iter().map(|p| known_as(root, p)).collect();
    for (path, name) in args.paths.iter().zip(&wanted) {
        if !path.exists() {
            bail!("there is no file or folder {} here", path.display());
        }
        // A journey outside the usual places is checked beside the workspace.
        if path.is_file() && !files.iter().any(|f| *f.path == **name) {
            files.push(workspace::source(path, name)?);
        }
    }
    let options = Options {
        unused: true,
        short: short_links(root),
        ..Options::default()
    };
    let (_, mut found) = compiler::compile(&files, &options);
    if let Some(settings) = Sources::to_check(root)? {
        // Without its secrets.
        let (masked, of_settings) = settings.shown();
        files.retain(|f| *f.path != *journey::settings::FILE);
        files.extend(masked);
        found.retain(|d| *d.file != *journey::settings::FILE);
        found.extend(of_settings);
    }
    if !wanted.is_empty() {
        let asked = |file: &str| wanted.iter().any(|w| is_below(file, w));
        found.retain(|d| asked(&d.file) || d.elsewhere.iter().any(|other| asked(&other.file)));
    }
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    match args.format {
        CheckFormat::Text => output::diagnostics(&files, &found, Format::Text),
        CheckFormat::Json => output::diagnostics(&files, &found, Format::Json),
        CheckFormat::Github => {
            let (found, files) = from_here(&found, &files, root);
            let lines = diagnostics::render::github(&found, &files);
            if !lines.is_empty() {
                output::text(lines.trim_end());
            }
        }
        CheckFormat::Sarif => {
            let (found, files) = from_here(&found, &files, root);
            output::text(&diagnostics::render::sarif(&found, &files));
        }
    }
    if failed {
        return Err(Refused.into());
    }
    if args.format == CheckFormat::Text {
        output::text(&praise(&files));
    }
    Ok(())
}

/// Paths from the current folder instead of the workspace's: programs that put diagnostics beside
/// lines look for them from there.
fn from_here(
    found: &[Diagnostic],
    files: &[SourceFile],
    root: &Path,
) -> (Vec<Diagnostic>, Vec<SourceFile>) {
    let (mut found, mut files) = (found.to_vec(), files.to_vec());
    // Both as the file system knows them: a temporary folder may have two names.
    let canonical = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let here = canonical(&std::env::current_dir().unwrap_or_default());
    let whole = canonical(root);
    let folder = match whole.strip_prefix(&here) {
        Ok(below) => below,
        // Outside of it there is no better name than the workspace's own.
        Err(_) if root.is_absolute() => return (found, files),
        Err(_) => root,
    };
    let parts = folder.components().filter(|c| *c != Component::CurDir);
    let parts: Vec<_> = parts.map(|c| c.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() {
        return (found, files);
    }
    let prefix = parts.join("/");
    let named = |path: &Arc<str>| Arc::from(format!("{prefix}/{path}"));
    for d in &mut found {
        d.file = named(&d.file);
        for other in &mut d.elsewhere {
            other.file = named(&other.file);
        }
    }
    files.iter_mut().for_each(|f| f.path = named(&f.path));
    (found, files)
}

/// The path as the compiler knows it: from the workspace's root.
pub(super) fn known_as(root: &Path, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    workspace::relative(&root, &absolute)
}

/// Whether a file of the workspace is that path, or lies below it.
pub(super) fn is_below(file: &str, path: &str) -> bool {
    path.is_empty()
        || file == path
        || file
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/') || path.ends_with('/'))
}

fn praise(files: &[SourceFile]) -> String {
    let journeys = files
        .iter()
        .filter(|f| f.path.ends_with("journey.yaml"))
        .count();
    match journeys {
        1 => "1 journey, no errors".into(),
        n => format!("{n} journeys, no errors"),
    }
}

/// Which code to explain.
#[derive(Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The code, as `J101`
    code: String,
}

/// Runs `parcours explain`.
///
/// # Errors
/// [`Refused`] if there is no such code.
pub fn explain(args: &ExplainArgs) -> Result<()> {
    let code = args.code.to_uppercase();
    if let Some(page) = diagnostics::page(&code) {
        output::text(page.trim_end());
        return Ok(());
    }
    output::aside(&format!(
        "there is no diagnostic {code}; docs/language.md lists those there are"
    ));
    Err(Refused.into())
}
