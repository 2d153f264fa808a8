//! `parcours migrate` and `parcours apply`.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use engine::NotPublished;
use jiff::Timestamp;
use store::{Settings, Store};

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
    Ok(Store::connect(&Settings::new(config.database_url()?)).await?)
}

/// Runs `parcours migrate`.
///
/// # Errors
/// If the database is away or refuses.
pub async fn migrate(root: &Path) -> Result<()> {
    connect(&Config::load(root)?).await?.migrate().await?;
    output::text("the database is at this version");
    Ok(())
}

/// How to print.
#[derive(Args, Clone, Debug)]
pub struct ApplyArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `parcours apply`.
///
/// # Errors
/// [`Refused`] if the workspace has errors; any other if the database is away.
pub async fn apply(args: &ApplyArgs, root: &Path) -> Result<()> {
    let store = connect(&Config::load(root)?).await?;
    publish(&store, root, args.format).await
}

/// Publishes the workspace at `root` and says what is new.
///
/// # Errors
/// As [`apply`].
pub async fn publish(store: &Store, root: &Path, format: Format) -> Result<()> {
    let files = workspace::read(root)?;
    let (applied, warnings) = match engine::publish(store, &files, Timestamp::now()).await {
        Ok(published) => published,
        Err(NotPublished::Errors(diagnostics)) => {
            output::diagnostics(&files, &diagnostics, format);
            return Err(Refused.into());
        }
        Err(NotPublished::Store(error)) => return Err(error.into()),
    };
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
    output::diagnostics(&files, &warnings, format);
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
