//! Journeys as people write them who have only the reference, with the mistakes that people make:
//! `planted/NN-what.yaml`. What must be found stands beside each, in `NN-what.found`: nothing else
//! may be, and each cure must work.
//!
//! A line `# PATH` begins another file of the case, which takes the place of the shop's own.
//!
//! A line `J014 16:5 template` says: that code, there (line and column, both from 1; `PATH:16:5` in
//! another file), with these words in its label, notes or replacement. Indented lines below it are the cure where the
//! diagnostic offers no replacement, or where that must be completed by hand: `16: TEXT` puts TEXT
//! in place of line 16 (`16:` alone removes it), `+16: TEXT` puts it behind that line.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

use std::{fs, ops::Range, path::PathBuf, sync::Arc};

use journey::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::render,
    workspace::{self, Options},
};

/// What must be found.
#[derive(Debug)]
struct Planted {
    code: String,
    at: String,
    words: String,
    /// Lines to be replaced, or added behind.
    cure: Vec<(usize, bool, Option<String>)>,
}

/// One case: its name, its files, the journey first, and what must be found.
struct Case {
    name: String,
    files: Vec<SourceFile>,
    planted: Vec<Planted>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/planted")
}

fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path
            .file_name()
            .and_then(|n| n.to_str()?.strip_suffix(".yaml"))
        else {
            continue;
        };
        let sidecar = path.with_extension("found");
        let planted = fs::read_to_string(&sidecar).unwrap_or_default();
        found.push(Case {
            name: name.to_owned(),
            files: files(name, &fs::read_to_string(&path).unwrap()),
            planted: read(&planted),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn read(sidecar: &str) -> Vec<Planted> {
    let mut planted: Vec<Planted> = Vec::new();
    for line in sidecar.lines().filter(|l| !l.trim().is_empty()) {
        if let Some(cure) = line.strip_prefix("  ") {
            let (number, text) = cure.split_once(':').unwrap();
            let (adds, number) = match number.strip_prefix('+') {
                Some(number) => (true, number),
                None => (false, number),
            };
            let text = text.strip_prefix(' ').map(str::to_owned);
            let last = planted.last_mut().unwrap();
            last.cure.push((number.parse().unwrap(), adds, text));
            continue;
        }
        let mut words = line.splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        planted.push(Planted {
            code: next(),
            at: next(),
            words: next(),
            cure: Vec::new(),
        });
    }
    planted
}

/// The files of a case. Its journey is in the folder of its name.
fn files(name: &str, text: &str) -> Vec<SourceFile> {
    let (_, name) = name.split_once('-').unwrap();
    let mut found = vec![(format!("journeys/{name}/journey.yaml"), String::new())];
    for line in text.split_inclusive('\n') {
        match another(line) {
            Some(path) => found.push((path.to_owned(), String::new())),
            None => found.last_mut().unwrap().1.push_str(line),
        }
    }
    let source = |(path, text): (String, String)| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    found.into_iter().map(source).collect()
}

/// The path of the file that begins behind a line `# PATH`.
fn another(line: &str) -> Option<&str> {
    let path = line.trim_end().strip_prefix("# ")?;
    let known = ["config/", "journeys/", "templates/"];
    (known.iter().any(|k| path.starts_with(k)) && !path.contains(' ')).then_some(path)
}

/// What every case stands beside: a shop's events, traits, policies and templates.
fn world() -> Vec<SourceFile> {
    let root = folder().join("world");
    let (mut open, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(SourceFile {
                    path: path.strip_prefix(&root).unwrap().to_str().unwrap().into(),
                    text: fs::read_to_string(&path).unwrap().into(),
                });
            }
        }
    }
    found
}

fn check(own: &[SourceFile]) -> (Vec<Diagnostic>, String) {
    let mut files = world();
    files.retain(|f| !own.iter().any(|o| o.path == f.path));
    files.extend(own.iter().cloned());
    let (_, found) = workspace::compile(&files, &Options::default());
    let shown = render::text(&found, &files, false);
    (found, shown)
}

/// Where a diagnostic stands: line and column, and the file if it is not the journey's.
fn stands(case: &Case, diagnostic: &Diagnostic) -> String {
    let Some(index) = case.files.iter().position(|f| f.path == diagnostic.file) else {
        return diagnostic.file.to_string();
    };
    let text = &case.files[index].text;
    let at = place(text, diagnostic.span.start.min(text.len()));
    match index {
        0 => at,
        _ => format!("{}:{at}", diagnostic.file),
    }
}

/// Line and column, from 1, in characters.
fn place(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    format!("{line}:{column}")
}

