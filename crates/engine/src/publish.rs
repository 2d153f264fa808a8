//! Publishing a workspace: checked, compiled and stored in one transaction.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    diagnostic::{Diagnostic, SourceFile},
    machine::Machine,
    workspace::{self, Options, Workspace},
};
use store::{Applied, Publication, Store};

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

/// What a publication is to heed beside the files.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Removed journeys whose runs are to end.
    pub stop: Vec<Arc<str>>,
    /// Only over this revision: see [`Publication::over`].
    pub over: Option<Option<i64>>,
}

/// Checks, compiles and stores a workspace. Engines pick it up within a second. The journeys' tests among the files are
/// stored with it and not checked: what is wrong with them is no reason not to publish. Returns what was published and the
/// warnings.
///
/// # Errors
/// If the workspace has errors, or the database cannot store it.
pub async fn publish(
    store: &Store,
    files: &[SourceFile],
    now: Timestamp,
) -> Result<(Applied, Vec<Diagnostic>), NotPublished> {
    publish_as(store, files, &Order::default(), now).await
}

/// The same, with an order.
///
/// # Errors
/// As [`publish`]; [`store::Error::Moved`] if another revision holds than the order says.
pub async fn publish_as(
    store: &Store,
    files: &[SourceFile],
    order: &Order,
    now: Timestamp,
) -> Result<(Applied, Vec<Diagnostic>), NotPublished> {
    let checked = workspace::without_tests(files);
    let (compiled, diagnostics) = workspace::compile(&checked, &Options::default());
    let Some(compiled) = compiled else {
        return Err(NotPublished::Errors(diagnostics));
    };
    let machines = machines(&compiled);
    let publication = Publication {
        files,
        machines: &machines,
        stop: &order.stop,
        over: order.over,
    };
    Ok((store.publish(&publication, now).await?, diagnostics))
}

/// The machines of a workspace, each with its source.
pub fn machines(workspace: &Workspace) -> Vec<(Arc<Machine>, Arc<str>)> {
    let compiled = workspace.machines.iter();
    compiled
        .map(|c| (c.machine.clone(), c.source.clone()))
        .collect()
}
