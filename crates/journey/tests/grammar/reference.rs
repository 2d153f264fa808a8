//! The word tables of `docs/language.md` and `docs/operations.md`, made from the grammar.

use std::{fs, path::PathBuf};

use journey::grammar::{File, reference};

const END: &str = "<!-- end of words -->";

/// The page with every table between `<!-- words: NAME -->` and its end made anew, and their names.
fn written(page: &str) -> (String, Vec<String>) {
    let mut made = String::new();
    let mut names = Vec::new();
    let mut rest = page;
    while let Some((before, behind)) = rest.split_once("<!-- words: ") {
        let (name, behind) = behind.split_once(" -->\n").unwrap();
        let (_, after) = behind.split_once(END).unwrap();
        let table = reference::table(name).unwrap_or_else(|| panic!("nothing is called {name}"));
        made.push_str(&format!("{before}<!-- words: {name} -->\n{table}{END}"));
        names.push(name.to_owned());
        rest = after;
    }
    made.push_str(rest);
    (made, names)
}

#[test]
fn the_tables_of_the_reference_are_current() {
    for (name, tables) in [("language", 16), ("operations", 5)] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let path = path.join(name).with_extension("md");
        let page = fs::read_to_string(&path).unwrap();
        let (made, names) = written(&page);
        if std::env::var("BLESS").is_ok() {
            fs::write(&path, &made).unwrap();
        } else {
            assert_eq!(page, made, "write it anew with BLESS=1");
        }
        assert!(names.len() >= tables, "{names:?}");
    }
}

#[test]
fn every_word_of_a_journey_stands_in_the_reference() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md");
    let page = written(&fs::read_to_string(path).unwrap()).0;
    let mut missing = Vec::new();
    for file in [
        File::Journey,
        File::Policies,
        File::Endpoints,
        File::Fragment,
    ] {
        for context in file.contexts() {
            let forms = context.forms.iter().flat_map(journey::grammar::Form::words);
            for word in context.words.iter().chain(forms) {
                let name = word.name;
                // In a table or in the prose: as a word by itself.
                let there = [
                    format!("`{name}`"),
                    format!("`{name}:"),
                    format!("{name}:"),
                    format!("{name},"),
                ];
                if !there.iter().any(|t| page.contains(t.as_str())) {
                    missing.push(format!("{}: {name}", context.name));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
