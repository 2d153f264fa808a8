//! Other people's libraries in Python: what they make of ours, and what ours make of theirs.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use super::workspace_root;

/// A Python that has these modules: the one that `PARCOURS_TEST_PYTHON` names, the one that `scripts/install-servers.sh browser` has
/// made, or the system's. `None`, and a line that says so, where there is none.
#[must_use]
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
pub fn with(modules: &str) -> Option<PathBuf> {
    let named = std::env::var_os("PARCOURS_TEST_PYTHON").map(PathBuf::from);
    let ours = workspace_root().join(".parcours/python/bin/python");
    let all = named.into_iter().chain([ours]);
    let mut all = all.chain(["python3", "/usr/bin/python3"].map(PathBuf::from));
    let found = all.find(|python| {
        let asked = Command::new(python)
            .args(["-c", &format!("import {modules}")])
            .stdin(Stdio::null())
            .output();
        asked.is_ok_and(|told| told.status.success())
    });
    if found.is_none() {
        eprintln!(
            "SKIPPED: no python3 has {modules}; scripts/install-servers.sh browser installs it"
        );
    }
    found
}

/// What a script prints, told these arguments.
///
/// # Panics
/// It fails.
#[must_use]
pub fn said(python: &PathBuf, script: &str, arguments: &[&str]) -> Vec<u8> {
    let ran = Command::new(python)
        .args(["-c", script])
        .args(arguments)
        .output()
        .expect("Python starts");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    ran.stdout
}
