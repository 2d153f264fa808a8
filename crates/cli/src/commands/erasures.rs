//! `parcours erasures`: the list of the erased, which is kept beside back-ups and applied after a restore.

use std::{
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use store::{ErasedHash, Store};

use crate::{
    commands::database,
    config::Config,
    output::{self, Format},
};

/// What to do with the list.
#[derive(Args, Clone, Debug)]
pub struct ErasuresArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Clone, Debug)]
enum Action {
    /// Write the list to a file: one line of JSON for each hash, no name and no address
    Save {
        /// Where to; `-` for standard output
        file: PathBuf,
    },
    /// After a back-up was restored: erase again who was erased, by the database's own list and by a file
    Reapply {
        /// A list that `save` wrote after the back-up was made
        file: Option<PathBuf>,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Runs the command.
///
/// # Errors
/// If the database is away, no secret is set, or the file is no such list.
pub async fn run(args: &ErasuresArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    match &args.action {
        Action::Save { file } => save(&store, file).await,
        Action::Reapply { file, format } => reapply(&store, file.as_deref(), *format).await,
    }
}

async fn save(store: &Store, file: &Path) -> Result<()> {
    let to_output = file == Path::new("-");
    let mut out: Box<dyn std::io::Write> = if to_output {
        Box::new(std::io::stdout())
    } else {
        let created = std::fs::File::create(file);
        Box::new(BufWriter::new(
            created.with_context(|| cannot("write", file))?,
        ))
    };
    let (mut last, mut count) = (None, 0);
    loop {
        let page = store.erased_page(last).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.hash);
        count += page.len();
        for hash in &page {
            writeln!(out, "{}", serde_json::to_string(hash)?)
                .with_context(|| cannot("write", file))?;
        }
    }
    out.flush().with_context(|| cannot("write", file))?;
    if !to_output {
        output::aside(&format!("{count} hashes are in {}", file.display()));
    }
    Ok(())
}

async fn reapply(store: &Store, file: Option<&Path>, format: Format) -> Result<()> {
    let list = file.map(read).transpose()?.unwrap_or_default();
    let done = store.reapply(&list).await.map_err(|error| match error {
        store::Error::NoSecret => anyhow!(
            "set PARCOURS_PRIVACY_SECRET (or privacy_secret in config/parcours.yaml) to what it was when they \
             were erased: without it nobody is known again"
        ),
        other => other.into(),
    })?;
    match format {
        Format::Json => output::json(&done),
        Format::Text => {
            let (hashes, customers) = (done.hashes, done.customers);
            output::text(&format!(
                "{hashes} hashes were new; {customers} customers were back, and are erased again"
            ));
            Ok(())
        }
    }
}

fn read(file: &Path) -> Result<Vec<ErasedHash>> {
    let opened = std::fs::File::open(file).with_context(|| cannot("read", file))?;
    let mut list = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(opened).lines()) {
        let line = line.with_context(|| cannot("read", file))?;
        if line.trim().is_empty() {
            continue;
        }
        let hash = serde_json::from_str(&line).map_err(|error| {
            anyhow!(
                "{}:{number}: this is no line of a list of the erased: {error}",
                file.display()
            )
        })?;
        list.push(hash);
    }
    Ok(list)
}

fn cannot(what: &str, file: &Path) -> String {
    format!("cannot {what} {}", file.display())
}
