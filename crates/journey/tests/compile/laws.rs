//! No input makes the compiler panic.

use journey::{
    diagnostic::Severity,
    diagnostics::render,
    workspace::{self, Options},
};
use proptest::prelude::*;

use super::{CART, files};

/// Compiles whatever it is, and shows it in every format.
fn survives(path: &str, text: &str) {
    let files = files(path, text);
    let (made, found) = workspace::compile(&files, &Options::default());
    assert_eq!(
        made.is_none(),
        found.iter().any(|d| d.severity == Severity::Error)
    );
    for d in &found {
        assert!(
            text.get(d.span.clone()).is_some(),
            "{:?} of {}",
            d.span,
            d.code
        );
        for (span, _) in &d.also {
            assert!(text.get(span.clone()).is_some(), "{span:?} of {}", d.code);
        }
    }
    render::text(&found, &files, false);
    render::github(&found, &files);
    render::json(&found, &files);
}

const PATHS: [&str; 4] = [
    "journeys/x/journey.yaml",
    "config/policies.yaml",
    "config/events/a.yaml",
    "config/traits.yaml",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in 0..4_usize) {
        survives(PATHS[path], &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(text in "([a-c]: |- |\\{|\\}|\\[|\\]|, |'|\"|&a |\\*a|!t |#|é|\n|\n  |\t|<<: |steps|wait|if|1d|event\\.|:){0,40}", path in 0..4_usize) {
        survives(PATHS[path], &text);
    }

    #[test]
    fn no_mutation_of_a_journey_makes_it_panic(at in 0..CART.len(), length in 0..40_usize, insert in "[ -~éüß\n\t]{0,6}") {
        let start = (0..=at).rev().find(|i| CART.is_char_boundary(*i)).unwrap();
        let end = (start + length).min(CART.len());
        let end = (end..=CART.len()).find(|i| CART.is_char_boundary(*i)).unwrap();
        survives(PATHS[0], &format!("{}{insert}{}", &CART[..start], &CART[end..]));
    }
}
