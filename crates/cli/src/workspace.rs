//! Reading a workspace from disk: journeys, templates and config, with bounds.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use journey::diagnostic::SourceFile;

/// The largest file of a workspace, in bytes.
pub const MAX_FILE: u64 = 1 << 20;
/// The most files of a workspace.
pub const MAX_FILES: usize = 20_000;

/// Every file of the workspace at `root` that the compiler reads, in order of their paths.
///
/// # Errors
/// If `root` holds no workspace, or a file cannot be read, is no UTF-8, or is beyond the bounds.
pub fn read(root: &Path) -> Result<Vec<SourceFile>> {
    paths(root)?
        .iter()
        .map(|path| source(path, &relative(root, path)))
        .collect()
}

/// The same with the journeys' tests. They are published as well, so that the console can run them, but what is wrong with
/// them is told by `parcours test` alone.
///
/// # Errors
/// As [`read`].
pub fn read_with_tests(root: &Path) -> Result<Vec<SourceFile>> {
    with_tests(root)?
        .iter()
        .map(|path| source(path, &relative(root, path)))
        .collect()
}

/// The files of a workspace, each with its size and when it was changed.
pub type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The files of a workspace and its tests as they are now, to find out later whether one has
/// changed. Empty where there is none.
pub fn seen(root: &Path) -> Seen {
    let paths = with_tests(root).unwrap_or_default();
    let one = |path: PathBuf| {
        let data = fs::metadata(&path).ok()?;
        Some((path, data.len(), data.modified().ok()))
    };
    paths.into_iter().filter_map(one).collect()
}

fn with_tests(root: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = paths(root)?;
    let beside = sorted(&root.join("journeys"))?;
    let tests = beside.into_iter().map(|dir| dir.join("tests.yaml"));
    paths.extend(tests.filter(|path| path.is_file()));
    paths.sort();
    Ok(paths)
}

/// Where these files are, without reading them.
///
/// # Errors
/// If `root` holds no workspace, or more files than it may.
pub fn paths(root: &Path) -> Result<Vec<PathBuf>> {
    let paths = found(root)?;
    if paths.is_empty() {
        bail!(
            "{} holds no workspace: there is no journeys/NAME/journey.yaml, templates/ or config/; `parcours new --list` shows what to begin with, and `-C` names another folder",
            root.display()
        );
    }
    Ok(paths)
}

/// The same; nothing where there is no workspace yet.
///
/// # Errors
/// If a folder cannot be read, or there are more files than there may be.
pub fn found(root: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for dir in sorted(&root.join("journeys"))? {
        paths.push(dir.join("journey.yaml"));
    }
    for name in ["policies", "traits", "endpoints", "content", "vouchers"] {
        paths.push(root.join(format!("config/{name}.yaml")));
    }
    for dir in ["config/events", "config/segments", "journeys/_fragments"] {
        paths.extend(sorted(&root.join(dir))?);
    }
    walk(&root.join("templates"), &mut paths)?;
    paths.retain(|path| path.is_file() && !hidden(path));
    if paths.len() > MAX_FILES {
        bail!(
            "{} holds {} files; a workspace has {MAX_FILES} at the most",
            root.display(),
            paths.len()
        );
    }
    paths.sort();
    Ok(paths)
}

/// Every YAML file of the workspace's `journeys/` and `config/`, in order of their paths.
///
/// # Errors
/// If there is none, or if there are more than a workspace may have.
pub fn yaml(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for part in ["journeys", "config"] {
        found.extend(yaml_below(&root.join(part))?);
    }
    if found.is_empty() {
        bail!(
            "{} holds no workspace: there is no YAML file in journeys/ or config/",
            root.display()
        );
    }
    Ok(found)
}

/// Every YAML file below a folder, in order of their paths.
///
/// # Errors
/// If there are more than a workspace may have.
pub fn yaml_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(dir, &mut found)?;
    let yaml = |path: &Path| path.extension().is_some_and(|e| e == "yaml" || e == "yml");
    found.retain(|path| path.is_file() && yaml(path) && !hidden(path));
    found.sort();
    Ok(found)
}

/// The templates in `dir`, as those of a workspace.
///
/// # Errors
/// As [`read`].
pub fn templates(dir: &Path) -> Result<Vec<SourceFile>> {
    if !dir.is_dir() {
        bail!("{} is no folder of templates", dir.display());
    }
    let mut paths = Vec::new();
    walk(dir, &mut paths)?;
    paths.retain(|path| path.is_file() && !hidden(path));
    paths.sort();
    paths
        .iter()
        .map(|path| source(path, &format!("templates/{}", relative(dir, path))))
        .collect()
}

/// The journey's file, and the path that the compiler is to know it by: the path as given, else
/// `journeys/NAME/journey.yaml`.
///
/// # Errors
/// If there is neither.
pub fn journey(journey: &str, root: &Path) -> Result<(PathBuf, String)> {
    let as_path = Path::new(journey);
    if as_path.is_file() {
        return Ok((as_path.to_owned(), relative(root, as_path)));
    }
    let known_as = format!("journeys/{journey}/journey.yaml");
    let in_workspace = root.join(&known_as);
    if in_workspace.is_file() {
        return Ok((in_workspace, known_as));
    }
    bail!(
        "there is no journey `{journey}`: no such file, and no {known_as} in {}",
        root.display()
    )
}

/// One file under the path that the compiler is to know it by.
///
/// # Errors
/// As [`read`].
pub fn source(path: &Path, known_as: &str) -> Result<SourceFile> {
    let size = fs::metadata(path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    if size > MAX_FILE {
        bail!(
            "{} has {size} bytes; a file has {MAX_FILE} at the most",
            path.display()
        );
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    SourceFile::of(known_as, bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let read = error.as_bytes()[..at].iter();
        let line = read.filter(|b| **b == b'\n').count() + 1;
        let path = path.display();
        match known_as.starts_with("templates/") {
            true => anyhow::anyhow!(
                "{path}:{line}: not UTF-8; save a text with the encoding UTF-8; of other files, mails carry png, jpg, gif, webp and pdf"
            ),
            false => anyhow::anyhow!("{path}:{line}: not UTF-8; save the file with the encoding UTF-8"),
        }
    })
}

/// The path from the workspace's root, with `/`.
pub fn relative(root: &Path, path: &Path) -> String {
    let Ok(path) = path.strip_prefix(root) else {
        return path.display().to_string();
    };
    path.components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// What a folder holds, in order; nothing where there is no such folder.
fn sorted(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("cannot read {}", dir.display()))?;
    paths.sort();
    Ok(paths)
}

fn walk(dir: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for path in sorted(&dir)? {
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                into.push(path);
            }
            if into.len() > MAX_FILES {
                bail!("{} holds more than {MAX_FILES} files", dir.display());
            }
        }
    }
    Ok(())
}

/// Editors' and systems' own files.
fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') || name.ends_with('~')
    })
}
