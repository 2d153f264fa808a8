//! Writing a plan to disk.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context, Result, bail};

use super::{Addition, File, Plan};

/// Writes all of a plan below `root`. A file that has come to exist since it was planned is an
/// error and stays as it is, and so is one that has changed.
///
/// # Errors
/// If a file cannot be written; the message says which. New files are taken back then.
pub fn write(plan: &Plan, root: &Path) -> Result<()> {
    // What may be refused comes first: then nothing is written at all.
    for file in &plan.created {
        let path = root.join(&file.path);
        if fs::symlink_metadata(&path).is_ok() {
            bail!("{} is there already; nothing was written", path.display());
        }
    }
    for (done, file) in plan.created.iter().enumerate() {
        create(file, root).inspect_err(|_| undo(&plan.created[..done], root))?;
    }
    for addition in &plan.additions {
        change(addition, root)?;
    }
    Ok(())
}

/// Takes back what was created before a file that could not be. What cannot be removed stays.
fn undo(created: &[File], root: &Path) {
    for file in created {
        let _gone = fs::remove_file(root.join(&file.path));
    }
}

fn create(file: &File, root: &Path) -> Result<()> {
    let path = root.join(&file.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut opened| opened.write_all(file.text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Beside the file first, then in its place: a full disk leaves the old one.
fn change(addition: &Addition, root: &Path) -> Result<()> {
    let path = root.join(&addition.path);
    let cannot = || format!("cannot add to {}", path.display());
    if fs::read_to_string(&path).with_context(cannot)? != addition.before {
        bail!(
            "{} has changed meanwhile; add to it by hand: {}",
            path.display(),
            addition.names.join(", ")
        );
    }
    let new = path.with_extension("yaml.new");
    fs::write(&new, &addition.text)
        .and_then(|()| fs::rename(&new, &path))
        .with_context(cannot)
}