/// All that a diagnostic says.
fn cure_of(diagnostic: &Diagnostic) -> String {
    let replacement = diagnostic.replacement.as_ref().map(|r| &*r.1);
    format!(
        "{}\n{}\n{}\n{}",
        diagnostic.message,
        diagnostic.label,
        diagnostic.notes.join("\n"),
        replacement.unwrap_or_default()
    )
}

/// The cure as edits of the text.
fn edits(planted: &Planted, diagnostic: &Diagnostic, text: &str) -> Vec<(Range<usize>, String)> {
    if planted.cure.is_empty() {
        let replacement = diagnostic.replacement.clone();
        return replacement.into_iter().collect();
    }
    let mut starts = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    let line = |number: usize| starts[number - 1]..starts[number];
    let edit = |(number, adds, with): &(usize, bool, Option<String>)| {
        let span = line(*number);
        let with = with
            .as_ref()
            .map_or_else(String::new, |with| format!("{with}\n"));
        match adds {
            true => (span.end..span.end, with),
            false => (span, with),
        }
    };
    planted.cure.iter().map(edit).collect()
}

fn applied(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
    // One line may cure two mistakes.
    edits.dedup();
    // A line that is written anew holds the cures of all that is in it.
    let lines: Vec<Range<usize>> = edits
        .iter()
        .filter(|(span, _)| text[span.clone()].ends_with('\n'))
        .map(|(span, _)| span.clone())
        .collect();
    edits.retain(|(span, _)| {
        !lines
            .iter()
            .any(|l| l != span && l.start <= span.start && span.end < l.end)
    });
    let mut text = text.to_owned();
    for (span, with) in edits {
        text.replace_range(span, &with);
    }
    text
}

/// The files of a case with all these edits made.
fn mended(case: &Case, edits: &[(Arc<str>, Range<usize>, String)]) -> Vec<SourceFile> {
    let mend = |file: &SourceFile| {
        let of_it = edits.iter().filter(|e| e.0 == file.path);
        let edits = of_it.map(|(_, span, text)| (span.clone(), text.clone()));
        SourceFile {
            path: file.path.clone(),
            text: applied(&file.text, edits.collect()).into(),
        }
    };
    case.files.iter().map(mend).collect()
}

/// The edits that cure one diagnostic.
fn cures(
    case: &Case,
    planted: &Planted,
    found: &Diagnostic,
) -> Vec<(Arc<str>, Range<usize>, String)> {
    let file = case.files.iter().find(|f| f.path == found.file);
    let text = file.map_or("", |f| &f.text);
    let edits = edits(planted, found, text).into_iter();
    edits
        .map(|(span, with)| (found.file.clone(), span, with))
        .collect()
}

/// What is wrong with how a case is found; empty: nothing.
fn judge(case: &Case) -> Vec<String> {
    let (found, shown) = check(&case.files);
    let mut wrong = Vec::new();
    let mut expected: Vec<&Planted> = case.planted.iter().collect();
    let mut all = Vec::new();
    for diagnostic in &found {
        let at = stands(case, diagnostic);
        let index = expected
            .iter()
            .position(|p| p.code == diagnostic.code && p.at == at);
        let Some(planted) = index.map(|i| expected.remove(i)) else {
            wrong.push(format!("{} at {at} is not planted", diagnostic.code));
            continue;
        };
        let code = &planted.code;
        if !cure_of(diagnostic).contains(&planted.words) {
            wrong.push(format!("{code} at {at} does not say `{}`", planted.words));
        }
        let edits = cures(case, planted, diagnostic);
        if edits.is_empty() {
            wrong.push(format!("{code} at {at} has no cure"));
        }
        let (left, after) = check(&mended(case, &edits));
        if left.len() >= found.len() {
            wrong.push(format!("the cure of {code} at {at} leaves\n{after}"));
        }
        all.extend(edits);
    }
    for planted in expected {
        wrong.push(format!("{} at {} is not found", planted.code, planted.at));
    }
    let after = mended(case, &all);
    let (left, words) = check(&after);
    if !left.is_empty() && wrong.is_empty() {
        let text = &after[0].text;
        wrong.push(format!("all cures leave\n{text}\n{words}"));
    }
    if !wrong.is_empty() {
        wrong.push(shown);
    }
    wrong
}

#[test]
fn every_planted_mistake_is_found_where_it_is_and_can_be_cured_as_is_said() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 30);
    for case in &cases {
        let found = judge(case);
        if !found.is_empty() {
            wrong.push(format!("== {}\n{}", case.name, found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
