//! Checking on a thread of its own, so that nobody who types waits for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use journey::{
    diagnostic::{Diagnostic, SourceFile},
    workspace::{self, Options},
};

use crate::roots::Checked;

/// A workspace to check.
#[derive(Debug)]
pub struct Job {
    /// Where it is.
    pub root: PathBuf,
    /// Which state of it.
    pub revision: u64,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// The workspace that was checked, and what was found.
pub type Done = (PathBuf, Checked);

/// The stack of the thread: enough for the deepest file that the compiler takes.
const STACK: usize = 16 << 20;

/// Starts the thread. It takes one job at a time; the answer names its root.
///
/// # Errors
/// If the system gives no thread.
pub fn start() -> std::io::Result<(Sender<Job>, Receiver<Done>)> {
    let (jobs, taken) = bounded::<Job>(1);
    let (done, results) = bounded(1);
    thread::Builder::new()
        .name("check".into())
        .stack_size(STACK)
        .spawn(move || {
            for job in taken {
                let checked = check(job.revision, job.files);
                if done.send((job.root, checked)).is_err() {
                    break;
                }
            }
        })?;
    Ok((jobs, results))
}

/// Checks a workspace. A flaw of the checker costs one answer, not the editor's server.
pub fn check(revision: u64, files: Vec<SourceFile>) -> Checked {
    let compiled = catch_unwind(AssertUnwindSafe(|| found(&files)));
    let found = compiled.unwrap_or_else(|_| {
        tracing::error!("the checker failed on these files; please report it with them");
        Vec::new()
    });
    Checked {
        revision,
        files,
        found,
    }
}

fn found(files: &[SourceFile]) -> Vec<Diagnostic> {
    let options = Options {
        unused: true,
        ..Options::default()
    };
    workspace::compile(files, &options).1
}
