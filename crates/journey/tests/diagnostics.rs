//! Literate tests: each file of `tests/diagnostics/` holds sources and the words that an author
//! reads. The list of codes in `docs/language.md` is held against the pages. `BLESS=1 cargo test -p parcours-journey --test diagnostics` writes both anew.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::{self, render},
    workspace::{self, Options, Workspace},
};

const HEAD: &str = "journey: demo\npurpose: service\n";
const ENTER: &str = "enter: { event: cart.updated, key: event.cart_id }\n";

/// What every case is compiled beside.
const FIXTURE: [(&str, &str); 7] = [
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
        "templates/hello/email.fr.mjml",
        "---\nsubject: Bonjour\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>Bonjour <a href=\"{{ links.unsubscribe }}\">Adieu</a></mj-text></mj-column></mj-section></mj-body></mjml>\n",
    ),
    (
        "templates/hello/email.fr.txt",
        "Bonjour{% if subject or percent or code or a %}!{% endif %}\nAdieu: {{ links.unsubscribe }}\n",
    ),
    ("templates/hello/sms.fr.txt", "Bonjour\n"),
];

/// The path that a line `# PATH` names.
fn path_of(line: &str) -> Option<&str> {
    let path = line.trim_end().strip_prefix("# ")?;
    let known = ["config/", "journeys/", "templates/"];
    (known.iter().any(|k| path.starts_with(k)) && !path.contains(' ')).then_some(path)
}

/// An example as files: whole ones, each behind a line `# PATH`, or steps or head fields of a
/// journey.
fn written(example: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut rest = String::new();
    for line in example.split_inclusive('\n') {
        if let Some(path) = path_of(line) {
            // A comment in YAML; templates would print it.
            let text = if path.starts_with("templates/") {
                ""
            } else {
                line
            };
            files.push((path.to_owned(), text.to_owned()));
        } else if let Some((_, text)) = files.last_mut() {
            if line.trim_end() == "(300 kB more)" {
                text.push_str(&"x".repeat(300 * 1024));
            } else if line.trim_end() == "(5 kB more)" {
                let end = text.trim_end().len();
                text.truncate(end);
                text.push_str(&format!(" {}\n", "mot ".repeat(1_280)));
            } else {
                text.push_str(line);
            }
        } else {
            rest.push_str(line);
        }
    }
    if !rest.is_empty() {
        files.insert(0, ("journeys/demo/journey.yaml".to_owned(), journey(&rest)));
    }
    files
}

/// A whole journey around what an example shows of it.
fn journey(example: &str) -> String {
    if example.starts_with("- ") {
        return format!("{HEAD}{ENTER}steps:\n{example}");
    }
    if example.contains("journey:") {
        return example.to_owned();
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
    format!("{HEAD}{enter}{example}{steps}")
}

/// Codes that speak of a whole workspace: nothing is compiled beside their examples.
const OF_THE_WHOLE: [&str; 4] = ["J117", "J525", "J617", "J804"];

fn sources(code: &str, example: &str) -> Vec<SourceFile> {
    let mut files: Vec<(String, String)> = written(example);
    let own: Vec<String> = files.iter().map(|f| f.0.clone()).collect();
    let beside = FIXTURE
        .iter()
        .filter(|f| !OF_THE_WHOLE.contains(&code) && !own.iter().any(|o| o == f.0));
    files.splice(
        0..0,
        beside.map(|(p, t)| ((*p).to_owned(), (*t).to_owned())),
    );
    files
        .into_iter()
        .map(|(path, text)| SourceFile {
            path: path.into(),
            text: text.into(),
        })
        .collect()
}

fn compiled(code: &str, example: &str) -> (Option<Workspace>, Vec<Diagnostic>, Vec<SourceFile>) {
    let files = sources(code, example);
    let options = Options {
        unused: OF_THE_WHOLE.contains(&code),
        ..Options::default()
    };
    let (workspace, found) = workspace::compile(&files, &options);
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

/// What only `plan` says: its pages and cases are held to be so by the test `plan`.
fn needs_the_database(code: &str) -> bool {
    code.starts_with("J9")
}

#[test]
fn every_page_has_an_example_that_is_wrong_in_that_way_only_and_one_that_is_right() {
    let mut wrong = Vec::new();
    for (code, page) in diagnostics::pages().filter(|(code, _)| !needs_the_database(code)) {
        let blocks = blocks(page);
        let [(_, bad), (_, good)] = blocks.as_slice() else {
            panic!("{code}: a page has two examples");
        };
        let (made, found, files) = compiled(code, bad);
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        let failed = found.iter().any(|d| d.severity == Severity::Error);
        if codes != [code] || failed == made.is_some() {
            wrong.push(format!(
                "{code}, wrong example: {codes:?}\n{}",
                render::text(&found, &files, false)
            ));
        }
        let (made, found, files) = compiled(code, good);
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
        if needs_the_database(code) {
            continue;
        }
        assert!(
            cases().join(format!("{code}.md")).exists(),
            "tests/diagnostics/{code}.md"
        );
    }
    assert_eq!(diagnostics::page("J999"), None);
}

/// The Rust sources of the crate, without its tests: path and text.
fn rust_sources() -> Vec<(String, String)> {
    let mut open = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            if path.is_dir() {
                open.push(path);
            } else if !name.contains("tests") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((name, text));
            }
        }
    }
    found
}

