//! Literate tests: each file of `tests/diagnostics/` holds sources and the words that an author
//! reads. `BLESS=1 cargo test -p parcours-journey --test diagnostics` writes the words anew.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

use std::{fs, path::PathBuf};

use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{self, render},
    workspace::{self, Options, Workspace},
};

const HEAD: &str = "journey: demo\npurpose: service\n";
const ENTER: &str = "enter: { event: cart.updated, key: event.cart_id }\n";

/// What every case is compiled beside.
const FIXTURE: [(&str, &str); 6] = [
    (
        "config/events/cart.updated.yaml",
        "properties:\n  cart_id: { type: string }\n  total: { type: number }\n  at: { type: string, format: date-time }\n  \
         kind: { enum: [web, shop] }\n  address: { type: object, properties: { zip: { type: string } } }\n  \
         items: { type: array, items: { type: object, properties: { price: { type: number } } } }\n",
    ),
    (
        "config/events/order.placed.yaml",
        "additionalProperties: true\n",
    ),
    (
        "config/traits.yaml",
        "properties: { country: { type: string }, vip: { type: boolean }, renews_at: { type: string, format: date-time } }\n",
    ),
    (
        "journeys/taken/journey.yaml",
        "journey: taken\nenter: { event: order.placed }\nsteps: []\n",
    ),
    (
        "templates/hello/email.en.txt",
        "---\nsubject: Hello\n---\nHello\n",
    ),
    ("templates/hello/sms.en.txt", "Hello\n"),
];

/// An example as a file: whole, or steps or head fields of a journey. `# PATH` at its top says
/// that it is another file.
fn file(example: &str) -> (String, String) {
    if let Some((path, _)) = example.strip_prefix("# ").and_then(|e| e.split_once('\n')) {
        if path.ends_with(".yaml") || path.ends_with(".yml") {
            return (path.to_owned(), example.to_owned());
        }
    }
    let path = "journeys/demo/journey.yaml".to_owned();
    if example.starts_with("- ") {
        return (path, format!("{HEAD}{ENTER}steps:\n{example}"));
    }
    if example.contains("journey:") {
        return (path, example.to_owned());
    }
    let enter = if example.contains("enter:") {
        ""
    } else {
        ENTER
    };
    let steps = if example.contains("steps:") {
        ""
    } else {
        "steps: []\n"
    };
    (path, format!("{HEAD}{enter}{example}{steps}"))
}

fn sources(example: &str) -> Vec<SourceFile> {
    let (path, text) = file(example);
    let source = |path: &str, text: &str| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    let mut files: Vec<SourceFile> = FIXTURE
        .iter()
        .filter(|(p, _)| *p != path)
        .map(|(p, t)| source(p, t))
        .collect();
    files.push(source(&path, &text));
    files
}

fn compiled(example: &str) -> (Option<Workspace>, Vec<Diagnostic>, Vec<SourceFile>) {
    let files = sources(example);
    let (workspace, found) = workspace::compile(&files, &Options::default());
    (workspace, found, files)
}

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

#[test]
fn every_page_has_an_example_that_is_wrong_in_that_way_only_and_one_that_is_right() {
    let mut wrong = Vec::new();
    for (code, page) in diagnostics::pages() {
        let blocks = blocks(page);
        let [(_, bad), (_, good)] = blocks.as_slice() else {
            panic!("{code}: a page has two examples");
        };
        let (made, found, files) = compiled(bad);
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        let failed = found.iter().any(|d| d.severity == Severity::Error);
        if codes != [code] || !failed || made.is_some() {
            wrong.push(format!(
                "{code}, wrong example: {codes:?}\n{}",
                render::text(&found, &files, false)
            ));
        }
        let (made, found, files) = compiled(good);
        if made.is_none() || !found.is_empty() {
            wrong.push(format!(
                "{code}, right example:\n{}",
                render::text(&found, &files, false)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    for (code, page) in diagnostics::pages() {
        assert!(diagnostics::page(code) == Some(page));
        assert!(
            cases().join(format!("{code}.md")).exists(),
            "tests/diagnostics/{code}.md"
        );
    }
    assert_eq!(diagnostics::page("J999"), None);
}

#[test]
fn authors_read_these_words() {
    let bless = std::env::var("BLESS").is_ok();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(cases()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let title = text.lines().next().unwrap_or_default();
        let mut written = format!("{title}\n");
        for (language, example) in blocks(&text) {
            if language == "yaml" {
                let (_, found, files) = compiled(&example);
                let words = render::text(&found, &files, false);
                written.push_str(&format!("\n```yaml\n{example}```\n\n```text\n{words}```\n"));
            }
        }
        if bless {
            fs::write(&path, written).unwrap();
        } else if written != text {
            wrong.push(format!("{}:\n{written}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
