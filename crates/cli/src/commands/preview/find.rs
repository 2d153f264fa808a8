//! Which template is meant.

use std::path::Path;

use anyhow::Result;
use journey::workspace::Workspace;

use crate::{
    output::{self, Refused},
    workspace,
};

/// The template's name, from a name or a path.
///
/// # Errors
/// [`Refused`] if there is no such template.
pub fn find(wanted: &str, root: &Path, workspace: &Workspace) -> Result<String> {
    let absolute = std::path::absolute(wanted).unwrap_or_default();
    let base = std::path::absolute(root.join("templates")).unwrap_or_default();
    let path = workspace::relative(&base, &absolute);
    let parent = path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let below = wanted
        .strip_prefix("templates/")
        .unwrap_or(wanted)
        .trim_end_matches('/');
    let names = [Some(below.to_owned()), Some(path), parent];
    let known = |name: &String| workspace.templates.has(name);
    if let Some(name) = names.into_iter().flatten().find(known) {
        return Ok(name);
    }
    let all: Vec<&str> = workspace.templates.names().take(30).collect();
    output::aside(&format!(
        "there is no template `{wanted}`; there are: {}",
        all.join(", ")
    ));
    Err(Refused.into())
}
