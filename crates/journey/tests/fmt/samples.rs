//! The repository's own YAML files.

use std::{fs, path::PathBuf};

use journey::{
    diagnostic::SourceFile,
    workspace::{self, Options, TemplateCheck},
};

use crate::formatted;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every YAML file of the sample workspace: its path from the root, and its text.
pub fn samples() -> Vec<(String, String)> {
    let mut open = ["journeys", "config"].map(|d| root().join(d)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_samples_are_formatted() {
    let bless = std::env::var("BLESS").is_ok();
    for (path, text) in samples() {
        let new = formatted(&text);
        if bless {
            fs::write(root().join(&path), new).unwrap();
        } else {
            assert_eq!(text, new, "{path}: run `parcours fmt`");
        }
    }
}

/// The content of every machine of a workspace.
fn compiled(files: &[(String, String)]) -> Vec<Vec<u8>> {
    let sources: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: path.as_str().into(),
            text: text.as_str().into(),
        })
        .collect();
    let options = Options {
        templates: TemplateCheck::Ignored,
        ..Options::default()
    };
    let (made, found) = workspace::compile(&sources, &options);
    let made = made.unwrap_or_else(|| panic!("{found:#?}"));
    made.machines.iter().map(|m| m.machine.content()).collect()
}

#[test]
fn formatting_changes_no_machine() {
    let before = samples();
    // A form that is far from the one form: everything deeper, every list at its name.
    let wide: Vec<(String, String)> = before
        .iter()
        .map(|(path, text)| (path.clone(), widened(text)))
        .collect();
    let after: Vec<(String, String)> = wide
        .iter()
        .map(|(path, text)| (path.clone(), formatted(text)))
        .collect();
    assert_ne!(wide, before);
    assert_eq!(compiled(&wide), compiled(&before));
    assert_eq!(compiled(&after), compiled(&before));
}

/// The same with twice the indentation.
pub fn widened(text: &str) -> String {
    text.lines()
        .map(|line| {
            let rest = line.trim_start();
            let spaces = " ".repeat(2 * (line.len() - rest.len()));
            match rest.strip_prefix("- ") {
                Some(item) => format!("{spaces}-   {item}\n"),
                None => format!("{spaces}{rest}\n"),
            }
        })
        .collect()
}
