//! Publishing a workspace: checked, compiled and stored in one transaction.

use jiff::Timestamp;
use journey::{
    diagnostic::{Diagnostic, SourceFile},
    workspace::{self, Options},
};
use store::{Applied, Store};

/// Why a workspace was not published.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// It has errors; nothing was stored.
    #[error("the workspace has errors")]
    Errors(Vec<Diagnostic>),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Checks, compiles and stores a workspace. Engines pick it up within a second. Returns what was
/// published and the warnings.
///
/// # Errors
/// If the workspace has errors, or the database cannot store it.
pub async fn publish(
    store: &Store,
    files: &[SourceFile],
    now: Timestamp,
) -> Result<(Applied, Vec<Diagnostic>), NotPublished> {
    let (compiled, diagnostics) = workspace::compile(files, &Options::default());
    let Some(compiled) = compiled else {
        return Err(NotPublished::Errors(diagnostics));
    };
    let machines: Vec<_> = compiled
        .machines
        .iter()
        .map(|c| (c.machine.clone(), c.source.clone()))
        .collect();
    Ok((store.apply(files, &machines, now).await?, diagnostics))
}
