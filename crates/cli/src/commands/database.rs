//! `parcours migrate`, and publishing without a plan: what `run` and `dev` do by themselves.

use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use engine::NotPublished;
use jiff::Timestamp;
use journey::diagnostic::{Diagnostic, SourceFile};
use store::{Applied, PARTITIONS, Settings, Store};

use crate::{
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// A connection to the configured database.
///
/// # Errors
/// If none is configured or it cannot be reached.
pub async fn connect(config: &Config) -> Result<Store> {
    let url = config.database_url()?;
    let settings = Settings {
        secret: config.privacy_secret()?,
        ..Settings::new(url)
    };
    let connected = Store::connect(&settings).await;
    connected.with_context(|| format!("PostgreSQL at {} cannot be used", place(url)))
}

/// Host, port and name of an address, without the account.
fn place(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let after = after.rsplit_once('@').map_or(after, |(_, place)| place);
    after.split_once('?').map_or(after, |(place, _)| place)
}

/// How the database is to be.
#[derive(Args, Clone, Debug)]
pub struct MigrateArgs {
    /// Cut the customers' tables into so many hash partitions, while there are no customers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32)
        .range(i64::from(*PARTITIONS.start())..=i64::from(*PARTITIONS.end())))]
    partitions: Option<u32>,
    /// Take away what only earlier versions need, once every process is of this one
    #[arg(long)]
    contract: bool,
}

/// Runs `parcours migrate`.
///
/// # Errors
/// If the database is away or refuses.
pub async fn migrate(args: &MigrateArgs, root: &Path) -> Result<()> {
    let store = connect(&Config::load(root)?).await?;
    match args.contract {
        true => store.contract().await?,
        false => store.migrate().await?,
    }
    if let Some(partitions) = args.partitions {
        store.partition(partitions).await?;
        output::text(&format!(
            "the customers' tables are in {partitions} partitions each"
        ));
    }
    output::text("the database is at this version");
    Ok(())
}

/// Publishes the workspace at `root` and says what is new.
///
/// # Errors
/// [`Refused`] if the workspace has errors; any other if the database is away.
pub async fn publish(store: &Store, root: &Path, format: Format) -> Result<()> {
    let files = workspace::read_with_tests(root)?;
    let (applied, warnings) = match engine::publish(store, &files, Timestamp::now()).await {
        Ok(published) => published,
        Err(NotPublished::Errors(diagnostics)) => {
            output::diagnostics(&files, &diagnostics, format);
            return Err(Refused.into());
        }
        Err(NotPublished::Store(error)) => return Err(error.into()),
    };
    report(&files, &applied, &warnings, format)
}

/// Says what was published.
///
/// # Errors
/// If it cannot be printed.
pub fn report(
    files: &[SourceFile],
    applied: &Applied,
    warnings: &[Diagnostic],
    format: Format,
) -> Result<()> {
    if format == Format::Json {
        let machines: Vec<_> = applied
            .machines
            .iter()
            .map(
                |m| serde_json::json!({ "journey": m.journey, "version": m.version, "new": m.new }),
            )
            .collect();
        return output::json(&serde_json::json!({
            "revision": applied.revision,
            "changed": applied.changed,
            "journeys": machines,
        }));
    }
    output::diagnostics(files, warnings, format);
    for machine in &applied.machines {
        let state = if machine.new {
            "published"
        } else {
            "unchanged"
        };
        output::aside(&format!(
            "{} version {}: {state}",
            machine.journey, machine.version
        ));
    }
    Ok(())
}
