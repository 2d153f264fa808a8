//! The grammar held against the parser, in both directions.

use std::collections::BTreeSet;

use journey::{
    diagnostic::{Diagnostic, SourceFile},
    grammar::File,
    workspace::{self, Options},
};

use crate::places::{Place, places};

/// Where a file of that kind stands.
fn path(file: File) -> &'static str {
    match file {
        File::Journey => "journeys/cart-rescue/journey.yaml",
        File::Tests => "journeys/cart-rescue/tests.yaml",
        File::Policies => "config/policies.yaml",
        File::Event => "config/events/cart.updated.yaml",
        File::Traits => "config/traits.yaml",
        File::Segment => "config/segments/regulars.yaml",
        File::Endpoints => "config/endpoints.yaml",
        File::Content => "config/content.yaml",
        File::Vouchers => "config/vouchers.yaml",
        File::Fragment => "journeys/_fragments/remind.yaml",
        File::Settings => "config/parcours.yaml",
    }
}

/// What is said of a document, its own file only.
fn said(file: File, document: &str) -> Vec<Diagnostic> {
    let source = |path: &str, text: &str| SourceFile {
        path: path.into(),
        text: text.into(),
    };
    let mut sources = vec![source(path(file), document)];
    if file == File::Fragment {
        // The steps of a fragment are read where it is used.
        let user = "journey: user\nenter: { event: a }\nsteps: [ { use: remind } ]\n";
        sources.push(source("journeys/user/journey.yaml", user));
    }
    if file == File::Tests {
        let tested = "journey: cart-rescue\npurpose: marketing\nenter: { event: a }\nsteps: []\n";
        sources.push(source("journeys/cart-rescue/journey.yaml", tested));
    }
    let (_, found) = workspace::compile(&sources, &Options::default());
    found
        .into_iter()
        .filter(|d| &*d.file == path(file))
        .collect()
}

fn has(found: &[Diagnostic], codes: &[&str]) -> bool {
    found.iter().any(|d| codes.contains(&d.code))
}

/// Unknown words, in fields and in schemas.
const UNKNOWN: [&str; 2] = ["J014", "J801"];
/// A field of a test's customer that is no word is a trait, and nothing declares it.
const UNKNOWN_TRAIT: [&str; 1] = ["J704"];
/// Values that cannot be read.
const UNREADABLE: [&str; 16] = [
    "J001", "J003", "J004", "J005", "J006", "J009", "J011", "J013", "J120", "J201", "J401", "J402",
    "J403", "J404", "J405", "J406",
];

/// The words that the parser lists where it meets one that it does not know.
fn listed(found: &[Diagnostic]) -> Option<BTreeSet<&str>> {
    let unknown = found.iter().find(|d| d.code == "J014")?;
    let note = unknown
        .notes
        .iter()
        .find_map(|n| n.split_once(" may have: "))?;
    Some(note.1.split(", ").collect())
}

fn each(mut check: impl FnMut(&Place) -> Vec<String>) {
    let wrong: Vec<String> = File::ALL
        .into_iter()
        .flat_map(places)
        .flat_map(|place| check(&place))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_parser_reads_every_word_and_its_example() {
    each(|place| {
        let mut wrong = Vec::new();
        for word in place.words() {
            let document = place.with(word.name, word.example);
            let found = said(place.file, &document);
            if has(&found, &UNKNOWN) || has(&found, &UNREADABLE) {
                wrong.push(format!(
                    "{}: {}\n{document}\n{found:#?}",
                    place.title(),
                    word.name
                ));
            }
        }
        wrong
    });
}

#[test]
fn the_parser_refuses_every_other_word() {
    each(|place| {
        let document = place.with("", "zzqx: 1");
        let found = said(place.file, &document);
        match has(&found, &UNKNOWN) || has(&found, &UNKNOWN_TRAIT) {
            true => Vec::new(),
            false => vec![format!("{}:\n{document}\n{found:#?}", place.title())],
        }
    });
}

#[test]
fn the_grammar_has_every_word_that_the_parser_looks_for() {
    each(|place| {
        let document = place.with("", "zzqx: 1");
        let found = said(place.file, &document);
        let Some(listed) = listed(&found) else {
            // Schemas list their keywords in another way; see above.
            return Vec::new();
        };
        let all = place.all();
        let own: BTreeSet<&str> = place.words().iter().map(|w| w.name).collect();
        let mut wrong: Vec<String> = listed
            .difference(&all)
            .map(|w| format!("{}: the grammar has no `{w}`", place.title()))
            .collect();
        wrong.extend(
            own.difference(&listed)
                .map(|w| format!("{}: the parser has no `{w}`", place.title())),
        );
        wrong
    });
}

#[test]
fn examples_begin_with_their_word_and_names_are_unique() {
    let mut names = BTreeSet::new();
    each(|place| {
        names.insert(place.context.name);
        let words = place.words();
        let mut wrong: Vec<String> = words
            .iter()
            .filter(|w| !w.example.starts_with(&format!("{}: ", w.name)) || w.about.ends_with('.'))
            .map(|w| format!("{}: {}", place.title(), w.name))
            .collect();
        let unique: BTreeSet<&str> = words.iter().map(|w| w.name).collect();
        if unique.len() != words.len() {
            wrong.push(format!("{}: a word stands twice", place.title()));
        }
        wrong
    });
    assert!(names.len() > 25, "{names:?}");
}
