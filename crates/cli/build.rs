//! Puts the gallery of `parcours new` into the binary: the journeys, templates and declarations at
//! the root of the repository, and the starter beside this file. They are the same files that the
//! samples are checked and run from, so there is no second copy to keep equal.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The folders of a workspace that belong to the gallery.
const FOLDERS: [&str; 3] = ["config", "journeys", "templates"];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for root in [here.join("../.."), here.join("starter")] {
        for folder in FOLDERS {
            walk(&root, &root.join(folder), &mut files)?;
        }
    }
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in &files {
        writeln!(code, "    ({name:?}, include_str!({path:?})),")?;
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR")?).join("gallery.rs");
    fs::write(out, code)?;
    Ok(())
}

/// Every file below `folder`, with its path from `root`. A folder is watched as well as what it
/// holds, so that a new file is found.
fn walk(
    root: &Path,
    folder: &Path,
    into: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    if !folder.is_dir() {
        return Ok(());
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, into)?;
        } else {
            let name = path.strip_prefix(root)?.to_string_lossy();
            into.push((name.replace('\\', "/"), fs::canonicalize(&path)?));
        }
    }
    Ok(())
}
