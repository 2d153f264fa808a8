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
    assert_eq!(
        journeys,
        [
            "account-expiry",
            "back-in-stock",
            "birthday",
            "browse-abandonment",
            "cart-rescue",
            "concierge",
            "confirm-subscription",
            "event-reminder",
            "keywords",
            "loyalty-threshold",
            "monthly-letter",
            "nps",
            "post-purchase",
            "price-drop",
            "replenishment",
            "vip-upgrade",
            "welcome",
            "win-back",
        ]
    );
}

/// What is wrong with a journey beside the declarations that it needs: codes, each once.
fn obstacles(file: &SourceFile) -> Vec<&'static str> {
    let options = Options {
        templates: TemplateCheck::Ignored,
        alone: true,
        unused: false,
        short: None,
    };
    let beside = [
        (
            "config/policies.yaml",
            "purposes: { marketing: { consent: opt_in }, feedback: { consent: opt_out } }",
        ),
        (
            "config/endpoints.yaml",
            "vouchers: { url: https://shop.example/vouchers }\nsupport: { url: https://shop.example/desk }\n",
        ),
    ];
    let mut files: Vec<SourceFile> = beside
        .map(|(path, text)| SourceFile {
            path: path.into(),
            text: text.into(),
        })
        .into();
    files.push(file.clone());
    let (_, found) = workspace::compile(&files, &options);
    let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Journeys as a marketer wrote them before there was a parser.
#[test]
fn journeys_that_were_written_without_the_compiler_are_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let found = files(&folder, "");
    assert_eq!(found.len(), 6);
    for file in found {
        let expected: &[&str] = match &*file.path {
            // The exit without a reason is a mistake by rule 36.
            "10-win-back.yaml" => &["J303"],
            _ => &[],
        };
        assert_eq!(obstacles(&file), expected, "{}", file.path);
    }
}
