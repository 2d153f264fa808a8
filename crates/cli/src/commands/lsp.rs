//! `parcours lsp`: the language server, for editors to start.

use std::{io, path::Path};

use anyhow::{Context as _, Result};
use clap::Args;
use lsp::{Ending, Sources};

use crate::{output::Refused, workspace};

/// How to serve.
#[derive(Args, Clone, Copy, Debug)]
pub struct LspArgs {
    /// What it does anyway: some editors say so
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Runs `parcours lsp` on standard input and output until the editor ends it.
///
/// # Errors
/// [`Refused`] if the editor went away without a word; any other if the system gives no threads.
pub fn run() -> Result<()> {
    match lsp::serve(io::stdin(), io::stdout(), read).context("the language server cannot start")? {
        Ending::Orderly => Ok(()),
        Ending::Lost => Err(Refused.into()),
    }
}

/// What the workspace holds; a file that cannot be read costs the author that one alone.
fn read(root: &Path) -> Sources {
    let mut sources = Sources::default();
    // A folder without files, or with too many, is one in which nothing is known.
    for path in workspace::paths(root).unwrap_or_default() {
        let relative = workspace::relative(root, &path);
        match workspace::source(&path, &relative) {
            Ok(file) => sources.files.push(file),
            Err(error) => sources.unreadable.push((relative, format!("{error:#}"))),
        }
    }
    sources
}
