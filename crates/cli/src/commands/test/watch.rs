//! `--watch`: the tests again whenever a file of the workspace has changed.

use std::{
    path::Path,
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use anyhow::{Context, Result};
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer, notify};

use super::{TestArgs, once};
use crate::{
    output::{self, Refused},
    workspace,
};

/// How long files must be quiet before they are read: editors write a file in several moves.
const QUIET: Duration = Duration::from_millis(150);
/// What a workspace consists of.
const FOLDERS: [&str; 3] = ["journeys", "templates", "config"];

/// Runs the tests, and again after each change, for ever.
pub(super) fn run(args: &TestArgs, root: &Path) -> Result<()> {
    let (tell, changes) = mpsc::channel();
    let mut watcher = new_debouncer(QUIET, move |event: DebounceEventResult| {
        // Nobody listens any more: the process is about to end.
        let _ = tell.send(event);
    })
    .context("cannot watch files on this machine")?;
    watch(&mut watcher, root)?;
    loop {
        let seen = workspace::seen(root);
        show(once(args, root));
        output::text("\nWaiting for a change; Ctrl-C ends it.");
        wait(&changes, root, &seen)?;
        output::text(&format!("\n{}\n", "─".repeat(72)));
    }
}

fn watch(watcher: &mut Debouncer<notify::RecommendedWatcher>, root: &Path) -> Result<()> {
    for folder in FOLDERS.map(|name| root.join(name)) {
        if folder.is_dir() {
            let watched = watcher
                .watcher()
                .watch(&folder, notify::RecursiveMode::Recursive);
            watched.with_context(|| format!("cannot watch {}", folder.display()))?;
        }
    }
    Ok(())
}

/// Waits until a file of the workspace is another than it was. That files are read, or that an
/// editor keeps a copy beside them, is no change.
fn wait(
    changes: &Receiver<DebounceEventResult>,
    root: &Path,
    seen: &workspace::Seen,
) -> Result<()> {
    loop {
        let event = changes.recv().context("files are not watched any more")?;
        event.context("files cannot be watched any more")?;
        if workspace::seen(root) != *seen {
            return Ok(());
        }
    }
}

/// What went wrong is said, and may be mended while we wait.
fn show(result: Result<()>) {
    if let Err(error) = result
        && !error.is::<Refused>()
    {
        output::error(&error);
    }
}
