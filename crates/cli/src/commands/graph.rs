//! `parcours graph`: a journey as a picture.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use journey::{
    diagnostic::{Severity, SourceFile},
    graph::{self, Graph},
    workspace::{self as compiler, Options, TemplateCheck},
};

use crate::{
    output::{self, Format, Refused},
    workspace,
};

/// What to draw, and how.
#[derive(Args, Clone, Debug)]
pub struct GraphArgs {
    /// The journey: a name of this workspace, or the path of a file anywhere
    journey: String,
    /// How to write it; by default what the end of FILE says, else SVG
    #[arg(long, value_enum)]
    format: Option<GraphFormat>,
    /// Write to this file instead of the output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// A picture that stands alone
    Svg,
    /// For GitHub, wikis and notes
    Mermaid,
    /// For Graphviz
    Dot,
    /// For programs
    Json,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if the journey has errors; any other if it cannot be read, drawn or written.
pub fn run(args: &GraphArgs, root: &Path) -> Result<()> {
    let format = format(args)?;
    let text = write(&read(&args.journey, root)?, format)?;
    match &args.output {
        None => output::text(text.trim_end()),
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
            output::aside(&format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

/// The format that was asked for, else that of the file's name.
fn format(args: &GraphArgs) -> Result<GraphFormat> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let Some(path) = &args.output else {
        return Ok(GraphFormat::Svg);
    };
    let end = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    match end.to_lowercase().as_str() {
        "svg" => Ok(GraphFormat::Svg),
        "mmd" | "mermaid" => Ok(GraphFormat::Mermaid),
        "dot" | "gv" => Ok(GraphFormat::Dot),
        "json" => Ok(GraphFormat::Json),
        _ => bail!(
            "{}: which format is that? Call it .svg, .mmd, .dot or .json, or say --format",
            path.display()
        ),
    }
}

/// The journey's graph. Its templates need not be there, nor do other journeys.
fn read(journey: &str, root: &Path) -> Result<Graph> {
    let (path, known_as) = workspace::journey(journey, root)?;
    let mut files: Vec<SourceFile> = workspace::read(root)
        .unwrap_or_default()
        .into_iter()
        .filter(|file| wanted(&file.path))
        .collect();
    files.push(workspace::source(&path, &known_as)?);
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
        unused: false,
        ..Options::default()
    };
    let (compiled, mut found) = compiler::compile(&files, &options);
    match compiled.and_then(|c| c.machines.into_iter().next()) {
        Some(compiled) => Ok(Graph::of(&compiled.machine)),
        None => {
            found.retain(|d| d.severity == Severity::Error);
            output::diagnostics(&files, &found, Format::Text);
            Err(Refused.into())
        }
    }
}

/// What a journey is checked with beside templates and other journeys.
fn wanted(path: &str) -> bool {
    path.starts_with("config/") || path.starts_with("journeys/_fragments/")
}

fn write(graph: &Graph, format: GraphFormat) -> Result<String> {
    Ok(match format {
        GraphFormat::Svg => graph::svg(graph).with_context(|| graph.journey.to_string())?,
        GraphFormat::Mermaid => graph::mermaid(graph),
        GraphFormat::Dot => graph::dot(graph),
        GraphFormat::Json => serde_json::to_string(graph)?,
    })
}