/// The codes that stand in quotes in a text.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("\"J").filter_map(|(at, _)| {
        let code = text.get(at + 1..at + 5)?;
        let digits = code[1..].bytes().all(|b| b.is_ascii_digit());
        (digits && text[at + 5..].starts_with('"')).then_some(code)
    })
}

#[test]
fn every_code_that_is_printed_has_a_page_and_every_page_a_code() {
    let sources = rust_sources();
    let mut used = BTreeSet::new();
    for (path, text) in &sources {
        for code in codes_in(text) {
            assert!(
                diagnostics::page(code).is_some(),
                "{path}: no page of {code}"
            );
            if !path.contains("/diagnostics/") {
                used.insert(code);
            }
        }
    }
    // A family's constant is used where its name stands in another file.
    for (path, text) in sources.iter().filter(|s| s.0.contains("/diagnostics/")) {
        for line in text.lines().filter(|l| l.contains(" = \"J")) {
            let name = line.trim().split(' ').next().unwrap();
            let elsewhere = sources
                .iter()
                .any(|(p, t)| p != path && t.contains(&format!("::{name}")));
            used.extend(codes_in(line).filter(|_| elsewhere));
        }
    }
    let pages: BTreeSet<&str> = diagnostics::pages().map(|p| p.0).collect();
    assert_eq!(
        pages.difference(&used).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
    let files = fs::read_dir(cases().join("../../src/diagnostics/pages")).unwrap();
    assert_eq!(files.count(), pages.len(), "a page that no family names");
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
            if language != "text" {
                let code = title.get(2..6).unwrap_or_default();
                let (_, found, files) = compiled(code, &example);
                let words = render::text(&found, &files, false);
                written.push_str(&format!(
                    "\n```{language}\n{example}```\n\n```text\n{words}```\n"
                ));
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

/// The title of a page: its first line without the code.
fn title(page: &str) -> &str {
    let line = page.lines().next().unwrap_or_default();
    line.split_once(": ").map_or(line, |l| l.1)
}

#[test]
fn the_reference_lists_every_code() {
    let path = cases().join("../../../../docs/language.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- codes -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of codes -->").unwrap();
    let rows: String = diagnostics::pages()
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .map(|(code, page)| format!("| {code} | {} |\n", title(page)))
        .collect();
    let list = format!("| code | says |\n| --- | --- |\n{rows}");
    let written = format!("{before}<!-- codes -->\n{list}<!-- end of codes -->{after}");
    if std::env::var("BLESS").is_ok() {
        fs::write(&path, written).unwrap();
    } else {
        assert_eq!(text, written, "write it anew with BLESS=1");
    }
}
