//! The sample workspace at the root of the repository, and the reference journeys, as far as
//! they are there.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    workspace::{self, Options, TemplateCheck},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below a folder, by its path from `root`.
fn files(root: &Path, folder: &str) -> Vec<SourceFile> {
    let mut open = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy();
                found.push(SourceFile {
                    path: name.replace('\\', "/").into(),
                    text: fs::read_to_string(&path).unwrap().into(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[test]
fn the_sample_workspace_has_nothing_to_complain_about() {
    let all = ["config", "journeys", "templates"];
    let files: Vec<SourceFile> = all.iter().flat_map(|f| files(&root(), f)).collect();
    let (workspace, found) = workspace::compile(&files, &Options::default());
    assert!(found.is_empty(), "{}", render::text(&found, &files, false));
    let journeys: Vec<String> = workspace
        .unwrap()
        .machines
        .iter()
        .map(|m| m.machine.journey.to_string())
        .collect();
    assert_eq!(journeys, ["cart-rescue", "welcome", "win-back"]);
}

/// What keeps a reference journey from being run: codes, each once.
fn obstacles(file: &SourceFile) -> Vec<&'static str> {
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
    };
    let policies = SourceFile {
        path: "config/policies.yaml".into(),
        text: "purposes: { marketing: { consent: opt_in }, feedback: { consent: opt_out } }".into(),
    };
    let (_, found) = workspace::compile(&[policies, file.clone()], &options);
    let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn reference_journeys_need_only_what_this_version_does_not_have_yet() {
    let folder = Path::new("/work/shared/reference/journeys");
    if !folder.exists() {
        println!("skipped: {} is not on this machine", folder.display());
        return;
    }
    for file in files(folder, "") {
        let expected: &[&str] = match &*file.path {
            "01-welcome.yaml" | "02-abandoned-cart.yaml" => &[],
            "03-birthday.yaml" | "05-replenishment.yaml" | "07-nps-chatbot.yaml" => &["J015"],
            // The exit without a reason is a mistake by rule 36.
            "10-win-back.yaml" => &["J015", "J303"],
            other => panic!("{other}: say what it needs"),
        };
        assert_eq!(obstacles(&file), expected, "{}", file.path);
    }
}
