//! The tutorial is true: its files are written, its commands run, and what they print is what it says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TUTORIAL: &str = include_str!("../../../docs/tutorial.md");

/// A block of the page, with the comment above it that says what it is for.
struct Block<'t> {
    kind: &'t str,
    mark: Option<&'t str>,
    lines: Vec<&'t str>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    let mut mark = None;
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ") {
            mark = comment.strip_suffix(" -->");
        } else if let Some(kind) = line.strip_prefix("```") {
            let lines = lines.by_ref().take_while(|l| *l != "```").collect();
            found.push(Block {
                kind,
                mark: mark.take(),
                lines,
            });
        }
    }
    found
}

impl Block<'_> {
    fn text(&self) -> String {
        self.lines.iter().flat_map(|l| [*l, "\n"]).collect()
    }

    /// Writes, extends or changes a file as an author is told to.
    fn edit(&self, root: &Path) {
        let (verb, path) = self.mark.unwrap().split_once(": ").unwrap();
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = fs::read_to_string(&path).unwrap_or_default();
        let after = match verb {
            "write" => self.text(),
            "append" => before + &self.text(),
            "change" => self.changed(&before),
            other => panic!("{other}?"),
        };
        fs::write(path, after).unwrap();
    }

    fn changed(&self, before: &str) -> String {
        let side = |sign| self.lines.iter().filter_map(move |l| l.strip_prefix(sign));
        side('-')
            .zip(side('+'))
            .fold(before.to_owned(), |text, (old, new)| {
                assert_eq!(text.matches(old).count(), 1, "{old}");
                text.replace(old, new)
            })
    }

    /// Runs the command and gives what it printed, in the shape of the page.
    fn run(&self, root: &Path) -> String {
        let line = self.lines[0].strip_prefix("$ parcours ").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_parcours"))
            .current_dir(root)
            .args(words(line))
            .output()
            .unwrap();
        let both = [output.stdout, output.stderr].concat();
        format!("{}\n{}", self.lines[0], String::from_utf8(both).unwrap())
    }
}

/// The words of a command line, of which some stand in double quotes.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(n, part)| {
            if n % 2 == 1 {
                vec![part.to_owned()]
            } else {
                part.split_whitespace().map(str::to_owned).collect()
            }
        })
        .collect()
}

/// Without what differs from run to run: how long it took, and spaces at the end of a line.
fn plain(text: &str) -> Vec<String> {
    let lines = text.trim_end().lines().map(str::trim_end);
    lines
        .map(|line| match line.rsplit_once(" (") {
            Some((rest, time)) if time.ends_with(" s)") => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect()
}

fn empty() -> PathBuf {
    let root = std::env::temp_dir().join(format!("parcours-tutorial-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    root
}

/// The first line in which what is printed differs from what the page shows.
fn difference(found: &str, shown: &str) -> Option<String> {
    let (found, shown) = (plain(found), plain(shown));
    let length = found.len().max(shown.len());
    let line = |lines: &[String], n: usize| lines.get(n).cloned().unwrap_or_default();
    (0..length)
        .map(|n| (line(&found, n), line(&shown, n)))
        .find(|(found, shown)| found != shown)
        .map(|(found, shown)| format!("the page shows:  {shown}\nand it prints:   {found}"))
}

/// With `UPDATE_TUTORIAL=1` the page is written anew with what the commands print now: read it then.
#[test]
fn a_newcomer_sees_what_the_tutorial_shows() {
    let root = empty();
    let (mut ran, mut edited, mut page) = (0, 0, TUTORIAL.to_owned());
    for block in blocks(TUTORIAL) {
        if block.mark.is_some() {
            block.edit(&root);
            edited += 1;
        } else if block.kind == "console" {
            let (found, shown) = (block.run(&root), block.text());
            let lines: Vec<&str> = found.trim_end().lines().map(str::trim_end).collect();
            page = page.replacen(&shown, &(lines.join("\n") + "\n"), 1);
            if std::env::var_os("UPDATE_TUTORIAL").is_none() {
                let difference = difference(&found, &shown);
                assert_eq!(difference, None, "{}", block.lines[0]);
            }
            ran += 1;
        }
    }
    assert!(ran >= 8 && edited >= 6, "{ran} commands, {edited} files");
    fs::remove_dir_all(root).unwrap();
    if std::env::var_os("UPDATE_TUTORIAL").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md");
        fs::write(path, page).unwrap();
    }
}
