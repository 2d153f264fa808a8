//! `parcours schema`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use journey::grammar::{File, json_schema};

use crate::output::{self, Format};

/// What is described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// The YAML files of a workspace: a JSON Schema for each kind, written into a folder
    #[default]
    Files,
    /// The HTTP API: its `OpenAPI` document, printed
    Openapi,
}

/// What to describe, and where to write.
#[derive(Args, Clone, Debug)]
pub struct SchemaArgs {
    /// What to describe
    #[arg(value_enum, default_value_t)]
    what: What,
    /// The folder to write into [default: config/schema of the workspace]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `parcours schema`: one JSON Schema for each kind of YAML file, or what describes the API.
///
/// # Errors
/// If a file cannot be written.
pub fn run(args: &SchemaArgs, root: &Path) -> Result<()> {
    if args.what == What::Openapi {
        output::raw(&api::openapi::text());
        return Ok(());
    }
    let folder = args
        .output
        .clone()
        .unwrap_or_else(|| root.join("config/schema"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for file in File::ALL {
        let path = folder.join(format!("{}.json", file.name()));
        fs::write(&path, json_schema::text(file))
            .with_context(|| format!("cannot write {}", path.display()))?;
        let path = path.display().to_string();
        match args.format {
            Format::Text => output::text(&format!("{path}  for {}", file.pattern())),
            Format::Json => {
                output::json(&serde_json::json!({ "schema": path, "for": file.pattern() }))?;
            }
        }
    }
    Ok(())
}
